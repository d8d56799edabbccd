"""The order of it all: fill, measure in turns, count."""

import random
import re
import time
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from . import lifecycle, network, report, syncs
from .peers import Peer
from .stage import Stage
from .trial import Trials
from .workloads import WORKLOADS, Workload, named


class Results:
    """The runs of every workload and peer, in the order of the workloads."""

    def __init__(self):
        self._units: dict[str, str] = {}
        self.runs: dict[str, dict[str, list[dict]]] = {}

    def add(self, name: str, unit: str, peer: Peer, run: dict) -> None:
        self._units[name] = unit
        self.runs.setdefault(name, {}).setdefault(peer.name, []).append(run)
        failed = f" ({run['errors']} errors: {run['first_error']})" if run.get("errors") else ""
        print(f"  {peer.name:20} {report.number(run['value']):>10} {unit}{failed}", flush=True)

    def median(self, name: str, peer: str) -> float:
        return report.median([run["value"] for run in self.runs.get(name, {}).get(peer, [])])

    def rows(self) -> list[dict]:
        order = [workload.name for workload in WORKLOADS] + list(lifecycle.NAMES)
        names = sorted(self.runs, key=order.index)
        return [report.row(name, self._units[name], self.runs[name]) for name in names]


class Bench:
    def __init__(self, peers: list[Peer], stage: Stage, trials: Trials, rounds: int,
                 minutes: float = float("inf")):
        """No round begins when the minutes are over, except the first."""
        self._peers = peers
        self._stage = stage
        self._trials = trials
        self._rounds = rounds
        self._deadline = time.monotonic() + 60 * minutes
        self.rounds_done = 0
        self.results = Results()
        self.failures: list[str] = []

    def fill(self) -> None:
        for peer in self._peers:
            print(f"filling {peer.name} …", flush=True)
            self._stage.fill(peer)

    def measure(self, workloads: list[Workload]) -> None:
        """Rounds of all workloads in random order, rates after what they are of; peers in turn."""
        for turn in range(self._rounds):
            if turn > 0 and time.monotonic() > self._deadline:
                print("the minutes are over", flush=True)
                return
            order = random.sample(workloads, len(workloads))
            order.sort(key=lambda workload: workload.rate_share > 0)
            for workload in order:
                print(f"round {turn + 1}/{self._rounds}: {workload.name}", flush=True)
                for peer in self._in_turn():
                    self._measure_one(workload, peer)
            self.rounds_done += 1

    def _measure_one(self, workload: Workload, peer: Peer) -> None:
        # Nobody is asked for more than its own 60 %: beyond that, only queues are measured.
        reached = self.results.median(workload.of, peer.name) if workload.of else 0
        with self._lenient(f"{workload.name}, {peer.name}"):
            run = self._trials.run(workload, peer, reached)
            if run is not None:
                self.results.add(workload.name, workload.unit, peer, run)

    def measure_lifecycle(self, starts: int, many: bool, only: str = "") -> None:
        """`many`: with large stores, too, those that `only` names."""
        print("starts and idle servers", flush=True)
        for _ in range(starts):
            for peer in self._in_turn():
                with self._lenient(f"starts, {peer.name}"):
                    self._add_all(peer, lifecycle.starts(self._stage, peer))
        if many:
            self._measure_large(starts, only)

    def _measure_large(self, starts: int, only: str) -> None:
        own = next(peer for peer in self._peers if peer.name == report.OWN)
        if re.search(only, lifecycle.MANY_START) or re.search(only, lifecycle.MANY_BUSY):
            with self._lenient("starts with many manifests"):
                for run in lifecycle.starts_with_many(self._stage, own, starts):
                    self._add_all(own, run)
        for bulk, name in lifecycle.BULK_START.items():
            if re.search(only, name):
                with self._lenient(name):
                    for run in lifecycle.starts_with_bulk(self._stage, own, bulk, starts):
                        self._add_all(own, run)

    def _add_all(self, peer: Peer, values: dict[str, float]) -> None:
        for name, value in values.items():
            print(f" {name}", flush=True)
            self.results.add(name, lifecycle.NAMES[name], peer, {"value": value})

    def count_syncs(self) -> dict[str, dict[str, float]]:
        print("syncs per push", flush=True)
        counts = {}
        for peer in self._peers:
            if peer.pushes:
                with self._lenient(f"syncs, {peer.name}"):
                    counts[peer.name] = syncs.per_push(self._stage, peer)
        return counts

    @contextmanager
    def _lenient(self, what: str) -> Iterator[None]:
        """One failure is reported, and does not end a run of an hour."""
        try:
            yield
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            self.failures.append(f"{what}: {error}")
            print(f"  failed: {self.failures[-1]}", flush=True)

    def _in_turn(self) -> list[Peer]:
        return random.sample(self._peers, len(self._peers))


def selected(only: str, quick: bool) -> list[Workload]:
    """The workloads to be run, with those whose figures they need."""
    chosen = [workload for workload in WORKLOADS
              if re.search(only, workload.name) and (workload.quick or not quick)]
    needed = {workload.of for workload in chosen if workload.of}
    chosen += [named(name) for name in needed - {workload.name for workload in chosen}]
    lacking = [workload for workload in chosen
               if workload.congestion and not network.has(workload.congestion)]
    for workload in lacking:
        print(f"not measured: {workload.name}: this kernel lacks {workload.congestion}", flush=True)
    return [workload for workload in chosen if workload not in lacking]
