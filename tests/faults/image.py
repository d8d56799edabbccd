"""An image that is pushed, deleted, and written down in a ledger, step by step."""

from random import Random

from ledger import Ledger
from load import expect
from support.content import (
    OCI_CONFIG,
    OCI_LAYER,
    OCI_MANIFEST,
    Repository,
    descriptor,
    digest_of,
    encode,
    image_manifest,
    upload_target,
)


class Image:
    """A config, a layer that goes in two chunks, and a manifest with a tag."""

    def __init__(self, registry, ledger: Ledger, number: int, layer_bytes: int = 150_000,
                 tag: str = "latest"):
        self.repository = Repository(registry.client, "faults/image")
        self.ledger = ledger
        self.tag = tag
        self.config = encode({"architecture": "amd64", "os": "linux", "number": number})
        self.layer = Random(number).randbytes(layer_bytes)
        self.manifest = encode(image_manifest(descriptor(self.config, OCI_CONFIG),
                                              [descriptor(self.layer, OCI_LAYER)]))
        self.digest = digest_of(self.manifest)

    def push(self) -> None:
        self._push_config()
        self._push_layer()
        with self.ledger.change({self._at("manifests", name): self.digest
                                 for name in (self.digest, self.tag)}):
            expect(self.repository.put_manifest(self.tag, self.manifest, OCI_MANIFEST), 201)

    def delete(self) -> None:
        """The tag, the manifest, the layer: whatever is still there."""
        for kind, name in (("manifests", self.tag), ("manifests", self.digest),
                           ("blobs", digest_of(self.layer))):
            target = self._at(kind, name)
            if self.ledger.value(target) is not None:
                with self.ledger.change({target: None}):
                    expect(self.repository.client.delete(target), 202)

    def _push_config(self) -> None:
        digest = digest_of(self.config)
        target = self.repository.path(f"blobs/uploads/?digest={digest}")
        with self.ledger.change({self._at("blobs", digest): digest}):
            expect(self.repository.client.request("POST", target, self.config), 201)

    def _push_layer(self) -> None:
        client, half = self.repository.client, len(self.layer) // 2
        digest = digest_of(self.layer)
        with self.ledger.change({self._at("blobs", digest): digest}):
            target = upload_target(expect(self.repository.start_upload(), 202), client)
            answer = client.request("PATCH", target, self.layer[:half])
            target = upload_target(expect(answer, 202), client)
            expect(self.repository.finish(target, self.layer[half:], digest), 201)

    def _at(self, kind: str, name: str) -> str:
        return self.repository.path(f"{kind}/{name}")
