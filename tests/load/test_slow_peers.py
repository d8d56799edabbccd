# ctest: labels=load serial timeout=240
"""Hundreds of peers that are slow on purpose keep nobody else out."""

import pytest

from crowd import (MOST_RESIDENT_BYTES, Crowd, Honest, allow_many_sockets, most_resident_bytes)
from support.certificates import Authority
from support.content import Repository


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """Options of a server that speaks TLS, and what its clients trust."""
    directory = tmp_path_factory.mktemp("tls")
    authority = Authority(directory / "authority")
    certificate, key = directory / "cert.pem", directory / "key.pem"
    authority.issue(certificate, key)
    return (["--http.tls.certificate", str(certificate), "--http.tls.key", str(key)],
            authority.trusted())


def test_pushes_that_drip(start_registry):
    """500 peers at 8 bytes a second."""
    allow_many_sockets(500)
    registry = start_registry()
    honest = Honest(registry)
    repository = Repository(registry.client, "drip")
    messages = [f"PATCH {repository.upload()} HTTP/1.1\r\nHost: localhost\r\n"
                "Content-Length: 1000000000\r\n\r\nx".encode() for _ in range(500)]
    with Crowd(registry.address, messages, drip=(b"x", 0.125)):
        honest.works_for(10)
    assert most_resident_bytes(registry) <= MOST_RESIDENT_BYTES


@pytest.mark.parametrize("half", [b"GET /v2/ HTTP/1.1\r\nHost: loc", b""], ids=["half", "silent"])
def test_half_heads(start_registry, half):
    """400 of them where 200 connections are allowed, who come again when they are closed."""
    allow_many_sockets(400)
    registry = start_registry(options=["--limits.connections", "200"])
    honest = Honest(registry)
    with Crowd(registry.address, [half] * 400, drip=(half[:1], 0.5), come_back=True):
        honest.works_for(10)
    assert most_resident_bytes(registry) <= MOST_RESIDENT_BYTES


@pytest.mark.parametrize("half", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b""],
                         ids=["half", "silent"])
def test_half_handshakes(start_registry, tls, half):
    options, trusted = tls
    allow_many_sockets(400)
    registry = start_registry(options=["--limits.connections", "200", *options])
    honest = Honest(registry, trusted)
    with Crowd(registry.address, [half] * 400, drip=(half[:1], 0.5), come_back=True):
        honest.works_for(10)
    assert most_resident_bytes(registry) <= MOST_RESIDENT_BYTES
