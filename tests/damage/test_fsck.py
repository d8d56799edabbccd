# ctest: labels=damage timeout=200
"""`entrepot fsck`: what it finds, says and mends, with a server beside it or without."""

import pytest

from conftest import change_rows, damaged_count, flip, metric
from support.command import run
from support.paths import entrepot

CLEAN, MENDED, DAMAGE_LEFT = 0, 3, 4


@pytest.fixture
def registry(start_registry):
    return start_registry(options=("--scrub.enabled=false",))


def fsck(registry, *arguments: str, expect: int) -> str:
    done = run(entrepot(), "fsck", "--data", registry.data, *arguments, expect=expect)
    return done.stdout


@pytest.mark.parametrize("served", [True, False], ids=["served", "alone"])
def test_nothing_is_wrong(registry, image_of, served):
    image = image_of(registry)
    if not served:
        registry.stop()
    size = len(image.config) + len(image.layer) + len(image.manifest)
    said = fsck(registry, expect=CLEAN)
    assert f"1 manifests, 2 blobs, {size} bytes verified; 0 damaged, 0 mended" in said
    assert fsck(registry, "--repair", "--quiet", expect=CLEAN) == ""


@pytest.mark.parametrize("served", [True, False], ids=["served", "alone"])
def test_flipped_blob_is_found_and_healed(registry, image_of, served):
    """Nobody else notices: its size is right."""
    image = image_of(registry)
    other = image_of(registry, "other", b"another layer")
    registry.stop()
    image.layer_file.write_bytes(flip(image.layer))
    if served:
        registry.start()
        assert image.tag_status() == 200
    said = fsck(registry, expect=DAMAGE_LEFT)
    assert "app:v1 misses something" in said
    assert "other:v1" not in said
    assert "app:v1 misses something" in fsck(registry, "--repair", expect=DAMAGE_LEFT)
    if not served:
        registry.start()
    assert image.layer_status() == 404
    assert image.tag_status() == 404
    other.pull()
    assert damaged_count(registry) == ((1, 0) if served else (0, 0))
    assert image.push_as_crane_does() == 2
    image.pull()
    fsck(registry, expect=CLEAN)


def test_flipped_manifest_is_found(registry, image_of):
    image = image_of(registry)
    image_of(registry, "other")
    registry.stop()
    change_rows(registry, "UPDATE manifest_payloads SET bytes = ?"
                          " WHERE manifest = (SELECT min(manifest) FROM manifest_payloads)",
                flip(image.manifest))
    said = fsck(registry, expect=DAMAGE_LEFT)
    assert "app:v1 misses something: its manifest is damaged" in said
    assert "other:v1" not in said
    registry.start()
    image.push_as_crane_does()
    image.pull()
    fsck(registry, expect=CLEAN)


@pytest.mark.parametrize("statement", [
    "DELETE FROM manifest_references WHERE kind = 2",
    "UPDATE manifest_references SET kind = 3 WHERE kind = 1",
    "UPDATE manifest_references SET digest = CAST(x'01' || zeroblob(32) AS BLOB)"
    " WHERE kind = 2",
    "UPDATE manifests SET size_bytes = size_bytes + 1",
    "UPDATE manifests SET artifact_type = 'application/vnd.other'",
    "UPDATE manifests SET media_type = 'application/vnd.other+json'",
    "UPDATE blobs SET damaged_at = 1",
])
@pytest.mark.parametrize("served", [True, False], ids=["served", "alone"])
def test_rows_are_made_anew(registry, image_of, statement, served):
    image = image_of(registry)
    registry.stop()
    change_rows(registry, statement)
    if served:
        registry.start()
    fsck(registry, expect=DAMAGE_LEFT)
    assert "mended" in fsck(registry, "--repair", expect=MENDED)
    fsck(registry, expect=CLEAN)
    if not served:
        registry.start()
    image.pull()
    refused = registry.client.delete(image.repository.path(f"blobs/{image.layer_digest}"))
    assert refused.status == 405, "the manifest uses it"
    if served:
        assert metric(registry, "entrepot_mended_total") >= 1


def test_blob_that_is_not_there_at_all_is_named(registry, image_of):
    image_of(registry)
    registry.stop()
    change_rows(registry, "DELETE FROM repository_blobs")
    said = fsck(registry, "--repair", expect=DAMAGE_LEFT)
    assert "app:v1 misses something: sha256:" in said


def test_there_must_be_a_registry(tmp_path):
    done = run(entrepot(), "fsck", "--data", tmp_path / "nowhere", expect=1)
    assert f"no registry in {tmp_path}/nowhere: there is no such directory" in done.stderr
    assert not (tmp_path / "nowhere").exists()
