# ctest: labels=protocol timeout=120 sanitizers=dev
"""Repository names, tags and paths: the grammar of the specification and nothing else."""

import pytest

from support.content import OCI_MANIFEST, Repository, encode
from support.raw import ask

LONGEST_NAME = "a" * 127 + "/" + "b" * 127
LONGEST_TAG = "t" * 128

GOOD_NAMES = [
    "a", "0", "a.b", "a_b", "a__b", "a-b", "a--b", "a---b", "a-b.c_d__e", "a/b/c/d/e/f/g/h", "v2",
    "tags", "tags/list", "blobs", "blobs/uploads", "manifests", "referrers", "a/manifests/b",
    "a/blobs/uploads", "a/tags/list/b", LONGEST_NAME,
]

BAD_NAMES = [
    "A", "Name", "a/B", "-a", "a-", ".a", "a.", "_a", "a_", "a..b", "a___b", "a._b", "a.-b", "a_-b",
    "a//b", "/a", "a/", "a/-b", "a/_b", "_catalog", "a b", "a%20b", "a+b", "a~b", "a*b", "a,b",
    "a:b", "a@b", "a;b", "a=b", "a&b", "a'b", 'a"b', "a|b", "a$(id)", "a`id`", "<script>", "a%3Fb",
    "a%23b", "..", ".", "../..", "a/../b", "a/./b", "..;/", "a/..;/b", "%2e%2e", "%2e%2e/%2e%2e",
    "..%2f..%2fetc", "a%2fb", "a%2F..%2Fb", "a%252fb", "%252e%252e", "a\\b", "..\\..", "..%5c..",
    "%c0%ae%c0%ae", "%c0%af", "%e0%80%af", "%ff", "%C3%A4", "ä", "%", "%zz", "%0", "a%00b",
    "a%0d%0aX-Injected: yes", "a%0a", "%E2%80%AE", "１", "a" * 256, "a-" * 2048 + "a",
    "a/" * 2000 + "a", LONGEST_NAME + "c",
]

GOOD_TAGS = ["a", "A", "_a", "0", "a.b-c_D", "v1.0-rc.1_x", "latest", "list", "x",
             LONGEST_TAG]

BAD_TAGS = [
    ".a", "-a", "..", "a b", "a%20b", "a+b", "a~b", "a,b", "a@b", "a;b", "a%2fb", "a%00",
    "a%0d%0aX:y",
    "ä", "%C3%A4", "%", "%zz", "a\\b", "<b>", "a'b", LONGEST_TAG + "t", "t" * 5000,
]

STRAY_PATHS = [
    "/V2/", "//v2/", "/v2//", "/v2/../etc/passwd", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
    "/v2/..%2f..%2fetc/passwd", "/v2/%2e%2e/healthz", "/v2/a", "/v2/a/tags", "/v2/a/tags/list/",
    "/v2/a/blobs/", "/v2/a/manifests/", "/v2/a/referrers/", "/v2/tags/list", "/v2/manifests/latest",
    "/v2/_oci/ext/unknown", "/v2/a/_x/y/z", "/v1/repositories", "/.git/config", "/etc/passwd",
]


def test_there_are_enough_cases():
    assert len(GOOD_NAMES + BAD_NAMES + GOOD_TAGS + BAD_TAGS + STRAY_PATHS) >= 60


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_good_name_can_be_pushed_to(registry, name):
    repository = Repository(registry.client, name)
    image = repository.push_image("latest")
    answer = repository.client.get(repository.path("manifests/latest"))
    assert (answer.status, answer.body) == (200, image.content)
    assert repository.client.get(repository.path("tags/list")).json() == {
        "name": name, "tags": ["latest"]}


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: ascii(name[:40]))
def test_bad_name_is_refused_everywhere(registry, name):
    """Reading and writing get 400 NAME_INVALID, or 404 where the path has no such form."""
    for method, rest in [("GET", "tags/list"), ("GET", "manifests/latest"),
                         ("PUT", "manifests/latest"), ("POST", "blobs/uploads/")]:
        answer = ask(registry.address, method, f"/v2/{name}/{rest}")
        assert answer.status in (400, 404, 405, 414), answer
        assert answer.header("X-Injected") is None
        assert set(answer.error_codes()) <= {"NAME_INVALID", "NAME_UNKNOWN", "UNSUPPORTED"}, answer


@pytest.mark.parametrize("name", ["A", "a..b", "-a", "a/B", "a" * 256, LONGEST_NAME + "c", "a+b"])
def test_bad_name_is_called_invalid(registry, name):
    answer = registry.client.get(f"/v2/{name}/tags/list")
    assert (answer.status, answer.error_codes()) == (400, ["NAME_INVALID"])


@pytest.mark.parametrize("tag", GOOD_TAGS)
def test_good_tag_can_be_pushed(repository, tag):
    image = repository.push_image(tag)
    answer = repository.client.head(repository.path(f"manifests/{tag}"))
    assert (answer.status, answer.header("Docker-Content-Digest")) == (200, image.digest)


@pytest.mark.parametrize("tag", BAD_TAGS, ids=lambda tag: ascii(tag[:40]))
def test_bad_tag_is_refused(registry, repository, tag):
    document = repository.image_document()
    for method in ("GET", "DELETE"):
        answer = ask(registry.address, method, repository.path(f"manifests/{tag}"))
        assert answer.status in (400, 404), answer
        assert answer.error_codes()
    answer = ask(registry.address, "PUT", repository.path(f"manifests/{tag}"),
                 {"Content-Type": OCI_MANIFEST}, encode(document))
    assert answer.status in (400, 404), answer
    assert answer.header("X") is None
    assert repository.client.get(repository.path("tags/list")).json().get("tags") in (None, [])


@pytest.mark.parametrize("path", STRAY_PATHS)
def test_stray_path_finds_nothing(registry, path):
    answer = ask(registry.address, "GET", path)
    assert answer.status in (400, 404), answer
    assert b"root:" not in answer.body


def test_names_leave_no_file_outside_the_data(registry):
    """All of the above wrote below the data directory alone."""
    directory = registry.data.parent
    known = {"data", registry.process.stdout.name, registry.process.stderr.name, "config.yml"}
    assert {path.name for path in directory.iterdir()} <= known
    strays = [path for path in registry.data.rglob("*") if ".." in path.name]
    assert not strays
