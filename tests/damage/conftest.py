"""What the damage tests share: an image at rest, and ways to damage it."""

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.content import OCI_CONFIG, OCI_LAYER, Repository, descriptor, encode, image_manifest


@dataclass
class Image:
    """A pushed image of known bytes, and what of it lies where."""

    registry: object
    repository: Repository
    config: bytes
    layer: bytes
    manifest: bytes
    digest: str
    layer_digest: str

    @property
    def layer_file(self) -> Path:
        hex_digest = self.layer_digest.removeprefix("sha256:")
        return (self.registry.data / "docker/registry/v2/blobs/sha256" / hex_digest[:2] / hex_digest
                / "data")

    def head(self, rest: str) -> int:
        status = self.registry.client.head(self.repository.path(rest)).status
        assert self.registry.client.get(self.repository.path(rest)).status == status
        return status

    def tag_status(self) -> int:
        return self.head("manifests/v1")

    def layer_status(self) -> int:
        return self.head(f"blobs/{self.layer_digest}")

    def push_as_crane_does(self) -> int:
        """Asks for the manifest first, and pushes nothing when it is there. Returns how much was
        pushed."""
        pushed = 0
        if self.tag_status() == 200:
            return pushed
        for content in (self.config, self.layer):
            digest = descriptor(content, "")["digest"]
            if self.head(f"blobs/{digest}") == 404:
                self.repository.push_blob(content)
                pushed += 1
        self.repository.push_manifest("v1", self.manifest)
        return pushed + 1

    def pull(self) -> None:
        """Everything is there, and right."""
        client, path = self.registry.client, self.repository.path
        for reference in ("v1", self.digest):
            answer = client.get(path(f"manifests/{reference}"))
            assert (answer.status, answer.body) == (200, self.manifest)
        for content in (self.config, self.layer):
            answer = client.get(path(f"blobs/{descriptor(content, '')['digest']}"))
            assert (answer.status, answer.body) == (200, content)


def push_image(registry, name: str = "app", layer: bytes = b"the bytes of a layer") -> Image:
    repository = Repository(registry.client, name)
    config = encode({"architecture": "amd64", "os": "linux", "of": name,
                     "rootfs": {"type": "layers", "diff_ids": []}})
    repository.push_blob(config)
    layer_digest = repository.push_blob(layer)
    manifest = encode(image_manifest(descriptor(config, OCI_CONFIG),
                                     [descriptor(layer, OCI_LAYER)]))
    pushed = repository.push_manifest("v1", manifest)
    return Image(registry, repository, config, layer, manifest, pushed.digest, layer_digest)


@pytest.fixture
def image_of():
    return push_image


def flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:]


def change_rows(registry, statement: str, *values) -> None:
    """Changes the metadata of a server that does not run."""
    with sqlite3.connect(registry.data / "entrepot/meta.db") as database:
        assert database.execute(statement, values).rowcount > 0, statement
    database.close()


def metric(registry, name: str) -> float:
    text = registry.client.get("/metrics").body.decode()
    return next(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                if line.startswith(name + " "))


def damaged_count(registry) -> tuple[float, float]:
    return tuple(metric(registry, f'entrepot_damaged_total{{kind="{kind}"}}')
                 for kind in ("blob", "manifest"))


def damage_lines(registry) -> list[str]:
    return re.findall(r"^.* damaged: .*$", registry.process.current_stderr(), re.MULTILINE)
