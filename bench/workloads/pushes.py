"""Pushes of blobs and manifests. Every answered push is on disk; how far, each peer's line says."""

from collections.abc import Callable

from .. import plans
from ..content import Content
from ..fill import KIB, MIB
from ..plans import Plan
from .workload import Make, Workload, first_numbers, new_numbers


def _blobs(count: int, size: int, how: Callable = plans.push_blob) -> Make:
    return lambda content: [how(content.fill, n, size) for n in first_numbers(count)]


def _manifests(repository: str, tags: Callable[[Content], int], count: int = 2000) -> Make:
    """New manifests over pushed blobs, each of which moves a tag."""
    def make(content: Content) -> Plan:
        return [plans.put_manifest(content.manifest(n), content.tag(n % tags(content)), repository)
                for n in new_numbers(count)]
    return make


def _present_blobs(content: Content) -> Plan:
    return [plans.push_blob(content.fill, *blob) for blob in content.LAYERS] * 250


def _present_images(content: Content) -> Plan:
    """Every blob is there already, and so is the manifest: pushes of images that did not change."""
    plan = []
    for n in range(min(1000, content.repositories)):
        repository, blobs = content.repository(n), content.LAYERS[:2]
        paths = [plans.blob_path(content.fill.digest(*blob), repository) for blob in blobs]
        heads = [plans.head(path)[0] for path in paths]
        plan.append(heads + plans.put_manifest(content.manifest(n, blobs), "latest", repository))
    return plan


def _mounts(content: Content) -> Plan:
    return [content.mount(f"fresh/r{n}", n) for n in new_numbers(1000)]


def _push(name: str, unit: str, connections: int, registry: Make, files: Make | None = None,
          **more) -> Workload:
    return Workload(name, unit, connections, registry, files, seconds=0, pushes=True, **more)


WORKLOADS = [
    _push("push 100 MiB, 1 client", "MiB/s", 1, _blobs(6, 100 * MIB),
          _blobs(6, 100 * MIB, plans.put_file), fresh=True),
    _push("push 100 MiB, 8 clients", "MiB/s", 8, _blobs(16, 100 * MIB),
          _blobs(16, 100 * MIB, plans.put_file), fresh=True),
    _push("push 100 MiB chunked, 8 clients", "MiB/s", 8, _blobs(16, 100 * MIB, plans.push_chunked),
          fresh=True, quick=False),
    _push("push 64 KiB blobs, 8 clients", "1/s", 8, _blobs(2000, 64 * KIB),
          _blobs(2000, 64 * KIB, plans.put_file), fresh=True),
    _push("push 64 KiB blobs that are there, 8 clients", "1/s", 8, _present_blobs, quick=False),
    _push("push an image that is there, 8 clients", "images/s", 8, _present_images, quick=False),
    _push("manifest PUT, 8 clients, 100 tags", "1/s", 8,
          _manifests("bench/few", lambda c: c.FEW_TAGS)),
    _push("manifest PUT, 8 clients, all tags", "1/s", 8,
          _manifests(plans.REPOSITORY, lambda c: c.tags)),
    _push("mount of 2 blobs + manifest PUT, new repository", "1/s", 8, _mounts),
]
