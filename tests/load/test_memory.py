# ctest: labels=load serial timeout=300
"""What many clients together make the server keep in memory has a limit, and others go on."""

import http.client
import json
import threading

import pytest

from crowd import (MOST_RESIDENT_BYTES, Crowd, Honest, allow_many_sockets, most_resident_bytes)
from support.content import OCI_MANIFEST, Repository, digest_of

MOST_MANIFEST_BYTES = 4 << 20


def half_manifests(count: int) -> list[bytes]:
    """Pushes of manifests of 4 MiB that lack their last bytes."""
    body = b'{"schemaVersion":2,' + b" " * (MOST_MANIFEST_BYTES - 2048)
    return [(f"PUT /v2/half/manifests/t{number} HTTP/1.1\r\nHost: localhost\r\n"
             f"Content-Type: {OCI_MANIFEST}\r\nContent-Length: {MOST_MANIFEST_BYTES}\r\n\r\n"
             ).encode() + body for number in range(count)]


def large_manifest(repository: Repository, number: int, **more) -> dict:
    return repository.image_document(annotations={str(number): "x" * 4_190_000}, **more)


def test_half_manifests(start_registry):
    allow_many_sockets(1000)
    registry = start_registry()
    honest = Honest(registry)
    with Crowd(registry.address, half_manifests(1000)):
        honest.works_for(10)
    assert most_resident_bytes(registry) <= MOST_RESIDENT_BYTES


def test_idle_connections(start_registry):
    """1,000 that were answered and stay, 4 KiB each at most."""
    allow_many_sockets(1000)
    registry = start_registry()
    registry.client.get("/v2/")
    before = registry.process.resident_bytes()
    idle = [http.client.HTTPConnection(registry.address, timeout=10) for _ in range(1000)]
    for connection in idle:
        connection.request("GET", "/v2/")
        assert connection.getresponse().read() is not None
    grown = registry.process.resident_bytes() - before
    for connection in idle:
        connection.close()
    assert grown <= 1000 * 4096, grown


def test_unread_answers(start_registry):
    """1,000 clients that ask for 100 manifests of 4 MiB and do not read them."""
    allow_many_sockets(1000)
    registry = start_registry()
    honest = Honest(registry)
    repository = Repository(registry.client, "unread")
    digests = [repository.push_manifest(None, large_manifest(repository, number)).digest
               for number in range(100)]
    registry.restart()  # the peak counts from here on
    requests = [f"GET {repository.path('manifests/' + digests[number % 100])} HTTP/1.1\r\n"
                "Host: localhost\r\n\r\n".encode() for number in range(1000)]
    with Crowd(registry.address, requests, receive_buffer_bytes=16 << 10):
        honest.works_for(10)
    assert most_resident_bytes(registry) <= MOST_RESIDENT_BYTES


def test_referrers_with_large_annotations(start_registry):
    """60 referrers with 4 MiB of annotations, asked for 100 times at once."""
    registry = start_registry()
    honest = Honest(registry)
    repository = Repository(registry.client, "referrers")
    subject = repository.push_image()
    for number in range(60):
        repository.push_manifest(None, large_manifest(repository, number,
                                                      subject=subject.descriptor()))
    registry.restart()
    statuses = []

    def ask() -> None:
        answer = registry.client.get(repository.path(f"referrers/{subject.digest}"))
        statuses.append((answer.status, len(answer.json()["manifests"])))

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    honest.works()
    for thread in threads:
        thread.join()
    assert statuses == [(200, 1)] * 100
    assert most_resident_bytes(registry) <= MOST_RESIDENT_BYTES


@pytest.mark.parametrize("kibibytes", [900_000, 500_000])
def test_without_memory_requests_fail_and_the_process_does_not(start_registry, kibibytes):
    registry = start_registry(prefix=["prlimit", f"--as={kibibytes * 1024}"])
    repository = Repository(registry.client, "poor")
    documents = [large_manifest(repository, number) for number in range(8)]
    allow_many_sockets(300)
    with Crowd(registry.address, half_manifests(150)):
        threads = [threading.Thread(target=push, args=(registry, document))
                   for document in documents for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert registry.process.running()
    Honest(registry).works()


def push(registry, document) -> None:
    """Whatever the answer is, it is one, or the connection ends."""
    content = json.dumps(document).encode()
    try:
        answer = Repository(registry.client, "poor").put_manifest(digest_of(content), content)
    except (ConnectionError, OSError):
        return
    assert answer.status in (201, 408, 503), answer
