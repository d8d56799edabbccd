"""The table of what is measured."""

from . import blobs, images, lists, manifests, memory, pushes
from .workload import Workload

WORKLOADS: list[Workload] = [
    workload for part in (manifests, blobs, pushes, images, lists, memory)
    for workload in part.WORKLOADS]


def named(name: str) -> Workload:
    return next(workload for workload in WORKLOADS if workload.name == name)
