"""Starts, and servers that nobody asks for anything."""

import time
from collections.abc import Iterator

from . import measure, plans
from .bulk import ALL, Bulk
from .content import Content
from .peers import Peer
from .plans import Plan
from .stage import Stage

MANY = 100_000
_IDLE_SECONDS = 3

EMPTY = "start, empty"
FILLED = "start, filled as for the other rows"
IDLE = "idle memory, filled"
MANY_START = "start with 100,000 manifests"
MANY_BUSY = "CPU in the 3 s after the start with 100,000 manifests"
BULK_START = {bulk: f"start with {bulk.name}" for bulk in ALL}
NAMES = {EMPTY: "ms", FILLED: "ms", IDLE: "MiB", MANY_START: "ms", MANY_BUSY: "CPU ms",
         **{name: "ms" for name in BULK_START.values()}}


def starts(stage: Stage, peer: Peer) -> dict[str, float]:
    """From the start of the process until the first answer."""
    with stage.fresh(peer) as server:
        empty = server.start_seconds
    server = stage.filled(peer)
    server.stop()
    server.start()
    filled = server.start_seconds
    time.sleep(0.5)
    return {EMPTY: empty * 1e3, FILLED: filled * 1e3, IDLE: measure.memory_mib(server.pid, "VmRSS")}


def starts_with_many(stage: Stage, peer: Peer, count: int) -> Iterator[dict[str, float]]:
    """Filled once, started so many times."""
    with stage.fresh(peer, [_blobs(stage.content), _manifests(stage.content)]) as server:
        for _ in range(count):
            server.stop()
            server.start()
            before = measure.cpu_seconds(server.pid)
            time.sleep(_IDLE_SECONDS)
            yield {MANY_START: server.start_seconds * 1e3,
                   MANY_BUSY: (measure.cpu_seconds(server.pid) - before) * 1e3}


def starts_with_bulk(stage: Stage, peer: Peer, bulk: Bulk, count: int) -> Iterator[dict[str, float]]:
    for _ in range(count):
        server = stage.bulk(peer, bulk)
        server.stop()
        server.start()
        yield {BULK_START[bulk]: server.start_seconds * 1e3}


def _blobs(content: Content) -> Plan:
    return [plans.push_blob(content.fill, *blob) for blob in content.LAYERS]


def _manifests(content: Content) -> Plan:
    return [plans.put_manifest(content.manifest(n), f"many-{n:06d}") for n in range(MANY)]
