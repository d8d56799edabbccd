# ctest: labels=all timeout=600
"""A thousand manifests that refer to one: copied out to a folder and back, not one is lost."""

import pytest

from support.command import run
from support.content import (
    OCI_EMPTY,
    OCI_INDEX,
    Repository,
    descriptor,
    digest_of,
    image_manifest,
)
from support.paths import program

COUNT = 1000
PAGE = 70
TYPES = ("application/vnd.example.sbom.v1", "application/vnd.example.signature.v1")


@pytest.fixture(scope="module")
def subject(registry):
    """The digest of an image with its referrers, as many of either type."""
    repository = Repository(registry.client, "referrers/here")
    image = repository.push_image("latest")
    repository.push_blob(b"{}")
    for number in range(COUNT):
        content = f"what number {number} says".encode()
        repository.push_blob(content)
        repository.push_manifest(None, image_manifest(
            descriptor(b"{}", OCI_EMPTY), [descriptor(content, "text/plain")],
            artifactType=TYPES[number % 2], subject=image.descriptor(),
            annotations={"number": str(number)}))
    return image.digest


def referrers(registry, repository: str, digest: str, query: str = "") -> list[dict]:
    """All of them, by pages."""
    found: list[dict] = []
    target = f"/v2/{repository}/referrers/{digest}?n={PAGE}{query}"
    while target:
        answer = registry.client.get(target)
        assert (answer.status, answer.header("Content-Type")) == (200, OCI_INDEX), answer
        page = answer.json()["manifests"]
        assert len(page) <= PAGE
        found += page
        target = answer.next_page()
    return found


def test_all_are_listed_once(registry, subject):
    found = referrers(registry, "referrers/here", subject)
    assert len({each["digest"] for each in found}) == len(found) == COUNT
    assert {each["annotations"]["number"] for each in found} == set(map(str, range(COUNT)))
    for kind in TYPES:
        some = referrers(registry, "referrers/here", subject, f"&artifactType={kind}")
        assert len(some) == COUNT / 2 and {each["artifactType"] for each in some} == {kind}


def test_copied_out_and_back(registry, subject, start_registry, scratch):
    other = start_registry()
    run(program("oras"), "cp", "--recursive", "--from-plain-http", "--to-oci-layout",
        registry.reference("referrers/here"), f"{scratch}/layout:latest", timeout=300)
    run(program("oras"), "cp", "--recursive", "--from-oci-layout", "--to-plain-http",
        f"{scratch}/layout:latest", other.reference("referrers/back"), timeout=300)

    there = referrers(registry, "referrers/here", subject)
    assert referrers(other, "referrers/back", subject) == there
    for each in there:
        manifest = other.client.get(f"/v2/referrers/back/manifests/{each['digest']}")
        assert digest_of(manifest.body) == each["digest"]
        (layer,) = manifest.json()["layers"]
        content = other.client.get(f"/v2/referrers/back/blobs/{layer['digest']}").body
        assert digest_of(content) == layer["digest"]
