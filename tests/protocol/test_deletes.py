# ctest: labels=protocol timeout=60
"""Deletes: of tags, manifests and blobs; visible at once, and only where they were asked for."""

import json

from support.content import OCI_INDEX, Repository, digest_of, encode, index_manifest


def test_deletes_can_be_off(start_registry):
    """405 UNSUPPORTED for each kind of delete; everything stays (CVE-2026-41888)."""
    registry = start_registry(environment={"REGISTRY_STORAGE_DELETE_ENABLED": "false"})
    repository = Repository(registry.client, "deletes/off")
    image = repository.push_image("latest")
    blob = repository.push_blob(b"a blob of no image")
    for rest in ("manifests/latest", f"manifests/{image.digest}", f"blobs/{blob}"):
        answer = repository.client.delete(repository.path(rest))
        assert (answer.status, answer.error_codes()) == (405, ["UNSUPPORTED"])
        assert repository.client.head(repository.path(rest)).status == 200
    assert repository.client.delete(repository.upload()).status == 204


def test_delete_of_a_used_blob_is_refused(repository):
    """405 that names the manifest that needs it; without the manifest it goes."""
    image = repository.push_image("latest")
    layer = json.loads(image.content)["layers"][0]["digest"]
    answer = repository.client.delete(repository.path(f"blobs/{layer}"))
    assert (answer.status, answer.error_codes()) == (405, ["UNSUPPORTED"])
    assert image.digest in answer.body.decode()
    assert repository.client.delete(repository.path(f"manifests/{image.digest}")).status == 202
    assert repository.client.delete(repository.path(f"blobs/{layer}")).status == 202
    assert repository.client.head(repository.path(f"blobs/{layer}")).status == 404


def test_delete_by_tag_and_by_digest(repository):
    """A tag alone goes by tag; the manifest and all its tags go by digest. Seen at once."""
    image = repository.push_image("one")
    for tag in ("two", "three"):
        repository.put_manifest(tag, image.content)
    assert repository.client.get(repository.path("manifests/one")).status == 200
    assert repository.client.delete(repository.path("manifests/one")).status == 202
    assert repository.client.get(repository.path("manifests/one")).status == 404
    assert repository.client.get(repository.path(f"manifests/{image.digest}")).status == 200
    assert repository.client.get(repository.path("tags/list")).json()["tags"] == ["three", "two"]
    assert repository.client.delete(repository.path(f"manifests/{image.digest}")).status == 202
    for reference in ("two", "three", image.digest):
        assert repository.client.get(repository.path(f"manifests/{reference}")).status == 404
        assert repository.client.delete(repository.path(f"manifests/{reference}")).status == 404


def test_deleted_blob_stays_deleted_while_others_have_it(registry, repository):
    """A blob deleted here, read there, is still absent here (CVE-2026-35172)."""
    content = encode({"shared": repository.name})
    digest = digest_of(content)
    other = Repository(registry.client, f"{repository.name}/other")
    for place in (repository, other):
        place.push_blob(content)
        assert place.client.get(place.path(f"blobs/{digest}")).status == 200
    assert repository.client.delete(repository.path(f"blobs/{digest}")).status == 202
    assert other.client.get(other.path(f"blobs/{digest}")).body == content
    assert repository.client.head(repository.path(f"blobs/{digest}")).status == 404
    assert repository.client.get(repository.path(f"blobs/{digest}")).status == 404


def test_child_of_an_index_can_be_deleted(repository):
    """An index is a list of names: what it lists may go."""
    child = repository.push_image()
    repository.push_manifest("index", index_manifest([child.descriptor()]),
                             OCI_INDEX)
    assert repository.client.delete(repository.path(f"manifests/{child.digest}")).status == 202
    assert repository.client.get(repository.path("manifests/index")).status == 200
