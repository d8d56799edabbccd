"""What the fault tests share: a server whose system calls fail on demand."""

import pytest

from failing_calls import FailingCalls, build_library
from support.registry import Entrepot


@pytest.fixture(scope="session")
def failing_calls_library(tmp_path_factory):
    return build_library(tmp_path_factory.mktemp("preload"))


@pytest.fixture
def calls(failing_calls_library, tmp_path):
    return FailingCalls(failing_calls_library, tmp_path, below=tmp_path / "entrepot" / "data")


@pytest.fixture
def registry(calls, tmp_path):
    """A server of its own for each test, whose calls are `calls`."""
    server = Entrepot(tmp_path / "entrepot", calls.environment).start()
    yield server
    calls.disarm()
    server.stop()
