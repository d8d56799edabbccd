"""What one line of the results measures."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from .. import plans
from ..bulk import Bulk
from ..content import Content
from ..plans import Plan

Make = Callable[[Content], Plan]

_numbers = itertools.count(10_000_000)


def new_numbers(count: int) -> list[int]:
    """Of bodies and manifests that no registry has yet."""
    return [next(_numbers) for _ in range(count)]


def first_numbers(count: int) -> range:
    """Of bodies that a fresh registry does not have: the same for all."""
    return range(1_000_000, 1_000_000 + count)


@dataclass(frozen=True)
class Background:
    """What else a registry has to do meanwhile."""

    connections: int
    make: Make


@dataclass(frozen=True)
class Workload:
    name: str
    unit: str                   # one of trial.FIGURES
    connections: int
    registry: Make | None = None
    files: Make | None = None   # for those that serve files, if it can be asked of them
    # how long, and how fast
    seconds: float = 2          # 0: every transaction once
    random: bool = False
    rate: float = 0             # open loop, transactions a second
    rate_share: float = 0       # open loop, a share of what was reached in the workload `of`
    of: str = ""
    background: tuple[Background, ...] = ()
    # what the server is like
    pushes: bool = False
    fresh: bool = False         # a server with an empty data directory, filled with `before`
    before: Callable[[Content], list[Plan]] | None = None
    bulk: Bulk | None = None    # a server with all of that; of entrepot alone
    tls: bool = False
    reads: bool = False         # the client takes every byte; else the kernel drops them unread
    cold: bool = False          # just started, no byte of its files in the page cache
    hold: bool = False          # each connection runs one transaction, and then stays, idle
    congestion: str = ""        # of TCP; "": as all the others
    quick: bool = True          # belongs to the quick form

    @property
    def of_memory(self) -> bool:
        """On a server that was just started, as whose idle memory counts."""
        return self.unit == "MiB over idle"

    @property
    def cpu_counts(self) -> bool:
        """Not if the server did something else, too, or what it did is no measure."""
        return not (self.background or self.of_memory)

    def make(self, kind: str) -> Make | None:
        return self.registry if kind == "registry" else self.files


def get_blob(blob: str) -> Make:
    """`blob` is LARGE or MIDDLE."""
    return lambda content: [plans.get(content.path(getattr(content, blob)))]


def get_file(name: str) -> Make:
    return lambda content: [plans.get(f"/{name}")]
