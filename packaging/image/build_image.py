#!/usr/bin/env python3
"""Makes a container image of the program, without a container engine.

The image holds the program, the shared libraries that it needs, their loader, CA certificates, an
/etc/passwd with the user entrepot, /tmp and the data directory; nothing else. The same input gives
the same bytes.

The archive is an OCI image layout (`skopeo copy oci-archive:…`, `podman load`) that also carries
the manifest.json of `docker save` (`docker load`, `skopeo copy docker-archive:…`).

Usage: build_image.py PROGRAM ARCHIVE --version VERSION --epoch SECONDS
"""

import argparse
import datetime
import gzip
import hashlib
import io
import json
import platform
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

REFERENCE = "entrepot:latest"
USER_ID = 5000  # as the port: easy to remember when data directories are prepared by hand
DATA = "/var/lib/registry"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
MOST_BYTES = 60_000_000

TEXT_FILES = {
    "etc/passwd": "root:x:0:0:root:/:/sbin/nologin\n"
                  f"entrepot:x:{USER_ID}:{USER_ID}:entrepot:{DATA}:/sbin/nologin\n",
    "etc/group": f"root:x:0:\nentrepot:x:{USER_ID}:\n",
    # Without it the C library would ask DNS before /etc/hosts.
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
# Where Debian's OpenSSL looks for certificates.
LINKS = {"usr/lib/ssl/cert.pem": str(CERTIFICATES), "usr/lib/ssl/certs": "/etc/ssl/certs",
         # What was typed for registry:2's image: /bin/registry serve …, registry garbage-collect …
         "usr/bin/registry": "entrepot", "bin": "usr/bin"}


class Layer:
    """A tar file in memory in which order, times and owners do not depend on the machine."""

    def __init__(self, epoch: int):
        self._epoch = epoch
        self._bytes = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._bytes, mode="w", format=tarfile.USTAR_FORMAT)
        self._folders: set[str] = set()

    def folder(self, path: str, mode: int = 0o755, owner: int = 0) -> None:
        if path in ("", ".") or path in self._folders:
            return
        self.folder(str(Path(path).parent))
        self._folders.add(path)
        self._add(path, tarfile.DIRTYPE, mode, owner=owner)

    def file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        self.folder(str(Path(path).parent))
        self._add(path, tarfile.REGTYPE, mode, content)

    def link(self, path: str, target: str) -> None:
        self.folder(str(Path(path).parent))
        self._add(path, tarfile.SYMTYPE, 0o777, target=target)

    def done(self) -> bytes:
        self._tar.close()
        return self._bytes.getvalue()

    def _add(self, path, kind, mode, content=b"", owner=0, target="") -> None:
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode, entry.size, entry.linkname = kind, mode, len(content), target
        entry.uid = entry.gid = owner
        entry.mtime = self._epoch
        self._tar.addfile(entry, io.BytesIO(content))


def stripped(program: Path) -> bytes:
    """The program without what only a debugger reads."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "entrepot"
        subprocess.run(["strip", "-o", out, program], check=True)
        return out.read_bytes()


def libraries(program: Path) -> list[Path]:
    """The shared libraries and the loader, at the paths at which the program looks for them."""
    output = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    if "not found" in output:
        raise SystemExit(f"{program} lacks libraries:\n{output}")
    return sorted(Path(path) for path in re.findall(r"(/\S+) \(0x", output))


def root_layer(program: Path, epoch: int) -> bytes:
    layer = Layer(epoch)
    layer.file("usr/bin/entrepot", stripped(program), 0o755)
    for library in libraries(program):
        layer.file(str(library).lstrip("/"), library.read_bytes(), 0o755)
    layer.file(str(CERTIFICATES).lstrip("/"), CERTIFICATES.read_bytes())
    for path, text in TEXT_FILES.items():
        layer.file(path, text.encode())
    for path, target in LINKS.items():
        layer.link(path, target)
    layer.folder("tmp", 0o1777)
    layer.folder(DATA.lstrip("/"), owner=USER_ID)
    return layer.done()


def configuration(diff_id: str, version: str, created: str) -> dict:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return {
        "created": created,
        "architecture": machine,
        "os": "linux",
        "config": {
            # The program starts as root to read a key, bind a port and take over what is root's in
            # the data directory, then leaves root.
            # ENTREPOT_IMAGE changes its defaults (all addresses, DATA, user entrepot), so that
            # variables and a mounted configuration file still win over them.
            "Env": ["PATH=/usr/bin", "ENTREPOT_IMAGE=1"],
            "Entrypoint": ["entrepot"],
            "Cmd": ["serve"],
            # Docker's own addition to the OCI configuration; others ignore it.
            "Healthcheck": {"Test": ["CMD", "entrepot", "health"], "Interval": 30_000_000_000,
                            "Timeout": 5_000_000_000, "StartPeriod": 5_000_000_000, "Retries": 3},
            "ExposedPorts": {"5000/tcp": {}},
            "Volumes": {DATA: {}},
            "StopSignal": "SIGTERM",
            "Labels": {
                "org.opencontainers.image.title": "entrepot",
                "org.opencontainers.image.version": version,
                "org.opencontainers.image.licenses": "Apache-2.0",
            },
        },
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "history": [{"created": created, "created_by": "packaging/image/build_image.py"}],
    }


class Archive:
    """The layout: blobs by digest, then the files that name them."""

    def __init__(self, epoch: int):
        self._files = Layer(epoch)

    def blob(self, content: bytes, media_type: str) -> dict:
        """Adds a blob and returns its descriptor."""
        digest = hashlib.sha256(content).hexdigest()
        self._files.file(f"blobs/sha256/{digest}", content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    def json(self, path: str, value) -> None:
        self._files.file(path, as_json(value))

    def write(self, path: Path) -> None:
        path.write_bytes(self._files.done())


def as_json(value) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def path_of(descriptor: dict) -> str:
    return "blobs/" + descriptor["digest"].replace(":", "/")


def build(program: Path, out: Path, version: str, epoch: int) -> None:
    created = datetime.datetime.fromtimestamp(epoch, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    tar = root_layer(program, epoch)
    if len(tar) > MOST_BYTES:
        raise SystemExit(f"the image would have {len(tar)} bytes; {MOST_BYTES} are the most")
    diff_id = "sha256:" + hashlib.sha256(tar).hexdigest()

    oci = "application/vnd.oci.image"
    archive = Archive(epoch)
    layer = archive.blob(gzip.compress(tar, 9, mtime=0), f"{oci}.layer.v1.tar+gzip")
    config = archive.blob(as_json(configuration(diff_id, version, created)),
                          f"{oci}.config.v1+json")
    manifest_type = f"{oci}.manifest.v1+json"
    manifest = archive.blob(as_json({
        "schemaVersion": 2, "mediaType": manifest_type, "config": config, "layers": [layer],
    }), manifest_type)
    manifest["annotations"] = {
        "io.containerd.image.name": f"docker.io/library/{REFERENCE}",
        "org.opencontainers.image.ref.name": REFERENCE.partition(":")[2],
    }
    archive.json("oci-layout", {"imageLayoutVersion": "1.0.0"})
    archive.json("index.json", {
        "schemaVersion": 2, "mediaType": f"{oci}.index.v1+json", "manifests": [manifest]})
    archive.json("manifest.json", [{
        "Config": path_of(config), "RepoTags": [REFERENCE], "Layers": [path_of(layer)]}])
    archive.write(out)
    print(f"{len(tar) / 1e6:.1f} MB unpacked, {out.stat().st_size / 1e6:.1f} MB archived, "
          f"manifest {manifest['digest']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--epoch", type=int, required=True, help="the time of all that is inside")
    arguments = parser.parse_args()
    build(arguments.program, arguments.archive, arguments.version, arguments.epoch)


if __name__ == "__main__":
    main()
