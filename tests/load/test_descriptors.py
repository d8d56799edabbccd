# ctest: labels=load serial timeout=120
"""With few descriptors the server keeps back what it needs for itself."""

import http.client
import threading

from crowd import Crowd, Honest, allow_many_sockets
from support.content import Repository

FEW = 64


def test_pushes_and_pulls_go_on_with_few_descriptors(start_registry):
    registry = start_registry(prefix=["prlimit", f"--nofile={FEW}"])
    honest = Honest(registry)
    allow_many_sockets(200)
    with Crowd(registry.address, [b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n"] * 100,
               come_back=True):
        honest.works_for(5)


def test_who_says_nothing_makes_room(start_registry):
    """Connections that were answered and stay give way, and who comes is served."""
    registry = start_registry(prefix=["prlimit", f"--nofile={FEW}"])
    allow_many_sockets(200)
    idle = []
    for _ in range(2 * FEW):
        connection = http.client.HTTPConnection(registry.address, timeout=10)
        connection.request("GET", "/v2/")
        assert connection.getresponse().read() is not None
        idle.append(connection)
    assert registry.client.get("/v2/").status == 200
    for connection in idle:
        connection.close()


def test_many_pushes_at_once_with_few_descriptors(start_registry):
    registry = start_registry(prefix=["prlimit", f"--nofile={FEW}"])
    failures = []

    def push(number: int) -> None:
        try:
            content = number.to_bytes(4, "big") * (64 << 10)
            digest = Repository(registry.client, f"few/{number}").push_blob(content)
            answer = registry.client.get(f"/v2/few/{number}/blobs/{digest}")
            assert answer.body == content
        except (AssertionError, OSError) as error:
            failures.append(error)

    threads = [threading.Thread(target=push, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
