# ctest: labels=faults serial timeout=120
"""The disk that takes the logs is full, and the data's is not: nobody who pushes or pulls notices."""

import re
import time

import pytest

from image import Image
from ledger import Ledger
from load import Load
from loop_disk import mounted
from support.registry import Entrepot

WAIT_SECONDS = 30


@pytest.fixture
def disk(tmp_path):
    with mounted(tmp_path, "ext4", 16 << 20, "-m", "0") as disk:
        yield disk


@pytest.fixture
def registry(disk, tmp_path):
    """Its standard output and standard error are files of the small disk."""
    server = Entrepot(disk.path / "logs")
    server.data = tmp_path / "data"
    server.start()
    yield server
    server.stop()


def lost_lines(registry) -> float:
    text = registry.client.get("/metrics").body.decode()
    return float(re.search(r"^entrepot_access_log_lost_total (\S+)$", text, re.M)[1])


def fill(path) -> None:
    with open(path, "ab", buffering=0) as hog:
        for size in (1 << 16, 512, 1):
            try:
                while hog.write(bytes(size)) == size:
                    pass
            except OSError:
                pass


def wait_until(condition) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def test_full_disk_of_the_logs(registry, disk):
    """All goes on, the lines that nobody took are counted, and come again once there is space."""
    ledger = Ledger()
    Image(registry, ledger, 1).push()
    hog = disk.path / "hog"
    fill(hog)

    load = Load("full log", pushers=4, largest_bytes=100_000)
    with load.running(registry.address):
        wait_until(lambda: fill(hog) or lost_lines(registry) > 0)
    assert load.requests > 20
    load.ledger.check(registry.client, everything=True)
    assert registry.client.get("/readyz").status == 200
    Image(registry, ledger, 2).push()
    ledger.check(registry.client, everything=True)

    hog.unlink()
    wait_until(lambda: registry.client.get("/v2/after/the/fault/tags/list").status == 404
               and "/v2/after/the/fault/" in registry.process.stdout.read_text(errors="replace"))
