"""Bytes on a socket, for requests that no HTTP library would send."""

import re
import socket
import time
from dataclasses import dataclass

from support.http import Answer

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?")
_PROBE = b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Exchange:
    """What came back for raw bytes.

    `answers` are the answers to the bytes; `usable` tells that a well-formed request, sent on the
    same connection after the first final answer, was answered with 200 (and nothing came between).
    """

    answers: list[Answer]
    usable: bool
    seconds: float

    @property
    def statuses(self) -> list[int]:
        return [answer.status for answer in self.answers]


class RawConnection:
    """One TCP connection whose answers are parsed strictly."""

    def __init__(self, address: str, timeout: float = 5):
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def __enter__(self) -> "RawConnection":
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def send(self, data: bytes) -> bool:
        """False when the server has closed: it need not read what it refused."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def end_of_sending(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def silent_for(self, seconds: float) -> bool:
        """True when nothing arrives, not even the end, for so long."""
        if self._received:
            return False
        previous = self._socket.gettimeout()
        self._socket.settimeout(seconds)
        try:
            self._fill()
            return False
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(previous)

    def receive_some(self) -> bytes:
        """Whatever has come, at least one byte unless the connection ended."""
        if not self._received:
            self._fill()
        return self._take(len(self._received))

    def closed(self) -> bool:
        """Waits for the end of the connection; False if more bytes come instead."""
        if self._received:
            return False
        return not self._fill()

    def answer(self, to_head: bool = False) -> Answer | None:
        """The next answer, or None at the end of the connection; TimeoutError when it hangs."""
        head = self._take_until(b"\r\n\r\n")
        if head is None:
            return None
        status_line, *lines = head.split(b"\r\n")
        status = _STATUS_LINE.fullmatch(status_line)
        assert status, f"not a status line: {status_line!r}"
        headers = []
        for line in lines:
            name, colon, value = line.partition(b":")
            assert colon and re.fullmatch(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name), line
            headers.append((name.decode(), value.strip(b" \t").decode("latin-1")))
        answer = Answer(int(status[1]), tuple(headers))
        if to_head or answer.status < 200 or answer.status in (204, 304):
            return answer
        return Answer(answer.status, answer.headers, self._body(answer))

    def _body(self, answer: Answer) -> bytes:
        if (answer.header("Transfer-Encoding") or "").lower() == "chunked":
            return self._chunked_body()
        length = answer.header("Content-Length")
        if length is None:
            while self._fill():
                pass
            return self._take(len(self._received))
        return self._take(int(length))

    def _chunked_body(self) -> bytes:
        body = b""
        while True:
            size = self._take_until(b"\r\n")
            assert size is not None, "the body ended within a chunk"
            if int(size, 16) == 0:
                while self._take_until(b"\r\n"):
                    pass
                return body
            body += self._take(int(size, 16))
            assert self._take(2) == b"\r\n"

    def _fill(self) -> bool:
        try:
            piece = self._socket.recv(65536)
        except ConnectionResetError:
            return False
        self._received += piece
        return bool(piece)

    def _take_until(self, end: bytes) -> bytes | None:
        while end not in self._received:
            if not self._fill():
                assert not self._received, f"the connection ended within {self._received!r}"
                return None
        head, _, self._received = self._received.partition(end)
        return head

    def _take(self, size: int) -> bytes:
        while len(self._received) < size:
            assert self._fill(), f"the connection ended {size - len(self._received)} bytes early"
        taken, self._received = self._received[:size], self._received[size:]
        return taken


def ask(address: str, method: str, target: bytes | str, headers: dict[str, str] | None = None,
        body: bytes = b"") -> Answer:
    """One request with any target, on a connection of its own."""
    lines = {"Host": "localhost", "Connection": "close", **(headers or {})}
    if body or method in ("POST", "PUT", "PATCH"):
        lines["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode("latin-1")
    target = target.encode() if isinstance(target, str) else target
    with RawConnection(address) as connection:
        connection.send(method.encode() + b" " + target + b" HTTP/1.1\r\n" + head + b"\r\n" + body)
        answer = connection.answer(to_head=method == "HEAD")
        assert answer is not None, f"no answer to {method} {target!r}"
        return answer


def exchange(address: str, payload: bytes, *, end_of_sending: bool = False,
             timeout: float = 5) -> Exchange:
    """Sends the bytes, and a well-formed request behind the first final answer.

    Raises TimeoutError when the server neither answers nor closes in time.
    """
    start = time.monotonic()
    to_head = payload.startswith(b"HEAD ")
    answers: list[Answer] = []
    with RawConnection(address, timeout) as connection:
        connection.send(payload)
        if end_of_sending:
            connection.end_of_sending()
        while answer := connection.answer(to_head):
            answers.append(answer)
            if answer.status >= 200:
                break
        seconds = time.monotonic() - start
        probed = bool(answers) and not end_of_sending and not _says_close(answers[-1])
        if probed:
            connection.send(_PROBE)
        before_probe = len(answers)
        while answer := connection.answer():
            answers.append(answer)
        usable = probed and len(answers) > before_probe and answers.pop().status == 200
    return Exchange(answers, usable, seconds)


def _says_close(answer: Answer) -> bool:
    return any("close" in value.lower() for value in answer.values("Connection"))
