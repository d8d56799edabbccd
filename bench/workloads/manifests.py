"""Small answers: manifests, HEAD, the version check."""

from .. import plans
from ..content import Content
from ..fill import MIB
from ..plans import Plan
from .workload import Background, Workload, get_blob

_ONE_TAG = "GET manifest by tag, one tag"


def _one_tag(content: Content) -> Plan:
    return [plans.get_manifest(content.tag(0))]


def _one_file(content: Content) -> Plan:
    return [plans.get(f"/{content.tag(0)}")]


def _all_tags(content: Content) -> Plan:
    return [plans.get_manifest(content.tag(n)) for n in range(content.tags)]


def _all_files(content: Content) -> Plan:
    return [plans.get(f"/{content.tag(n)}") for n in range(content.tags)]


def _all_repositories(content: Content) -> Plan:
    return [plans.get_manifest("latest", content.repository(n))
            for n in range(content.repositories)]


def _tags_once(content: Content) -> Plan:
    """A thousand tags from all over the repository."""
    return _all_tags(content)[::max(1, content.tags // 1000)]


def _files_once(content: Content) -> Plan:
    return _all_files(content)[::max(1, content.tags // 1000)]


def _head_manifest(content: Content) -> Plan:
    return [plans.head(plans.manifest_path(content.tag(0)), Accept=plans.MANIFEST)]


def _pushes_of_large(content: Content) -> Plan:
    """More than any server takes in the time of a measurement."""
    return [plans.push_blob(content.fill, n, 100 * MIB) for n in range(2_000_000, 2_000_040)]


WORKLOADS = [
    Workload(_ONE_TAG, "1/s", 64, _one_tag, _one_file),
    Workload("GET manifest by tag, random of all tags", "1/s", 64, _all_tags, _all_files,
             random=True),
    Workload("GET manifest of a random repository", "1/s", 64, _all_repositories, random=True,
             quick=False),
    Workload("GET manifest, p99 at 60 % load", "p99 µs", 64, _one_tag, _one_file,
             rate_share=0.6, of=_ONE_TAG, seconds=4),
    Workload("GET manifest, p99 during 4 pulls and 4 pushes of 100 MiB", "p99 µs", 16, _one_tag,
             rate=1000, seconds=3, pushes=True, fresh=True, before=Content.small_seed,
             background=(Background(4, get_blob("LARGE")), Background(4, _pushes_of_large))),
    Workload("GET manifest, p99 with a cold page cache", "p99 µs", 8, _tags_once, _files_once,
             seconds=0, cold=True, quick=False),
    Workload("HEAD manifest", "1/s", 64, _head_manifest, lambda c: [plans.head(f"/{c.tag(0)}")]),
    Workload("HEAD blob", "1/s", 64, lambda c: [plans.head(c.path(c.MIDDLE))],
             lambda c: [plans.head("/middle")]),
    Workload("GET /v2/", "1/s", 64, lambda c: [plans.get("/v2/")]),
]
