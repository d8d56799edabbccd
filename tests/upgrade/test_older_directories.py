# ctest: labels=upgrade timeout=120
"""A data directory that an older program wrote is opened by this one, and nothing in it is lost.

directories/ holds one archive for each older format, and beside it what that program served.
write_directory.py made them; a new one is added with each release that changes the format.
"""

import json
import tarfile
from pathlib import Path

import pytest

from support.command import run
from support.content import Repository
from support.inventory import ACCEPT, contents
from support.paths import entrepot
from support.registry import DockerRegistry, Entrepot

DIRECTORIES = Path(__file__).resolve().parent / "directories"
NAMES = sorted(path.stem for path in DIRECTORIES.glob("*.json"))


class Older:
    """A copy of an older program's directory, and what was found in it then."""

    def __init__(self, name: str, directory: Path):
        self.registry = Entrepot(directory)
        with tarfile.open(DIRECTORIES / f"{name}.tar.xz") as archive:
            archive.extractall(self.registry.data)
        expected = json.loads((DIRECTORIES / f"{name}.json").read_text())
        self.contents = {repository: {reference: tuple(found) for reference, found in all_of.items()}
                         for repository, all_of in expected["contents"].items()}
        self.absent, self.present = expected["absent"], expected["present"]
        self.referrers = expected["referrers"]

    def check(self) -> None:
        """Is all there that was, and nothing else?"""
        found = contents(self.registry)
        assert {name: found[name] for name in self.contents if self.contents[name]} == {
            name: all_of for name, all_of in self.contents.items() if all_of}
        assert set(found) <= set(self.contents)
        client = self.registry.client
        for target in self.absent:
            assert client.get(target).status == 404, target
        for target in self.present:
            assert client.get(target).status == 200, target
        for target, manifests in self.referrers.items():
            assert client.get(target).json()["manifests"] == manifests


@pytest.fixture(params=NAMES)
def older(request, tmp_path):
    copy = Older(request.param, tmp_path)
    yield copy
    copy.registry.stop()


def test_there_is_a_directory_to_open():
    assert NAMES


def test_everything_is_there(older):
    older.registry.start()
    older.check()
    older.registry.restart()
    older.check()


def test_it_is_worked_with_like_a_new_one(older):
    registry = older.registry.start()
    app = Repository(registry.client, "acme/app")
    pushed = app.push_image("new")
    app.push_image("moved")
    assert registry.client.delete(app.path("manifests/1.1")).status == 202
    assert registry.client.get(app.path("manifests/new")).body == pushed.content
    assert "1.1" not in registry.client.get(app.path("tags/list")).json()["tags"]
    revived = app.push_manifest("revived", registry.client.get(app.path("manifests/1.0")).body)
    assert registry.client.get(app.path("manifests/revived")).body == revived.content


def test_collector_takes_nothing_that_is_needed(older):
    registry = older.registry
    registry.options = ["--collect.delay", "0s"]
    registry.start()
    run(entrepot(), "gc", "--data", registry.data)
    older.present = [target for target in older.present if "/blobs/" not in target]
    older.check()


def test_way_back_to_registry2_stays_open(older, tmp_path):
    older.registry.start().stop()
    run(entrepot(), "export", "--data", older.registry.data)
    peer = DockerRegistry(tmp_path)
    assert peer.data == older.registry.data
    peer.start()
    client = peer.client
    for tag in ("kept", "moved"):
        assert client.get(f"/v2/adopted/app/manifests/{tag}", Accept=ACCEPT).status == 200
    peer.stop()
