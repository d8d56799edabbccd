# ctest: labels=protocol timeout=60
"""The headers that clients rely on, on every answer that has them."""

import re

import pytest

from support.content import (ABSENT, OCI_INDEX, OCI_MANIFEST, Repository, descriptor, digest_of,
                             index_manifest, upload_target)
from support.raw import RawConnection, ask

CONTENT = b"some content of a blob"
DIGEST = digest_of(CONTENT)


@pytest.fixture(scope="module")
def stored(registry):
    """A repository with a blob and an image `latest`."""
    repository = Repository(registry.client, "headers/stored")
    repository.push_blob(CONTENT)
    repository.image = repository.push_image("latest")
    return repository


ANSWERS = [
    ("GET", "/v2/", 200), ("GET", "/v2", 200), ("HEAD", "/v2/", 200), ("GET", "/v2/_catalog", 200),
    ("GET", "/v2/headers/stored/tags/list", 200),
    ("GET", "/v2/headers/stored/manifests/latest", 200),
    ("HEAD", "/v2/headers/stored/manifests/latest", 200),
    ("GET", f"/v2/headers/stored/blobs/{DIGEST}", 200),
    ("HEAD", f"/v2/headers/stored/blobs/{DIGEST}", 200),
    ("GET", f"/v2/headers/stored/referrers/{ABSENT}", 200),
    ("POST", "/v2/headers/stored/blobs/uploads/", 202),
    ("GET", "/v2/headers/stored/manifests/absent", 404), ("GET", "/v2/no/such/tags/list", 404),
    ("HEAD", f"/v2/headers/stored/blobs/{ABSENT}", 404), ("GET", "/v2/Bad/tags/list", 400),
    ("POST", "/v2/headers/stored/manifests/latest", 405), ("PUT", "/v2/", 405),
    ("GET", "/v2/nothing/here", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer(registry, stored, method, path, status):
    """The API's version, a request id, a body of the length told, and no sniffing of its type."""
    answer = ask(registry.address, method, path)
    assert answer.status == status
    assert answer.header("Docker-Distribution-API-Version") == "registry/2.0"
    assert answer.header("X-Request-Id")
    assert answer.header("Date")
    assert answer.header("X-Content-Type-Options") == "nosniff"
    if method != "HEAD" and status != 204:
        assert int(answer.header("Content-Length")) == len(answer.body)
    if status >= 400 and method != "HEAD":
        assert answer.error_codes()
    if status == 405:
        assert "GET" in answer.header("Allow")


def test_request_ids_differ_and_are_not_in_bodies(registry):
    answers = [registry.client.get("/v2/no/such/tags/list") for _ in range(20)]
    assert len({answer.header("X-Request-Id") for answer in answers}) == 20
    assert len({answer.body for answer in answers}) == 1


@pytest.mark.parametrize("rest", ["manifests/latest", "manifests/{image}", "blobs/{blob}"])
def test_head_says_what_get_sends(stored, rest):
    path = stored.path(rest.format(image=stored.image.digest, blob=DIGEST))
    get, head = stored.client.get(path), stored.client.head(path)
    assert (get.status, head.status, head.body) == (200, 200, b"")
    for name in ("Content-Type", "Content-Length", "Docker-Content-Digest", "ETag"):
        assert get.header(name) is not None
        assert get.header(name) == head.header(name)
    assert get.header("Docker-Content-Digest") == digest_of(get.body)


def test_blob_is_never_active_content(stored):
    """A blob is bytes, whatever is in it: no page, no script."""
    page = b"<html><script>alert(1)</script>"
    digest = stored.push_blob(page)
    answer = stored.client.get(stored.path(f"blobs/{digest}"))
    assert answer.header("Content-Type") == "application/octet-stream"
    assert answer.header("Accept-Ranges") == "bytes"


@pytest.mark.parametrize("rest", ["manifests/latest", "blobs/{blob}"])
@pytest.mark.parametrize(("condition", "status"), [
    ('"{digest}"', 304), ('W/"{digest}"', 304), ("*", 304), ('"other", "{digest}"', 304),
    ('"other"', 200), ("{digest}", 304), ("other, {digest}", 304), ("other", 200), ('""', 200), ("", 200), ('"{digest}', 200), (",,,", 200),
    ('"a",' * 2000, 200),
], ids=lambda value: str(value)[:30])
def test_if_none_match(stored, rest, condition, status):
    path = stored.path(rest.format(blob=DIGEST))
    digest = stored.client.head(path).header("Docker-Content-Digest")
    for method in ("GET", "HEAD"):
        answer = stored.client.request(method, path, headers={
            "If-None-Match": condition.format(digest=digest)})
        assert answer.status == status
        assert answer.header("ETag") == f'"{digest}"'
        if status == 304:
            assert answer.body == b""
            assert answer.header("Docker-Content-Digest") == digest


def test_condition_on_a_tag_that_moved(stored):
    """304 for the old image ends the moment the tag points elsewhere."""
    old = stored.push_image("moving")
    path = stored.path("manifests/moving")
    assert stored.client.get(path, If_None_Match=f'"{old.digest}"').status == 304
    new = stored.push_image("moving")
    answer = stored.client.get(path, If_None_Match=f'"{old.digest}"')
    assert (answer.status, answer.body) == (200, new.content)


def test_locations_are_paths(registry, stored):
    """No Host, no scheme: what a client asked for is where it goes on."""
    locations = [stored.start_upload().header("Location")]
    answer = stored.client.request("PATCH", upload_target(stored.start_upload(), stored.client),
                                   b"x")
    locations.append(answer.header("Location"))
    locations.append(stored.finish(stored.upload(), CONTENT, DIGEST).header("Location"))
    locations.append(stored.put_manifest("x", stored.image_document()).header("Location"))
    locations.append(stored.start_upload(f"?mount={DIGEST}").header("Location"))
    assert all(location.startswith("/v2/headers/stored/") for location in locations), locations


@pytest.mark.parametrize("headers", [
    {"Host": "registry.local"}, {"Host": "localhost", "X-Target-Host": "evil.example"},
    {"Host": "localhost", "X-Host": "evil.example"}, {"Host": "LOCALHOST:1"},
])
def test_locations_do_not_follow_the_host(registry, stored, headers):
    answer = ask(registry.address, "POST", stored.path("blobs/uploads/"), headers)
    assert answer.header("Location").startswith("/v2/headers/stored/blobs/uploads/")


def test_upload_answers(stored):
    answer = stored.start_upload()
    identity = answer.header("Docker-Upload-UUID")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identity)
    assert answer.header("Range") == "0-0"
    assert identity in answer.header("Location")
    chunk = stored.client.request("PATCH", upload_target(answer, stored.client), CONTENT)
    assert chunk.header("Docker-Upload-UUID") == identity
    assert chunk.header("Range") == f"0-{len(CONTENT) - 1}"


def test_manifest_push_answers(stored):
    image = stored.push_image()
    document = stored.image_document(subject=image.descriptor())
    answer = stored.put_manifest("referrer", document)
    assert answer.status == 201
    assert answer.header("OCI-Subject") == image.digest
    assert answer.header("Docker-Content-Digest")
    plain = stored.put_manifest("plain", stored.image_document())
    assert plain.header("OCI-Subject") is None
    listed = index_manifest([], subject=descriptor(b"absent", OCI_MANIFEST))
    answer = stored.put_manifest("list", listed, OCI_INDEX)
    assert answer.header("OCI-Subject") == digest_of(b"absent")


@pytest.mark.parametrize("injected", ["%0d%0aSet-Cookie:%20a=b", "%0aSet-Cookie:a", "%00", "%0d"])
def test_nothing_of_a_caller_becomes_a_header(registry, stored, injected):
    paths = [f"/v2/x{injected}/tags/list", f"/v2/headers/stored/manifests/x{injected}",
             f"/v2/headers/stored/tags/list?n=1&last={injected}",
             f"/v2/headers/stored/referrers/{ABSENT}?artifactType={injected}",
             f"/v2/headers/stored/referrers/{ABSENT}?artifactType=a&n=1&last={injected}",
             f"/v2/_catalog?n=1&last={injected}"]
    for path in paths:
        answer = ask(registry.address, "GET", path)
        assert answer.status < 500
        assert answer.header("Set-Cookie") is None


def test_connection_is_kept(registry):
    """Many requests, refusals among them, over one connection."""
    with RawConnection(registry.address) as connection:
        for path, status in [("/v2/", 200), ("/v2/A/tags/list", 400), ("/v2/x/tags/list", 404),
                             ("/v2/", 200)] * 25:
            connection.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert connection.answer().status == status
