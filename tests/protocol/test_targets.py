# ctest: labels=protocol timeout=60
"""Absolute request targets, which proxies send: the target's host counts, Host is ignored."""

import pytest

from support.raw import RawConnection

# The target, Host, and what comes: RFC 9112 §3.2.2, and the rule for hosts of an open server.
TARGETS = [
    ("http://localhost/v2/", "localhost", 200),
    ("http://localhost:5000/v2/", "localhost", 200),
    ("https://localhost/v2/", "localhost", 200),
    ("HTTP://LOCALHOST/v2/", "localhost", 200),
    ("http://[::1]:5000/v2/", "localhost", 200),
    ("http://localhost/v2/", "evil.example", 200),
    ("http://localhost/v2/", "registry.lan:5000", 200),
    ("http://evil.example/v2/", "localhost", 403),
    ("https://evil.example:5000/v2/", "127.0.0.1:5000", 403),
    ("http://localhost", "localhost", 200),  # "/"
    ("http://localhost?n=1", "localhost", 200),
    ("http://localhost/healthz", "localhost", 200),
    ("http://user@localhost/v2/", "localhost", 400),
    ("http://user:secret@localhost/v2/", "localhost", 400),
    ("http:///v2/", "localhost", 400),
    ("http://", "localhost", 400),
    ("http", "tp", 400),
    ("http:/v2/", "localhost", 400),
    ("ftp://localhost/v2/", "localhost", 400),
    ("//localhost/v2/", "localhost", 404),  # a path
    ("http://localhost/v2/", None, 400),
    ("http://localhost/v2/", "not a host", 400),
]


def ask(registry, target: str, host: str | None, *more: str):
    lines = [f"GET {target} HTTP/1.1", *([f"Host: {host}"] if host else []), *more, "", ""]
    with RawConnection(registry.address) as connection:
        connection.send("\r\n".join(lines).encode())
        return connection.answer()


@pytest.mark.parametrize(("target", "host", "status"), TARGETS)
def test_absolute_target(registry, target, host, status):
    assert ask(registry, target, host).status == status


def test_two_hosts_beside_an_absolute_target(registry):
    assert ask(registry, "http://localhost/v2/", "localhost", "Host: localhost").status == 400


@pytest.mark.parametrize(("target", "origin", "status"), [
    ("http://localhost:5000/v2/", "http://localhost:5000", 200),
    ("http://localhost:5000/v2/", "http://registry.lan", 403),
    ("http://evil.example/v2/", "http://evil.example", 403),
])
def test_an_origin_is_held_against_the_target(registry, target, origin, status):
    """What a page's origin has to be is the host that was asked for, too."""
    assert ask(registry, target, "registry.lan", f"Origin: {origin}").status == status


def test_locations_are_made_of_the_target(start_registry):
    """Where `relativeurls: false` asks for absolute URLs, they name the host that was asked for."""
    registry = start_registry(environment={"REGISTRY_HTTP_RELATIVEURLS": "false"})
    with RawConnection(registry.address) as connection:
        connection.send(b"POST http://registry.lan:81/v2/a/blobs/uploads/ HTTP/1.1\r\n"
                        b"Host: localhost\r\nContent-Length: 0\r\n\r\n")
        location = connection.answer().header("Location")
    assert location.startswith("http://registry.lan:81/v2/a/blobs/uploads/")
