# ctest: labels=serving serial timeout=180
"""One client's large work does not stand in everybody's way."""

import socket
import threading
import time

from support.content import OCI_INDEX, Repository, digest_of, encode, index_manifest, with_query
from support.metrics import sample

MOST_REFERENCES = 10_000


def index_of(children: int, number: int = 0) -> bytes:
    return encode(index_manifest(
        [{"mediaType": "application/a", "digest": digest_of(b"%d" % child), "size": 3}
         for child in range(children)], annotations={"number": str(number)}))


def test_large_indexes_let_small_pushes_by(start_registry, clients):
    """More than one goes by each large one, with which they share a commit."""
    registry = start_registry()
    indexes = [index_of(MOST_REFERENCES, number) for number in range(24)]
    done = []

    def push(number: int) -> None:
        repository = Repository(registry.client, "large/index")
        answer = repository.put_manifest(f"t{number}", indexes[number], OCI_INDEX)
        done.append(answer.status)

    clients(push, len(indexes))
    small = Repository(registry.client, "small/image")
    pushed = 0
    while len(done) < len(indexes):
        small.push_blob(b"%d" % pushed)
        pushed += 1
    assert set(done) == {201}
    assert pushed > 6


def test_a_manifest_names_at_most_ten_thousand(start_registry):
    registry = start_registry()
    repository = Repository(registry.client, "large/index")
    answer = repository.put_manifest("v1", index_of(MOST_REFERENCES + 1), OCI_INDEX)
    assert answer.status == 400
    assert answer.error_codes() == ["MANIFEST_INVALID"]
    assert "10000 are allowed" in answer.body.decode()
    assert repository.client.get(repository.path("manifests/v1")).status == 404


def test_a_session_that_is_read_again_answers(start_registry, clients):
    """A digest of an algorithm that did not run along costs a read of all bytes, and nobody waits."""
    registry = start_registry()
    repository = Repository(registry.client, "large/upload")
    location = repository.upload()
    piece = bytes(64 << 20)
    for _ in range(8):
        answer = registry.client.request("PATCH", location, piece)
        assert answer.status == 202, answer
    wrong = with_query(location, "digest=sha512:" + "0" * 128)

    answers = []
    closing = clients(lambda _: answers.append(registry.client.request("PUT", wrong, b"").status))
    time.sleep(0.1)
    asking = clients(lambda _: answers.append(registry.client.get(location).status), 12)
    for thread in asking + closing:
        thread.join(60)
    assert sorted(answers) == [204] * 12 + [400]
    assert answers[0] == 204, "who asked did not wait for the read"


def test_probes_that_leave_poison_nobody(start_registry):
    """A client that closes its side while the check runs decides nothing for others."""
    registry = start_registry()
    host, _, port = registry.address.rpartition(":")
    over = threading.Event()

    def poison() -> None:
        while not over.is_set():
            with socket.create_connection((host, int(port)), 5) as leaving:
                leaving.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                until = time.perf_counter() + 0.0005
                while time.perf_counter() < until:
                    pass
                leaving.shutdown(socket.SHUT_WR)
                leaving.recv(999)

    poisoner = threading.Thread(target=poison)
    poisoner.start()
    try:
        answers = []
        for _ in range(20):
            answers.append(registry.client.get("/readyz").status)
            time.sleep(0.15)
    finally:
        over.set()
        poisoner.join(10)
    assert answers == [200] * 20


def test_a_backup_ends_beside_pushers(start_registry, clients):
    """With more metadata than the copy takes in one step, and eight clients that never pause."""
    registry = start_registry(options=["--backup.interval", "2s"])
    image = Repository(registry.client, "large/image")
    for number in range(40):
        image.push_image(f"v{number}", annotations={"ballast": f"{number}" * 500_000})
    before = sample(registry, "entrepot_backup_seconds_count")
    over = threading.Event()

    def push(number: int) -> None:
        repository = Repository(registry.client, f"busy/{number}")
        for serial in range(1_000_000):
            if over.is_set():
                return
            repository.push_blob(b"%d of %d" % (serial, number))

    clients(push, 8)
    try:
        ends = time.monotonic() + 120
        while sample(registry, "entrepot_backup_seconds_count") < before + 3:
            assert time.monotonic() < ends, "the backups do not end"
            time.sleep(0.2)
        assert sample(registry, "entrepot_backup_failed_total") == 0
        assert sample(registry, "entrepot_backup_size_bytes") > 30 << 20
    finally:
        over.set()
