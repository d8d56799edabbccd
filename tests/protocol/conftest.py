"""What the protocol tests share: a repository each, and a server that stays small and alive."""

import itertools
import os

import pytest

from support.content import Repository

MOST_GROWTH_BYTES = 64 << 20

_serial = itertools.count()


@pytest.fixture
def repository(registry):
    """A repository that no other test uses; it does not exist until something is pushed."""
    return Repository(registry.client, f"protocol/test{next(_serial)}")


@pytest.fixture(autouse=True, scope="module")
def stays_small(request, registry):
    """Whatever a file sends, the server grows by at most 64 MiB and keeps no file open.

    A file that pushes large things may set its own MOST_GROWTH_BYTES.
    """
    most_growth = getattr(request.module, "MOST_GROWTH_BYTES", MOST_GROWTH_BYTES)
    before = registry.process.resident_bytes()
    open_before = registry.process.open_files()
    yield
    assert registry.process.running(), registry.process.log()
    if not _is_sanitized():  # a sanitizer keeps freed memory on purpose
        assert registry.process.resident_bytes() - before < most_growth
    assert registry.process.open_files() - open_before < 40


def _is_sanitized() -> bool:
    return any(preset in os.environ.get("ENTREPOT_BIN", "") for preset in ("/dev/", "/tsan/"))
