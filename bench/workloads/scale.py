"""The same requests to stores that are a hundred times larger."""

import random

from .. import plans
from ..bulk import MILLION, REPOSITORIES, Bulk
from ..content import Content
from ..plans import Plan
from .workload import Make, Workload, new_numbers

_PULLS = 100_000
_PUSHES = 2000  # as in the other rows of manifest PUT


def _pulls(bulk: Bulk) -> Make:
    """Each of them once, so that hardly one is in the server's memory, whatever came before."""
    def make(_: Content) -> Plan:
        return [plans.get_manifest(bulk.tag(n), bulk.repository(n))
                for n in random.sample(range(bulk.images), _PULLS)]
    return make


def _pushes(bulk: Bulk) -> Make:
    """New manifests over pushed blobs, each of which moves a tag, anywhere in the store."""
    def make(content: Content) -> Plan:
        return [plans.put_manifest(content.manifest(number), bulk.tag(n), bulk.repository(n))
                for number, n in zip(new_numbers(_PUSHES),
                                     random.sample(range(bulk.images), _PUSHES), strict=True)]
    return make


WORKLOADS = [
    workload for bulk in (MILLION, REPOSITORIES) for workload in (
        Workload(f"GET manifest by tag, random of {bulk.name}, misses", "1/s", 64, _pulls(bulk),
                 seconds=0, bulk=bulk, quick=False),
        Workload(f"manifest PUT, 8 clients, random of {bulk.name}", "1/s", 8, _pushes(bulk),
                 seconds=0, pushes=True, bulk=bulk, quick=False))]
