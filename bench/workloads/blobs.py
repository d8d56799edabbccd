"""Pulls of blobs."""

from .. import plans
from ..content import Content
from ..fill import KIB, MIB
from ..plans import Plan
from .workload import Workload, get_blob, get_file


def _ranges(path: str) -> Plan:
    """64 KiB from about a hundred places of a blob of 100 MiB."""
    piece = 64 * KIB
    return [plans.get(path, Range=f"bytes={at}-{at + piece - 1}")
            for at in range(0, 100 * MIB - piece, 1009 * KIB)]


def _small(content: Content) -> Plan:
    return [plans.get(content.path(content.LAYERS[0]))]


_LARGE = get_blob("LARGE"), get_file("large")

WORKLOADS = [
    Workload("Range of 64 KiB", "1/s", 64, lambda c: _ranges(c.path(c.LARGE)),
             lambda c: _ranges("/large"), random=True),
    Workload("blob 100 MiB, 8 connections", "MiB/s", 8, *_LARGE, seconds=3),
    Workload("Range of 64 KiB, of a blob that no manifest names yet", "1/s", 64,
             lambda c: _ranges(c.path(c.UNNAMED)), random=True),
    Workload("blob 100 MiB, 8 connections, every byte read", "MiB/s", 8, *_LARGE, seconds=3,
             reads=True),
    Workload("blob 100 MiB, 8 connections, BBR", "MiB/s", 8, *_LARGE, seconds=3, congestion="bbr",
             quick=False),
    Workload("blob 100 MiB, 8 connections, TLS", "MiB/s", 8, *_LARGE, seconds=3, tls=True),
    Workload("blob 100 MiB, 1 connection, cold page cache", "MiB/s", 1, *_LARGE, seconds=0,
             cold=True, quick=False),
    Workload("blob 1 MiB, 64 connections", "MiB/s", 64, get_blob("MIDDLE"), get_file("middle"),
             quick=False),
    Workload("blob 64 KiB, 64 connections", "1/s", 64, _small, get_file("small"), quick=False),
]
