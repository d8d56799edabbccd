"""Fixtures shared by all tests that run the whole program."""

import secrets
import shutil
import tempfile
from pathlib import Path

import pytest

from support.namespace import NetworkNamespace
from support.registry import Registry, registry_class


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keeps the outcome of each phase on the item, for fixtures that report it at their end."""
    report = yield
    setattr(item, f"report_{report.when}", report)
    if report.when == "call" and report.failed:
        for registry in _registries(item):
            report.sections.append((f"log of {registry.name}", registry.process.log()))
    return report


def _registries(item) -> list[Registry]:
    values = getattr(item, "funcargs", {}).values()
    return [value for value in values if isinstance(value, Registry)]


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """One registry for the tests of a file; each test uses repository names of its own."""
    server = registry_class()(tmp_path_factory.mktemp("registry")).start()
    yield server
    server.stop()
    server.process.discard()


@pytest.fixture
def start_registry(tmp_path):
    """Starts registries that a test wants for itself: start_registry(options=[…], …)."""
    yield from _starter(tmp_path)


@pytest.fixture(scope="module")
def start_module_registry(tmp_path_factory):
    """The same for the tests of a file together."""
    yield from _starter(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def network():
    """A network of the file's own: the ports that guides and examples name are free in it."""
    namespace = NetworkNamespace()
    yield namespace
    namespace.close()


@pytest.fixture
def scratch():
    """A folder with a short name (podman allows 50 characters), emptied at once."""
    directory = Path(tempfile.gettempdir()) / f"entrepot-{secrets.token_hex(4)}"
    directory.mkdir()
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def _starter(directory):
    started: list[Registry] = []

    def start(**settings) -> Registry:
        server = registry_class()(directory / f"registry{len(started)}", **settings)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()
        server.process.discard()
