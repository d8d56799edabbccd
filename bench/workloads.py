"""The table of what is measured, each with what it asks of a registry and of those that serve files."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import plans
from plans import MIB, REPOSITORY, Content, step

_numbers = itertools.count(1_000_000)  # of bodies that no registry has yet


def _fresh(count: int) -> list[int]:
    return [next(_numbers) for _ in range(count)]


@dataclass
class Workload:
    name: str
    unit: str                  # "1/s" counts transactions, "MiB/s" body bytes
    connections: int
    registry: Callable[[Content], list] | None
    files: Callable[[Content], list] | None = None
    seconds: float = 3         # a timed run; 0: every transaction once
    random: bool = False
    fresh: bool = False        # on a server with an empty data directory
    tls: bool = False
    rate_share: float = 0      # open loop at this share of what entrepot reached in the closed one
    of: str = ""               # … of this workload
    quick: bool = True         # belongs to the quick form

    @property
    def goal_is_throughput(self) -> bool:
        return self.rate_share == 0


def _get(path: str, **headers: str) -> list[list[dict]]:
    return [[step("GET", path, [206 if "Range" in headers else 200], headers=headers)]]


def _blob(content: Content, blob: tuple[int, int]) -> str:
    return f"/v2/{REPOSITORY}/blobs/{content.fill.digest(*blob)}"


def _ranges(path: str) -> list[list[dict]]:
    size, piece = 100 * MIB, 64 << 10
    return [_get(path, Range=f"bytes={at}-{at + piece - 1}")[0]
            for at in range(0, size - piece, 1009 * 1024)]


def _all_tags(content: Content) -> list:
    return [plans.get_manifest(f"tag-{n:05d}") for n in range(content.tags)]


def _all_files(content: Content) -> list:
    return [_get(f"/tag-{n:05d}")[0] for n in range(content.tags)]


def _push(count: int, size: int, how=plans.push_blob) -> Callable[[Content], list]:
    return lambda content: [how(content.fill, n, size) for n in _fresh(count)]


def _put_files(count: int, size: int) -> Callable[[Content], list]:
    return lambda content: [[step("PUT", f"/new/{n}", [201], fill=size, stamp=content.fill.stamp(n))]
                            for n in _fresh(count)]


def _put_manifests(repository: str, tags: int, count: int = 2000) -> Callable[[Content], list]:
    return lambda content: [
        plans.put_manifest(content.manifest(n), f"tag-{n % tags:05d}", repository)[0:1]
        for n in _fresh(count)]


WORKLOADS = [
    Workload("GET manifest by tag, one tag", "1/s", 64,
             lambda c: [plans.get_manifest("tag-00000")], lambda c: _get("/tag-00000")),
    Workload("GET manifest by tag, random of all tags", "1/s", 64, _all_tags, _all_files, random=True),
    Workload("GET manifest, latency at 60 % load", "p99 µs", 64, lambda c: [plans.get_manifest("tag-00000")],
             rate_share=0.6, of="GET manifest by tag, one tag", seconds=4),
    Workload("HEAD blob", "1/s", 64, lambda c: [[step("HEAD", _blob(c, c.MIDDLE), [200])]],
             lambda c: [[step("HEAD", "/middle", [200])]]),
    Workload("HEAD manifest", "1/s", 64,
             lambda c: [[step("HEAD", f"/v2/{REPOSITORY}/manifests/tag-00000", [200],
                              headers={"Accept": plans.MANIFEST})]]),
    Workload("GET /v2/", "1/s", 64, lambda c: _get("/v2/")),
    Workload("Range of 64 KiB", "1/s", 64, lambda c: _ranges(_blob(c, c.LARGE)),
             lambda c: _ranges("/large"), random=True),
    Workload("blob 100 MiB, 8 connections", "MiB/s", 8, lambda c: _get(_blob(c, c.LARGE)),
             lambda c: _get("/large"), seconds=4),
    Workload("blob 100 MiB, 8 connections, TLS", "MiB/s", 8, lambda c: _get(_blob(c, c.LARGE)),
             lambda c: _get("/large"), seconds=4, tls=True),
    Workload("blob 1 MiB, 64 connections", "MiB/s", 64, lambda c: _get(_blob(c, c.MIDDLE)),
             lambda c: _get("/middle"), quick=False),
    Workload("blob 64 KiB, 64 connections", "1/s", 64, lambda c: _get(_blob(c, c.LAYERS[0])), quick=False),
    Workload("push 100 MiB, 1 client", "MiB/s", 1, _push(6, 100 * MIB), _put_files(6, 100 * MIB),
             seconds=0, fresh=True),
    Workload("push 100 MiB, 8 clients", "MiB/s", 8, _push(16, 100 * MIB), _put_files(16, 100 * MIB),
             seconds=0, fresh=True),
    Workload("push 100 MiB chunked, 8 clients", "MiB/s", 8, _push(16, 100 * MIB, plans.push_chunked),
             seconds=0, fresh=True, quick=False),
    Workload("push 64 KiB blobs, 8 clients", "1/s", 8, _push(2000, 64 << 10), _put_files(2000, 64 << 10),
             seconds=0, fresh=True),
    Workload("manifest PUT, 8 clients, 100 tags", "1/s", 8, _put_manifests("bench/few", 100), seconds=0),
    Workload("manifest PUT, 8 clients, all tags", "1/s", 8, _put_manifests(REPOSITORY, 10_000), seconds=0),
    Workload("mount of 2 blobs + manifest PUT, new repository", "1/s", 8,
             lambda c: [c.mount(f"fresh/r{n}", n) for n in _fresh(1000)], seconds=0),
    Workload("tags/list, whole", "ms", 1, lambda c: _get(f"/v2/{REPOSITORY}/tags/list"), seconds=1),
    Workload("tags/list, a page of 100 deep in it", "ms", 1,
             lambda c: _get(f"/v2/{REPOSITORY}/tags/list?n=100&last=tag-{c.tags * 8 // 10:05d}"), seconds=1),
    Workload("_catalog, a page of 100 deep in it", "ms", 1,
             lambda c: _get(f"/v2/_catalog?n=100&last=many/r{c.repositories * 8 // 10:05d}"), seconds=1),
    Workload("GET of random repositories' manifests", "1/s", 64,
             lambda c: [plans.get_manifest("latest", f"many/r{n:05d}") for n in range(c.repositories)],
             random=True, quick=False),
    Workload("64 parallel pulls of 100 MiB", "MiB over idle", 64, lambda c: _get(_blob(c, c.LARGE)),
             lambda c: _get("/large"), seconds=5),
    Workload("64 parallel pushes of 100 MiB", "MiB over idle", 64, _push(64, 100 * MIB), seconds=0,
             fresh=True, quick=False),
]
