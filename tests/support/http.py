"""A small HTTP/1.1 client that hides nothing: every header as it came, no redirect, no retry."""

import http.client
import json
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TIMEOUT_SECONDS = 15


@dataclass(frozen=True)
class Answer:
    """One answer of a server."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The value of a header that may be there once."""
        values = self.values(name)
        assert len(values) <= 1, f"{name} is there {len(values)} times: {values}"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    def error_codes(self) -> list[str]:
        """The codes of an error body, whose form is checked (spec.md, "Error Codes")."""
        assert (self.header("Content-Type") or "").split(";")[0] == "application/json", self
        errors = self.json()["errors"]
        assert isinstance(errors, list) and errors, self
        for error in errors:
            assert set(error) <= {"code", "message", "detail"}, error
            assert error["code"] and error["code"] == error["code"].upper(), error
            assert isinstance(error.get("message", ""), str), error
        return [error["code"] for error in errors]

    def next_page(self) -> str | None:
        """The target of `Link: <…>; rel="next"`."""
        link = self.header("Link")
        if link is None:
            return None
        target, relation = link.split(">", 1)
        assert target.startswith("<") and 'rel="next"' in relation.replace("rel=next", 'rel="next"')
        return target[1:]


class Client:
    """Sends requests over one kept connection, and opens another when the server closed it."""

    def __init__(self, address: str, tls: ssl.SSLContext | None = None,
                 headers: Mapping[str, str] | None = None):
        """`tls` makes it speak HTTPS; `headers` go with every request."""
        self.address = address
        self._headers = dict(headers or {})
        self._tls = tls
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def request(self, method: str, target: str, body: bytes | Iterable[bytes] | None = None,
                headers: Mapping[str, str] | None = None) -> Answer:
        """One request. A body of pieces goes out chunked, unless Content-Length is given."""
        try:
            return self._attempt(method, target, body, {**self._headers, **(headers or {})})
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            fresh = self._connection is None
            self.close()
            if fresh or not isinstance(body, bytes | None):
                raise
            return self._attempt(method, target, body, {**self._headers, **(headers or {})})

    def get(self, target: str, **headers: str) -> Answer:
        """GET; header names are given with `_` for `-`."""
        return self.request("GET", target, headers=_header_names(headers))

    def head(self, target: str, **headers: str) -> Answer:
        return self.request("HEAD", target, headers=_header_names(headers))

    def delete(self, target: str) -> Answer:
        return self.request("DELETE", target)

    def _attempt(self, method, target, body, headers) -> Answer:
        if self._connection is None:
            host, _, port = self.address.rpartition(":")
            settings = {"port": int(port), "timeout": TIMEOUT_SECONDS}
            self._connection = (
                http.client.HTTPConnection(host.strip("[]"), **settings) if self._tls is None else
                http.client.HTTPSConnection(host.strip("[]"), **settings, context=self._tls))
        connection = self._connection
        names = {name.lower() for name in headers}
        connection.putrequest(method, target, skip_host="host" in names, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        chunked = body is not None and not isinstance(body, bytes) and "content-length" not in names
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        elif "content-length" not in names and (body is not None or method in _WITH_BODY):
            connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body, encode_chunked=chunked)
        response = connection.getresponse()
        answer = Answer(response.status, tuple(response.getheaders()), response.read())
        if response.will_close:
            self.close()
        return answer


_WITH_BODY = ("POST", "PUT", "PATCH")


def _header_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
