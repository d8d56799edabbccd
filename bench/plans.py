"""The content that is pushed and pulled, and transactions over it."""

import functools
import hashlib
import json
import random
from collections.abc import Iterable
from pathlib import Path

MIB = 1 << 20
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
REPOSITORY = "bench/image"


class Fill:
    """Random bytes that every large body begins in; a stamp in front makes each body its own."""

    STAMP = 24

    def __init__(self, path: Path, size: int = 100 * MIB):
        self.path = path
        if not path.exists() or path.stat().st_size != size:
            path.write_bytes(random.Random(1).randbytes(size))
        self._bytes = path.read_bytes()

    def stamp(self, number: int) -> str:
        return f"{number:0{self.STAMP}d}"

    @functools.lru_cache(maxsize=200_000)
    def digest(self, number: int, size: int) -> str:
        hasher = hashlib.sha256(self.stamp(number).encode())
        hasher.update(memoryview(self._bytes)[self.STAMP:size])
        return "sha256:" + hasher.hexdigest()


def step(method: str, target: str, expect: Iterable[int], **more) -> dict:
    return {"method": method, "target": target, "headers": more.pop("headers", {}),
            "expect": list(expect), **more}


def push_blob(fill: Fill, number: int, size: int, repository: str = REPOSITORY) -> list[dict]:
    """As containerd and BuildKit push: POST, then one PUT with the whole body."""
    return [
        step("POST", f"/v2/{repository}/blobs/uploads/", [202]),
        step("PUT", f"@location?digest={fill.digest(number, size)}", [201], fill=size,
             stamp=fill.stamp(number), headers={"Content-Type": "application/octet-stream"}),
    ]


def push_chunked(fill: Fill, number: int, size: int, repository: str = REPOSITORY) -> list[dict]:
    """As docker pushes: POST, PATCH with the body, empty PUT."""
    return [
        step("POST", f"/v2/{repository}/blobs/uploads/", [202]),
        step("PATCH", "@location", [202], fill=size, stamp=fill.stamp(number),
             headers={"Content-Type": "application/octet-stream"}),
        step("PUT", f"@location?digest={fill.digest(number, size)}", [201]),
    ]


def manifest(fill: Fill, blobs: list[tuple[int, int]], note: str) -> str:
    """An image manifest over pushed blobs (number, size), the first of them its config."""
    def descriptor(media_type: str, blob: tuple[int, int]) -> dict:
        return {"mediaType": media_type, "digest": fill.digest(*blob), "size": blob[1]}

    return json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", blobs[0]),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", blob)
                   for blob in blobs[1:]],
        "annotations": {"bench.note": note}})


def put_manifest(text: str, reference: str, repository: str = REPOSITORY) -> list[dict]:
    return [step("PUT", f"/v2/{repository}/manifests/{reference}", [201], text=text,
                 headers={"Content-Type": MANIFEST})]


def get_manifest(reference: str, repository: str = REPOSITORY) -> list[dict]:
    return [step("GET", f"/v2/{repository}/manifests/{reference}", [200],
                 headers={"Accept": MANIFEST})]


def write(path: Path, transactions: Iterable[list[dict]]) -> Path:
    with open(path, "w") as out:
        for steps in transactions:
            out.write(json.dumps({"steps": steps}) + "\n")
    return path


class Content:
    """What every registry is filled with before it is measured; the same for all."""

    LAYERS = [(n, 64 << 10) for n in range(1, 8)]   # of every manifest
    LARGE = (100, 100 * MIB)
    MIDDLE = (101, MIB)

    def __init__(self, fill: Fill, tags: int, repositories: int):
        self.fill = fill
        self.tags = tags
        self.repositories = repositories

    def manifest(self, number: int) -> str:
        return manifest(self.fill, self.LAYERS, f"{number:08d}")

    def seed(self) -> list[list[list[dict]]]:
        """Plans to be run one after the other."""
        blobs = [push_blob(self.fill, *blob) for blob in self.LAYERS + [self.LARGE, self.MIDDLE]]
        tags = [put_manifest(self.manifest(n), f"tag-{n:05d}") for n in range(self.tags)]
        few = [push_blob(self.fill, *blob, "bench/few") for blob in self.LAYERS]
        few_tags = [put_manifest(self.manifest(n), f"tag-{n:05d}", "bench/few") for n in range(100)]
        others = [self.mount(f"many/r{n:05d}", n) for n in range(self.repositories)]
        return [blobs + few, tags + few_tags, others]

    def mount(self, repository: str, number: int) -> list[dict]:
        """Two mounts and a manifest: what a push into a new repository costs when the layers are there."""
        blobs = self.LAYERS[:2]
        mounts = [step("POST", f"/v2/{repository}/blobs/uploads/?mount="
                       f"{self.fill.digest(*blob)}&from={REPOSITORY}", [201]) for blob in blobs]
        text = manifest(self.fill, blobs, f"{number:08d}")
        return mounts + put_manifest(text, "latest", repository)

    def files(self, directory: Path) -> None:
        """The same bytes, for those that serve files."""
        for n in range(self.tags):
            (directory / f"tag-{n:05d}").write_text(self.manifest(n))
        for name, (number, size) in (("large", self.LARGE), ("middle", self.MIDDLE)):
            body = self.fill.stamp(number).encode() + self.fill._bytes[Fill.STAMP:size]
            (directory / name).write_bytes(body)
