"""A quiet machine, and what a server used of it."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_CORES = os.cpu_count() or 1


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


def cpu_seconds(pid: int) -> float:
    total = 0
    for one in process_tree(pid):
        try:
            stat = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += int(stat[11]) + int(stat[12])
    return total / _TICK


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
    foreign_share: float  # of the machine, used by neither server nor load generator
    peak_mib: float
    before_mib: float


class Watch:
    """Measures from construction to stop()."""

    def __init__(self, server_pid: int):
        self._pid = server_pid
        self._before_mib = memory_mib(server_pid, "VmRSS")
        reset_peak_memory(server_pid)
        self._cpu = cpu_seconds(server_pid)
        self._busy = _machine_busy_seconds()
        children = os.times()
        self._children = children.children_user + children.children_system
        self._start = time.monotonic()

    def stop(self) -> Usage:
        """Call after the load generator was waited for."""
        seconds = time.monotonic() - self._start
        cpu = cpu_seconds(self._pid) - self._cpu
        times = os.times()
        load = times.children_user + times.children_system - self._children
        own = times.user + times.system
        busy = _machine_busy_seconds() - self._busy
        foreign = max(0.0, busy - cpu - load - 0.02 * own)
        return Usage(seconds, cpu, foreign / (seconds * _CORES),
                     memory_mib(self._pid, "VmHWM"), self._before_mib)
