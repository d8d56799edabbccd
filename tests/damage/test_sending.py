# ctest: labels=damage timeout=200
"""An answer that breaks off in the middle: was it the client, or our file?"""

import os
import socket
import time

import pytest

from conftest import damage_lines, damaged_count, metric
from faults.failing_calls import EIO, FailingCalls, Kind, build_library

SIZE = 24 << 20  # more than the sockets between the two hold
NO_SCRUB = ("--scrub.enabled=false",)


def wait_until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


class SlowReader:
    """A client that has asked for a blob, and takes its answer as slowly as a test wants."""

    def __init__(self, image):
        host, port = image.registry.address.rsplit(":", 1)
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        self._socket.settimeout(60)
        self._socket.connect((host, int(port)))
        path = image.repository.path(f"blobs/{image.layer_digest}")
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert self._socket.recv(1000).startswith(b"HTTP/1.1 200")

    def read_to_the_end(self) -> int:
        count = 0
        try:
            while piece := self._socket.recv(1 << 20):
                count += len(piece)
        except ConnectionResetError:
            pass
        return count

    def leave(self) -> None:
        self._socket.close()


def faults(registry) -> float:
    return metric(registry, "entrepot_http_body_faults_total")


def test_client_that_leaves_is_no_damage(start_registry, image_of):
    registry = start_registry(options=NO_SCRUB)
    image = image_of(registry, layer=os.urandom(SIZE))
    SlowReader(image).leave()
    wait_until(lambda: metric(
        registry, 'entrepot_http_broken_total{route="blob"}') >= 1)
    assert faults(registry) == 0
    assert damaged_count(registry) == (0, 0)
    image.pull()


def test_file_that_shrinks_under_its_reader_is_set_aside(start_registry, image_of):
    registry = start_registry(options=NO_SCRUB)
    image = image_of(registry, layer=os.urandom(SIZE))
    reader = SlowReader(image)
    os.truncate(image.layer_file, SIZE // 2)
    assert reader.read_to_the_end() < SIZE
    wait_until(lambda: damaged_count(registry) == (1, 0))
    assert faults(registry) == 1
    assert len(damage_lines(registry)) == 1
    assert image.layer_status() == 404
    assert image.tag_status() == 404
    assert image.push_as_crane_does() == 2
    image.pull()


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build_library(tmp_path_factory.mktemp("library"))


def test_file_that_the_disk_does_not_give_is_set_aside(start_registry, image_of, library, tmp_path):
    registry = start_registry(options=NO_SCRUB)
    image = image_of(registry, layer=os.urandom(SIZE))
    image_of(registry, "other", b"another layer")
    registry.stop()
    calls = FailingCalls(library, tmp_path, image.layer_file.parent)
    registry.environment.update(calls.environment)
    registry.start()
    reader = SlowReader(image)
    calls.arm(Kind.READ, EIO, every=1)
    assert reader.read_to_the_end() < SIZE
    wait_until(lambda: damaged_count(registry) == (1, 0))
    assert faults(registry) == 1
    assert len(damage_lines(registry)) == 1
    assert image.layer_status() == 404
    assert registry.client.get("/readyz").status == 200
    calls.disarm()
    assert image.push_as_crane_does() == 2
    image.pull()


def test_store_in_trouble_sets_nothing_aside(start_registry, image_of, library, tmp_path):
    """Error after error: no blob can be read, so none is to blame."""
    registry = start_registry(options=NO_SCRUB)
    image = image_of(registry, layer=os.urandom(SIZE))
    image_of(registry, "other", b"another layer")
    registry.stop()
    calls = FailingCalls(library, tmp_path, registry.data / "docker")
    registry.environment.update(calls.environment)
    registry.start()
    reader = SlowReader(image)
    calls.arm(Kind.READ, EIO, every=1)
    assert reader.read_to_the_end() < SIZE
    wait_until(lambda: "nothing is set aside" in registry.process.current_stderr())
    assert faults(registry) == 1
    calls.disarm()
    assert damaged_count(registry) == (0, 0)
    image.pull()
