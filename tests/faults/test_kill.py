# ctest: labels=faults serial timeout=900
"""`kill -9` at random times under eight pushers, the collector at work or not."""

import os
import subprocess
import time
from random import Random

from ledger import blob_files, check_blob_files
from load import Load
from support.paths import entrepot

ALL = os.environ.get("ENTREPOT_TEST_ALL") == "1"
ROUNDS = 100 if ALL else 20
READY_SECONDS = 5
SEED = os.environ.get("ENTREPOT_TEST_SEED") or str(time.time_ns())


def kill_and_check(registry, load: Load, random: Random, rounds: int) -> int:
    """Returns how many interrupted uploads were finished after a restart."""
    resumed = 0
    for _ in range(rounds):
        with load.running(registry.address):
            time.sleep(random.uniform(0.02, 0.6))
            registry.kill()
        start = time.monotonic()
        registry.start()
        assert time.monotonic() - start < READY_SECONDS
        resumed += load.resume(registry.address)
        load.ledger.check(registry.client)
    load.ledger.check(registry.client, everything=True)
    check_blob_files(registry.data)
    return resumed


def test_nothing_acknowledged_is_lost(start_registry):
    """Blobs, manifests, tags and deletes are as answered, and interrupted uploads go on."""
    load = Load(SEED)
    resumed = kill_and_check(start_registry(), load, Random(SEED), ROUNDS)
    print(f"{load.requests} requests acknowledged, {resumed} uploads resumed")
    assert resumed > ROUNDS / 4


def used_blobs(registry, load: Load) -> set[str]:
    used = set()
    for target in load.ledger.holding("/manifests/sha256:"):
        manifest = registry.client.get(target).json()
        used |= {blob["digest"] for blob in (manifest["config"], *manifest["layers"])}
    return used


def test_collector_takes_only_what_nothing_uses(start_registry):
    """Blobs go three seconds after their last use, while they are pushed and the server dies. What
    a kill left between its file and its row goes when the collector is asked for everything, at
    once: the lease of a collector that died does not hold."""
    registry = start_registry(options=["--collect.delay", "3s", "--collect.interval", "1s",
                                       "--collect.pause", "0ms"])
    load = Load(SEED, largest_bytes=100_000, loose_blobs=False)
    kill_and_check(registry, load, Random(SEED), ROUNDS // 2)
    used = used_blobs(registry, load)
    subprocess.run([entrepot(), "gc", "--data", registry.data, "--collect.delay", "0s"],
                   check=True, capture_output=True, timeout=30)
    assert {f"sha256:{file.parent.name}" for file in blob_files(registry.data)} == used
    load.ledger.check(registry.client, everything=True)
