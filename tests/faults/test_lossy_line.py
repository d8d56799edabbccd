# ctest: labels=faults,all serial timeout=900
"""A line that loses a third of its packets, resets connections and is narrow: slow, and right."""

import http.client
import time
from collections.abc import Callable
from random import Random

import pytest

from support import images
from support.command import run
from support.content import Repository, digest_of, upload_target
from support.http import Answer, Client
from support.lossy import LossyNetwork
from support.paths import program
from support.registry import Entrepot

CONTENT = Random("a bad line").randbytes(600_000)
CHUNK = 100_000
ATTEMPTS = 200
BROKEN = (OSError, http.client.HTTPException)
CLOSED_SECONDS = 120


@pytest.fixture
def network():
    network = LossyNetwork()
    network.run(program("ip"), "link", "set", "lo", "mtu", "9000")
    yield network
    network.close()


@pytest.fixture
def registry(network, tmp_path):
    server = Entrepot(tmp_path / "entrepot", prefix=network.prefix).start()
    yield server
    server.stop()


class Patient:
    """A client that asks again when a connection breaks."""

    def __init__(self, address: str):
        self.client = Client(address)
        self.broken = 0

    def ask(self, request: Callable[[Client], Answer]) -> Answer:
        for _ in range(ATTEMPTS):
            answer = self.once(request)
            if answer is not None:
                return answer
        raise AssertionError("no attempt came through")

    def once(self, request: Callable[[Client], Answer]) -> Answer | None:
        try:
            return request(self.client)
        except BROKEN:
            self.broken += 1
            self.client.close()
            return None


def push(patient: Patient, name: str, content: bytes) -> str:
    """In chunks; after each break it asks how far the upload came."""
    digest = digest_of(content)
    path = f"/v2/{name}/blobs"
    started = patient.ask(lambda client: client.request("POST", f"{path}/uploads/", b""))
    target, offset = upload_target(started, patient.client), 0
    while offset < len(content):
        piece = content[offset:offset + CHUNK]
        where = {"Content-Range": f"{offset}-{offset + len(piece) - 1}"}
        answer = patient.once(lambda client: client.request("PATCH", target, piece, where))
        if answer is None or answer.status == 416:  # a first attempt came through unheard
            told = patient.ask(lambda client: client.get(target))
            assert told.status == 204, told
            last = int(told.header("Range").removeprefix("0-"))
            offset = last + 1 if last else 0
        else:
            assert answer.status == 202, answer
            target, offset = upload_target(answer, patient.client), offset + len(piece)
    # Its answer may be lost, and then the blob is there.
    while patient.ask(lambda client: client.head(f"{path}/{digest}")).status != 200:
        patient.once(lambda client: client.request("PUT", f"{target}&digest={digest}", b""))
    return digest


def pull(patient: Patient, target: str, size: int) -> bytes:
    """By ranges, from wherever it broke off."""
    content = b""
    for _ in range(ATTEMPTS):
        try:
            answer = patient.client.get(target, Range=f"bytes={len(content)}-")
            assert answer.status == 206, answer
            content += answer.body
        except http.client.IncompleteRead as part:
            content += part.partial
            patient.client.close()
        except BROKEN:
            patient.client.close()
        if len(content) == size:
            return content
    raise AssertionError(f"{len(content)} of {size} bytes came")


def test_uploads_and_ranges_go_on(network, registry):
    def act() -> None:
        patient = Patient(registry.address)
        network.reset(0.03, int(registry.address.rpartition(":")[2]))
        digest = push(patient, "bad/line", CONTENT)
        assert pull(patient, f"/v2/bad/line/blobs/{digest}", len(CONTENT)) == CONTENT
        assert patient.broken > 0, "no connection was reset"
        network.mend()
        network.lose(0.3)
        network.narrow("1mbit")
        digest = push(patient, "bad/line", CONTENT[::-1])
        assert pull(patient, f"/v2/bad/line/blobs/{digest}", len(CONTENT)) == CONTENT[::-1]
        network.mend()

    network.inside(act)
    wait_until_left_alone(network, registry)


@pytest.mark.parametrize("client", ["crane", "skopeo"])
def test_clients_get_through(network, registry, scratch, client):
    """Every digest as it was, there and back, with a tenth of the packets lost."""
    image = images.multi_architecture()

    def act() -> None:
        network.lose(0.1)
        remote = registry.reference("bad/line")
        options = ("--all", "--preserve-digests", "--retry-times=5")
        if client == "crane":
            run(program("crane"), "push", "--insecure", "--index", image.layout, remote, timeout=300)
            run(program("crane"), "validate", "--insecure", "--remote", remote, timeout=300)
        else:
            run(program("skopeo"), "copy", *options, "--dest-tls-verify=false", image.reference(),
                f"docker://{remote}", timeout=300)
            run(program("skopeo"), "copy", *options, "--src-tls-verify=false", f"docker://{remote}",
                f"oci:{scratch}/back:latest", timeout=300)
            assert images.Image(scratch / "back").digest() == image.digest()
        network.mend()

    network.inside(act)
    wait_until_left_alone(network, registry)


def wait_until_left_alone(network, registry) -> None:
    """The server lets go of connections whose other end vanished."""
    def open_connections() -> int:
        found = network.run(program("ss"), "-Htn", "state", "established", "sport",
                            f"= :{registry.address.rpartition(':')[2]}").stdout
        return len(found.splitlines())

    deadline = time.monotonic() + CLOSED_SECONDS
    while open_connections():
        assert time.monotonic() < deadline, "connections are left"
        time.sleep(0.5)

    def act() -> None:
        repository = Repository(registry.client, "after/all")
        repository.push_image("latest")

    network.inside(act)
