"""Writes images as OCI image layouts, from seeded random content: the same bytes every time.

Layouts are what the clients push (`oci:DIR:TAG`, `crane push DIR`), so no network and no other
registry takes part in making an image.
"""

import gzip
import io
import json
import random
import tarfile
from collections.abc import Mapping
from pathlib import Path

from support.content import OCI_CONFIG, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST, digest_of

LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
CREATED = "2024-01-02T03:04:05Z"
_REF_NAME = "org.opencontainers.image.ref.name"


class Layout:
    """An OCI image layout that grows by blobs, images and indexes; `finish` makes it whole."""

    def __init__(self, directory: Path):
        self.directory = directory
        self._blobs = directory / "blobs" / "sha256"
        self._blobs.mkdir(parents=True)

    def add_blob(self, content: bytes, media_type: str, **more) -> dict:
        digest = digest_of(content)
        (self._blobs / digest.removeprefix("sha256:")).write_bytes(content)
        return {"mediaType": media_type, "digest": digest, "size": len(content), **more}

    def add_layer(self, tar: bytes) -> tuple[dict, str]:
        """Stores the tar file compressed; returns its descriptor and its diff id."""
        compressed = gzip.compress(tar, compresslevel=1, mtime=0)
        return self.add_blob(compressed, LAYER_GZIP), digest_of(tar)

    def add_image(self, layers: list[tuple[dict, str]], platform: Mapping[str, str],
                  command: list[str]) -> dict:
        """Layers as `add_layer` gave them; returns the manifest's descriptor with its platform."""
        config = {
            "created": CREATED,
            **platform,
            "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": command},
            "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in layers]},
            "history": [{"created": CREATED, "created_by": f"layer {number}"}
                        for number in range(len(layers))],
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self._add_json(config, OCI_CONFIG),
            "layers": [layer for layer, _ in layers],
        }
        return self._add_json(manifest, OCI_MANIFEST, platform=dict(platform))

    def add_artifact(self, artifact_type: str, content: bytes, media_type: str,
                     subject: dict | None = None, annotations: dict | None = None) -> dict:
        """A manifest with one file and the empty config, about `subject` if one is given."""
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": artifact_type,
            "config": self.add_blob(b"{}", OCI_EMPTY),
            "layers": [self.add_blob(content, media_type)],
        }
        if subject:
            manifest["subject"] = {key: subject[key] for key in ("mediaType", "digest", "size")}
        if annotations:
            manifest["annotations"] = annotations
        return self._add_json(manifest, OCI_MANIFEST)

    def add_index(self, manifests: list[dict]) -> dict:
        return self._add_json(
            {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}, OCI_INDEX)

    def finish(self, references: Mapping[str, dict]) -> None:
        """Writes the entry files; `references` names the manifests that can be asked for."""
        manifests = [{**manifest, "annotations": {_REF_NAME: name}}
                     for name, manifest in references.items()]
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}
        (self.directory / "index.json").write_text(json.dumps(index))
        (self.directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def _add_json(self, document: dict, media_type: str, **more) -> dict:
        return self.add_blob(json.dumps(document).encode(), media_type, **more)


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """A tar file of regular files, with nothing of the machine or the hour in it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def random_files(seed: int, count: int, size: int) -> dict[str, bytes]:
    """Files that do not compress, different for each seed."""
    source = random.Random(seed)
    return {f"srv/{seed}/{number}": source.randbytes(size) for number in range(count)}
