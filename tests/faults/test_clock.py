# ctest: labels=faults serial timeout=200
"""The time of day jumps by ten years, there and back, under the server and between two starts."""

import ctypes
import mmap
import subprocess
import time
from pathlib import Path

import pytest

from image import Image
from ledger import Ledger, blob_files
from load import Load
from support.command import run
from support.content import Repository, digest_of
from support.paths import entrepot
from support.registry import Entrepot

SOURCE = Path(__file__).parent / "preload/shifted_clock.cc"
TEN_YEARS = 10 * 365 * 86400
UPKEEP = ("--collect.interval", "1s", "--collect.delay", "1h", "--uploads.purge_interval", "1s",
          "--uploads.purge_after", "1h", "--backup.interval", "1h")
LOOKS = 3  # intervals of the collector and the purge


class Clock:
    """The server's time of day: the machine's, and `shift_seconds` more."""

    def __init__(self, directory: Path):
        library, control = directory / "shifted_clock.so", directory / "shifted_clock.control"
        subprocess.run(["g++", "-std=c++20", "-O1", "-shared", "-fPIC", SOURCE, "-o", library],
                       check=True)
        control.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "SHIFTED_CLOCK_CONTROL": str(control)}
        with open(control, "r+b") as opened:
            self._shift = ctypes.c_int64.from_buffer(mmap.mmap(opened.fileno(), 0))

    def set(self, shift_seconds: int) -> None:
        self._shift.value = shift_seconds


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


@pytest.fixture
def registry(clock, tmp_path):
    server = Entrepot(tmp_path / "entrepot", clock.environment, UPKEEP).start()
    yield server
    server.stop()


def day_of(registry) -> str:
    return registry.client.get("/v2/").header("Date")


def test_the_servers_clock_is_ours(registry, clock):
    """What the other tests rest on."""
    assert str(time.gmtime().tm_year) in day_of(registry)
    clock.set(TEN_YEARS)
    deadline = time.monotonic() + 10
    while str(time.gmtime(time.time() + TEN_YEARS).tm_year) not in day_of(registry):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
@pytest.mark.parametrize("jumps", [(TEN_YEARS, 0), (-TEN_YEARS, 0), (TEN_YEARS, -TEN_YEARS)],
                         ids=["ahead and back", "back and ahead", "ahead, then far back"])
def test_nothing_is_lost(registry, clock, jumps, restarted):
    """What waits for the collector waits on, upload sessions stay, and pushes and pulls go on."""
    ledger = Ledger()
    image = Image(registry, ledger, 1)
    image.push()
    waiting = Repository(registry.client, "clock/waits").push_blob(b"for its manifest")
    begun = image.repository.upload()
    assert registry.client.request("PATCH", begun, b"half of it, ").status == 202

    for number, shift in enumerate(jumps, start=2):
        if restarted:
            registry.stop()
        clock.set(shift)
        if restarted:
            registry.start()
        time.sleep(LOOKS)
        ledger.check(registry.client, everything=True)
        Image(registry, ledger, number).push()
        assert registry.client.get("/readyz").status == 200
        assert waiting.partition(":")[2] in {file.parent.name for file in blob_files(registry.data)}
    answer = image.repository.finish(begun, b"and the rest", digest_of(b"half of it, and the rest"))
    assert answer.status == 201, answer
    ledger.check(registry.client, everything=True)


@pytest.mark.parametrize("stays", [0.3, 1.0], ids=["between two looks", "for a look"])
def test_jumps_under_load(registry, clock, stays):
    """Blobs that no manifest names yet stay, whatever the time of day was when they came."""
    load = Load("clock", pushers=4, largest_bytes=100_000)
    with load.running(registry.address):
        for shift in (TEN_YEARS, -TEN_YEARS, 3600, -60, 0, -TEN_YEARS, 0):
            clock.set(shift)
            time.sleep(stays)
    time.sleep(LOOKS)
    load.ledger.check(registry.client, everything=True)
    told = run(entrepot(), "gc", "--data", registry.data).stdout
    assert " 0 removed" in told, told
    load.ledger.check(registry.client, everything=True)
