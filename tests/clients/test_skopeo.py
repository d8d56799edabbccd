# ctest: labels=clients timeout=300
"""skopeo: copy in and out, between repositories, sync, inspect, delete."""

import json

from support import images
from support.command import output, run
from support.content import digest_of
from support.paths import program

CLIENT = "skopeo"
OPEN = ("--src-tls-verify=false", "--dest-tls-verify=false")


def version() -> str:
    return output(program("skopeo"), "--version").split()[-1]


def skopeo(*arguments, **options):
    return run(program("skopeo"), *arguments, **options)


def copy(*arguments, **options):
    return skopeo("copy", *OPEN, *arguments, **options)


def raw_digest(reference: str) -> str:
    raw = skopeo("inspect", "--tls-verify=false", "--raw", reference).stdout
    return digest_of(raw.encode())


def test_root_filesystem_there_and_back(registry, root_filesystem, stored_digest, scratch):
    """Pushes and pulls a Debian root filesystem; digests equal."""
    remote = f"docker://{registry.reference('skopeo/rootfs')}"
    copy("--preserve-digests", root_filesystem.reference(), remote)
    assert stored_digest("skopeo/rootfs") == root_filesystem.digest()
    copy("--preserve-digests", remote, f"oci:{scratch}/back:latest")
    back = images.Image(scratch / "back")
    assert back.digest() == root_filesystem.digest()
    layer = root_filesystem.manifest(back.digest())["layers"][0]["digest"]
    assert digest_of(back.blob(layer)) == layer


def test_second_push_finds_all_blobs_there(registry, many_layers):
    """Pushes 60 layers twice; the second push says that every blob exists."""
    remote = f"docker://{registry.reference('skopeo/layers')}"
    copy(many_layers.reference(), remote)
    again = skopeo("--debug", "copy", *OPEN, many_layers.reference(), remote)
    assert again.stderr.count("... already exists") == images.LAYER_COUNT + 1  # and the config
    assert raw_digest(remote) == many_layers.digest()


def test_multi_architecture(registry, multi_architecture, stored_digest, scratch):
    """Pushes and pulls an index of three architectures, whole and one of them."""
    remote = f"docker://{registry.reference('skopeo/multi')}"
    copy("--all", "--preserve-digests", multi_architecture.reference(), remote)
    assert stored_digest("skopeo/multi") == multi_architecture.digest()
    for child in multi_architecture.children():
        assert stored_digest("skopeo/multi", child["digest"]) == child["digest"]
    copy("--all", "--preserve-digests", remote, f"oci:{scratch}/all:latest")
    assert images.Image(scratch / "all").digest() == multi_architecture.digest()
    copy("--override-arch=arm64", remote, f"oci:{scratch}/arm64:latest")
    arm64 = multi_architecture.children()[1]
    assert images.Image(scratch / "arm64").digest() == arm64["digest"]


def test_artifact_with_referrers(registry, artifact, referrers, scratch):
    """Pushes an OCI artifact and two referrers; the registry lists them; pulls one back."""
    for name in ("sbom", "signature", "artifact"):  # a referrer may come before its subject
        copy("--preserve-digests", artifact.reference(name),
             f"docker://{registry.reference('skopeo/artifact', name)}")
    found = referrers("skopeo/artifact", artifact.digest("artifact"))
    assert found == [images.SBOM_TYPE, images.SIGNATURE_TYPE]
    copy("--preserve-digests", f"docker://{registry.reference('skopeo/artifact', 'sbom')}",
         f"oci:{scratch}/sbom:latest")
    assert images.Image(scratch / "sbom").digest() == artifact.digest("sbom")


def test_copy_between_repositories(registry, many_layers, stored_digest):
    """Copies from one repository to another; the blobs are mounted, not sent."""
    source = f"docker://{registry.reference('skopeo/from')}"
    target = f"docker://{registry.reference('skopeo/to', 'copied')}"
    copy("--preserve-digests", many_layers.reference(), source)
    copied = skopeo("--debug", "copy", *OPEN, "--preserve-digests", source, target)
    assert copied.stderr.count("... mount OK") == images.LAYER_COUNT
    assert stored_digest("skopeo/to", "copied") == many_layers.digest()


def test_sync(registry, many_layers, stored_digest, tags, scratch):
    """Syncs a repository with two tags to a folder, and the folder to another repository."""
    for tag in ("1", "2"):
        copy("--preserve-digests", many_layers.reference(),
             f"docker://{registry.reference('skopeo/sync', tag)}")
    skopeo("sync", *OPEN, "--preserve-digests", "--src", "docker", "--dest", "dir",
           f"{registry.address}/skopeo/sync", scratch)
    skopeo("sync", *OPEN, "--preserve-digests", "--src", "dir", "--dest", "docker",
           scratch, f"{registry.address}/skopeo/synced")
    assert sorted(tags("skopeo/synced/sync")) == ["1", "2"]
    assert stored_digest("skopeo/synced/sync", "2") == many_layers.digest()


def test_convert_to_docker_format(registry, many_layers, stored_digest, scratch):
    """Pushes as Docker schema 2; the registry keeps the type and the bytes."""
    remote = f"docker://{registry.reference('skopeo/docker')}"
    copy("--format=v2s2", many_layers.reference(), remote)
    raw = json.loads(skopeo("inspect", "--tls-verify=false", "--raw", remote).stdout)
    assert raw["mediaType"] == "application/vnd.docker.distribution.manifest.v2+json"
    copy("--preserve-digests", remote, f"dir:{scratch}/back")
    content = (scratch / "back" / "manifest.json").read_bytes()
    assert digest_of(content) == stored_digest("skopeo/docker")


def test_inspect_and_list_tags(registry, multi_architecture):
    """Inspects an image and lists the tags."""
    remote = f"docker://{registry.reference('skopeo/inspect', 'v1')}"
    copy("--all", multi_architecture.reference(), remote)
    shown = json.loads(skopeo("inspect", "--tls-verify=false", remote).stdout)
    assert shown["Digest"] == multi_architecture.digest()
    assert shown["RepoTags"] == ["v1"]
    listed = skopeo("list-tags", "--tls-verify=false",
                    f"docker://{registry.address}/skopeo/inspect").stdout
    assert json.loads(listed)["Tags"] == ["v1"]


def test_delete(registry, many_layers):
    """Deletes an image; it can no longer be pulled."""
    remote = f"docker://{registry.reference('skopeo/gone')}"
    copy(many_layers.reference(), remote)
    skopeo("delete", "--tls-verify=false", remote)
    missing = skopeo("inspect", "--tls-verify=false", "--raw", remote, expect=None)
    assert missing.returncode != 0
    assert "manifest unknown" in missing.stderr
