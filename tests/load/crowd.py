"""Many peers that misbehave at once, and one honest client beside them."""

import resource
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from support.content import OCI_MANIFEST, Repository, digest_of, encode
from support.http import Client
from support.registry import Registry

MOST_RESIDENT_BYTES = 256 << 20
MOST_SECONDS = 5
_SEND_BUFFER_BYTES = 64 << 10  # what a peer could not send yet is not to fill the kernel
_PIECE_BYTES = 64 << 10


def allow_many_sockets(count: int) -> None:
    """This process's limit on open files; fails where the machine does not allow as many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 256
    assert hard >= wanted, f"the tests need {wanted} open files, the hard limit is {hard}"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


class Crowd:
    """Connections that each send one thing, as fast as the server takes it, and then stay.

    With `drip`, (bytes, seconds): then they send these bytes each time. Nobody reads what is
    answered, but those who `come_back`: they connect again when the server has closed.
    """

    def __init__(self, address: str, messages: Sequence[bytes], *, drip: tuple[bytes, float] = None,
                 come_back: bool = False, receive_buffer_bytes: int = 0):
        host, _, port = address.rpartition(":")
        self._peer = (host, int(port))
        self._messages = messages
        self._drip = drip
        self._come_back = come_back
        self._receive_buffer_bytes = receive_buffer_bytes
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[int, socket.socket] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Crowd":
        for number in range(len(self._messages)):
            self._connect(number)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ending.set()
        self._thread.join()
        for one in self._sockets.values():
            one.close()
        self._selector.close()

    def _connect(self, number: int) -> None:
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        if self._receive_buffer_bytes:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer_bytes)
        one.setblocking(False)
        one.connect_ex(self._peer)
        self._sockets[number] = one
        self._selector.register(one, selectors.EVENT_WRITE, [number, 0])

    def _run(self) -> None:
        next_drip = time.monotonic()
        while not self._ending.is_set():
            for key, events in self._selector.select(0.05):
                (self._look if events & selectors.EVENT_READ else self._send)(key)
            if self._drip and time.monotonic() >= next_drip:
                next_drip = time.monotonic() + self._drip[1]
                for number, one in list(self._sockets.items()):
                    self._attempt(number, one, self._drip[0])

    def _send(self, key) -> None:
        number, done = key.data
        piece = memoryview(self._messages[number])[done : done + _PIECE_BYTES]
        sent = self._attempt(number, key.fileobj, piece)
        if sent is None:
            return
        key.data[1] = done + sent
        if key.data[1] < len(self._messages[number]):
            return
        if self._come_back:
            self._selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
        else:
            self._selector.unregister(key.fileobj)

    def _look(self, key) -> None:
        try:
            if key.fileobj.recv(4096):
                return
        except OSError:
            pass
        self._leave(key.data[0], key.fileobj)

    def _attempt(self, number: int, one: socket.socket, data) -> int | None:
        """How much was sent; None when the connection has ended."""
        try:
            return one.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self._leave(number, one)
            return None

    def _leave(self, number: int, one: socket.socket) -> None:
        if one in self._selector.get_map():
            self._selector.unregister(one)
        one.close()
        del self._sockets[number]
        if self._come_back and not self._ending.is_set():
            self._connect(number)


class Honest:
    """A client that does what everybody does; each step in a few seconds."""

    def __init__(self, registry: Registry, tls: ssl.SSLContext | None = None):
        self._address = registry.address
        self._tls = tls
        self._rounds = 0
        # Manifests that nobody has asked for yet, so that no cache holds them.
        repository = Repository(self._client(), "honest/cold")
        self._cold = [repository.push_image().digest for _ in range(16)]

    def works(self, pulls: bool = True) -> None:
        """Pushes 2 MiB and a manifest, and pulls one that is not in memory."""
        self._rounds += 1
        times = {}
        repository = Repository(self._client(), "honest/push")
        layer = self._rounds.to_bytes(8, "big") * (256 << 10)
        config = encode({"round": self._rounds})
        with _timed(times, "push of 2 MiB"):
            repository.push_blob(layer)
        repository.push_blob(config)
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST,
                    "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                               "digest": digest_of(config), "size": len(config)},
                    "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar",
                                "digest": digest_of(layer), "size": len(layer)}]}
        with _timed(times, "manifest PUT"):
            repository.push_manifest("latest", manifest)
        if pulls:
            cold = Repository(self._client(), "honest/cold")
            with _timed(times, "cold manifest GET"):
                answer = cold.client.get(cold.path(f"manifests/{self._cold.pop()}"))
            assert answer.status == 200, answer
        assert max(times.values()) <= MOST_SECONDS, times

    def works_for(self, seconds: float, pulls: bool = True) -> None:
        """Again and again, at least twice."""
        deadline = time.monotonic() + seconds
        while self._rounds < 2 or (time.monotonic() < deadline and len(self._cold) > 1):
            self.works(pulls)
            time.sleep(0.5)

    def _client(self) -> Client:
        return Client(self._address, self._tls)


class _timed:
    def __init__(self, times: dict[str, float], name: str):
        self._times, self._name = times, name

    def __enter__(self):
        self._began = time.monotonic()

    def __exit__(self, *_):
        self._times[self._name] = round(time.monotonic() - self._began, 3)


def most_resident_bytes(registry: Registry) -> int:
    """The peak since the start."""
    status = Path(f"/proc/{registry.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
