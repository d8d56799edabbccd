"""Data directories that other registries wrote, and what is in them."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import images
from support.command import run
from support.content import Repository
from support.inventory import contents
from support.paths import program
from support.registry import DistributionRegistry, DockerRegistry, Entrepot, Registry

PEERS = (DockerRegistry, DistributionRegistry)


def copy(*arguments: str) -> None:
    run(program("skopeo"), "copy", "--src-tls-verify=false", "--dest-tls-verify=false", *arguments)


def blob_files(data: Path) -> dict[str, int]:
    """The files of the blobs and their inodes: who copies one makes another inode."""
    blobs = data / "docker/registry/v2/blobs"
    return {str(path.relative_to(blobs)): path.stat().st_ino for path in blobs.rglob("data")}


def add_tags(data: Path, repository: str, digest: str, names: Iterator[str]) -> None:
    """Writes the files of tags, for far more of them than one would push."""
    for name in names:
        tag = data / f"docker/registry/v2/repositories/{repository}/_manifests/tags/{name}"
        for folder in ("current", "index/" + digest.replace(":", "/")):
            (tag / folder).mkdir(parents=True)
            (tag / folder / "link").write_text(digest)


def _fill(registry: Registry) -> None:
    """Pushes images of every kind, moves a tag, deletes a manifest."""
    many, multi = images.many_layers(), images.multi_architecture()
    copy("--preserve-digests", many.reference(), f"docker://{registry.reference('layers', '60')}")
    copy("--all", "--preserve-digests", multi.reference(),
         f"docker://{registry.reference('deep/er/multi')}")
    # Docker's media types, and blobs that two repositories share.
    copy("--format", "v2s2", many.reference(), f"docker://{registry.reference('deep/docker')}")
    copy("--preserve-digests", many.reference(), f"docker://{registry.reference('deep', '60')}")

    artifact = images.artifact_with_referrers()
    for name in ("artifact", "sbom", "signature"):
        copy("--preserve-digests", artifact.reference(name),
             f"docker://{registry.reference('artifact', name)}")

    small = Repository(registry.client, "small")
    for number in range(20):
        small.push_image(f"tag-{number:02}")
    for number in range(3):
        small.push_image("moved", annotations={"number": str(number)})
    deleted = small.push_image("deleted")
    assert registry.client.delete(small.path(f"manifests/{deleted.digest}")).status == 202


@pytest.fixture(scope="session", params=PEERS, ids=lambda peer: peer.__name__)
def filled(request, tmp_path_factory) -> tuple[type[Registry], Path, dict]:
    """A peer, the directory that it wrote, and what it served from it."""
    directory = tmp_path_factory.mktemp(request.param.__name__)
    peer = request.param(directory)
    peer.start()
    _fill(peer)
    found = contents(peer)
    peer.stop()
    assert len(found) == 6
    return request.param, directory, found


class Handover:
    """A copy of the peer's directory, on which either program can run."""

    def __init__(self, peer: type[Registry], directory: Path, expected: dict):
        self.directory = directory
        self.data = directory / "data"
        self.expected = expected
        self.peer = peer(directory)
        self.entrepot = Entrepot(directory)

    @property
    def layout(self) -> Path:
        return self.data / "docker/registry/v2"

    def stop(self) -> None:
        self.peer.stop()
        self.entrepot.stop()


@pytest.fixture
def handover(filled, tmp_path):
    """In memory where that is possible: a disk takes minutes for the files of thousands of tags."""
    peer, directory, expected = filled
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as place:
        shutil.copytree(directory / "data", Path(place) / "data")
        both = Handover(peer, Path(place), expected)
        yield both
        both.stop()
