# ctest: labels=faults serial timeout=120
"""A disk that turns read-only under the server, as ext4 does after an error, until it is mended."""

import time

import pytest

from image import Image
from ledger import Ledger, check_blob_files
from load import Refused
from loop_disk import mounted
from support.command import run
from support.content import OCI_MANIFEST, Repository
from support.paths import entrepot
from support.registry import Entrepot

ANSWERED_SECONDS = 5
TOLD_SECONDS = 10
READY_SECONDS = 15


@pytest.fixture
def disk(tmp_path):
    with mounted(tmp_path, "ext4", 256 << 20, "-e", "remount-ro") as disk:
        yield disk


@pytest.fixture
def registry(disk, tmp_path):
    server = Entrepot(tmp_path / "entrepot")
    server.data = disk.path / "data"
    server.start()
    yield server
    server.stop()


def refusals(repository: Repository, image: Image):
    """The answers to each kind of write, with the seconds that each took."""
    client = repository.client
    known = repository.path(f"manifests/{image.digest}")
    writes = {
        "a blob at once": lambda: client.request(
            "POST", repository.path(f"blobs/uploads/?digest={image.digest}"), image.manifest),
        "a manifest": lambda: repository.put_manifest("other", image.manifest, OCI_MANIFEST),
        "a delete": lambda: client.delete(known),
    }
    for name, write in writes.items():
        start = time.monotonic()
        answer = write()
        yield name, answer, time.monotonic() - start


def test_read_only_and_back(registry, disk):
    """Writes are refused at once and the readiness says so; pulls go on; a start says what is
    wrong; once the disk is mended, all is there that was acknowledged."""
    ledger = Ledger()
    image = Image(registry, ledger, 1)
    image.push()
    disk.turn_read_only()

    for name, answer, seconds in refusals(image.repository, image):
        assert answer.status == 503, (name, answer)
        assert seconds < ANSWERED_SECONDS, name
        assert str(registry.data).encode() not in answer.body, name
    deadline = time.monotonic() + TOLD_SECONDS
    while registry.client.get("/readyz").status != 503:
        assert time.monotonic() < deadline, "still ready"
        time.sleep(0.05)
    assert registry.client.get("/healthz").status == 200
    assert ledger.check(registry.client, everything=True, settle=False) == 4
    with pytest.raises(Refused, match="503"):
        Image(registry, Ledger(), 2).push()

    registry.stop()
    refused = run(entrepot(), "serve", "--data", registry.data, "--listen", registry.address,
                  expect=1, timeout=10)
    assert "read-only" in refused.stderr.lower(), refused.stderr
    disk.mend()
    start = time.monotonic()
    registry.start()
    assert registry.client.get("/readyz").status == 200
    assert time.monotonic() - start < READY_SECONDS
    ledger.check(registry.client, everything=True)
    Image(registry, ledger, 3).push()
    ledger.check(registry.client, everything=True)
    check_blob_files(registry.data)
