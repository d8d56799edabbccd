# ctest: labels=faults timeout=200
"""What can happen to the file of the metadata and to those beside it, from outside."""

import sqlite3
import time
from contextlib import closing
from random import Random

import pytest

from image import Image
from ledger import Ledger
from load import Refused
from support.command import run
from support.content import OCI_MANIFEST, digest_of
from support.paths import entrepot
from support.registry import Entrepot

ANSWERED_SECONDS = 30  # what a write may wait for its turn, and some
PAGE = 4096


@pytest.fixture
def registry(tmp_path):
    server = Entrepot(tmp_path / "entrepot").start()
    yield server
    server.kill()


@pytest.fixture
def pushed(registry):
    """A ledger with some images in it."""
    ledger = Ledger()
    for number in range(5):
        Image(registry, ledger, number, layer_bytes=1000, tag=f"v{number}").push()
    return ledger


def file(registry, suffix: str = ""):
    return registry.data / f"entrepot/meta.db{suffix}"


def test_index_of_the_log_is_lost_after_a_kill(registry, pushed):
    """It is made anew from the log, which holds all that was acknowledged."""
    registry.kill()
    assert file(registry, "-wal").stat().st_size > 0
    file(registry, "-shm").unlink()
    registry.start()
    pushed.check(registry.client, everything=True)


def test_log_is_removed_after_a_stop(registry, pushed):
    """A server that ends leaves nothing in the log: who tidies up, or copies the one file, loses
    nothing. (A log that is removed after a kill takes what was in it along.)"""
    registry.stop()
    for suffix in ("-wal", "-shm"):
        file(registry, suffix).unlink(missing_ok=True)
    registry.start()
    pushed.check(registry.client, everything=True)


def test_another_process_holds_the_lock(registry, pushed):
    """Writes wait and are refused as ours to mend, pulls go on, and all is well once it lets go."""
    image = Image(registry, pushed, 10, layer_bytes=1000, tag="v10")
    with closing(sqlite3.connect(file(registry), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begin = time.monotonic()
        answer = image.repository.put_manifest("v11", b"{}", OCI_MANIFEST)
        assert answer.status == 400, answer  # what is wrong with it is told before
        with pytest.raises(Refused, match="503"):
            image.push()
        assert time.monotonic() - begin < ANSWERED_SECONDS
        assert pushed.check(registry.client, everything=True, settle=False) > 10
        assert registry.process.running()
        other.execute("ROLLBACK")
    push_until_taken(image)
    pushed.check(registry.client, everything=True)


def push_until_taken(image: Image) -> None:
    deadline = time.monotonic() + ANSWERED_SECONDS
    while True:
        try:
            return image.push()
        except Refused as refused:
            assert refused.status == 503 and time.monotonic() < deadline, refused
            time.sleep(0.2)


@pytest.mark.parametrize("seed", range(12))
def test_page_is_spoiled(registry, pushed, seed):
    """Refused at the start, or what was read wrongly is refused: what is served is right."""
    registry.stop()
    random = Random(seed)
    content = bytearray(file(registry).read_bytes())
    page = random.randrange(1, len(content) // PAGE)
    content[page * PAGE:(page + 1) * PAGE] = random.randbytes(PAGE)
    file(registry).write_bytes(content)
    registry.process.spawn(registry._command(), registry.environment)
    registry.process.wait_until_ended_or(
        lambda: "listening on" in registry.process.current_stdout(), ANSWERED_SECONDS)
    if not registry.process.running():
        assert registry.process.wait(1) == 1
        assert "meta.db" in registry.process.current_stderr().splitlines()[-1]
        return
    registry.address = registry._listening_on()
    for target, values in pushed.settled():
        answer = registry.client.get(target, Accept="*/*")
        assert answer.status in (200, 404, 500, 503), (page, target, answer)
        if answer.status == 200:
            assert digest_of(answer.body) in values, (page, target)
        assert b"meta.db" not in answer.body
    assert registry.process.running()


def test_two_commands_and_a_server_share_it(registry, pushed):
    """A collection by the command, beside the server, changes nothing that anybody needs."""
    for _ in range(3):
        run(entrepot(), "gc", "--data", registry.data, "--delete-untagged")
    pushed.check(registry.client, everything=True)
