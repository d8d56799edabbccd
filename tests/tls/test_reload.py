# ctest: labels=tls timeout=200
"""A new certificate is used without a restart, and without the loss of a connection."""

import os
import shutil
import signal
import ssl
import time

import pytest

from support.content import Repository
from support.http import Client

MOST_SECONDS = 20  # files are looked at every few seconds


def certificate_of(connection: ssl.SSLSocket) -> str:
    """The name in the certificate that the server showed."""
    ((field,),) = connection.getpeercert()["subject"]
    return field[1]


def replace(authority, pair, name: str) -> None:
    """As certbot and the like do: new files, moved over the old."""
    new = pair.certificate.with_name("new.pem"), pair.key.with_name("new-key.pem")
    authority.issue(*new, name=name)
    os.replace(new[1], pair.key)
    os.replace(new[0], pair.certificate)


@pytest.fixture
def registry(start_registry, authority, pair):
    authority.issue(pair.certificate, pair.key, name="first")
    return start_registry(options=pair.options)


@pytest.fixture
def shown(registry, connect):
    """shown(): the name in the certificate that a new connection gets."""
    return lambda: certificate_of(connect(registry))


def wait_for(shown, name: str) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while (now := shown()) != name:
        assert time.monotonic() < deadline, f"still {now}"
        time.sleep(0.1)


def test_changed_files_are_read_by_themselves(registry, authority, pair, shown):
    assert shown() == "first"
    replace(authority, pair, "second")
    wait_for(shown, "second")


def test_sighup_reads_them_at_once(registry, authority, pair, shown):
    replace(authority, pair, "second")
    registry.process.signal(signal.SIGHUP)
    wait_for(shown, "second")


def test_running_connections_go_on(registry, authority, pair, shown, connect):
    """A slow download that began under the old certificate ends whole under the new one, and its
    connection serves the next request."""
    content = os.urandom(1 << 20) * 24
    repository = Repository(Client(registry.address, authority.trusted()), "a")
    path = repository.path(f"blobs/{repository.push_blob(content)}")

    connection = connect(registry)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    received = bytearray(connection.recv(1 << 16))
    replace(authority, pair, "second")
    registry.process.signal(signal.SIGHUP)
    wait_for(shown, "second")
    end = received.index(b"\r\n\r\n") + 4 + len(content)
    while len(received) < end:
        received += connection.recv(1 << 16)
        if len(received) < 8 << 20:
            time.sleep(0.005)
    assert received.endswith(b"\r\n\r\n" + content)

    connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert certificate_of(connection) == "first"


@pytest.mark.parametrize("spoil", [
    lambda pair: pair.certificate.write_text("no certificate\n"),
    lambda pair: pair.certificate.unlink(),
    lambda pair: shutil.copy(pair.certificate, pair.key),
], ids=["not PEM", "gone", "no key"])
def test_wrong_files_leave_the_former_in_use(registry, authority, pair, shown, spoil):
    spoil(pair)
    registry.process.signal(signal.SIGHUP)
    said = registry.process.wait_until(
        lambda: "was not read again" in registry.process.current_stderr()
        and registry.process.current_stderr(), MOST_SECONDS)
    assert str(pair.certificate.parent) in said
    assert shown() == "first"
    replace(authority, pair, "third")
    registry.process.signal(signal.SIGHUP)
    wait_for(shown, "third")
