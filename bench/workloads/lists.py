"""Lists of tags and repositories."""

from .. import plans
from ..content import Content
from ..plans import Plan
from .workload import Workload

_TAGS = f"/v2/{plans.REPOSITORY}/tags/list"


def _catalog(content: Content) -> Plan:
    last = content.repository(content.repositories * 8 // 10)
    return [plans.get(f"/v2/_catalog?n=100&last={last}")]


WORKLOADS = [
    Workload("tags/list, whole", "ms", 1, lambda c: [plans.get(_TAGS)], seconds=1),
    Workload("tags/list, a page of 100 deep in it", "ms", 1,
             lambda c: [plans.get(f"{_TAGS}?n=100&last={c.tag(c.tags * 8 // 10)}")], seconds=1),
    Workload("_catalog, a page of 100 deep in it", "ms", 1, _catalog, seconds=1),
]
