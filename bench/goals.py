"""What entrepot wants to reach, as data, and how far it is.

A goal compares medians of one run: with a peer's, with entrepot's own of another workload, or with
a bound.
"""

from dataclasses import dataclass

from .bulk import ALL
from .report import OWN, lower_is_better, number

_V3 = "distribution 3.1.2"
_V2 = "distribution 2.8.2"


@dataclass(frozen=True)
class Goal:
    """`figure` of the workload: at least `least` times, or at most `most` times, that of `peer`, or
    of entrepot's own workload `same_as`; or, with neither, at most `most` itself.

    "At least n times" means n times better, whatever the unit.
    """

    workload: str
    least: float = 0
    most: float = 0
    peer: str = ""
    same_as: str = ""
    figure: str = "median"  # or "cpu"
    unit: str = ""          # of a bound
    stretch: bool = False

    @property
    def than(self) -> str:
        return self.peer or self.same_as

    def text(self) -> str:
        than, what = self.than, "CPU " if self.figure == "cpu" else ""
        if not than:
            return f"≤ {number(self.most)} {self.unit}"
        return f"{what}≥ {self.least:g}× {than}" if self.least else f"{what}≤ {self.most:g}× {than}"


@dataclass(frozen=True)
class Verdict:
    goal: Goal
    have: float | None  # the ratio, or the figure itself; None: not measured

    @property
    def met(self) -> bool | None:
        if self.have is None:
            return None
        return self.have >= self.goal.least if self.goal.least else self.have <= self.goal.most

    def text(self) -> str:
        if self.have is None:
            return "not measured"
        if self.met:
            return "met"
        least, most = self.goal.least, self.goal.most
        missed = 1 - self.have / least if least else self.have / most - 1
        return f"missed by {missed:.0%}"


_ONE_TAG = "GET manifest by tag, one tag"
_ANY_TAG = "GET manifest by tag, random of all tags"
_FEW = "manifest PUT, 8 clients, 100 tags"
_ALL = "manifest PUT, 8 clients, all tags"
_MOUNT = "mount of 2 blobs + manifest PUT, new repository"
_SMALL = "push 64 KiB blobs, 8 clients"
_BLOB = "blob 100 MiB, 8 connections"
_READ = f"{_BLOB}, every byte read"
_RANGE = "Range of 64 KiB"
_UNNAMED = f"{_RANGE}, of a blob that no manifest names yet"

GOALS = [
    Goal(_ONE_TAG, least=10, peer=_V3),
    Goal(_ONE_TAG, least=40, peer=_V2),
    Goal(_ONE_TAG, least=3, peer="zot"),
    Goal(_ONE_TAG, least=0.45, peer="floor"),
    Goal(_ONE_TAG, most=2, peer="nginx", figure="cpu"),
    Goal(_ANY_TAG, least=15, peer=_V3),
    Goal(_ANY_TAG, least=45, peer=_V2),
    Goal(_ANY_TAG, least=3, peer="zot"),
    Goal("GET manifest, p99 at 60 % load", most=2000, unit="p99 µs"),
    Goal("GET manifest, p99 during 4 pulls and 4 pushes of 100 MiB", most=5000, unit="p99 µs"),
    Goal("HEAD blob", least=6, peer=_V3),
    Goal("HEAD manifest", least=6, peer=_V3),
    Goal("GET /v2/", least=2.5, peer=_V3),
    Goal(_RANGE, least=40, peer=_V3),
    Goal(_RANGE, least=0.7, peer="nginx"),
    Goal(_UNNAMED, most=1.5, same_as=_RANGE, figure="cpu"),
    Goal(_BLOB, least=0.9, peer="nginx"),
    Goal(_BLOB, most=1.15, peer="nginx", figure="cpu"),
    Goal(_READ, most=1, peer="nginx", figure="cpu"),
    Goal(f"{_BLOB}, TLS", least=1, peer="nginx"),
    Goal(f"{_BLOB}, TLS", most=1, peer="nginx", figure="cpu"),
    Goal("push 100 MiB, 1 client", least=1.25, peer=_V3),
    Goal("push 100 MiB, 8 clients", least=1.2, peer=_V3),
    Goal(_SMALL, least=5, peer=_V3),
    Goal(_SMALL, least=0.95, peer="floor"),
    Goal(_FEW, least=10, peer=_V3),
    Goal(_ALL, least=6, peer=_V3),
    Goal(_ALL, least=0.9, same_as=_FEW),
    Goal(_MOUNT, least=9, peer=_V3),
    Goal("tags/list, whole", most=3, unit="ms"),
    Goal("tags/list, a page of 100 deep in it", most=0.5, unit="ms"),
    Goal("_catalog, a page of 100 deep in it", most=0.5, unit="ms"),
    Goal("mix of whole images, 95 % pulls (assumed), 16 connections", least=2.5, peer=_V3),
    Goal("64 parallel pulls of 100 MiB", most=16, unit="MiB over idle"),
    Goal("64 parallel pushes of 100 MiB", most=64, unit="MiB over idle"),
    Goal("10,000 idle connections", most=100, unit="MiB over idle"),
    Goal("idle memory, filled", most=24, unit="MiB"),
    Goal("start, empty", most=40, unit="ms"),
    Goal("start with 100,000 manifests", most=300, unit="ms"),
    Goal("CPU in the 3 s after the start with 100,000 manifests", most=30, unit="CPU ms"),
    *(goal for bulk in ALL for goal in (
        Goal(f"GET manifest by tag, random of {bulk.name}, misses", least=0.3, same_as=_ANY_TAG),
        Goal(f"manifest PUT, 8 clients, random of {bulk.name}", least=0.9, same_as=_FEW),
        Goal(f"start with {bulk.name}", most=50, unit="ms"))),
    Goal(_SMALL, least=7, peer=_V3, stretch=True),
    Goal(_MOUNT, least=10, peer=_V3, stretch=True),
]


def evaluate(results: dict, goals: list[Goal] | None = None) -> list[Verdict]:
    """Of a run of some workloads only, their goals. Those against a peer that only --peer can bring
    are left out when it was not there.
    """
    optional = {"zot"} - set(results["peers"])
    rows = {row["name"]: row for row in results["workloads"]}
    return [Verdict(goal, _have(goal, rows)) for goal in goals or GOALS
            if goal.peer not in optional and (not results["only"] or goal.workload in rows)]


def _have(goal: Goal, rows: dict[str, dict]) -> float | None:
    def figure(workload: str, peer: str) -> float | None:
        summary = rows.get(workload, {}).get("peers", {}).get(peer, {})
        return None if summary.get("errors") else summary.get(goal.figure)

    own = figure(goal.workload, OWN)
    if own is None or not goal.than:
        return own
    other = figure(goal.workload, goal.peer) if goal.peer else figure(goal.same_as, OWN)
    if not other or not own:
        return None
    better = lower_is_better(rows[goal.workload]["unit"])
    return other / own if goal.least and better else own / other


def table(verdicts: list[Verdict]) -> str:
    lines = ["| workload | goal | reached | |", "|---|---|---|---|"]
    for verdict in verdicts:
        goal, have = verdict.goal, ""
        if verdict.have is not None:
            have = number(verdict.have) + ("×" if goal.than else f" {goal.unit}")
        name = goal.workload + (" (stretch)" if goal.stretch else "")
        lines.append(f"| {name} | {goal.text()} | {have} | {verdict.text()} |")
    return "\n".join(lines)


def as_data(verdicts: list[Verdict]) -> list[dict]:
    return [{"workload": verdict.goal.workload, "goal": verdict.goal.text(), "have": verdict.have,
             "stretch": verdict.goal.stretch, "verdict": verdict.text()} for verdict in verdicts]
