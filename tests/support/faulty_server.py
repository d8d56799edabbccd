"""An HTTP server of a test's own, on loopback, that misbehaves as it is told."""

import gzip
import json
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PIECE_BYTES = 256 << 10
_PIECES_A_SECOND = 20  # of an answer that is slowed
_ANSWER_SECONDS = 30  # of silence from a client, and to one
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: close with a RST


@dataclass(frozen=True)
class Fault:
    """What is wrong with an answer. Byte counts are those of its body."""

    status: int | None = None  # an error instead
    retry_after: str | None = None  # with `status`: a number of seconds, or a date
    silent: bool = False  # not even a head comes
    silent_after: int | None = None  # so many bytes come, then nothing more
    reset_after: int | None = None  # so many, then a RST
    end_after: int | None = None  # so many, then the end, whatever Content-Length said
    rate: int | None = None  # bytes a second
    wrong: bool = False  # other bytes, as many
    zipped: bool = False  # Content-Encoding: gzip, which nobody asked for
    page: bool = False  # 200 and a page of HTML, as a portal that wants a sign-in gives it
    times: int | None = None  # so many answers, then all is well


@dataclass(frozen=True)
class Reply:
    """What a server would say if nothing were wrong."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    count: Callable[[int], None] | None = None  # told of bytes of the body as they go out


def json_reply(document, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(document).encode(),
                 {"Content-Type": "application/json", **_names(headers)})


def error_reply(status: int, code: str, message: str, **headers: str) -> Reply:
    """As registries write it; header names are given with `_` for `-`."""
    return json_reply({"errors": [{"code": code, "message": message}]}, status, **headers)


def _names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


class FaultyServer:
    """Answers with what `answer(request)` returns. It can go away and come back on its port, which
    nobody else gets meanwhile. `answer` runs on a thread for each connection."""

    def __init__(self, answer: Callable[["Request"], Reply]):
        self._answer = answer
        self._reserved = _bound_socket(0)
        self.port: int = self._reserved.getsockname()[1]
        self.turned_away = 0  # connections, while it resets them
        self.failures: list[BaseException] = []  # of its own
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listens, again or for the first time, and takes whoever comes."""
        self.stop()
        self._listener = _Listener(self)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,),
                                        daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cuts whoever is connected; from now on connections are refused."""
        if self._listener is None:
            return
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()
        self._listener.cut()
        self._listener = None

    def turn_away(self) -> None:
        """Cuts whoever is connected. From now on connections are taken, counted and reset."""
        self.start()
        self._listener.turns_away = True

    def close(self) -> None:
        self.stop()
        self._reserved.close()


class _Listener(ThreadingHTTPServer):
    """One time of listening."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, owner: FaultyServer):
        super().__init__(("127.0.0.1", owner.port), Request, bind_and_activate=False)
        self.socket.close()
        self.socket = _bound_socket(owner.port)
        self.server_activate()
        self.owner = owner
        self.turns_away = False
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()

    def get_request(self):
        connection, address = super().get_request()
        with self._lock:
            self._connections.add(connection)
        return connection, address

    def verify_request(self, request, client_address) -> bool:
        if self.turns_away:
            self.owner.turned_away += 1
            reset_at_close(request)
        return not self.turns_away

    def shutdown_request(self, request) -> None:
        with self._lock:
            self._connections.discard(request)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_AT_ONCE)) == _AT_ONCE:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def cut(self) -> None:
        with self._lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # the client was first

    def handle_error(self, request, client_address) -> None:
        error = sys.exception()
        if not isinstance(error, (OSError, TimeoutError)):  # those are clients that left
            self.owner.failures.append(error)


class Request(BaseHTTPRequestHandler):
    """One request, and how its answer goes out."""

    protocol_version = "HTTP/1.1"
    timeout = _ANSWER_SECONDS
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._send(self.server.owner._answer(self))

    do_HEAD = do_GET

    def log_message(self, format, *args) -> None:
        pass

    def _send(self, reply: Reply) -> None:
        fault = reply.fault or Fault()
        if fault.silent:
            return self._fall_silent()
        reply = _spoilt(reply, fault)
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        cuts = [at for at in (fault.silent_after, fault.reset_after, fault.end_after)
                if at is not None]
        self._send_body(reply.body[:min(cuts, default=None)], fault.rate, reply.count)
        if fault.silent_after is not None:
            self._fall_silent()
        if fault.reset_after is not None:
            reset_at_close(self.connection)
        if cuts:
            self.close_connection = True

    def _send_body(self, body: bytes, rate: int | None, count) -> None:
        """Bytes are counted before a client can have them, else it may look too early."""
        count = count or (lambda size: None)
        view = memoryview(body)
        size = _PIECE_BYTES if rate is None else max(1, rate // _PIECES_A_SECOND)
        for at in range(0, len(view), size):
            if rate is not None:
                time.sleep(1 / _PIECES_A_SECOND)
            piece = view[at:at + size]
            count(len(piece))
            try:
                self.wfile.write(piece)
            except OSError:
                count(-len(piece))
                raise

    def _fall_silent(self) -> None:
        """Until the client leaves or is cut."""
        self.close_connection = True
        deadline = time.monotonic() + 2 * _ANSWER_SECONDS
        while time.monotonic() < deadline:
            readable, _, _ = select.select([self.connection], [], [], 0.5)
            if readable and not self.connection.recv(4096):
                return


def _spoilt(reply: Reply, fault: Fault) -> Reply:
    if fault.status is not None:
        headers = {} if fault.retry_after is None else {"Retry_After": fault.retry_after}
        code = {401: "UNAUTHORIZED", 403: "DENIED", 429: "TOOMANYREQUESTS"}.get(fault.status,
                                                                             "UNKNOWN")
        return error_reply(fault.status, code, "as the test wants it", **headers)
    if fault.page:
        return Reply(200, b"<!doctype html><title>Sign in</title><h1>Welcome to this network</h1>",
                     {"Content-Type": "text/html"})
    if fault.wrong:
        return Reply(reply.status, bytes(byte ^ 1 for byte in reply.body), reply.headers,
                     count=reply.count)
    if fault.zipped:
        return Reply(reply.status, gzip.compress(reply.body),
                     {**reply.headers, "Content-Encoding": "gzip"}, count=reply.count)
    return reply


def _bound_socket(port: int) -> socket.socket:
    """Several may have one port as long as each says that it shares it."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound


def reset_at_close(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
