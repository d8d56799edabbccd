# ctest: labels=clients timeout=300
"""podman: push, pull, manifests of several architectures, search of tags."""

import json

import pytest

from support import images
from support.command import output, run
from support.paths import program

CLIENT = "podman"


def version() -> str:
    return output(program("podman"), "--version").split()[-1]


class Podman:
    """podman with a storage of its own."""

    def __init__(self, directory):
        self._storage = ("--root", directory / "root", "--runroot", directory / "run",
                         "--storage-driver=vfs", "--cgroup-manager=cgroupfs",
                         "--events-backend=file", f"--tmpdir={directory}/tmp")
        self._directory = directory
        self._digest_file = directory / "digest"

    def run(self, *arguments, **options):
        return run(program("podman"), *self._storage, *arguments, **options)

    def load(self, image: images.Image) -> str:
        """The id of an image of an OCI layout, now in podman's storage."""
        return self.run("pull", "--quiet", image.linked(self._directory)).stdout.strip()

    def push(self, image: str, reference: str, *options: str) -> str:
        """The digest that podman says it pushed."""
        self.run("push", "--tls-verify=false", "--digestfile", self._digest_file, *options, image,
                 reference)
        return self._digest_file.read_text()

    def pull(self, reference: str, *options: str) -> str:
        """The id of the image that was pulled."""
        return self.run("pull", "--quiet", "--tls-verify=false", *options,
                        reference).stdout.strip()

    def digests(self, image: str) -> list[str]:
        names = json.loads(self.run("image", "inspect", image).stdout)[0]["RepoDigests"]
        return [name.split("@")[1] for name in names]


@pytest.fixture
def podman(scratch):
    client = Podman(scratch)
    yield client
    client.run("system", "reset", "--force", expect=None)


def test_root_filesystem_there_and_back(registry, podman, root_filesystem, stored_digest):
    """Pushes and pulls a Debian root filesystem; digests and image id equal."""
    remote = registry.reference("podman/rootfs")
    image = podman.load(root_filesystem)
    pushed = podman.push(image, remote)
    assert pushed == stored_digest("podman/rootfs")
    podman.run("image", "rm", "--force", image)
    assert podman.pull(remote) == image
    assert pushed in podman.digests(image)


def test_second_push_finds_all_blobs_there(registry, podman, many_layers, stored_digest):
    """Pushes 60 layers twice; the second push says that every blob exists."""
    remote = registry.reference("podman/layers")
    image = podman.load(many_layers)
    first = podman.push(image, remote)
    again = podman.run("--log-level=debug", "push", "--tls-verify=false", image, remote)
    assert again.stderr.count("... already exists") == images.LAYER_COUNT + 1  # and the config
    assert stored_digest("podman/layers") == first


def test_multi_architecture(registry, podman, multi_architecture, stored_digest, scratch):
    """Makes a list of three architectures, pushes it whole, and pulls one by platform."""
    remote = registry.reference("podman/multi")
    podman.run("manifest", "create", "multi")
    podman.run("manifest", "add", "--all", "multi", multi_architecture.linked(scratch))
    podman.run("manifest", "push", "--all", "--tls-verify=false", "--format=oci", "multi",
               f"docker://{remote}")
    for child in multi_architecture.children():
        assert stored_digest("podman/multi", child["digest"]) == child["digest"]
    image = podman.pull(remote, "--platform=linux/arm64/v8")
    expected = multi_architecture.children()[1]["digest"]
    assert image == multi_architecture.manifest(expected)["config"]["digest"].split(":")[1]


def test_docker_format(registry, podman, multi_architecture, stored_digest):
    """Pushes in Docker's format and pulls it by digest."""
    image = podman.load(multi_architecture)
    pushed = podman.push(image, registry.reference("podman/docker"), "--format=v2s2")
    assert pushed == stored_digest("podman/docker")
    podman.run("image", "rm", "--force", image)
    podman.pull(registry.reference("podman/docker", pushed))


def test_search(registry, podman, multi_architecture):
    """Finds repositories by a part of their name."""
    image = podman.load(multi_architecture)
    for name in ("podman/findable", "podman/other"):
        podman.push(image, registry.reference(name))
    found = podman.run("search", "--tls-verify=false", "--format={{.Name}}",
                       f"{registry.address}/FINDABLE").stdout
    assert found.split() == [f"{registry.address}/podman/findable"]
    nothing = podman.run("search", "--tls-verify=false", f"{registry.address}/no-such-name").stdout
    assert "podman/" not in nothing


def test_list_tags(registry, podman, multi_architecture):
    """Lists the tags of a repository by search."""
    image = podman.load(multi_architecture)
    for tag in ("one", "two"):
        podman.push(image, registry.reference("podman/tags", tag))
    listed = podman.run("search", "--tls-verify=false", "--list-tags",
                        f"{registry.address}/podman/tags").stdout
    assert sorted(line.split()[1] for line in listed.splitlines()[1:]) == ["one", "two"]

