# ctest: labels=faults serial timeout=180
"""Many clients at once: the same tag, the same blob, the end of the server, too few descriptors."""

import resource
import signal
import threading
import time
from contextlib import ExitStack
from random import Random

import pytest

from ledger import blob_files, check_blob_files
from load import Load
from support.content import OCI_MANIFEST, Repository, digest_of, encode
from support.raw import RawConnection

CLIENTS = 32


def at_once(registry, act) -> list:
    """act(number, repository) of 32 clients, which begin together; their results."""
    begin = threading.Barrier(CLIENTS)
    results = [None] * CLIENTS

    def run(number: int) -> None:
        repository = Repository(registry.client, "contention/shared")
        begin.wait()
        results[number] = act(number, repository)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_one_tag(start_registry):
    """Every push is taken; readers see one of the tags' values at any time, and the last stays."""
    registry = start_registry()
    repository = Repository(registry.client, "contention/shared")
    manifests = [encode(repository.image_document()) for _ in range(CLIENTS)]
    repository.push_manifest("latest", manifests[0])

    def move(number: int, repository: Repository) -> list[str]:
        assert repository.put_manifest("latest", manifests[number], OCI_MANIFEST).status == 201
        seen = []
        for _ in range(10):
            answer = repository.client.get(repository.path("manifests/latest"))
            assert answer.status == 200
            assert answer.header("Docker-Content-Digest") == digest_of(answer.body)
            seen.append(digest_of(answer.body))
        return seen

    seen = at_once(registry, move)
    pushed = {digest_of(manifest) for manifest in manifests}
    assert all(seen) and {digest for digests in seen for digest in digests} <= pushed
    latest = repository.client.head(repository.path("manifests/latest"))
    registry.restart()
    answer = repository.client.head(repository.path("manifests/latest"))
    assert answer.header("Docker-Content-Digest") == latest.header("Docker-Content-Digest")
    for digest in pushed:
        assert repository.client.head(repository.path(f"manifests/{digest}")).status == 200


def test_one_blob(start_registry):
    """Every push is taken, in whatever way; one copy is stored."""
    registry = start_registry()
    content = Random(1).randbytes(3 << 20)
    digest = digest_of(content)

    def push(number: int, repository: Repository) -> int:
        if number % 2:
            return repository.finish(repository.upload(), content, digest).status
        target = repository.path(f"blobs/uploads/?digest={digest}")
        return repository.client.request("POST", target, content).status

    assert at_once(registry, push) == [201] * CLIENTS
    assert [file.parent.name for file in blob_files(registry.data)] == [digest.partition(":")[2]]
    check_blob_files(registry.data)


@pytest.mark.parametrize("seed", range(3))
def test_sigterm_under_load(start_registry, seed):
    """Within eight seconds the server ends well; whatever it answered is there."""
    registry = start_registry()
    load = Load(f"sigterm {seed}")
    with load.running(registry.address):
        time.sleep(0.5)
        start = time.monotonic()
        registry.process.signal(signal.SIGTERM)
        assert registry.process.wait(9) == 0
        assert time.monotonic() - start < 8.5
    registry.start()
    load.resume(registry.address)
    load.ledger.check(registry.client, everything=True)


def test_too_few_descriptors(start_registry):
    """Connections beyond the limit wait or are closed; nothing spins, and all is well after."""
    registry = start_registry()
    repository = Repository(registry.client, "contention/few")
    pushed = repository.push_image("latest")
    resource.prlimit(registry.process.pid, resource.RLIMIT_NOFILE, (64, 64))

    with ExitStack() as connections:
        for _ in range(200):
            connections.enter_context(RawConnection(registry.address))
        before = processor_seconds(registry)
        time.sleep(1)
        assert processor_seconds(registry) - before < 0.3, "the server spins"
        assert registry.process.running()

    start = time.monotonic()
    answer = registry.client.get(repository.path("manifests/latest"))
    assert (answer.status, digest_of(answer.body)) == (200, pushed.digest)
    assert time.monotonic() - start < 5
    repository.push_image("again")


def processor_seconds(registry) -> float:
    with open(f"/proc/{registry.process.pid}/stat") as file:
        user, system = file.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / 100
