# ctest: labels=faults serial timeout=900
"""Power cuts on ext4 and XFS, emulated by a file system that drops what was not synced.

The cut is an ioctl that shuts the file system down without writing its log; what the disk would have
lost, the page cache and the journal in memory, is lost. Torn sectors are not emulated. ext4 lets a
sync that is under way at that moment succeed without effect (seen with kernel 6.18), which a real cut
does not live to tell: answers count until just before the cut.
"""

import os
import time
import uuid
from random import Random

import pytest

from ledger import Ledger, check_blob_files
from load import Load
from loop_disk import mounted
from support.registry import Entrepot

ALL = os.environ.get("ENTREPOT_TEST_ALL") == "1"
CUTS_UNDER_LOAD = 100 if ALL else 8
CUTS_AFTER_ANSWERS = 50 if ALL else 10
SEED = os.environ.get("ENTREPOT_TEST_SEED") or str(time.time_ns())
BOOT_ID = "/proc/sys/kernel/random/boot_id"


class Machine(Entrepot):
    """A server whose disk loses its power. Each start has a boot id of its own, as after a cut."""

    def __init__(self, directory, disk):
        super().__init__(directory)
        self.disk = disk
        self.data = disk.path / "data"
        self._boot_id = directory / "boot_id"

    def cut_power(self, ledger: Ledger | None = None) -> None:
        if ledger is not None:
            ledger.count_answers(False)
        self.disk.cut_power()
        self.kill()
        self.disk.unmount()
        self.disk.mount()

    def power_on_for(self, seconds: float) -> None:
        """A start that the next cut interrupts."""
        self.process.spawn(self._command(), self.environment)
        time.sleep(seconds)
        self.cut_power()

    def _command(self) -> list[str]:
        self._boot_id.write_text(f"{uuid.uuid4()}\n")
        return ["unshare", "--mount", "sh", "-c", f'mount --bind "$0" {BOOT_ID} && exec "$@"',
                str(self._boot_id), *super()._command()]


@pytest.fixture(params=["ext4", "xfs"])
def machine(request, tmp_path):
    with mounted(tmp_path, request.param, 4 << 30) as disk:
        machine = Machine(tmp_path / "entrepot", disk).start()
        yield machine
        machine.kill()


def check_after_cut(machine, load: Load) -> int:
    machine.start()
    resumed = load.resume(machine.address, keeps_acknowledged=False)
    load.ledger.check(machine.client)
    return resumed


def check_at_end(machine, load: Load) -> None:
    load.ledger.check(machine.client, everything=True)
    check_blob_files(machine.data)


def test_cuts_under_load(machine):
    """At random times under eight pushers, and at times again while the server starts."""
    load = Load(SEED, largest_bytes=300_000)
    random = Random(SEED)
    resumed = 0
    for _ in range(CUTS_UNDER_LOAD):
        with load.running(machine.address, may_refuse=True):
            time.sleep(random.uniform(0.02, 0.3))
            machine.cut_power(load.ledger)
        if random.random() < 0.3:
            machine.power_on_for(random.uniform(0, 0.1))
        resumed += check_after_cut(machine, load)
    check_at_end(machine, load)
    print(f"{load.requests} requests acknowledged, {resumed} uploads resumed")


def test_cut_right_after_an_answer(machine):
    load = Load(SEED, pushers=1, largest_bytes=300_000)
    (pusher,) = load.pushers
    for _ in range(CUTS_AFTER_ANSWERS):
        pusher.connect(machine.address)
        pusher.step()
        machine.cut_power()
        check_after_cut(machine, load)
    check_at_end(machine, load)
