# ctest: labels=protocol timeout=60
"""Each refusal has the specification's code, its status, and a message that helps."""

import pytest

from support.content import ABSENT, Repository
from support.raw import ask

UPLOAD = "00000000-0000-4000-8000-000000000000"

# {name} is a repository that exists.
REFUSALS = [
    ("GET", "/v2/not/there/tags/list", 404, "NAME_UNKNOWN"),
    ("GET", "/v2/not/there/manifests/latest", 404, "MANIFEST_UNKNOWN"),
    ("GET", "/v2/{name}/manifests/absent", 404, "MANIFEST_UNKNOWN"),
    ("GET", "/v2/{name}/manifests/" + ABSENT, 404, "MANIFEST_UNKNOWN"),
    ("GET", "/v2/{name}/blobs/" + ABSENT, 404, "BLOB_UNKNOWN"),
    ("GET", "/v2/not/there/blobs/" + ABSENT, 404, "BLOB_UNKNOWN"),
    ("DELETE", "/v2/{name}/manifests/absent", 404, "MANIFEST_UNKNOWN"),
    ("DELETE", "/v2/{name}/manifests/" + ABSENT, 404, "MANIFEST_UNKNOWN"),
    ("DELETE", "/v2/{name}/blobs/" + ABSENT, 404, "BLOB_UNKNOWN"),
    ("GET", "/v2/{name}/blobs/uploads/" + UPLOAD, 404, "BLOB_UPLOAD_UNKNOWN"),
    ("PATCH", "/v2/{name}/blobs/uploads/" + UPLOAD, 404, "BLOB_UPLOAD_UNKNOWN"),
    ("PUT", "/v2/{name}/blobs/uploads/" + UPLOAD + "?digest=" + ABSENT, 404,
     "BLOB_UPLOAD_UNKNOWN"),
    ("DELETE", "/v2/{name}/blobs/uploads/" + UPLOAD, 404, "BLOB_UPLOAD_UNKNOWN"),
    ("GET", "/v2/Not_Good/tags/list", 400, "NAME_INVALID"),
    ("POST", "/v2/Not_Good/blobs/uploads/", 400, "NAME_INVALID"),
    ("GET", "/v2/{name}/blobs/sha256:abc", 400, "DIGEST_INVALID"),
    ("GET", "/v2/{name}/referrers/sha256:abc", 400, "DIGEST_INVALID"),
    ("GET", "/v2/{name}/tags/list?n=x", 400, "PAGINATION_NUMBER_INVALID"),
    ("GET", "/v2/_catalog?n=x", 400, "PAGINATION_NUMBER_INVALID"),
]

# How distribution's message for a code begins: clients look for it.
WORDS = {
    "BLOB_UNKNOWN": "blob unknown to registry", "BLOB_UPLOAD_INVALID": "blob upload invalid",
    "BLOB_UPLOAD_UNKNOWN": "blob upload unknown to registry",
    "DIGEST_INVALID": "provided digest did not match uploaded content",
    "MANIFEST_BLOB_UNKNOWN": "blob unknown to registry", "MANIFEST_INVALID": "manifest invalid",
    "MANIFEST_UNKNOWN": "manifest unknown", "NAME_INVALID": "invalid repository name",
    "NAME_UNKNOWN": "repository name not known to registry",
    "PAGINATION_NUMBER_INVALID": "invalid number of results requested",
    "UNSUPPORTED": "The operation is unsupported.",
}

WRONG_METHODS = [
    ("POST", "/v2/"), ("DELETE", "/v2/"), ("PUT", "/v2/_catalog"), ("POST", "/v2/a/tags/list"),
    ("DELETE", "/v2/a/tags/list"), ("PATCH", "/v2/a/manifests/latest"),
    ("POST", "/v2/a/manifests/latest"), ("PUT", f"/v2/a/blobs/{ABSENT}"),
    ("POST", f"/v2/a/blobs/{ABSENT}"), ("GET", "/v2/a/blobs/uploads/"),
    ("PUT", "/v2/a/blobs/uploads/"), ("POST", f"/v2/a/blobs/uploads/{UPLOAD}"),
    ("DELETE", f"/v2/a/referrers/{ABSENT}"), ("OPTIONS", "/v2/"), ("TRACE", "/v2/"),
]


@pytest.fixture(scope="module")
def name(registry):
    repository = Repository(registry.client, "errors/there")
    repository.push_image("latest")
    return repository.name


@pytest.mark.parametrize(("method", "path", "status", "code"), REFUSALS)
def test_refusal(registry, name, method, path, status, code):
    answer = ask(registry.address, method, path.format(name=name))
    assert (answer.status, answer.error_codes()) == (status, [code])
    message = answer.json()["errors"][0]["message"]
    assert message.startswith(WORDS[code])
    assert len(WORDS[code]) + 5 < len(message) < 500, "and then ours"


def test_words_of_a_refused_push(name, registry):
    repository = Repository(registry.client, name)
    document = repository.image_document()
    document["layers"][0]["digest"] = ABSENT
    for answer, code in [(repository.put_manifest("x", document), "MANIFEST_BLOB_UNKNOWN"),
                         (repository.put_manifest("x", b"{"), "MANIFEST_INVALID"),
                         (repository.finish(repository.upload(), b"x", ABSENT), "DIGEST_INVALID")]:
        assert answer.error_codes() == [code]
        assert answer.json()["errors"][0]["message"].startswith(WORDS[code])


@pytest.mark.parametrize(("method", "path"), WRONG_METHODS)
def test_wrong_method(registry, method, path):
    answer = ask(registry.address, method, path)
    assert answer.status in (405, 501)
    assert answer.error_codes() == ["UNSUPPORTED"]
    assert answer.json()["errors"][0]["message"].startswith(WORDS["UNSUPPORTED"])


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\"'&<>", "%ff%fe", "\\u0000"])
def test_messages_are_safe_to_show(registry, text):
    """What a caller wrote comes back as JSON text at most, and as no other type."""
    answer = ask(registry.address, "GET", f"/v2/{text}/tags/list")
    assert answer.status in (400, 404)
    assert answer.error_codes()
    assert answer.header("X-Content-Type-Options") == "nosniff"


def test_same_words_for_every_absent_thing(registry, name):
    """Two absent repositories answer alike, up to their names."""
    one = registry.client.get("/v2/absent/one/tags/list")
    two = registry.client.get("/v2/absent/two/tags/list")
    assert one.body.replace(b"absent/one", b"") == two.body.replace(b"absent/two", b"")
