"""Lists of tags and repositories."""

from .. import plans
from .workload import Workload

_TAGS = f"/v2/{plans.REPOSITORY}/tags/list"

WORKLOADS = [
    Workload("tags/list, whole", "ms", 1, lambda c: [plans.get(_TAGS)], seconds=1),
    Workload("tags/list, a page of 100 deep in it", "ms", 1,
             lambda c: [plans.get(f"{_TAGS}?n=100&last={c.tag(c.tags * 8 // 10)}")], seconds=1),
    Workload("_catalog, a page of 100 deep in it", "ms", 1,
             lambda c: [plans.get(f"/v2/_catalog?n=100&last={c.repository(c.repositories * 8 // 10)}")],
             seconds=1),
]
