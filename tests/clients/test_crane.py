# ctest: labels=clients timeout=300
"""crane: push, pull, copy, tag, append, list, delete."""

import json

from support import images
from support.command import output, run
from support.content import digest_of
from support.layout import random_files, tar_of
from support.paths import program

CLIENT = "crane"


def version() -> str:
    return output(program("crane"), "version")


def crane(*arguments, **options) -> str:
    return output(program("crane"), *arguments, "--insecure", **options)


def push(image: images.Image, reference: str) -> str:
    """Pushes what a layout has under its name, and returns the reference by digest."""
    return crane("push", image.layout, reference)


def test_root_filesystem_there_and_back(registry, root_filesystem, stored_digest, scratch):
    """Pushes and pulls a Debian root filesystem; digests equal."""
    remote = registry.reference("crane/rootfs")
    assert push(root_filesystem, remote).endswith(f"@{root_filesystem.digest()}")
    assert stored_digest("crane/rootfs") == root_filesystem.digest()
    crane("pull", "--format=oci", remote, scratch / "back")
    layer = root_filesystem.manifest(root_filesystem.digest())["layers"][0]["digest"]
    assert digest_of(images.Image(scratch / "back").blob(layer)) == layer
    assert crane("digest", remote) == root_filesystem.digest()
    crane("validate", "--remote", remote)


def test_second_push_finds_all_blobs_there(registry, many_layers):
    """Pushes 60 layers twice; the second push says that everything exists."""
    push(many_layers, registry.reference("crane/layers"))
    again = run(program("crane"), "push", "--insecure", many_layers.layout,
                registry.reference("crane/layers"))
    assert f"existing manifest: latest@{many_layers.digest()}" in again.stderr
    other_tag = run(program("crane"), "push", "--insecure", many_layers.layout,
                    registry.reference("crane/layers", "other"))
    assert other_tag.stderr.count("existing blob: ") == images.LAYER_COUNT + 1  # and the config


def test_multi_architecture(registry, multi_architecture, stored_digest, scratch):
    """Pushes and pulls an index of three architectures, and asks for one by platform."""
    remote = registry.reference("crane/multi")
    layout = scratch / "whole"
    layout.mkdir()
    for name in ("blobs", "oci-layout"):
        (layout / name).symlink_to(multi_architecture.layout / name)
    (layout / "index.json").write_bytes(multi_architecture.blob(multi_architecture.digest()))
    crane("push", "--index", layout, remote)
    assert stored_digest("crane/multi") == multi_architecture.digest()
    arm64 = multi_architecture.children()[1]["digest"]
    assert crane("digest", "--platform=linux/arm64/v8", remote) == arm64
    crane("pull", "--format=oci", remote, scratch / "back")
    assert images.Image(scratch / "back").manifest(arm64) == multi_architecture.manifest(arm64)


def test_artifact_with_referrers(registry, artifact, referrers, scratch):
    """Pushes an OCI artifact and two referrers, each alone, and the registry lists them."""
    for name in ("artifact", "sbom", "signature"):
        layout = scratch / name
        layout.mkdir()
        for part in ("blobs", "oci-layout"):
            (layout / part).symlink_to(artifact.layout / part)
        (layout / "index.json").write_text(json.dumps(
            {"schemaVersion": 2, "manifests": [artifact.entry(name)]}))
        crane("push", layout, registry.reference("crane/artifact", name))
    found = referrers("crane/artifact", artifact.digest("artifact"))
    assert found == [images.SBOM_TYPE, images.SIGNATURE_TYPE]


def test_copy_and_tag(registry, many_layers, stored_digest, tags):
    """Copies to another repository, adds a tag, lists tags and the catalog."""
    source, target = registry.reference("crane/from"), registry.reference("crane/to", "1.0")
    push(many_layers, source)
    crane("copy", source, target)
    crane("tag", target, "1")
    assert sorted(crane("ls", f"{registry.address}/crane/to").split()) == ["1", "1.0"]
    assert stored_digest("crane/to", "1") == many_layers.digest()
    assert {"crane/from", "crane/to"} <= set(crane("catalog", registry.address).split())


def test_append_a_layer(registry, many_layers, stored_digest, scratch):
    """Adds a layer to a pushed image without pulling it."""
    base, more = registry.reference("crane/base"), registry.reference("crane/more")
    push(many_layers, base)
    layer = scratch / "layer.tar"
    layer.write_bytes(tar_of(random_files(7, 1, 4096)))
    crane("append", "--base", base, "--new_layer", layer, "--new_tag", more)
    manifest = json.loads(crane("manifest", more))
    assert len(manifest["layers"]) == images.LAYER_COUNT + 1
    assert crane("digest", more) == stored_digest("crane/more")


def test_delete(registry, many_layers):
    """Deletes by digest; the tag is gone too."""
    remote = registry.reference("crane/gone")
    push(many_layers, remote)
    crane("delete", registry.reference("crane/gone", many_layers.digest()))
    missing = run(program("crane"), "digest", "--insecure", remote, expect=1)
    assert "MANIFEST_UNKNOWN" in missing.stderr or "404" in missing.stderr
