"""What the TLS tests share: an authority, servers with its certificates, and connections."""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.certificates import Authority


@dataclass(frozen=True)
class Pair:
    """A certificate's file and its key's."""

    certificate: Path
    key: Path

    @property
    def options(self) -> list[str]:
        return ["--http.tls.certificate", str(self.certificate), "--http.tls.key", str(self.key)]


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "root")


@pytest.fixture
def pair(authority, tmp_path):
    """A server's certificate and key, which the test may change."""
    files = Pair(tmp_path / "cert.pem", tmp_path / "key.pem")
    authority.issue(files.certificate, files.key)
    return files


@pytest.fixture(scope="module")
def module_pair(authority, tmp_path_factory):
    """The same with an RSA key, which every cipher suite of old could use, for all of a file."""
    directory = tmp_path_factory.mktemp("pair")
    files = Pair(directory / "cert.pem", directory / "key.pem")
    authority.issue(files.certificate, files.key, rsa=True)
    return files


@pytest.fixture
def connect(authority):
    """connect(registry, context): a new TLS connection; the context trusts the authority unless
    one is given."""
    opened: list[ssl.SSLSocket] = []

    def open_one(registry, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        host, _, port = registry.address.rpartition(":")
        plain = socket.create_connection((host, int(port)), timeout=10)
        try:
            encrypted = (context or authority.trusted()).wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise
        opened.append(encrypted)
        return encrypted

    yield open_one
    for connection in opened:
        connection.close()
