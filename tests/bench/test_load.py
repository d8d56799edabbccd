# ctest: labels=bench timeout=60
"""The load program against a server that misbehaves in known ways."""

import hashlib
import json
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench import plans
from support.paths import entrepot

BODY = bytes(range(256)) * 300


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append(self.path)
        self.server.connections.add(self.client_address)
        getattr(self, "answer_" + self.path.strip("/"))()

    def answer_plain(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def answer_chunked(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(BODY), 10_000):
            piece = BODY[at:at + 10_000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def answer_closing(self):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Connection", "close")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer_missing(self):
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer_breaking(self):
        self.close_connection = True

    def answer_slow(self):
        """The first answer stalls, all others come at once."""
        if len(self.server.seen) == 1:
            time.sleep(0.5)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.seen, http.connections = [], set()
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield http
        http.shutdown()


@pytest.fixture
def load(server, tmp_path):
    def start(plan: plans.Plan, *options: str) -> subprocess.Popen:
        path = plans.write(tmp_path / "plan", plan)
        program = Path(entrepot()).parent / "bench" / "load"
        target = f"127.0.0.1:{server.server_address[1]}"
        return subprocess.Popen([program, "--target", target, "--plan", path, *options], text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(plan: plans.Plan, *options: str) -> dict:
        return json.loads(start(plan, *options).communicate(timeout=20)[0])

    run.start = start
    return run


@pytest.mark.parametrize("path", ["/plain", "/chunked"])
def test_bodies_are_read_whole_and_hashed(load, path):
    right = plans.get_verified(path, BODY, {})
    outcome = load([right] * 6, "--once", "--connections", "2")
    assert (outcome["transactions"], outcome["errors"]) == (6, 0)
    assert outcome["received_bytes"] == 6 * len(BODY)

    wrong = [right[0] | {"sha256": hashlib.sha256(b"other").hexdigest()}]
    outcome = load([right, wrong], "--once", "--connections", "1")
    assert (outcome["transactions"], outcome["errors"]) == (1, 1)
    assert "other bytes" in outcome["first_error"]


def test_a_closed_connection_is_replaced(load, server):
    outcome = load([plans.get("/closing")] * 20, "--once", "--connections", "1")
    assert (outcome["transactions"], outcome["errors"]) == (20, 0)
    assert len(server.connections) == 20


@pytest.mark.parametrize("path", ["/missing", "/breaking"])
def test_what_failed_is_an_error_and_no_transaction(load, path):
    outcome = load([plans.get(path)] * 3 + [plans.get("/plain")], "--once", "--connections", "1")
    assert (outcome["transactions"], outcome["errors"]) == (1, 3)


def test_in_a_closed_loop_a_stall_is_charged_to_one(load):
    outcome = load([plans.get("/slow")], "--seconds", "1", "--connections", "1")
    assert outcome["latency_us"]["max"] >= 500_000
    assert outcome["latency_us"]["p90"] < 300_000


def test_in_an_open_loop_a_stall_is_charged_to_all_that_waited(load):
    """100 a second on one connection, of which the first takes half a second."""
    outcome = load([plans.get("/slow")], "--rate", "100", "--seconds", "1", "--connections", "1")
    assert outcome["transactions"] == 100
    assert 500_000 <= outcome["latency_us"]["max"] < 1_500_000
    assert outcome["latency_us"]["p90"] > 350_000  # about fifty waited, for 490, 480, 470 … ms


def test_held_connections_stay_until_the_input_ends(load, server):
    process = load.start([plans.get("/plain")], "--connections", "30", "--hold")
    outcome = json.loads(process.stdout.readline())
    assert outcome["transactions"] == 30
    assert process.poll() is None
    assert len(server.connections) == 30
    process.communicate(timeout=20)
    assert process.returncode == 0
