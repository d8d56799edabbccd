# ctest: labels=all serial timeout=400
"""Hours of work in two minutes: pushes, pulls, deletes and collections leave nothing behind in the
process: no memory, no descriptor, no thread.

Two things fill up as the metadata grow, and stay then: the page caches of the database's connections
and the ends of upload sessions that are remembered. ENTREPOT_SOAK_SECONDS=3600 runs until they are.
"""

import os
import threading
import time
from random import Random

from support.content import (
    OCI_CONFIG,
    OCI_LAYER,
    Repository,
    descriptor,
    digest_of,
    encode,
    image_manifest,
)

WARM_UP_SECONDS = 40
SECONDS = int(os.environ.get("ENTREPOT_SOAK_SECONDS") or 80)
SAMPLES = 16
PAGE_CACHES = 37 << 20  # the writer's 16 MiB, and 2 MiB each of 8 readers and the checkpointer; 7 % more
REMEMBERED_ENDS = 9 << 20  # 65,536 of 140 bytes
MOST_GROWTH = min(PAGE_CACHES + REMEMBERED_ENDS, SECONDS * (8 << 20) // 80)
MOST_MEMORY = (24 << 20) + PAGE_CACHES + REMEMBERED_ENDS
UPKEEP = ("--collect.interval", "1s", "--collect.delay", "0s", "--uploads.purge_interval", "1s",
          "--uploads.purge_after", "2s", "--backup.interval", "5s")


class Worker(threading.Thread):
    """Does the same thing until it is told to stop."""

    def __init__(self, stop: threading.Event, act):
        super().__init__(daemon=True)
        self.failure: BaseException | None = None
        self.times = 0
        self._stop_asked, self._act = stop, act

    def run(self) -> None:
        try:
            while not self._stop_asked.is_set():
                self._act()
                self.times += 1
        except BaseException as failure:
            self.failure = failure


def push(repository: Repository, tag: str, layer: bytes) -> str:
    """The digest of a new image. The collector, which waits for nothing here, may take a blob before
    the manifest names it; then that is refused, and all is pushed again."""
    config = encode({"n": digest_of(layer)})
    manifest = encode(image_manifest(descriptor(config, OCI_CONFIG),
                                     [descriptor(layer, OCI_LAYER)]))
    while True:
        for content in (config, layer):
            repository.push_blob(content)
        answer = repository.put_manifest(tag, manifest)
        if answer.status == 201:
            return digest_of(manifest)
        assert answer.error_codes() == ["MANIFEST_BLOB_UNKNOWN"], answer


def churn(registry, number: int):
    """Pushes an image that is new each time, and deletes it; leaves an upload behind."""
    repository = Repository(registry.client, f"soak/churn{number}")
    random = Random(number)

    def act() -> None:
        digest = push(repository, "latest", random.randbytes(random.randrange(1, 200_000)))
        path = repository.path(f"manifests/{digest}")
        assert repository.client.get(path).status == 200
        assert repository.client.delete(path).status == 202
        repository.client.request("PATCH", repository.upload(), b"some")

    return act


def pull(registry, images: list[str]):
    repository = Repository(registry.client, "soak/kept")
    random = Random(len(images))

    def act() -> None:
        answer = repository.client.get(repository.path(f"manifests/{random.choice(images)}"))
        assert answer.status == 200
        for blob in (answer.json()["config"], *answer.json()["layers"]):
            got = repository.client.get(repository.path(f"blobs/{blob['digest']}"))
            assert got.status == 200 and digest_of(got.body) == blob["digest"]
        repository.client.get(repository.path("tags/list"))

    return act


def threads_of(registry) -> int:
    return len(os.listdir(f"/proc/{registry.process.pid}/task"))


def test_nothing_grows(start_registry):
    registry = start_registry(options=UPKEEP)
    kept = Repository(registry.client, "soak/kept")
    images = [push(kept, f"v{number}", b"layer %d" % number) for number in range(30)]
    stop = threading.Event()
    workers = [Worker(stop, churn(registry, number)) for number in range(3)]
    workers += [Worker(stop, pull(registry, images)) for _ in range(3)]
    for worker in workers:
        worker.start()
    time.sleep(WARM_UP_SECONDS)
    memory, descriptors, threads = [], [], []
    for _ in range(SAMPLES):
        time.sleep(SECONDS / SAMPLES)
        memory.append(registry.process.resident_bytes())
        descriptors.append(registry.process.open_files())
        threads.append(threads_of(registry))
    stop.set()
    for worker in workers:
        worker.join(30)
    assert [worker.failure for worker in workers] == [None] * len(workers)
    assert min(worker.times for worker in workers) > 20
    print(f"memory {memory}\ndescriptors {descriptors}\nthreads {threads}")

    quarter = SAMPLES // 4
    assert min(memory[-quarter:]) - min(memory[:quarter]) < MOST_GROWTH
    assert max(memory) < MOST_MEMORY
    assert min(descriptors[-quarter:]) <= max(descriptors[:quarter])
    assert min(threads[-quarter:]) <= max(threads[:quarter])
