#!/usr/bin/env python3
"""Writes a data directory with everything that a program keeps, and what it served from it.

`write_directory.py PROGRAM NAME` runs PROGRAM and makes directories/NAME.tar.xz and
directories/NAME.json beside this file. Done once for each version whose directories others have:
every later program must open them (test_older_directories.py).
"""

import json
import os
import shutil
import sqlite3
import sys
import tarfile
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from support.command import run  # noqa: E402
from support.content import (OCI_CONFIG, OCI_INDEX, OCI_LAYER, Repository, descriptor,  # noqa: E402
                             digest_of, encode, image_manifest, index_manifest)
from support.inventory import contents  # noqa: E402
from support.registry import DockerRegistry, Entrepot  # noqa: E402


def fill_old_registry(directory: Path) -> None:
    """What the directory was before entrepot: a registry:2's."""
    peer = DockerRegistry(directory).start()
    old = Repository(peer.client, "adopted/app")
    for number in range(3):
        old.push_image("moved", annotations={"number": str(number)})
    old.push_image("kept")
    peer.stop()


def push_everything(registry: Entrepot) -> dict:
    """Pushes, moves and deletes; returns what must be absent and the referrers of one subject."""
    client = registry.client
    app = Repository(client, "acme/app")
    images = [app.push_image(tag) for tag in ("1.0", "1.1", "moved", "moved", "with-subject")]
    index = app.push_manifest("multi", index_manifest([
        images[0].descriptor(platform={"architecture": "amd64", "os": "linux"}),
        images[1].descriptor(platform={"architecture": "arm64", "os": "linux"})]), OCI_INDEX)
    for number in range(2):
        app.push_image(subject=images[4].descriptor(), artifactType="application/vnd.example.sbom",
                       annotations={"number": str(number)})

    long_names = Repository(client, "acme/sha512")
    config, layer = encode({"architecture": "amd64", "os": "linux"}), b"a layer known by its sha512"
    long_names.push_blob(config)
    named = descriptor(layer, OCI_LAYER) | {"digest": long_names.push_blob(layer, "sha512")}
    document = encode(image_manifest(descriptor(config, OCI_CONFIG), [named]))
    answer = long_names.put_manifest(digest_of(document, "sha512") + "?tag=long", document)
    assert answer.status == 201, answer

    cache = Repository(client, "acme/buildcache")
    cache.push_blob(b"a cached layer")
    cache.push_manifest("cache", index_manifest([descriptor(b"a cached layer", OCI_LAYER)]),
                        OCI_INDEX)

    mounted = Repository(client, "other/deep/er/app")
    document = images[0].content
    for blob in (json.loads(document)["config"], *json.loads(document)["layers"]):
        answer = mounted.start_upload(f"?mount={blob['digest']}&from=acme/app")
        assert answer.status == 201, answer
    mounted.push_manifest("mounted", document)

    gone = app.push_image("gone")
    assert client.delete(app.path(f"manifests/{gone.digest}")).status == 202
    untagged = app.push_image("untagged")
    assert client.delete(app.path("manifests/untagged")).status == 202
    lost = app.push_blob(b"linked, then deleted")
    assert client.delete(app.path(f"blobs/{lost}")).status == 202
    emptied = Repository(client, "acme/emptied")
    only = emptied.push_image("only")
    assert client.delete(emptied.path(f"manifests/{only.digest}")).status == 202
    app.push_blob(b"no manifest names it yet")
    answer = client.request("PATCH", app.upload(), b"half of an upload")
    assert answer.status == 202, answer

    referrers = client.get(app.path(f"referrers/{images[4].digest}")).json()["manifests"]
    assert len(referrers) == 2
    return {
        "absent": [app.path(f"manifests/{gone.digest}"), app.path("manifests/untagged"),
                   app.path(f"blobs/{lost}"), emptied.path("manifests/only")],
        "present": [app.path(f"manifests/{untagged.digest}"), app.path(f"manifests/{index.digest}"),
                    app.path("blobs/" + digest_of(b"no manifest names it yet"))],
        "referrers": {app.path(f"referrers/{images[4].digest}"): referrers},
    }


def forget_secrets(data: Path) -> None:
    """What signs upload locations is made anew by whoever opens the copy."""
    with sqlite3.connect(data / "entrepot/meta.db") as metadata:
        metadata.execute("DELETE FROM settings WHERE key LIKE '%secret%'")
    metadata.close()


def pack(data: Path, archive: Path) -> None:
    with tarfile.open(archive, "w:xz") as tar:
        for path in sorted(data.rglob("*")):
            if path.name not in ("reserve", "lock") and "backups" not in path.parts:
                tar.add(path, str(path.relative_to(data)), recursive=False)


def main(program: str, name: str) -> None:
    os.environ["ENTREPOT_BIN"] = os.path.abspath(program)
    os.environ.setdefault("ENTREPOT_TOOLS", str(HERE.parents[1] / ".cache/tools"))
    directory = Path(tempfile.mkdtemp())
    fill_old_registry(directory)
    registry = Entrepot(directory).start()
    expected = push_everything(registry)
    expected["contents"] = contents(registry)
    run(program, "gc", "--data", registry.data)
    time.sleep(1)
    registry.stop()
    forget_secrets(registry.data)
    (HERE / "directories").mkdir(exist_ok=True)
    pack(registry.data, HERE / "directories" / f"{name}.tar.xz")
    (HERE / "directories" / f"{name}.json").write_text(json.dumps(expected, indent=1) + "\n")
    shutil.rmtree(directory)


if __name__ == "__main__":
    main(*sys.argv[1:])
