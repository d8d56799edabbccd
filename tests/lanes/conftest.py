"""What these tests share: many clients at once, and a server whose disk is slow when a test says."""

import threading
from pathlib import Path

import pytest

from support.command import run
from support.registry import Entrepot

_SOURCE = Path(__file__).parent / "preload" / "slow_syncs.cc"


class SlowSyncs:
    """How long each sync of a server takes longer than it does."""

    def __init__(self, library: Path, file: Path):
        self._file = file
        file.write_text("")
        self.environment = {"LD_PRELOAD": str(library), "SLOW_SYNCS": str(file)}

    def take(self, milliseconds: int) -> None:
        self._file.write_text(str(milliseconds) if milliseconds else "")


@pytest.fixture(scope="session")
def slow_syncs_library(tmp_path_factory):
    library = tmp_path_factory.mktemp("preload") / "slow_syncs.so"
    run("g++", "-std=c++20", "-O1", "-shared", "-fPIC", "-o", library, _SOURCE, "-ldl")
    return library


@pytest.fixture
def syncs(slow_syncs_library, tmp_path):
    return SlowSyncs(slow_syncs_library, tmp_path / "milliseconds")


@pytest.fixture
def slow_registry(syncs, tmp_path):
    """A server whose syncs take as long as `syncs` says."""
    server = Entrepot(tmp_path / "entrepot", syncs.environment).start()
    yield server
    syncs.take(0)
    server.stop()


@pytest.fixture
def clients():
    """clients(act, count): act(number) on so many threads, which are joined when the test ends."""
    threads: list[threading.Thread] = []

    def begin(act, count: int = 1) -> list[threading.Thread]:
        begun = [threading.Thread(target=act, args=(number,)) for number in range(count)]
        threads.extend(begun)
        for thread in begun:
            thread.start()
        return begun

    yield begin
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
