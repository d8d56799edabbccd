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
def fault(calls):
    """What the tests of a file arm; a file may have one of its own."""
    return calls


@pytest.fixture
def registry(fault, tmp_path):
    """A server of its own for each test, in which `fault` is at work."""
    server = Entrepot(tmp_path / "entrepot", fault.environment).start()
    yield server
    fault.disarm()
    server.stop()
