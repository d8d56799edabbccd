"""What many clients at a time cost in memory."""

from .. import plans
from ..content import Content
from ..fill import MIB
from ..plans import Plan
from .workload import Workload, first_numbers, get_blob, get_file


def _pushes(content: Content) -> Plan:
    return [plans.push_blob(content.fill, n, 100 * MIB) for n in first_numbers(64)]


WORKLOADS = [
    Workload("64 parallel pulls of 100 MiB", "MiB over idle", 64, get_blob("LARGE"),
             get_file("large"), seconds=3),
    Workload("64 parallel pushes of 100 MiB", "MiB over idle", 64, _pushes, seconds=0, pushes=True,
             fresh=True, quick=False),
    Workload("10,000 idle connections", "MiB over idle", 10_000,
             lambda c: [plans.get("/v2/")], lambda c: [plans.get(f"/{c.tag(0)}")], hold=True),
]
