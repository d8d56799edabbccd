# ctest: labels=faults,all serial timeout=900
"""The same power cuts for the registries that others run: each right after an answer.

What they lose is their own affair, and goes into the table of the run; we lose nothing.
"""

from random import Random

import pytest

from ledger import Ledger, observe
from loop_disk import mounted
from support import report
from support.content import (
    OCI_CONFIG,
    OCI_LAYER,
    Repository,
    descriptor,
    digest_of,
    encode,
    image_manifest,
)
from support.registry import DistributionRegistry, DockerRegistry, Entrepot

CUTS = 20
REGISTRIES = {kind.name: kind for kind in (Entrepot, DistributionRegistry, DockerRegistry)}


@pytest.fixture
def disk(tmp_path):
    with mounted(tmp_path, "ext4", 1 << 30) as disk:
        yield disk


def push(registry, ledger: Ledger, number: int) -> None:
    """An image in requests that all of them understand."""
    repository = Repository(registry.client, "cut/image")
    layer = Random(number).randbytes(50_000)
    config = encode({"architecture": "amd64", "os": "linux", "number": number})
    for content in (config, layer):
        digest = digest_of(content)
        with ledger.change({repository.path(f"blobs/{digest}"): digest}):
            repository.push_blob(content)
    manifest = encode(image_manifest(descriptor(config, OCI_CONFIG),
                                     [descriptor(layer, OCI_LAYER)]))
    digest = digest_of(manifest)
    with ledger.change({repository.path(f"manifests/{name}"): digest
                        for name in (str(number), digest)}):
        repository.push_manifest(str(number), manifest)


def lost(ledger: Ledger, client) -> set[str]:
    """The targets that do not hold, whole, what was acknowledged."""
    missing = set()
    for target, possible in ledger.settled():
        try:
            if observe(client, target) not in possible:
                missing.add(target)
        except AssertionError:
            missing.add(target)
    return missing


@pytest.mark.parametrize("name", REGISTRIES)
def test_cut_right_after_an_answer(disk, tmp_path, name):
    registry = REGISTRIES[name](tmp_path / "registry")
    registry.data = disk.path / "data"
    registry.data.mkdir()
    registry.start()
    ledger, missing = Ledger(), set()
    for number in range(CUTS):
        push(registry, ledger, number)
        disk.cut_power()
        registry.kill()
        disk.unmount()
        disk.mount()
        registry.data.mkdir(exist_ok=True)
        registry.start()
        missing |= lost(ledger, registry.client)
    registry.kill()
    acknowledged = len(ledger.settled())
    print(f"{name}: {len(missing)} of {acknowledged} lost in {CUTS} cuts")
    report.write(report.PowerCutRow(name, CUTS, acknowledged, len(missing)))
    assert acknowledged == 4 * CUTS
    if name == Entrepot.name:
        assert missing == set()
