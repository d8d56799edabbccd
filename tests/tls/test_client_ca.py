# ctest: labels=tls timeout=200
"""Clients that have to show a certificate: by our option, and by registry:2's `clientcas`."""

import os
import signal
import socket
import ssl
import time

import pytest

from support.certificates import Authority
from support.command import run
from support.content import Repository
from support.http import Client
from support.paths import program

MOST_SECONDS = 20


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    """The authority that clients' certificates are of: another one than the server's."""
    return Authority(tmp_path_factory.mktemp("clients") / "ca")


@pytest.fixture
def context(authority, tmp_path):
    """context(signed_by, days): a client's, with a certificate of this authority; None: without."""

    def make(signed_by: Authority | None, days: int = 30) -> ssl.SSLContext:
        made = authority.trusted()
        if signed_by is not None:
            files = tmp_path / "client.pem", tmp_path / "client-key.pem"
            signed_by.issue_client(*files, days=days)
            made.load_cert_chain(*files)
        return made

    return make


@pytest.fixture(params=["ours", "registry2"])
def registry(request, start_registry, pair, clients, tmp_path):
    if request.param == "ours":
        return start_registry(
            options=[*pair.options, "--http.tls.client_ca", str(clients.certificate)])
    file = tmp_path / "config.yml"
    file.write_text("version: 0.1\nhttp:\n  tls:\n"
                    f"    certificate: {pair.certificate}\n    key: {pair.key}\n"
                    f"    clientcas: [{clients.certificate}]\n")
    return start_registry(options=[str(file)])


def is_answered(registry, context: ssl.SSLContext) -> bool:
    """Under TLS 1.3 a client learns only when it reads that its handshake was refused."""
    try:
        return Client(registry.address, context).get("/v2/").status == 200
    except (ssl.SSLError, ConnectionError):
        return False


def test_who_shows_one_pushes_and_pulls(registry, clients, context):
    client = Client(registry.address, context(clients))
    repository = Repository(client, "a")
    pushed = repository.push_image("latest")
    answer = client.get(repository.path("manifests/latest"))
    assert answer.header("Docker-Content-Digest") == pushed.digest


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_who_shows_none_gets_no_answer(registry, authority, clients, context, version):
    # The server's own authority vouches for no client.
    for wrong in (context(None), context(authority), context(clients, days=-1)):
        wrong.maximum_version = version
        assert not is_answered(registry, wrong)
    good = context(clients)
    good.maximum_version = version
    assert is_answered(registry, good)


def test_a_session_is_taken_up_again(registry, clients, context, connect):
    with_one = context(clients)
    with_one.maximum_version = ssl.TLSVersion.TLSv1_2  # its ticket comes with the handshake
    first = connect(registry, with_one)
    first.sendall(b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert first.recv(1000).startswith(b"HTTP/1.1 200 ")
    host, _, port = registry.address.rpartition(":")
    plain = socket.create_connection((host, int(port)), timeout=10)
    with with_one.wrap_socket(plain, server_hostname=host, session=first.session) as again:
        assert again.session_reused
        again.sendall(b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert again.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_the_servers_chain_is_its_file_alone(start_registry, authority, pair):
    """The server's own authority may vouch for clients, too; it is still not sent along."""
    registry = start_registry(
        options=[*pair.options, "--http.tls.client_ca", str(authority.certificate)])
    shown = run(program("openssl"), "s_client", "-connect", registry.address, "-showcerts",
                expect=None).stdout
    assert shown.count("BEGIN CERTIFICATE") == 1


def test_another_authority_is_read_with_the_pair(start_registry, pair, clients, context, tmp_path):
    file = tmp_path / "ca.pem"
    file.write_bytes(clients.certificate.read_bytes())
    registry = start_registry(options=[*pair.options, "--http.tls.client_ca", str(file)])
    others = Authority(tmp_path / "others")
    of_clients, of_others = context(clients), context(others)
    assert is_answered(registry, of_clients) and not is_answered(registry, of_others)
    new = tmp_path / "new.pem"
    new.write_bytes(others.certificate.read_bytes())
    os.replace(new, file)
    registry.process.signal(signal.SIGHUP)
    deadline = time.monotonic() + MOST_SECONDS
    while not is_answered(registry, of_others):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert not is_answered(registry, of_clients)
