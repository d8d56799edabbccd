# ctest: labels=serving timeout=200
"""What the server says about itself to those who run it, and the limits that it holds."""

import json
import re
import signal
import time

import pytest

from served import ANY_PORT
from support.content import Repository
from support.raw import RawConnection, exchange

SAMPLE = re.compile(r'(\w+)(?:\{((?:\w+="[^"]*",?)*)\})? (\S+)')


@pytest.fixture
def start(serve, tmp_path):
    """start(arguments…): a server on its own data."""
    return lambda *arguments: serve("--data", tmp_path / "d", "--listen", ANY_PORT, *arguments)


@pytest.fixture(scope="module")
def client(registry):
    return registry.client


# --- health, readiness, metrics

@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_operations(client, path):
    answer = client.get(path)
    assert answer.status == 200
    assert answer.header("Cache-Control") == "no-store"
    assert client.head(path).status == 200
    refused = client.request("POST", path, b"")
    assert (refused.status, refused.header("Allow")) == (405, "GET, HEAD")


def samples(client) -> dict[str, float]:
    """The metrics by name and labels; checks that the text is well-formed."""
    answer = client.get("/metrics")
    assert answer.header("Content-Type").startswith("text/plain; version=0.0.4")
    found = {}
    described = set()
    for line in answer.body.decode().splitlines():
        if line.startswith("# "):
            described.add(line.split()[2])
            continue
        name, labels, value = SAMPLE.fullmatch(line).groups()
        assert name in described or re.sub("_(bucket|sum|count)$", "", name) in described, line
        assert (name, labels) not in found, line
        found[name, labels] = float(value)
    return found


def test_metrics_count_by_route_and_status(registry):
    repository = Repository(registry.client, "serving/metrics")
    before = samples(registry.client)
    image = repository.push_image("latest")
    for tag in ("latest", "none"):
        registry.client.get(repository.path(f"manifests/{tag}"))
    expected = {
        ("entrepot_http_requests_total", 'route="manifest_push",status="2xx"'): 1,
        ("entrepot_http_requests_total", 'route="manifest",status="2xx"'): 1,
        ("entrepot_http_requests_total", 'route="manifest",status="4xx"'): 1,
        ("entrepot_http_request_body_bytes_total", 'route="manifest_push"'): len(image.content),
    }
    # An exchange is counted behind its last byte, so its client may be faster.
    deadline = time.monotonic() + 5
    grown = {}
    while grown != expected:
        assert time.monotonic() < deadline, grown
        now = samples(registry.client)
        grown = {key: now[key] - before[key] for key in expected}


# --- the access log

def log_lines(server, count: int) -> list[str]:
    """The access log, once it has so many lines (it is written once a second)."""

    def enough():
        lines = [line for line in server.process.current_stdout().splitlines()
                 if not line.startswith("listening on")]
        return lines if len(lines) >= count else None

    return server.process.wait_until(enough, 5)


def test_access_log_for_people(start):
    server = start()
    server.client.request("GET", "/v2/none/tags/list?n=1", headers={
        "User-Agent": 'a "quoted" word', "Referer": "http://localhost/"})
    (line,) = log_lines(server, 1)
    size = r"\d+"
    assert re.fullmatch(
        r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] '
        rf'"GET /v2/none/tags/list\?n=1 HTTP/1\.1" 404 {size} "http://localhost/" '
        r'"a \\x22quoted\\x22 word"', line)


def test_access_log_names_the_client_behind_a_trusted_proxy(start):
    """And nobody else's word counts."""
    for trusted, expected in ("127.0.0.0/8", "203.0.113.9"), ("192.0.2.0/24", "127.0.0.1"):
        server = start("--open", "--http.trusted_proxies", trusted)
        server.client.request("GET", "/v2/", headers={"X-Forwarded-For": "8.8.8.8, 203.0.113.9"})
        (line,) = log_lines(server, 1)
        assert line.startswith(f"{expected} - - [")
        server.stop()


def test_access_log_says_why_something_was_no_request(start):
    """Under the request id that its answer has, like every other."""
    server = start("--access_log.format", "json")
    with RawConnection(server.address) as connection:
        connection.send(b"GET http HTTP/1.1\r\nHost: tp\r\n\r\n")
        answer = connection.answer()
    assert answer.status == 400
    (line,) = map(json.loads, log_lines(server, 1))
    assert (line["status"], line["route"]) == (400, "refused")
    assert "the request target must begin with '/'" in line["refusal"]
    assert line["request_id"] == answer.header("X-Request-Id")
    assert line["request_id"]


def test_access_log_for_machines_tells_no_secret(start):
    server = start("--access_log.format", "json")
    Repository(server.client, "a").push_blob(b"bytes")
    lines = [json.loads(line) for line in log_lines(server, 2)]
    assert [(line["method"], line["status"]) for line in lines] == [("POST", 202), ("PUT", 201)]
    assert "_state=-&digest=sha256:" in lines[1]["target"]


# --- limits

def request(headers: int = 1, line: int = 0, head: int = 0) -> bytes:
    """A request with so many headers, so long a target, and a header of so many bytes."""
    lines = [b"GET /v2/?%b HTTP/1.1" % (b"a" * line), b"Host: localhost"]
    lines += [b"X-%d: x" % number for number in range(headers - len(lines) + 1)]
    if head:
        lines[-1] += b"x" * head
    return b"\r\n".join(lines) + b"\r\n\r\n"


@pytest.mark.parametrize(("sent", "status"), [
    (request(headers=100), 200), (request(headers=101), 431),
    (request(line=16_000), 200), (request(line=17_000), 414),
    (request(headers=2, head=60_000), 200), (request(headers=2, head=66_000), 431),
], ids=["100 headers", "101 headers", "line of 16,000", "line of 17,000", "head of 60,000",
        "head of 66,000"])
def test_limits(registry, sent, status):
    assert exchange(registry.address, sent).statuses == [status]


def test_limits_are_configured(start):
    address = start("--limits.headers", "20", "--limits.request_line", "1KiB",
                    "--limits.head", "4KiB").address
    assert exchange(address, request(headers=20)).statuses == [200]
    assert exchange(address, request(headers=21)).statuses == [431]
    assert exchange(address, request(line=1100)).statuses == [414]
    assert exchange(address, request(headers=2, head=4100)).statuses == [431]


@pytest.mark.parametrize("sent", [b"", b"GET /v2/ HT", b"POST /v2/a/blobs/uploads/ HTTP/1.1\r\n"
                                  b"Host: localhost\r\nContent-Length: 9\r\n\r\n1234"],
                         ids=["nothing", "half a head", "half a body"])
def test_a_silent_connection_is_closed(start, sent):
    server = start("--http.idle_timeout", "1s", "--http.push_timeout", "1s")
    began = time.monotonic()
    with RawConnection(server.address, timeout=10) as connection:
        connection.send(sent)
        while connection.answer():
            pass
    assert 0.9 < time.monotonic() - began < 4


def test_a_slow_connection_is_not_closed(start):
    server = start("--http.idle_timeout", "1s")
    with RawConnection(server.address) as connection:
        for byte in b"GET /v2/\x20HTTP/1.1\r\nHost: localhost\r\n\r\n":
            connection.send(bytes([byte]))
            time.sleep(0.06)
        assert connection.answer().status == 200


def test_a_head_is_whole_in_time(start):
    server = start("--http.head_timeout", "500ms")
    with RawConnection(server.address) as connection:
        for byte in b"GET /v2/ HTTP/1.1\r\n":
            connection.send(bytes([byte]))
            time.sleep(0.02)
        assert connection.answer().status == 408


def test_a_push_may_pause_and_one_that_drips_is_told(start):
    server = start("--http.idle_timeout", "1s", "--http.push_timeout", "6s")
    repository = Repository(server.client, "a")
    upload = repository.upload()
    head = f"PATCH {upload} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000\r\n\r\n".encode()
    with RawConnection(server.address, timeout=10) as connection:
        connection.send(head + b"x" * 10_000)
        time.sleep(2)
        connection.send(b"x" * 10_000)
        assert connection.answer().status == 202
    with RawConnection(server.address, timeout=20) as connection:
        connection.send(head + b"x" * 2000)
        assert connection.answer().status == 408
    assert server.client.get(upload).header("Range") == "0-21999"


# --- the end

def test_a_running_download_ends_well_after_sigterm(start):
    server = start()
    content = b"0123456789abcdef" * (2 << 20)
    repository = Repository(server.client, "a")
    digest = repository.push_blob(content)
    with RawConnection(server.address, timeout=10) as connection:
        connection.send(f"GET {repository.path(f'blobs/{digest}')} HTTP/1.1\r\n"
                        "Host: localhost\r\n\r\n".encode())
        time.sleep(0.3)  # the socket's buffers are full now, and the answer is not
        server.process.signal(signal.SIGTERM)
        time.sleep(0.3)
        assert server.process.running()
        received = bytearray()
        while piece := connection.receive_some():
            received += piece
    assert received.endswith(b"\r\n\r\n" + content)
    assert server.process.wait(5) == 0


def test_an_idle_connection_does_not_delay_the_end(start):
    server = start()
    with RawConnection(server.address) as connection:
        connection.send(b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.answer().status == 200
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 2
        assert connection.closed()
