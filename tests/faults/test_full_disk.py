# ctest: labels=faults serial timeout=300
"""A full disk: pushes get 507 at once, pulls and deletes go on, and it heals without a restart."""

import errno
import json
import subprocess
import time
from itertools import count
from pathlib import Path
from random import Random

import pytest

from image import Image
from ledger import Ledger, check_blob_files
from load import Refused
from loop_disk import mounted
from support.content import OCI_MANIFEST, Repository, digest_of, upload_target
from support.http import Answer
from support.paths import entrepot
from support.registry import Entrepot

MIB = 1 << 20
DISK_BYTES = 160 * MIB  # 64 MiB of it are the server's reserve
ANSWERED_SECONDS = 1
HEALED_SECONDS = 5


@pytest.fixture
def disk(request, tmp_path):
    with mounted(tmp_path, "ext4", DISK_BYTES, "-m", "0", *request.param) as disk:
        yield disk


@pytest.fixture
def registry(disk, tmp_path):
    server = Entrepot(tmp_path / "entrepot")
    server.data = disk.path / "data"
    server.start()
    yield server
    server.stop()


def fill(registry, layer_bytes: int) -> list[Image]:
    """Pushes images until one is refused. Each has a ledger of its own: what was taken of the last
    is there, and belongs to no image, so the collector may remove it later."""
    images = []
    for number in count():
        image = Image(registry, Ledger(), number, layer_bytes, tag=str(number))
        try:
            image.push()
        except Refused as refused:
            assert refused.status == 507
            image.ledger.check(registry.client)
            return images
        images.append(image)
    raise AssertionError


def pushes(repository: Repository, content: bytes):
    """Every way of pushing bytes; each gives its last answer."""
    client, digest = repository.client, digest_of(content)
    uploads = repository.path("blobs/uploads/")
    yield "POST", lambda: client.request("POST", f"{uploads}?digest={digest}", content)
    yield "PUT", lambda: after_start(repository, lambda target: repository.finish(
        target, content, digest))
    yield "PATCH", lambda: after_start(repository, lambda target: client.request(
        "PATCH", target, content))


def after_start(repository: Repository, go_on) -> Answer:
    started = repository.start_upload()
    return go_on(upload_target(started, repository.client)) if started.status == 202 else started


def require_refused(push) -> None:
    start = time.monotonic()
    answer = push()
    assert time.monotonic() - start < ANSWERED_SECONDS
    assert (answer.status, answer.error_codes()) == (507, ["INSUFFICIENT_STORAGE"])


def push_manifests_until_refused(repository: Repository, image: Image) -> None:
    """Manifests do not take what is kept for deletes, but for one or two that found space first."""
    for number in range(8):
        document = json.loads(image.manifest)
        document["annotations"] = {"filler": f"{number} " * 1_900_000}
        answer = repository.put_manifest(f"filler{number}", document)
        if answer.status == 507:
            return
        assert answer.status == 201
    raise AssertionError("manifests fill the reserve")


def collect(registry) -> None:
    subprocess.run([entrepot(), "gc", "--data", registry.data, "--collect.delay", "0s"],
                   check=True, capture_output=True, timeout=60)


def push_when_healed(image: Image) -> None:
    deadline = time.monotonic() + HEALED_SECONDS
    while True:
        try:
            return image.push()
        except Refused as refused:
            assert refused.status == 507 and time.monotonic() < deadline, refused
            time.sleep(0.2)


def check(registry, images: list[Image]) -> None:
    for image in images:
        image.ledger.check(registry.client, everything=True)


def delete_half_and_push_again(registry, images: list[Image], new: Image) -> None:
    process = registry.process.pid
    check(registry, images)
    deleted, kept = images[::2], images[1::2]
    for image in deleted:
        image.delete()
    check(registry, images)
    collect(registry)
    push_when_healed(new)
    check(registry, [*kept, new])
    check_blob_files(registry.data)
    assert registry.process.pid == process and registry.process.running()


@pytest.mark.parametrize("disk", [()], indirect=True)
def test_no_space(registry, disk):
    images = fill(registry, 4 * MIB)
    assert len(images) > 10
    repository = Repository(registry.client, "faults/image")
    for number in range(3):
        for _, push in pushes(repository, Random(f"refused {number}").randbytes(8 * MIB)):
            require_refused(push)
    assert not list((registry.data / "entrepot/uploads").iterdir()), "a refused push takes space"
    push_manifests_until_refused(repository, images[0])
    delete_half_and_push_again(registry, images, Image(registry, Ledger(), 1000, 4 * MIB))


def take_all_space(hog: Path) -> None:
    with open(hog, "ab", buffering=0) as file:
        for size in (MIB, 4096, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC


@pytest.mark.parametrize("disk", [()], indirect=True)
def test_space_that_another_program_takes(registry, disk):
    """To the last byte, and then the server's reserve, too."""
    ledger = Ledger()
    image = Image(registry, ledger, 1, tag="1")
    image.push()
    new = Image(registry, ledger, 2, tag="2")
    hog = disk.path / "hog"
    for _ in range(2):
        take_all_space(hog)
        with pytest.raises(Refused, match="507"):
            new.push()
        ledger.check(registry.client, everything=True)
    require_refused(lambda: image.repository.put_manifest("3", image.manifest, OCI_MANIFEST))
    hog.unlink()
    push_when_healed(new)
    image.delete()
    ledger.check(registry.client, everything=True)


@pytest.mark.parametrize("disk", [("-N", "1024")], indirect=True)
def test_no_inodes(registry, disk):
    images = fill(registry, 10)
    assert len(images) > 100
    delete_half_and_push_again(registry, images, Image(registry, Ledger(), 10_000, 10))
