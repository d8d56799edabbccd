# ctest: labels=tls timeout=200
"""HTTPS: what is negotiated, what a wrong client is told, what a wrong certificate stops."""

import socket
import ssl
import warnings

import pytest

from support.certificates import Authority
from support.command import run
from support.content import Repository
from support.http import Client
from support.paths import entrepot
from support.raw import RawConnection, ask

OLD_VERSIONS = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1]
NEW_VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
FORWARD_SECRET_AND_AUTHENTICATED = ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384",
                                    "ECDHE-RSA-CHACHA20-POLY1305")


@pytest.fixture(scope="module")
def registry(start_module_registry, module_pair):
    return start_module_registry(options=module_pair.options)


def only(version: ssl.TLSVersion, ciphers: str = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"):
    """A client that speaks one version, and would take anything else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(ciphers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is the point
        context.minimum_version = context.maximum_version = version
    return context


# --- what is negotiated

@pytest.mark.parametrize("version", NEW_VERSIONS)
def test_speaks(registry, connect, version):
    assert connect(registry, only(version)).version() == version.name.replace("_", ".")


@pytest.mark.parametrize("version", OLD_VERSIONS)
def test_does_not_speak(registry, connect, version):
    with pytest.raises(ssl.SSLError, match="alert protocol version"):
        connect(registry, only(version))


def test_only_1_3_when_told_so(start_registry, pair, connect):
    registry = start_registry(options=[*pair.options, "--http.tls.minimum", "1.3"])
    assert connect(registry).version() == "TLSv1.3"
    with pytest.raises(ssl.SSLError, match="alert protocol version"):
        connect(registry, only(ssl.TLSVersion.TLSv1_2))


def test_cipher_suites_of_1_2(registry, connect):
    """Each that OpenSSL knows is offered alone."""
    taken = set()
    for suite in only(ssl.TLSVersion.TLSv1_2).get_ciphers():
        if suite["protocol"] == "TLSv1.3" or "PSK" in suite["name"] or "SRP" in suite["name"]:
            continue  # the last two cannot be offered without a shared secret
        offer = only(ssl.TLSVersion.TLSv1_2, f"{suite['name']}:@SECLEVEL=0")
        try:
            taken.add(connect(registry, offer).cipher()[0])
        except ssl.SSLError as error:
            assert "alert handshake failure" in str(error), (suite["name"], error)
    assert taken == set(FORWARD_SECRET_AND_AUTHENTICATED)


@pytest.mark.parametrize("version", NEW_VERSIONS)
def test_a_session_is_taken_up_again(registry, version):
    """By a ticket; http/server/internal/ticket_keys_test.cc moves the clock by days."""
    context = only(version)
    host, _, port = registry.address.rpartition(":")
    session = None
    for wanted in (False, True):
        with socket.create_connection((host, int(port)), timeout=10) as plain, \
                context.wrap_socket(plain, session=session) as connection:
            connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            assert connection.session_reused == wanted
            session = connection.session


def test_who_offers_http2_gets_http1(registry, connect, authority):
    context = authority.trusted()
    context.set_alpn_protocols(["h2", "http/1.1"])
    assert connect(registry, context).selected_alpn_protocol() in ("http/1.1", None)


def test_intermediates_are_sent_along(start_registry, pair, authority, tmp_path):
    """A client that knows the root alone can check the server."""
    intermediate = Authority(tmp_path / "intermediate", signed_by=authority)
    intermediate.issue(pair.certificate, pair.key)
    with open(pair.certificate, "a") as chain:
        chain.write(intermediate.certificate.read_text())
    registry = start_registry(options=pair.options)
    assert Client(registry.address, authority.trusted()).get("/v2/").status == 200


# --- bytes

def test_bytes_there_and_back(registry, authority):
    content = bytes(range(256)) * (4 << 12)  # 4 MiB
    client = Client(registry.address, authority.trusted())
    repository = Repository(client, "tls/bytes")
    digest = repository.push_blob(content)
    path = repository.path(f"blobs/{digest}")
    assert client.get(path).body == content
    assert client.get(path, Range="bytes=1000000-2999999").body == content[1000000:3000000]
    assert client.head(path).header("Content-Length") == str(len(content))


def test_absolute_locations_say_https(start_registry, pair, authority):
    registry = start_registry(options=[*pair.options, "--http.relative_urls=false"])
    started = Repository(Client(registry.address, authority.trusted()), "a").start_upload()
    assert started.header("Location").startswith(f"https://{registry.address}/v2/a/")


def test_the_variables_of_registry2(start_registry, pair, authority):
    registry = start_registry(environment={"REGISTRY_HTTP_TLS_CERTIFICATE": str(pair.certificate),
                                           "REGISTRY_HTTP_TLS_KEY": str(pair.key)})
    assert Client(registry.address, authority.trusted()).get("/v2/").status == 200


# --- clients that do it wrong

def test_plain_http_is_told_to_use_https(registry):
    answer = ask(registry.address, "GET", "/v2/")
    assert answer.status == 400
    assert answer.error_codes() == ["UNSUPPORTED"]
    assert b"https://" in answer.body
    assert answer.header("Connection") == "close"


@pytest.mark.parametrize("sent", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"],
                         ids=["nothing", "a byte", "half a hello"])
def test_a_handshake_that_stalls_is_closed(start_registry, pair, connect, sent):
    registry = start_registry(options=[*pair.options, "--http.idle_timeout", "1s"])
    with RawConnection(registry.address, timeout=5) as connection:
        connection.send(sent)
        connect(registry)  # another one is served meanwhile
        assert connection.closed()


def test_noise_is_refused(registry, connect):
    with RawConnection(registry.address, timeout=5) as connection:
        connection.send(b"\x16\x03\x01\x00\x05" + b"\xff" * 200)
        while connection.receive_some():
            pass
    assert connect(registry).version()


def test_clients_that_vanish_in_a_download_harm_nobody(registry, connect, authority):
    client = Client(registry.address, authority.trusted())
    repository = Repository(client, "tls/vanish")
    digest = repository.push_blob(b"x" * (8 << 20))
    request = f"GET {repository.path(f'blobs/{digest}')} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for _ in range(20):
        connection = connect(registry)
        connection.sendall(request.encode())
        connection.recv(1000)
        connection.close()
    assert client.get("/v2/").status == 200


# --- certificates that stop the start

def refusal(*options) -> str:
    ended = run(entrepot(), "serve", "--listen", "127.0.0.1:0", *options, expect=1, timeout=10)
    return ended.stderr.splitlines()[-1]


@pytest.fixture
def others(authority, tmp_path):
    """Another pair, to mix up."""
    authority.issue(tmp_path / "other.pem", tmp_path / "other-key.pem")
    return tmp_path / "other.pem", tmp_path / "other-key.pem"


def test_a_wrong_certificate_stops_the_start(pair, others, tmp_path):
    other_certificate, other_key = others
    none, words = tmp_path / "none.pem", tmp_path / "words.pem"
    words.write_text("no certificate\n")
    for certificate, key, wrong, reason in [
        (none, pair.key, none, "No such file"),
        (pair.certificate, none, none, "No such file"),
        (words, pair.key, words, "PEM"),
        (pair.certificate, words, words, "PEM"),
        (pair.certificate, other_key, other_key, "not that of the certificate"),
        (tmp_path, pair.key, tmp_path, ""),
    ]:
        said = refusal("--data", tmp_path / "data", "--http.tls.certificate", certificate,
                       "--http.tls.key", key)
        assert str(wrong) in said and reason in said, said


@pytest.mark.parametrize("lone", ["certificate", "key"])
def test_one_file_without_the_other_stops_the_start(pair, tmp_path, lone):
    said = refusal("--data", tmp_path / "data", f"--http.tls.{lone}", getattr(pair, lone))
    missing = {"certificate": "key", "key": "certificate"}[lone]
    assert f"http.tls.{missing}" in said
