# ctest: labels=clients,all timeout=300
"""regctl: images with their referrers, artifacts, tags."""

import json

import pytest

from support import images
from support.command import output
from support.paths import program

CLIENT = "regctl"


def version() -> str:
    return output(program("regctl"), "version", "--format={{.VCSTag}}")


@pytest.fixture
def regctl(registry, scratch):
    """Runs regctl with a configuration that says: plain HTTP for this registry."""
    settings = {"REGCTL_CONFIG": f"{scratch}/regctl.json"}
    output(program("regctl"), "registry", "set", registry.address, "--tls=disabled",
           environment=settings)

    def regctl(*arguments, **options) -> str:
        return output(program("regctl"), *arguments, environment=settings, **options)

    return regctl


def test_root_filesystem_there_and_back(registry, regctl, root_filesystem, stored_digest, scratch):
    """Copies a Debian root filesystem in and out; digests equal."""
    remote = registry.reference("regctl/rootfs")
    regctl("image", "copy", f"ocidir://{root_filesystem.layout}:latest", remote)
    assert stored_digest("regctl/rootfs") == root_filesystem.digest()
    regctl("image", "copy", remote, f"ocidir://{scratch}/back:latest")
    assert images.Image(scratch / "back").digest() == root_filesystem.digest()


def test_multi_architecture(registry, regctl, multi_architecture, stored_digest):
    """Copies an index of three architectures; asks for the digest of one."""
    remote = registry.reference("regctl/multi")
    regctl("image", "copy", f"ocidir://{multi_architecture.layout}:latest", remote)
    assert stored_digest("regctl/multi") == multi_architecture.digest()
    arm64 = regctl("image", "digest", "--platform=linux/arm64", remote)
    assert arm64 == multi_architecture.children()[1]["digest"]


def test_copy_between_repositories_with_referrers(registry, regctl, many_layers, referrers):
    """Attaches an artifact to an image and copies both to another repository."""
    source, target = registry.reference("regctl/from"), registry.reference("regctl/to")
    regctl("image", "copy", f"ocidir://{many_layers.layout}:latest", source)
    regctl("artifact", "put", "--subject", source, "--artifact-type", images.SBOM_TYPE,
           input="a bill of materials")
    regctl("image", "copy", "--referrers", source, target)
    assert referrers("regctl/to", many_layers.digest()) == [images.SBOM_TYPE]
    listed = json.loads(regctl("artifact", "list", "--format={{json .}}", target))
    assert [entry["artifactType"] for entry in listed["descriptors"]] == [images.SBOM_TYPE]


def test_tags(registry, regctl, many_layers, tags):
    """Lists tags and deletes one; the image stays."""
    for tag in ("a", "b"):
        regctl("image", "copy", f"ocidir://{many_layers.layout}:latest",
               registry.reference("regctl/tags", tag))
    assert regctl("tag", "ls", f"{registry.address}/regctl/tags").split() == ["a", "b"]
    regctl("tag", "delete", registry.reference("regctl/tags", "a"))
    assert tags("regctl/tags") == ["b"]
    assert regctl("image", "digest", registry.reference("regctl/tags", "b")) == many_layers.digest()


def test_list_repositories(registry, regctl, many_layers):
    """Lists the repositories."""
    regctl("image", "copy", f"ocidir://{many_layers.layout}:latest",
           registry.reference("regctl/listed"))
    assert "regctl/listed" in regctl("repo", "ls", registry.address).split()
