# ctest: labels=faults serial timeout=600
"""The n-th request for memory of a push, a pull, a list or a delete fails, for every n.

The request fails with 503 or its connection ends; the process lives, and what it holds is whole.
"""

import base64
import os
import time
from collections.abc import Callable
from itertools import count

import pytest

import load
from failing_memory import FailingMemory
from image import Image
from ledger import Ledger, check_blob_files
from load import SERVER_IS_GONE, Load, Refused
from support.certificates import Authority
from support.http import Client
from support.registry import Entrepot

STEP = 1 if os.environ.get("ENTREPOT_TEST_ALL") == "1" else 5


@pytest.fixture
def memory(tmp_path):
    return FailingMemory(tmp_path)


@pytest.fixture
def fault(memory):
    return memory


def basic(name: str) -> dict[str, str]:
    credentials = base64.b64encode(f"{name}:correct horse".encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


class Once(Client):
    """Sends a request once, whatever becomes of it."""

    def request(self, method, target, body=None, headers=None):
        return self._attempt(method, target, body, headers or {})


def read(image: Image) -> None:
    """What the pull of an image asks for, and the lists."""
    client = image.repository.client
    for target in [image.repository.path(rest) for rest in (
            "manifests/latest", f"manifests/{image.digest}", "tags/list",
            f"referrers/{image.digest}")] + ["/v2/", "/v2/_catalog", "/metrics"]:
        answer = client.get(target)
        if answer.status >= 500:
            raise Refused(answer)
        assert answer.status == 200, answer


def fail_each(registry, memory, use: Callable[[Image], None],
              prepare: Callable[[Image], None]) -> int:
    """use(a new image), while the 1st, 2nd, … request for memory fails, until none is left to."""
    ledger = Ledger()
    quiet = 0
    for nth in count(1, STEP):
        image = Image(registry, ledger, nth)
        prepare(image)
        image.repository.client = Once(registry.address)
        memory.arm(nth)
        try:
            use(image)
        except Refused as refused:
            assert refused.status == 503, f"{nth}: {refused}"
        except SERVER_IS_GONE:
            pass
        memory.disarm()
        assert registry.process.running(), f"request {nth} for memory ended the process"
        image = Image(registry, ledger, nth)  # a connection of its own
        ledger.check(registry.client)
        use(image)
        ledger.check(registry.client)
        # Threads of their own make requests, too: one round without a failure is no end yet.
        quiet = quiet + 1 if memory.hits == 0 else 0
        if quiet == 20:
            check_blob_files(registry.data)
            return nth - quiet * STEP
    raise AssertionError


def test_each_request_of_a_push(registry, memory):
    assert fail_each(registry, memory, Image.push, lambda image: None) > 100


def test_each_request_of_a_delete(registry, memory):
    """Of what is in the cache, too: nobody is told of it after its delete was committed."""
    def push_and_read(image: Image) -> None:
        image.push()
        read(image)

    assert fail_each(registry, memory, Image.delete, push_and_read) > 50


def test_each_request_of_a_pull(registry, memory):
    assert fail_each(registry, memory, read, Image.push) > 50


def test_each_request_of_a_tls_connection(memory, tmp_path):
    authority = Authority(tmp_path / "root")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    authority.issue(certificate, key)
    server = Entrepot(tmp_path / "entrepot", memory.environment,
                      ["--http.tls.certificate", str(certificate),
                       "--http.tls.key", str(key)]).start()
    answered = nth = 0
    while answered < 20:
        memory.arm(nth := nth + STEP)
        try:
            status = Once(server.address, authority.trusted()).get("/v2/").status
            assert status in (200, 503)
        except SERVER_IS_GONE:
            pass
        memory.disarm()
        answered = answered + 1 if memory.hits == 0 else 0
        assert server.process.running(), f"request {nth} for memory ended the process"
        assert Client(server.address, authority.trusted()).get("/v2/").status == 200
    assert nth > 100
    server.stop()


def test_each_request_of_a_sign_in(memory, tmp_path):
    server = Entrepot(tmp_path / "entrepot",
                      {**memory.environment, "ENTREPOT_ADMIN_PASSWORD": "correct horse"}).start()
    # The hash of a password alone wants 19 MiB.
    memory.arm(1, least_bytes=16 << 20)
    assert Once(server.address).request("GET", "/v2/", None, basic("hashed")).status == 503
    assert memory.hits == 1
    quiet = nth = 0
    while quiet < 20:
        # Another name each time: what was found out of the last one is remembered.
        wrong = basic(f"nobody{nth}")
        memory.arm(nth := nth + STEP)
        try:
            status = Once(server.address).request("GET", "/v2/", None, wrong).status
            assert status in (401, 429, 503)
        except SERVER_IS_GONE:
            pass
        memory.disarm()
        quiet = quiet + 1 if memory.hits == 0 else 0
        assert server.process.running(), f"request {nth} for memory ended the process"
    assert Client(server.address, headers=basic("admin")).get("/v2/").status == 200
    server.stop()


def test_requests_of_many_at_once(registry, memory, monkeypatch):
    """Each so many requests for memory fail, whoever makes them, while eight push and delete."""
    monkeypatch.setattr(load, "Client", Once)
    pushers = Load(f"memory {time.time()}", largest_bytes=200_000)
    hits = 0
    for every in (5003, 2503, 1009, 503, 251, 127) * (5 if STEP == 1 else 2):
        memory.arm(1, every)
        with pushers.running(registry.address, may_refuse=True):
            time.sleep(0.3)
        memory.disarm()
        hits += memory.hits
        assert registry.process.running(), f"the process ended at {every}"
        pushers.ledger.check(registry.client)
    assert hits > 50
    check_blob_files(registry.data)
