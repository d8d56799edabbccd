# ctest: labels=faults timeout=900
"""`kill -9` at the n-th call that changes a file, for every third n, or every one with `--all`, while
the server looks after its own metadata: opens an older program's, or backs it up."""

import os
import re
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from failing_calls import KILL, FailingCalls, Kind
from image import Image
from ledger import Ledger
from support.content import Repository
from support.older import NAMES, Older
from support.registry import Entrepot

STEP = 1 if os.environ.get("ENTREPOT_TEST_ALL") == "1" else 3
BACKED_UP_SECONDS = 10
NAME_OF_A_BACKUP = re.compile(r"metadata-\d{8}T\d{6}Z\.sqlite")


@pytest.mark.parametrize("name", NAMES)
def test_each_call_of_an_upgrade(failing_calls_library, tmp_path, name):
    """The next start completes what the killed one began, and nothing in the directory is lost."""
    for nth in count(1, STEP):
        directory = tmp_path / str(nth)
        directory.mkdir()
        calls = FailingCalls(failing_calls_library, directory, directory / "data/entrepot")
        older = Older(name, directory, calls.environment)
        calls.arm(Kind.CHANGE, KILL, nth)
        older.registry.process.spawn(older.registry._command(), calls.environment)
        older.registry.process.wait_until_ended_or(lambda: listens(older.registry), 10)
        calls.disarm()
        print(f"{nth}: {calls}")
        if not calls.hits:
            older.registry.stop()
            break
        older.registry.process.wait(5)
        older.registry.start()
        older.check()
        Repository(older.registry.client, "acme/app").push_image("new")
        older.registry.stop()
    assert nth > 5


def listens(registry: Entrepot) -> bool:
    return "listening on" in registry.process.current_stdout()


def test_each_call_of_a_backup(failing_calls_library, tmp_path):
    """What has a backup's name is a whole one; the metadata itself has lost nothing; what the killed
    process left over goes with the next backup."""
    folder = tmp_path / "entrepot/data/entrepot/backups"
    calls = FailingCalls(failing_calls_library, tmp_path, below=folder)
    registry = Entrepot(tmp_path / "entrepot", calls.environment,
                        ("--backup.interval", "1s", "--backup.keep", "100")).start()
    ledger = Ledger()
    image = Image(registry, ledger, 1)
    image.push()
    for nth in count(1, STEP):
        calls.arm(Kind.CHANGE, KILL, nth)
        registry.process.wait_until_ended_or(
            lambda: "backed the metadata up" in registry.process.current_stderr(),
            BACKED_UP_SECONDS)
        calls.disarm()
        print(f"{nth}: {calls}")
        for backup in backups(folder):
            assert tags_in(backup) == {"latest"}
        if not calls.hits:
            break
        registry.process.wait(5)
        registry.start()
        ledger.check(registry.client, everything=True)
    assert nth > 5
    registry.stop()
    assert backups(folder) == list(folder.iterdir())


def backups(folder: Path) -> list[Path]:
    return [file for file in folder.glob("*") if NAME_OF_A_BACKUP.fullmatch(file.name)]


def tags_in(backup: Path) -> set[str]:
    """Those of a store that is whole."""
    with closing(sqlite3.connect(f"file:{backup}?mode=ro&immutable=1", uri=True)) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {name for (name,) in store.execute("SELECT name FROM tags")}
