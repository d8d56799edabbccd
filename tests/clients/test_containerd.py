# ctest: labels=clients timeout=300
"""containerd: `ctr` pushes from one namespace and pulls into another."""

import re
from collections import Counter

import pytest

from support import images
from support.command import run
from support.containerd import Containerd

CLIENT = "containerd"

_version = ""


def version() -> str:
    return _version


@pytest.fixture(scope="module")
def containerd(tmp_path_factory):
    daemon = Containerd(tmp_path_factory.mktemp("containerd")).start()
    global _version
    _version = daemon.version()
    yield daemon
    daemon.stop()


def import_image(containerd: Containerd, image: images.Image, reference: str, scratch) -> None:
    """Makes all architectures of an image known as `reference`, as `docker save` files are."""
    archive = scratch / "image.tar"
    run("tar", "--create", "--dereference", "--file", archive, "--directory", image.layout, ".")
    name, tag = reference.rsplit(":", 1)
    containerd.ctr("images", "import", "--all-platforms", "--no-unpack", "--base-name", name,
                   archive)
    assert containerd.digest(f"{name}:{tag}") == image.digest()


def push(containerd: Containerd, reference: str, *options: str) -> str:
    return containerd.ctr("images", "push", "--plain-http", *options, reference)


def requests_of_push(containerd: Containerd, reference: str) -> Counter:
    """How many requests of each method a push made: `ctr` says no word about what was there."""
    log = containerd.log_of("images", "push", "--plain-http", reference)
    return Counter(re.findall(r"request\.method=(\w+)", log))


def pull(containerd: Containerd, namespace: str, reference: str, *options: str) -> str:
    """The digest of what was pulled into the namespace, which holds nothing before."""
    containerd.ctr("--namespace", namespace, "images", "pull", "--plain-http",
                   "--snapshotter=native", *options, reference)
    return containerd.digest(reference, namespace)


def test_root_filesystem_there_and_back(registry, containerd, root_filesystem, stored_digest,
                                        scratch):
    """Pushes a Debian root filesystem, pulls and unpacks it; digests equal."""
    remote = registry.reference("containerd/rootfs")
    import_image(containerd, root_filesystem, remote, scratch)
    push(containerd, remote)
    assert stored_digest("containerd/rootfs") == root_filesystem.digest()
    assert pull(containerd, "rootfs", remote) == root_filesystem.digest()


def test_second_push_finds_all_blobs_there(registry, containerd, many_layers, stored_digest,
                                           scratch):
    """Pushes 60 layers twice; the second push sends nothing; pulls by digest."""
    remote = registry.reference("containerd/layers")
    import_image(containerd, many_layers, remote, scratch)
    first = requests_of_push(containerd, remote)
    assert first["POST"] == images.LAYER_COUNT + 1  # and the config
    second = requests_of_push(containerd, remote)
    assert second == {"HEAD": images.LAYER_COUNT + 2}  # and the manifest
    assert stored_digest("containerd/layers") == many_layers.digest()
    by_digest = registry.reference("containerd/layers", many_layers.digest())
    assert pull(containerd, "layers", by_digest) == many_layers.digest()


def test_multi_architecture(registry, containerd, multi_architecture, stored_digest, scratch):
    """Pushes an index of three architectures whole and pulls it whole."""
    remote = registry.reference("containerd/multi")
    import_image(containerd, multi_architecture, remote, scratch)
    push(containerd, remote)
    assert stored_digest("containerd/multi") == multi_architecture.digest()
    for child in multi_architecture.children():
        assert stored_digest("containerd/multi", child["digest"]) == child["digest"]
    digest = pull(containerd, "multi", remote, "--all-platforms")
    assert digest == multi_architecture.digest()


def test_pull_one_architecture(registry, containerd, multi_architecture):
    """Pulls one architecture of an index that another client pushed."""
    remote = registry.reference("containerd/one")
    multi_architecture.place(remote)
    digest = pull(containerd, "one", remote, "--platform=linux/arm64")
    assert digest == multi_architecture.digest()
    listed = containerd.ctr("--namespace", "one", "content", "ls", "--quiet").split()
    amd64, arm64, _ = (child["digest"] for child in multi_architecture.children())
    assert arm64 in listed and amd64 not in listed

