# ctest: labels=faults timeout=200
"""`entrepot backup --to`: whichever call on its target fails, nothing is left there."""

import os
from itertools import count

import pytest

from failing_calls import EIO, ENOSPC, FailingCalls, Kind
from support.command import run
from support.content import Repository
from support.paths import entrepot


@pytest.mark.parametrize("error, kinds", [(ENOSPC, Kind.WRITE), (EIO, Kind.CHANGE & ~Kind.REMOVE)])
def test_each_call_that_fails(start_registry, failing_calls_library, tmp_path, error, kinds):
    target = tmp_path / "target"
    target.mkdir()
    registry = start_registry()
    Repository(registry.client, "app").push_image("latest")
    calls = FailingCalls(failing_calls_library, tmp_path, below=target)
    for nth in count(1):
        calls.arm(kinds, error, nth)
        done = run(entrepot(), "backup", "--data", registry.data, "--to", target / "copy.db",
                   environment=calls.environment, expect=None)
        print(f"{nth}: {calls}: {done.stderr}")
        if not calls.hits:
            assert done.returncode == 0 and os.listdir(target) == ["copy.db"]
            break
        assert done.returncode == 1 and done.stdout == ""
        assert os.listdir(target) == []
    assert nth > 3
