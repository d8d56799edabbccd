# ctest: labels=damage,all timeout=1800
"""Each file and each folder of the data directory is removed, and each file is cut, in turn: between
two starts and under the running server.

Whatever it is: the server tells it in its log, no answer names a place of the disk, what is served
is right, and a push heals it. What a push cannot heal, because the server refuses to start without
it, is told by the name of the file.
"""

import http.client
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.command import run
from support.content import DOCKER_MANIFEST, OCI_MANIFEST, Repository, digest_of
from support.dockerd import Dockerd, load_image
from support.http import Answer
from support.layout import Layout, random_files, tar_of
from support.paths import program
from support.registry import Entrepot

OPTIONS = ("--backup.interval", "1s", "--backup.keep", "1")
WAIT_SECONDS = 60
NAME = "each/file"
ACCEPT = f"{OCI_MANIFEST}, {DOCKER_MANIFEST}"
PLACES = ("docker/registry", "meta.db", "entrepot/", "No such file", "errno")
# Without these the server does not start; the message says which, and what to do.
NEEDED_TO_START = ("entrepot/meta.db", "entrepot/id")
TOLD = re.compile(r"Z (warning|error) ")


@dataclass(frozen=True)
class Damage:
    path: str  # below the data directory
    is_cut: bool

    def __str__(self) -> str:
        return f"{self.path} {'cut' if self.is_cut else 'removed'}"

    def happen(self, data: Path) -> None:
        target = data / self.path
        if self.is_cut:
            os.truncate(target, target.stat().st_size // 2)
        elif target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()


def damages(data: Path) -> Iterator[Damage]:
    for found in sorted(data.rglob("*")):
        path = str(found.relative_to(data))
        yield Damage(path, False)
        if found.is_file() and found.stat().st_size > 1:
            yield Damage(path, True)


# --- who pushes: the same image each time

@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Path:
    made = Layout(tmp_path_factory.mktemp("layout") / "image")
    layers = [made.add_layer(tar_of(random_files(900 + number, 1, 3000))) for number in range(2)]
    made.finish({"latest": made.add_image(layers, {"architecture": "amd64", "os": "linux"}, ["/x"])})
    return made.directory


@pytest.fixture(scope="module")
def docker(tmp_path_factory, layout):
    folder = tmp_path_factory.mktemp("docker")
    daemon = Dockerd(folder / "d").start()
    load_image(daemon, f"oci:{layout}:latest", "each/file:latest", folder)
    yield daemon
    daemon.stop()


@pytest.fixture(params=["crane", "docker", "skopeo"])
def push(request, layout) -> Callable[[Entrepot], None]:
    """push(registry): by a client that does as it always does; it fails if the client does."""
    if request.param == "crane":
        return lambda registry: run(program("crane"), "push", "--insecure", layout,
                                    registry.reference(NAME))
    if request.param == "skopeo":
        return lambda registry: run(
            program("skopeo"), "copy", "--dest-tls-verify=false", f"oci:{layout}:latest",
            f"docker://{registry.reference(NAME)}")
    daemon = request.getfixturevalue("docker")

    def by_docker(registry: Entrepot) -> None:
        daemon.docker("tag", "each/file:latest", registry.reference(NAME))
        daemon.push(registry.reference(NAME))

    return by_docker


# --- what is looked at

def targets(registry: Entrepot) -> dict[str, str]:
    """What clients ask for, with the digest of what they get."""
    client = registry.client
    manifest = client.get(f"/v2/{NAME}/manifests/latest", Accept=ACCEPT)
    assert manifest.status == 200, manifest
    digest = digest_of(manifest.body)
    blobs = [manifest.json()["config"], *manifest.json()["layers"]]
    return {f"/v2/{NAME}/manifests/latest": digest, f"/v2/{NAME}/manifests/{digest}": digest,
            **{f"/v2/{NAME}/blobs/{blob['digest']}": blob["digest"] for blob in blobs}}


def look(registry: Entrepot, wanted: dict[str, str]) -> list[Answer | None]:
    """Asks for all, and for what is written with; whatever is given is right. None: it broke off."""
    answers: list[Answer | None] = []
    for target, digest in wanted.items():
        try:
            answer = registry.client.get(target, Accept=ACCEPT)
        except http.client.IncompleteRead:
            answers.append(None)
            continue
        assert answer.status != 200 or digest_of(answer.body) == digest, target
        answers.append(answer)
    repository = Repository(registry.client, NAME)
    answers.append(registry.client.get(repository.path("tags/list")))
    answers.append(repository.start_upload())
    answers.append(repository.start_upload(f"?mount={wanted[target]}&from={NAME}"))
    answers.append(registry.client.get("/readyz"))
    for answer in filter(None, answers):
        assert answer.status < 600 and answer.status != 500, answer
        if answer.status >= 400:
            told = answer.body.decode()
            assert not any(place in told for place in (str(registry.data), *PLACES)), told
    return answers


def is_whole(registry: Entrepot, wanted: dict[str, str]) -> bool:
    return all(answer is not None and answer.status < 300 for answer in look(registry, wanted))


@pytest.fixture
def kept(tmp_path, push) -> tuple[Path, dict[str, str]]:
    """A data directory with the image, an upload under way and a backup, and what it serves."""
    registry = Entrepot(tmp_path / "kept", options=OPTIONS).start()
    push(registry)
    repository = Repository(registry.client, NAME)
    registry.client.request("PATCH", repository.upload(), b"half of a layer")
    wanted = targets(registry)
    backups = registry.data / "entrepot/backups"
    wait_until(lambda: any(backups.glob("*.sqlite")))
    registry.stop()
    return registry.data, wanted


def wait_until(condition) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.mark.parametrize("running", [False, True], ids=["between starts", "running"])
def test_each_is_noticed_and_healed(tmp_path, push, kept, running):
    data, wanted = kept
    failures = []
    for number, damage in enumerate(damages(data)):
        registry = Entrepot(tmp_path / str(number), options=OPTIONS)
        registry.data.rmdir()
        shutil.copytree(data, registry.data, symlinks=True)
        try:
            go_through(registry, damage, push, wanted, running)
        except (AssertionError, OSError) as failure:
            failures.append(f"{damage}: {failure}"[:600])
        finally:
            registry.kill()
            registry.process.discard()
    assert not failures, "\n".join(failures)


def go_through(registry: Entrepot, damage: Damage, push, wanted: dict[str, str],
               running: bool) -> None:
    if running:
        registry.start()
        look(registry, wanted)
        damage.happen(registry.data)
    else:
        damage.happen(registry.data)
        if not starts(registry, damage):
            return
    if not is_whole(registry, wanted):
        wait_until(lambda: tells(registry))
    # What is in memory, an open file with it, may hide the damage until the next start.
    for _ in range(2):
        if not (is_pushed(registry, push) and is_whole(registry, wanted)):
            wait_until(lambda: tells(registry))
            registry.process.stop()
            if not starts(registry, damage):
                return
            push(registry)
        assert is_whole(registry, wanted), "a push does not heal it"
        registry.process.stop()
        if not starts(registry, damage):
            return
        if is_whole(registry, wanted):
            return
        wait_until(lambda: tells(registry))
    raise AssertionError("it comes back with each start")


def is_pushed(registry: Entrepot, push) -> bool:
    """False if the server is not ready for it, which it says."""
    try:
        push(registry)
        return True
    except AssertionError:
        wait_until(lambda: registry.client.get("/readyz").status == 503)
        return False


def tells(registry: Entrepot) -> bool:
    """Whether the log of this start has a warning, or worse, besides the one about root."""
    return any(TOLD.search(line) and "as root" not in line
               for line in registry.process.current_stderr().splitlines())


def starts(registry: Entrepot, damage: Damage) -> bool:
    """False if it says why it cannot, as it may without a few files."""
    registry.process.spawn(registry._command(), registry.environment)
    registry.process.wait_until_ended_or(lambda: registry._listening_on(), WAIT_SECONDS)
    if registry.process.running():
        registry.address = registry._listening_on()
        return True
    registry.process.wait(5)
    told = registry.process.current_stderr().splitlines()[-1]
    assert damage.path.startswith(NEEDED_TO_START) or damage.path == "entrepot", told
    assert told.startswith("entrepot: ") and str(registry.data) in told, told
    return False
