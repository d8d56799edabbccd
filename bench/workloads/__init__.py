"""The table of what is measured."""

from . import blobs, images, lists, manifests, memory, pushes, scale
from .workload import Workload

WORKLOADS: list[Workload] = [
    workload for part in (manifests, blobs, pushes, images, lists, memory, scale)
    for workload in part.WORKLOADS]


def named(name: str) -> Workload:
    return next(workload for workload in WORKLOADS if workload.name == name)
