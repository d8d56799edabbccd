# ctest: labels=protocol timeout=180 sanitizers=dev
"""What a manifest is: never one thing for one reader and another for the next (CVE-2021-41190)."""

import json

import pytest

from support.content import (ABSENT, DOCKER_CONFIG, DOCKER_FOREIGN_LAYER, DOCKER_LAYER, DOCKER_LIST,
                             DOCKER_MANIFEST, DOCKER_SCHEMA1, OCI_CONFIG, OCI_INDEX, OCI_LAYER,
                             OCI_MANIFEST, descriptor, digest_of, encode, image_manifest,
                             index_manifest)

NONDISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
SCHEMA1_UNSIGNED = "application/vnd.docker.distribution.manifest.v1+json"

# What is pushed as `type`: an image's document after `change`.
CONFUSED = {
    "layers and manifests": (OCI_MANIFEST, {"manifests": []}),
    "layers and manifests, as an index": (OCI_INDEX, {"manifests": [], "mediaType": OCI_INDEX}),
    "an index's media type inside": (OCI_MANIFEST, {"mediaType": OCI_INDEX}),
    "docker's media type inside": (OCI_MANIFEST, {"mediaType": DOCKER_MANIFEST}),
    "docker's type outside": (DOCKER_MANIFEST, {}),
    "an index outside": (OCI_INDEX, {}),
    "an index outside, nothing inside": (OCI_INDEX, {"mediaType": None}),
    "a list outside, nothing inside": (DOCKER_LIST, {"mediaType": None}),
    "an empty media type inside": (OCI_MANIFEST, {"mediaType": ""}),
    "no manifest at all outside": ("text/plain", {"mediaType": None}),
    "plain JSON outside": ("application/json", {"mediaType": None}),
    "a blob outside": ("application/octet-stream", {"mediaType": None}),
    "schema version 1": (OCI_MANIFEST, {"schemaVersion": 1}),
    "schema version as text": (OCI_MANIFEST, {"schemaVersion": "2"}),
}


def changed(document: dict, change: dict) -> dict:
    """`change` laid over the document; None takes a field away."""
    merged = {**document, **change}
    return {name: value for name, value in merged.items() if value is not None}


@pytest.mark.parametrize(("media_type", "change"), CONFUSED.values(), ids=CONFUSED)
def test_confused_image_is_refused(repository, media_type, change):
    document = changed(repository.image_document(), change)
    answer = repository.put_manifest("confused", document, media_type)
    assert (answer.status, answer.error_codes()) == (400, ["MANIFEST_INVALID"])
    assert repository.client.head(repository.path("manifests/confused")).status == 404


@pytest.mark.parametrize(("media_type", "change"), [
    (OCI_INDEX, {"config": {}}),
    (OCI_INDEX, {"layers": []}),
    (OCI_INDEX, {"mediaType": OCI_MANIFEST}),
    (OCI_INDEX, {"mediaType": DOCKER_LIST}),
    (OCI_MANIFEST, {}),
    (OCI_MANIFEST, {"mediaType": None}),
    (OCI_INDEX, {"manifests": None}),
    (OCI_INDEX, {"manifests": {}}),
    (OCI_INDEX, {"manifests": ["x"]}),
])
def test_confused_index_is_refused(repository, media_type, change):
    child = repository.push_image().descriptor()
    document = changed(index_manifest([child]), change)
    answer = repository.put_manifest("confused", document, media_type)
    assert (answer.status, answer.error_codes()) == (400, ["MANIFEST_INVALID"])


@pytest.mark.parametrize("media_type", [DOCKER_SCHEMA1, SCHEMA1_UNSIGNED])
def test_schema_1_is_refused_clearly(repository, media_type):
    document = {"schemaVersion": 1, "name": repository.name, "tag": "old", "architecture": "amd64",
                "fsLayers": [{"blobSum": ABSENT}], "history": [{"v1Compatibility": "{}"}],
                "signatures": []}
    answer = repository.put_manifest("old", document, media_type)
    assert (answer.status, answer.error_codes()) == (400, ["MANIFEST_INVALID"])
    assert "schema" in answer.json()["errors"][0]["message"].lower()


def test_type_inside_stands_for_a_missing_one_outside(repository):
    """A push without Content-Type is known by its own mediaType."""
    content = encode(repository.image_document())
    answer = repository.client.request("PUT", repository.path("manifests/x"), content)
    assert answer.status == 201
    assert repository.client.get(repository.path("manifests/x")).header(
        "Content-Type") == OCI_MANIFEST


def test_parameters_of_the_type_are_not_kept(repository):
    content = encode(repository.image_document())
    answer = repository.put_manifest("x", content, f"{OCI_MANIFEST}; charset=utf-8")
    assert answer.status == 201
    stored = repository.client.get(repository.path("manifests/x"))
    assert stored.header("Content-Type") == OCI_MANIFEST


def test_docker_types_are_kept_byte_for_byte(repository):
    """Docker's image and list, with JSON as docker writes it, come back as they went."""
    config, layer = b'{"rootfs": {}}', b"layer"
    repository.push_blob(config)
    repository.push_blob(layer)
    document = {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST,
                "config": descriptor(config, DOCKER_CONFIG),
                "layers": [descriptor(layer, DOCKER_LAYER)]}
    image = repository.push_manifest("image", json.dumps(document, indent=3).encode(),
                                     DOCKER_MANIFEST)
    listed = {"schemaVersion": 2, "mediaType": DOCKER_LIST,
              "manifests": [image.descriptor(platform={"architecture": "amd64", "os": "linux"})]}
    every = repository.push_manifest("list", json.dumps(listed, indent=3).encode(), DOCKER_LIST)
    for tag, pushed in (("image", image), ("list", every)):
        # What a client accepts changes nothing: there is one stored form.
        for accept in (None, "*/*", pushed.media_type, OCI_MANIFEST, "text/html"):
            answer = repository.client.get(repository.path(f"manifests/{tag}"),
                                           **({"Accept": accept} if accept else {}))
            assert (answer.status, answer.body) == (200, pushed.content)
            assert answer.header("Content-Type") == pushed.media_type


@pytest.mark.parametrize("media_type", [NONDISTRIBUTABLE, DOCKER_FOREIGN_LAYER])
def test_foreign_layer_need_not_be_there(repository, media_type):
    config = b"{}"
    repository.push_blob(config)
    layer = {"mediaType": media_type, "digest": ABSENT, "size": 7,
             "urls": ["https://example.com/layer"]}
    pushed = repository.push_manifest("foreign", image_manifest(descriptor(config, OCI_CONFIG),
                                                                [layer]))
    assert repository.client.get(repository.path("manifests/foreign")).body == pushed.content


@pytest.mark.parametrize("part", ["config", "layer"])
def test_missing_blob_is_named(repository, part):
    """An image that lacks a blob is refused with that blob's digest; nothing is stored."""
    content = b"there"
    repository.push_blob(content)
    there, absent = descriptor(content, OCI_LAYER), descriptor(b"not there", OCI_LAYER)
    document = (image_manifest(absent, [there]) if part == "config"
                else image_manifest(there, [there, absent]))
    answer = repository.put_manifest("lacking", document)
    assert (answer.status, answer.error_codes()) == (404, ["MANIFEST_BLOB_UNKNOWN"])
    assert absent["digest"] in answer.body.decode()
    assert repository.client.head(repository.path("manifests/lacking")).status == 404


def test_blob_of_another_repository_is_missing(registry, repository):
    """A repository knows only what was pushed or mounted to it."""
    other = type(repository)(registry.client, f"{repository.name}/other")
    answer = other.put_manifest("x", repository.image_document())
    assert (answer.status, answer.error_codes()) == (404, ["MANIFEST_BLOB_UNKNOWN"])


def test_index_may_come_before_its_children(repository):
    child = descriptor(b"{}", OCI_MANIFEST)
    repository.push_manifest("early", index_manifest([child]), OCI_INDEX)
    assert repository.client.head(repository.path(
        f"manifests/{child['digest']}")).status == 404


def test_index_of_layers(repository):
    """BuildKit's cache is an index that lists blobs."""
    content = b"cached layer"
    repository.push_blob(content)
    config = b'{"layers": []}'
    repository.push_blob(config)
    repository.push_manifest("cache", index_manifest([
        descriptor(content, OCI_LAYER),
        descriptor(config, "application/vnd.buildkit.cacheconfig.v0")]), OCI_INDEX)


def test_nested_and_empty_indexes(repository):
    empty = repository.push_manifest(None, index_manifest([]), OCI_INDEX)
    outer = repository.push_manifest("outer", index_manifest([empty.descriptor()]), OCI_INDEX)
    assert repository.client.get(repository.path("manifests/outer")).body == outer.content


def test_unknown_fields_are_kept(repository):
    document = repository.image_document(**{"org.example": {"any": ["thing", 1, None]}})
    pushed = repository.push_manifest("fields", document)
    assert repository.client.get(repository.path("manifests/fields")).body == pushed.content


def test_other_bytes_than_the_digest_are_refused(repository):
    content = encode(repository.image_document())
    wrong = digest_of(content + b" ")
    answer = repository.put_manifest(wrong, content)
    assert (answer.status, answer.error_codes()) == (400, ["DIGEST_INVALID"])
    for digest in (wrong, digest_of(content)):
        assert repository.client.head(repository.path(f"manifests/{digest}")).status == 404


def test_sha512_is_an_identity_of_its_own(repository):
    """A manifest pushed by sha512 is found by sha512 and by its tag, and answers with that."""
    content = encode(repository.image_document())
    digest = digest_of(content, "sha512")
    answer = repository.put_manifest(f"{digest}?tag=long", content)
    assert (answer.status, answer.header("Docker-Content-Digest")) == (201, digest)
    for reference in (digest, "long"):
        answer = repository.client.get(repository.path(f"manifests/{reference}"))
        assert (answer.body, answer.header("Docker-Content-Digest")) == (content, digest)
