"""The images that every client pushes and pulls. Each is made once and kept in the cache.

Change VERSION when the content changes: other runs may be reading the old files.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.command import run
from support.layout import Layout, random_files, tar_of
from support.paths import FIXTURES, program

VERSION = 1

AMD64 = {"architecture": "amd64", "os": "linux"}
ARM64 = {"architecture": "arm64", "os": "linux", "variant": "v8"}
ARM_V7 = {"architecture": "arm", "os": "linux", "variant": "v7"}

SBOM_TYPE = "application/vnd.example.sbom.v1"
SIGNATURE_TYPE = "application/vnd.example.signature.v1"
ARTIFACT_TYPE = "application/vnd.example.thing.v1"

LAYER_COUNT = 60


@dataclass(frozen=True)
class Image:
    """An OCI layout on disk, with the digests that a registry must give back."""

    layout: Path

    def reference(self, name: str = "latest") -> str:
        """As skopeo, podman and buildah write it."""
        return f"oci:{self.layout}:{name}"

    def linked(self, directory: Path) -> str:
        """A reference through a link in `directory`: podman and buildah make a name of the path,
        and refuse what no repository may be called."""
        link = directory / self.layout.name
        if not link.exists():
            link.symlink_to(self.layout)
        return f"oci:{link}:latest"

    def place(self, reference: str) -> None:
        """Puts the whole image into a registry (by skopeo), for tests that only pull."""
        run(program("skopeo"), "copy", "--all", "--quiet", "--preserve-digests",
            "--dest-tls-verify=false", self.reference(), f"docker://{reference}")

    def entry(self, name: str = "latest") -> dict:
        for manifest in json.loads((self.layout / "index.json").read_text())["manifests"]:
            if manifest["annotations"]["org.opencontainers.image.ref.name"] == name:
                return manifest
        raise KeyError(name)

    def digest(self, name: str = "latest") -> str:
        return self.entry(name)["digest"]

    def blob(self, digest: str) -> bytes:
        return (self.layout / "blobs" / digest.replace(":", "/")).read_bytes()

    def manifest(self, digest: str) -> dict:
        return json.loads(self.blob(digest))

    def config_digest(self, name: str = "latest") -> str:
        return self.manifest(self.digest(name))["config"]["digest"]

    def children(self, name: str = "latest") -> list[dict]:
        return self.manifest(self.digest(name))["manifests"]


def root_filesystem() -> Image:
    """Debian 12's essential packages in one layer: more than 100 MB, and it can be run."""
    return _cached("rootfs", _make_root_filesystem)


def multi_architecture() -> Image:
    """An index of images for amd64, arm64 and arm/v7 that share one layer."""
    return _cached("multiarch", _make_multi_architecture)


def many_layers() -> Image:
    """An image of sixty small layers."""
    return _cached("layers", _make_many_layers)


def artifact_with_referrers() -> Image:
    """`artifact`, and `sbom` and `signature` that have it as their subject."""
    return _cached("artifact", _make_artifact_with_referrers)


def _make_root_filesystem(layout: Layout) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        tar = Path(scratch) / "rootfs.tar"
        run(program("mmdebstrap"), "--quiet", "--variant=essential", "bookworm", tar, timeout=600,
            environment={"SOURCE_DATE_EPOCH": "1700000000"})
        layer = layout.add_layer(tar.read_bytes())
    layout.finish({"latest": layout.add_image([layer], AMD64, ["/bin/bash"])})


def _make_multi_architecture(layout: Layout) -> None:
    shared = layout.add_layer(tar_of(random_files(1, 8, 65536)))
    images = [
        layout.add_image([shared, layout.add_layer(tar_of(random_files(seed, 4, 200_000)))],
                         platform, ["/bin/true"])
        for seed, platform in enumerate((AMD64, ARM64, ARM_V7), start=2)
    ]
    layout.finish({"latest": layout.add_index(images)})


def _make_many_layers(layout: Layout) -> None:
    layers = [layout.add_layer(tar_of(random_files(100 + number, 3, 8192)))
              for number in range(LAYER_COUNT)]
    layout.finish({"latest": layout.add_image(layers, AMD64, ["/bin/true"])})


def _make_artifact_with_referrers(layout: Layout) -> None:
    artifact = layout.add_artifact(ARTIFACT_TYPE, b"a thing", "text/plain")
    about = {"subject": artifact, "annotations": {"org.example.made-by": "tests"}}
    layout.finish({
        "artifact": artifact,
        "sbom": layout.add_artifact(SBOM_TYPE, b'{"packages": []}', "application/json", **about),
        "signature": layout.add_artifact(SIGNATURE_TYPE, b"signed", "text/plain", **about),
    })


def _cached(name: str, make: Callable[[Layout], None]) -> Image:
    """The layout `name` of the cache; the first process that asks makes it, the others wait."""
    final = FIXTURES / f"{name}-v{VERSION}"
    FIXTURES.mkdir(parents=True, exist_ok=True)
    with open(FIXTURES / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not final.exists():
            partial = FIXTURES / f"{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            make(Layout(partial))
            os.rename(partial, final)
    return Image(final)
