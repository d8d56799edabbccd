"""A quiet machine, and what a server used of it."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_CORES = os.cpu_count() or 1
_KTHREADD = "2"  # the parent of the kernel's threads


def _machine_busy_seconds() -> float:
    fields = [int(x) for x in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / _TICK


def process_tree(pid: int) -> list[int]:
    """The process and all its descendants that live."""
    tree, seen = [pid], {pid}
    for parent in tree:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                children = [int(c) for c in task.read_text().split()]
            except OSError:
                continue
            for child in children:
                if child not in seen:
                    seen.add(child)
                    tree.append(child)
    return tree


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third, the state, on; none of a process that ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def _cpu_seconds(pid: int) -> float:
    stat = _stat(pid)
    return (int(stat[11]) + int(stat[12])) / _TICK if stat else 0.0


def cpu_seconds(pid: int) -> float:
    """User and system time of the process and its descendants, not of those that ended."""
    return sum(_cpu_seconds(one) for one in process_tree(pid))


def _kernel_seconds() -> float:
    """CPU of the kernel's own threads, which write to the disk what a server has written."""
    total = 0.0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))) and stat[1] == _KTHREADD:
            total += (int(stat[11]) + int(stat[12])) / _TICK
    return total


def reset_peak_memory(pid: int) -> None:
    for one in process_tree(pid):
        try:
            Path(f"/proc/{one}/clear_refs").write_text("5")
        except OSError:
            pass


def memory_mib(pid: int, field: str) -> float:
    """`field` is VmHWM (peak since the reset) or VmRSS (now)."""
    total = 0
    for one in process_tree(pid):
        try:
            status = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith(field + ":"):
                total += int(line.split()[1])
    return total / 1024


def wait_until_quiet(patience_seconds: float = 30) -> None:
    """Returns when the machine was nearly idle for half a second, or patience ends."""
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        before = _machine_busy_seconds()
        time.sleep(0.5)
        if (_machine_busy_seconds() - before) / (0.5 * _CORES) < 0.06:
            return


@dataclass
class Usage:
    seconds: float
    cpu_seconds: float
    foreign_share: float  # of the machine; not the server, the load generator, kernel threads
    peak_mib: float
    before_mib: float


class Watch:
    """Measures from construction to stop()."""

    def __init__(self, server_pid: int):
        self._pid = server_pid
        self._before_mib = memory_mib(server_pid, "VmRSS")
        reset_peak_memory(server_pid)
        self._cpu = cpu_seconds(server_pid)
        self._ours = _our_seconds()
        self._busy = _machine_busy_seconds()
        self._start = time.monotonic()

    def stop(self) -> Usage:
        """Call after the load generators were waited for."""
        seconds = time.monotonic() - self._start
        cpu = cpu_seconds(self._pid) - self._cpu
        busy = _machine_busy_seconds() - self._busy
        foreign = max(0.0, busy - cpu - (_our_seconds() - self._ours))
        return Usage(seconds, cpu, foreign / (seconds * _CORES),
                     memory_mib(self._pid, "VmHWM"), self._before_mib)


def _our_seconds() -> float:
    """This process, its children that ended, and the kernel's threads."""
    times = os.times()
    return (times.user + times.system + times.children_user + times.children_system
            + _kernel_seconds())
