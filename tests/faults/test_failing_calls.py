# ctest: labels=faults serial timeout=600
"""The n-th system call of a push, a delete or a pull fails, for every n: all or nothing.

"All calls" are those on the data directory that change a file, SQLite's with them.
"""

import http.client
import time
from collections.abc import Callable
from itertools import count
from random import Random

import pytest

from failing_calls import EDQUOT, EINTR, EIO, ENOSPC, KILL, SHORT, FailingCalls, Kind
from image import Image
from ledger import Ledger, check_blob_files
from load import SERVER_IS_GONE, Refused
from support.content import Repository, digest_of


def fail_each_call(registry, calls: FailingCalls, action: int,
                   use: Callable[[Image], None], prepare: Callable[[Image], None]) -> int:
    """use(a new image), while the 1st, 2nd, … call is hit, until none is left to be hit.

    After each hit the registry is compared with the ledger and the same is done again, which
    succeeds. Returns how many calls there were.
    """
    ledger = Ledger()
    for nth in count(1):
        image = Image(registry, ledger, nth)
        prepare(image)
        calls.arm(Kind.CHANGE, action, nth)
        refusal = None
        try:
            use(image)
        except Refused as refused:
            refusal = refused
        except SERVER_IS_GONE:
            assert action == KILL
        calls.disarm()
        print(f"{nth}: {calls}: {refusal}")
        if action == KILL and calls.hits:
            registry.process.wait(5)
            registry.start()
            image = Image(registry, ledger, nth)
        if not calls.hits:
            assert refusal is None
            ledger.check(registry.client)
            check_blob_files(registry.data)
            return nth - 1
        require_fitting(refusal, calls, action)
        if needs_restart(calls, action):
            # The log of the metadata may hold what was refused, and show it from then on.
            ledger.check(registry.client, settle=False)
            registry.restart()
        ledger.check(registry.client)
        use(image)
        ledger.check(registry.client)
    raise AssertionError


def require_fitting(refusal: Refused | None, calls: FailingCalls, action: int) -> None:
    if refusal is not None:
        assert refusal.status in {EIO: (500, 503), ENOSPC: (507,), EDQUOT: (507,)}[action], f"{calls}: {refusal}"
    if action == EIO:
        assert calls.syncs_repeated == 0, f"{calls} failed and was repeated"


def needs_restart(calls: FailingCalls, action: int) -> bool:
    """A failure of the metadata's file makes the server read-only until then. A full disk does so
    for a second, and test_full_disk.py waits for that; here a restart is quicker."""
    return action in (ENOSPC, EDQUOT) or (action == EIO and calls.path.startswith("entrepot/meta.db"))


@pytest.mark.parametrize("action", [EIO, ENOSPC, EDQUOT, KILL],
                         ids=["EIO", "ENOSPC", "EDQUOT", "kill"])
def test_each_call_of_a_push(registry, calls, action):
    hit = fail_each_call(registry, calls, action, Image.push, lambda image: None)
    assert hit > 20


@pytest.mark.parametrize("action", [EIO, ENOSPC, KILL], ids=["EIO", "ENOSPC", "kill"])
def test_each_call_of_a_delete(registry, calls, action):
    hit = fail_each_call(registry, calls, action, Image.delete, Image.push)
    assert hit > 5


@pytest.mark.parametrize("action, every", [(SHORT, 1), (EINTR, 2)], ids=["short", "EINTR"])
def test_writes_that_take_more_than_one_attempt(registry, calls, action, every):
    """Writes of half the bytes, and interrupted ones, are carried through."""
    ledger = Ledger()
    calls.arm(Kind.WRITE, action, every=every)
    image = Image(registry, ledger, 1)
    image.push()
    assert calls.hits > 10
    calls.disarm()
    ledger.check(registry.client)
    registry.restart()
    assert ledger.check(registry.client, everything=True) == 4


def test_disk_that_syncs_no_more(registry, calls):
    """Pushes fail, the readiness says so within two seconds, pulls go on; a restart heals."""
    ledger = Ledger()
    Image(registry, ledger, 1).push()
    calls.arm(Kind.SYNC, EIO, every=1)
    with pytest.raises(Refused):
        Image(registry, ledger, 2).push()
    deadline = time.monotonic() + 2
    while registry.client.get("/readyz").status != 503:
        assert time.monotonic() < deadline, "still ready"
        time.sleep(0.05)
    assert registry.client.get("/healthz").status == 200
    assert ledger.check(registry.client, settle=False) == 5
    calls.disarm()
    registry.restart()
    assert registry.client.get("/readyz").status == 200
    ledger.check(registry.client)
    Image(registry, ledger, 3).push()
    ledger.check(registry.client, everything=True)


def test_each_read_of_a_pull(registry, calls):
    """An error or a body that breaks off, never wrong bytes; the next pull is right again."""
    repository = Repository(registry.client, "faults/reads")
    pushed = repository.push_image("latest")
    large = repository.push_blob(Random(1).randbytes(3 << 20))
    targets = {repository.path("manifests/latest"): pushed.digest,
               repository.path(f"blobs/{large}"): large}
    for nth in count(1):
        registry.restart()
        calls.arm(Kind.READ, EIO, nth)
        for target, digest in targets.items():
            try:
                answer = registry.client.get(target)
                assert answer.status >= 500 or digest_of(answer.body) == digest
            except http.client.IncompleteRead:
                pass
        calls.disarm()
        for target, digest in targets.items():
            assert digest_of(registry.client.get(target).body) == digest, f"{nth}: {calls}"
        if not calls.hits:
            break
    assert nth > 5
