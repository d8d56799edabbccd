# ctest: labels=faults serial timeout=900
"""`kill -9` at random times under eight pushers: nothing acknowledged is lost."""

import os
import time
from random import Random

from ledger import check_blob_files
from load import Load

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
