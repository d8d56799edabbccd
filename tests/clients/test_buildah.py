# ctest: labels=clients timeout=300
"""buildah: builds on an image of the registry, pushes what it built, pulls it back."""

import json

import pytest

from support import images
from support.command import output, run
from support.paths import program

CLIENT = "buildah"


def version() -> str:
    return output(program("buildah"), "--version").split()[2]


class Buildah:
    """buildah with a storage of its own."""

    def __init__(self, directory):
        self._storage = ("--root", directory / "root", "--runroot", directory / "run",
                         "--storage-driver=vfs")
        self._directory = directory
        self._digest_file = directory / "digest"

    def run(self, *arguments, **options):
        return run(program("buildah"), *self._storage, *arguments, **options)

    def load(self, image: images.Image) -> str:
        """The id of an image of an OCI layout, now in buildah's storage."""
        return self.run("pull", "--quiet", image.linked(self._directory)).stdout.strip()

    def push(self, image: str, reference: str, *options: str) -> str:
        """The digest that buildah says it pushed."""
        self.run("push", "--tls-verify=false", "--digestfile", self._digest_file, *options, image,
                 f"docker://{reference}")
        return self._digest_file.read_text()

    def pull(self, reference: str) -> str:
        """The id of the image that was pulled."""
        return self.run("pull", "--quiet", "--tls-verify=false", reference).stdout.strip()


@pytest.fixture
def buildah(scratch):
    client = Buildah(scratch)
    yield client
    client.run("rmi", "--all", "--force", expect=None)


def test_build_on_an_image_of_the_registry(registry, buildah, root_filesystem, stored_digest,
                                           scratch):
    """Builds FROM a pulled Debian root filesystem, pushes the result, pulls it back."""
    base = registry.reference("buildah/rootfs")
    buildah.push(buildah.load(root_filesystem), base)
    (scratch / "Containerfile").write_text(
        f"FROM {base}\nRUN grep -q bookworm /etc/os-release && echo made > /made\nCMD cat /made\n")
    buildah.run("bud", "--tls-verify=false", "--pull-always", "--isolation=chroot", "--layers",
                "--tag=built", scratch, timeout=240)
    pushed = buildah.push("built", registry.reference("buildah/built"))
    assert pushed == stored_digest("buildah/built")
    image = json.loads(buildah.run("inspect", "--type=image", "built").stdout)["FromImageID"]
    buildah.run("rmi", "--all", "--force")
    assert buildah.pull(registry.reference("buildah/built", pushed)) == image


def test_second_push_finds_all_blobs_there(registry, buildah, many_layers, stored_digest):
    """Pushes 60 layers twice; the second push says that every blob exists."""
    remote = registry.reference("buildah/layers")
    image = buildah.load(many_layers)
    first = buildah.push(image, remote)
    again = buildah.run("--log-level=debug", "push", "--tls-verify=false", image,
                        f"docker://{remote}")
    assert again.stderr.count("... already exists") == images.LAYER_COUNT + 1  # and the config
    assert stored_digest("buildah/layers") == first


def test_multi_architecture(registry, buildah, multi_architecture, stored_digest):
    """Takes a pushed index of three architectures into a manifest list and pushes it again."""
    source = registry.reference("buildah/multi")
    multi_architecture.place(source)
    buildah.run("manifest", "create", "multi")
    buildah.run("manifest", "add", "--all", "--tls-verify=false", "multi", f"docker://{source}")
    buildah.run("manifest", "push", "--all", "--tls-verify=false", "multi",
                f"docker://{registry.reference('buildah/again')}")
    for child in multi_architecture.children():
        assert stored_digest("buildah/again", child["digest"]) == child["digest"]
