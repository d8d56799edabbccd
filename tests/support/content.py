"""Pushing small content by plain HTTP: what a protocol test needs before its question."""

import hashlib
import itertools
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from support.http import Answer, Client

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"

ABSENT = "sha256:" + "0123456789abcdef" * 4  # a digest of nothing

_serial = itertools.count()


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def descriptor(content: bytes, media_type: str, **more) -> dict:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content), **more}


def encode(document) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def upload_target(answer: Answer, client: Client) -> str:
    """The path and query of an upload's Location, which must lead back to the same server."""
    location = answer.header("Location")
    assert location, f"no Location in {answer}"
    parts = urlsplit(location)
    assert parts.netloc in ("", client.address), location
    return parts.path + (f"?{parts.query}" if parts.query else "")


def with_query(target: str, query: str) -> str:
    return f"{target}{'&' if '?' in target else '?'}{query}"


def image_manifest(config: dict, layers: list[dict], **more) -> dict:
    return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers,
            **more}


def index_manifest(manifests: list[dict], **more) -> dict:
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests, **more}


@dataclass(frozen=True)
class Pushed:
    """A manifest that the registry has taken."""

    digest: str
    content: bytes
    media_type: str

    def descriptor(self, **more) -> dict:
        return descriptor(self.content, self.media_type, **more)


class Repository:
    """One repository of a registry, over one client."""

    def __init__(self, client: Client, name: str):
        self.client = client
        self.name = name

    def path(self, rest: str) -> str:
        return f"/v2/{self.name}/{rest}"

    def start_upload(self, query: str = "") -> Answer:
        return self.client.request("POST", self.path("blobs/uploads/") + query, b"")

    def upload(self) -> str:
        """Starts an upload and returns the target of its first request."""
        answer = self.start_upload()
        assert answer.status == 202, answer
        return upload_target(answer, self.client)

    def finish(self, target: str, content: bytes, digest: str) -> Answer:
        return self.client.request("PUT", with_query(target, f"digest={digest}"), content,
                                   {"Content-Type": "application/octet-stream"})

    def push_blob(self, content: bytes, algorithm: str = "sha256") -> str:
        digest = digest_of(content, algorithm)
        answer = self.finish(self.upload(), content, digest)
        assert answer.status == 201, answer
        return digest

    def put_manifest(self, reference: str, document, media_type: str = OCI_MANIFEST) -> Answer:
        """`document` is the exact bytes, or what JSON makes of a dict. `reference` may end in a
        query."""
        return self.client.request("PUT", self.path(f"manifests/{reference}"), encode(document),
                                   {"Content-Type": media_type})

    def push_manifest(self, reference: str | None, document,
                      media_type: str = OCI_MANIFEST) -> Pushed:
        content = encode(document)
        digest = digest_of(content)
        answer = self.put_manifest(reference or digest, content, media_type)
        assert answer.status == 201, answer
        return Pushed(digest, content, media_type)

    def push_image(self, reference: str | None = None, **more) -> Pushed:
        """A new small image, different from every other one; `more` goes into its manifest."""
        return self.push_manifest(reference, self.image_document(**more))

    def image_document(self, **more) -> dict:
        """The manifest of a new small image whose blobs are pushed, but not the manifest."""
        serial = next(_serial)
        config = encode({"architecture": "amd64", "os": "linux", "serial": serial,
                         "rootfs": {"type": "layers", "diff_ids": []}})
        layer = f"layer {serial} of {self.name}".encode()
        self.push_blob(config)
        self.push_blob(layer)
        return image_manifest(descriptor(config, OCI_CONFIG), [descriptor(layer, OCI_LAYER)],
                              **more)
