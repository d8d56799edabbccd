"""Data directories that older programs wrote, from tests/upgrade/directories/."""

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from support.inventory import contents
from support.paths import REPOSITORY
from support.registry import Entrepot

DIRECTORIES = REPOSITORY / "tests/upgrade/directories"
NAMES = sorted(path.stem for path in DIRECTORIES.glob("*.json"))


class Older:
    """A copy of an older program's directory, and what was found in it then."""

    def __init__(self, name: str, directory: Path,
                 environment: Mapping[str, str] | None = None):
        self.registry = Entrepot(directory, environment)
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
