"""Pushers that work at once, and write down what was acknowledged to them."""

import http.client
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from ledger import Ledger
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
from support.http import Answer, Client

TAGS = ("1", "1.2", "latest")
SERVER_IS_GONE = (OSError, http.client.HTTPException)


@dataclass
class Chunks:
    """A blob on its way in chunks. `sent` counts what was sent, answered or not."""

    target: str
    content: bytes
    acknowledged: int = 0
    sent: int = 0
    closing: bool = False


class Refused(Exception):
    """An answer of 5xx: the request failed, and the client was told."""

    def __init__(self, answer: Answer):
        super().__init__(f"{answer.status} {answer.body.decode()}")
        self.status = answer.status


def expect(answer: Answer, status: int) -> Answer:
    if answer.status >= 500:
        raise Refused(answer)
    assert answer.status == status, answer
    return answer


class Pusher:
    """One client at work in a repository of its own: images, tag moves, loose blobs, deletes."""

    def __init__(self, number: int, seed: str, ledger: Ledger, largest_bytes: int,
                 loose_blobs: bool):
        self.ledger = ledger
        self.name = f"faults/pusher{number}"
        self.requests = 0  # that were acknowledged
        self._random = Random(f"{seed} {number}")
        self._shared = [Random(f"{seed} shared {i}").randbytes(300_000) for i in range(8)]
        self._largest_bytes = largest_bytes
        self._loose_blobs = loose_blobs
        self._manifests: list[str] = []
        self._blobs: list[str] = []
        self._chunks: Chunks | None = None
        self._repository = Repository(Client(""), self.name)

    def connect(self, address: str) -> None:
        self._repository = Repository(Client(address), self.name)

    def step(self) -> None:
        """One thing that a client does, through to its answers."""
        act = self._random.choices(
            (self._push_image, self._push_loose_blob, self._delete_manifest, self._delete_tag,
             self._delete_blob),
            (6, 2 * self._loose_blobs, 1, 1, self._loose_blobs))[0]
        act()

    def resume(self, *, keeps_acknowledged: bool = True) -> bool:
        """Finishes the upload that the fault interrupted. False if there was none."""
        chunks, self._chunks = self._chunks, None
        if chunks is None:
            return False
        if chunks.closing and self._repository.client.get(chunks.target).status == 404:
            self._close(chunks, len(chunks.content))  # it was closed: only the answer got lost
            return True
        offset = self._offset(chunks)
        assert offset <= chunks.sent, f"{offset} bytes of the {chunks.sent} that were sent"
        if keeps_acknowledged and not chunks.closing:
            assert offset >= chunks.acknowledged, f"{offset} of {chunks.acknowledged} bytes kept"
        self._close(chunks, offset)
        return True

    def _push_image(self) -> None:
        layers = [self._content() for _ in range(self._random.randint(1, 3))]
        config = encode({"architecture": "amd64", "os": "linux", "id": self._random.random()})
        for content in (config, *layers):
            self._push_blob(content)
        manifest = encode(image_manifest(descriptor(config, OCI_CONFIG),
                                         [descriptor(layer, OCI_LAYER) for layer in layers]))
        digest = digest_of(manifest)
        changes = {self._manifest(digest): digest}
        reference = digest
        if self._random.random() < 0.8:
            reference = self._random.choice(TAGS)
            changes[self._manifest(reference)] = digest
        self._manifests.append(digest)
        with self.ledger.change(changes):
            expect(self._repository.put_manifest(reference, manifest, OCI_MANIFEST), 201)
        self.requests += 1

    def _push_loose_blob(self) -> None:
        content = self._random.randbytes(self._random.randint(1, 20_000))
        self._blobs.append(digest_of(content))
        self._push_blob(content)

    def _delete_manifest(self) -> None:
        """With it go the tags that name it."""
        digest = self._pick(self._manifests, self._manifest)
        if digest is None:
            return
        tags = [tag for tag in TAGS if self.ledger.value(self._manifest(tag)) == digest]
        self._delete({self._manifest(name): None for name in (digest, *tags)})

    def _delete_tag(self) -> None:
        tag = self._pick(TAGS, self._manifest)
        if tag is not None:
            self._delete({self._manifest(tag): None})

    def _delete_blob(self) -> None:
        digest = self._pick(self._blobs, self._blob)
        if digest is not None:
            self._delete({self._blob(digest): None})

    def _delete(self, changes: dict[str, None]) -> None:
        with self.ledger.change(changes):
            expect(self._repository.client.delete(next(iter(changes))), 202)
        self.requests += 1

    def _pick(self, names, target) -> str | None:
        present = [name for name in names if self.ledger.value(target(name))]
        return self._random.choice(present) if present else None

    def _content(self) -> bytes:
        """Small ones as often as large ones, from 1 byte on; at times another pusher's."""
        if self._random.random() < 0.2:
            return self._random.choice(self._shared)
        size = int(self._largest_bytes ** self._random.random())
        return self._random.randbytes(size)

    def _push_blob(self, content: bytes) -> None:
        ways = [self._push_at_once, self._push_in_two]
        if len(content) > 1:  # `Range: 0-0` does not tell one byte from none
            ways.append(self._push_in_chunks)
        push = self._random.choice(ways)
        digest = digest_of(content)
        changes = {self._blob(digest): digest} if self._loose_blobs else {}
        with self.ledger.change(changes):
            push(content, digest)
        self.requests += 1

    def _push_at_once(self, content: bytes, digest: str) -> None:
        target = self._repository.path(f"blobs/uploads/?digest={digest}")
        expect(self._repository.client.request("POST", target, content), 201)

    def _push_in_two(self, content: bytes, digest: str) -> None:
        expect(self._repository.finish(self._repository.upload(), content, digest), 201)

    def _push_in_chunks(self, content: bytes, digest: str) -> None:
        chunks = self._chunks = Chunks(self._repository.upload(), content)
        step = self._random.randint(len(content) // 6 + 2, len(content) + 1)
        for first in range(0, len(content), step):
            piece = content[first:first + step]
            chunks.sent += len(piece)
            answer = self._repository.client.request(
                "PATCH", chunks.target, piece,
                {"Content-Range": f"{first}-{first + len(piece) - 1}"})
            chunks.target = upload_target(expect(answer, 202), self._repository.client)
            chunks.acknowledged = chunks.sent
        self._close(chunks, len(content))
        self._chunks = None

    def _close(self, chunks: Chunks, offset: int) -> None:
        chunks.closing = True
        digest = digest_of(chunks.content)
        changes = {self._blob(digest): digest} if self._loose_blobs else {}
        with self.ledger.change(changes):
            expect(self._repository.finish(chunks.target, chunks.content[offset:], digest), 201)

    def _offset(self, chunks: Chunks) -> int:
        answer = expect(self._repository.client.get(chunks.target), 204)
        last = int(answer.header("Range").removeprefix("0-"))
        return last + 1 if last > 0 else 0

    def _blob(self, digest: str) -> str:
        return self._repository.path(f"blobs/{digest}")

    def _manifest(self, reference: str) -> str:
        return self._repository.path(f"manifests/{reference}")


class Load:
    """Pushers at work at once, and the ledger that they share.

    With a collector that does not wait, `loose_blobs` has to be off: then only blobs that a manifest
    refers to are counted on.
    """

    def __init__(self, seed: str, *, pushers: int = 8, largest_bytes: int = 4 << 20,
                 loose_blobs: bool = True):
        print(f"seed {seed}")
        self.ledger = Ledger()
        self.pushers = [Pusher(number, seed, self.ledger, largest_bytes, loose_blobs)
                        for number in range(pushers)]
        self._failures: list[BaseException] = []

    @property
    def requests(self) -> int:
        return sum(pusher.requests for pusher in self.pushers)

    @contextmanager
    def running(self, address: str, *, may_refuse: bool = False):
        """Pushes until the body has ended or the server is gone; fails if an answer was wrong.

        A pusher that is refused with 5xx ends, too, if that may happen.
        """
        stop = threading.Event()
        endings = (*SERVER_IS_GONE, Refused) if may_refuse else SERVER_IS_GONE
        threads = [threading.Thread(target=self._push, args=(pusher, address, stop, endings),
                                    daemon=True)
                   for pusher in self.pushers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)
            self.ledger.count_answers(True)
        assert not any(thread.is_alive() for thread in threads), "a request hangs"
        if self._failures:
            raise self._failures[0]

    def resume(self, address: str, **rules) -> int:
        """Finishes the interrupted uploads; returns how many there were."""
        for pusher in self.pushers:
            pusher.connect(address)
        return sum(pusher.resume(**rules) for pusher in self.pushers)

    def _push(self, pusher: Pusher, address: str, stop: threading.Event,
              endings: tuple[type[Exception], ...]) -> None:
        pusher.connect(address)
        try:
            while not stop.is_set():
                pusher.step()
        except endings:
            pass
        except BaseException as failure:
            self._failures.append(failure)
