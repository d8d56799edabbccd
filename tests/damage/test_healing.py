# ctest: labels=damage timeout=200
"""Damage at rest is noticed, told once, not served, and healed by the next push."""

import shutil

import pytest

from conftest import change_rows, damage_lines, damaged_count, flip

# The scrub, which would find some of it by itself, rests here.
QUIET = ("--scrub.enabled=false",)


@pytest.fixture
def registry(start_registry):
    return start_registry(options=QUIET)


def cut(file):
    file.write_bytes(file.read_bytes()[:-3])


def grow(file):
    file.write_bytes(file.read_bytes() + b"more")


def empty(file):
    file.write_bytes(b"")


def lose(file):
    file.unlink()


def lose_its_folder(file):
    shutil.rmtree(file.parent)


def lose_its_prefix(file):
    shutil.rmtree(file.parent.parent)


def become_a_directory(file):
    file.unlink()
    file.mkdir()
    (file / "something").write_text("else")


def become_a_loop(file):
    file.unlink()
    file.symlink_to(file)


@pytest.mark.parametrize("restarted", [True, False], ids=["restarted", "running"])
@pytest.mark.parametrize("damage", [cut, grow, empty, lose, lose_its_folder, lose_its_prefix,
                                    become_a_directory, become_a_loop])
def test_blob_is_noticed_and_healed(registry, image_of, damage, restarted):
    image = image_of(registry)
    image.pull()
    if restarted:
        registry.stop()
    damage(image.layer_file)
    if restarted:
        registry.start()
    else:
        # What is in memory is an open file: a new look at the disk is what a mount asks for.
        answer = registry.client.request(
            "POST", f"/v2/other/blobs/uploads/?mount={image.layer_digest}&from=app", b"")
        assert answer.status == 202
    assert image.layer_status() == 404
    assert image.tag_status() == 404
    assert image.head(f"manifests/{image.digest}") == 404
    assert registry.client.get("/readyz").status == 200
    assert image.layer_status() == 404
    assert damaged_count(registry) == (1, 0)
    assert len(damage_lines(registry)) == 1
    assert image.layer_digest in damage_lines(registry)[0]

    assert image.push_as_crane_does() == 2  # the layer and the manifest, not the config
    image.pull()
    registry.restart()
    image.pull()
    assert damaged_count(registry) == (0, 0)


def test_damaged_bytes_are_kept_aside(registry, image_of):
    image = image_of(registry)
    registry.stop()
    cut(image.layer_file)
    damaged = image.layer_file.read_bytes()
    registry.start()
    assert image.layer_status() == 404
    (aside,) = (registry.data / "entrepot/quarantine").iterdir()
    assert aside.read_bytes() == damaged
    assert not image.layer_file.exists()


def test_flipped_manifest_is_noticed_and_healed(registry, image_of):
    image = image_of(registry)
    registry.stop()
    change_rows(registry, "UPDATE manifest_payloads SET bytes = ?", flip(image.manifest))
    registry.start()
    for _ in range(2):
        assert image.tag_status() == 404
        assert image.head(f"manifests/{image.digest}") == 404
    assert damaged_count(registry) == (0, 1)
    assert len(damage_lines(registry)) == 1
    assert image.layer_status() == 200
    assert registry.client.get("/v2/app/tags/list").json()["tags"] == ["v1"]
    assert registry.client.get("/readyz").status == 200

    assert image.push_as_crane_does() == 1
    image.pull()
    registry.restart()
    image.pull()


@pytest.mark.parametrize("statement", [
    "UPDATE manifest_payloads SET bytes = x''",
    "UPDATE manifest_payloads SET bytes = substr(bytes, 1, 40)",
    "UPDATE manifests SET damaged_at = 1",
])
def test_other_damage_of_a_manifest_heals(registry, image_of, statement):
    image = image_of(registry)
    registry.stop()
    change_rows(registry, statement)
    registry.start()
    assert image.tag_status() == 404
    assert image.push_as_crane_does() == 1
    image.pull()


def test_index_is_gone_until_what_its_children_name_is_back(registry, image_of):
    image = image_of(registry)
    index = image.repository.push_manifest("multi", {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json",
                       "digest": image.digest, "size": len(image.manifest)}]},
        "application/vnd.oci.image.index.v1+json")
    registry.stop()
    lose(image.layer_file)
    registry.start()
    assert image.layer_status() == 404
    assert image.head("manifests/multi") == 404
    assert image.head(f"manifests/{index.digest}") == 404
    image.repository.push_blob(image.layer)
    assert image.head("manifests/multi") == 200
    image.pull()


def test_damaged_image_can_be_deleted(registry, image_of):
    image = image_of(registry)
    registry.stop()
    change_rows(registry, "UPDATE manifest_payloads SET bytes = ?", flip(image.manifest))
    registry.start()
    assert image.tag_status() == 404
    delete = registry.client.delete(image.repository.path(f"manifests/{image.digest}"))
    assert delete.status == 202
    assert registry.client.get("/v2/app/tags/list").json()["tags"] in ([], None)
