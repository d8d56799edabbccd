# ctest: labels=serving timeout=300
"""`entrepot backup`: a copy of the metadata while clients push, or while nobody does; where it may
go, and that nothing is left where it fails."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from served import ANY_PORT
from support.command import run
from support.content import Repository
from support.paths import entrepot
from support.registry import Registry

PUSHERS = 8
NAME = re.compile(r"metadata-\d{8}T\d{6}Z\.sqlite")
USER, GROUP = 65534, 65534
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")


def backup(registry: Registry, *arguments, expect: int | None = 0):
    return run(entrepot(), "backup", "--data", registry.data, *arguments, expect=expect)


def restored(backup_file: Path, registry: Registry, start) -> Registry:
    """A registry of the backup and of the layers that are there."""
    other = start()
    other.stop()
    shutil.rmtree(other.data)
    (other.data / "entrepot").mkdir(parents=True)
    shutil.copy(backup_file, other.data / "entrepot/meta.db")
    shutil.copytree(registry.data / "docker", other.data / "docker")
    return other.start()


class Pusher(threading.Thread):
    """Pushes one image after the other, and keeps what was acknowledged."""

    def __init__(self, registry: Registry, number: int, ending: threading.Event):
        super().__init__()
        self.repository = Repository(registry.client, f"pusher{number}")
        self.acknowledged: dict[str, str] = {}
        self._ending = ending

    def run(self) -> None:
        while not self._ending.is_set():
            tag = f"v{len(self.acknowledged)}"
            self.acknowledged[tag] = self.repository.push_image(tag).digest


def test_restores_all_that_was_acknowledged_before(start_registry, tmp_path):
    registry = start_registry()
    ending = threading.Event()
    pushers = [Pusher(registry, number, ending) for number in range(PUSHERS)]
    for pusher in pushers:
        pusher.start()
    while any(len(pusher.acknowledged) < 5 for pusher in pushers):
        time.sleep(0.01)
    before = [dict(pusher.acknowledged) for pusher in pushers]
    told = backup(registry, "--to", tmp_path / "copy.db").stdout
    ending.set()
    for pusher in pushers:
        pusher.join()
    assert re.fullmatch(rf"{tmp_path}/copy.db: \d+ bytes in [\d.]+ s, read again: {PUSHERS} "
                        r"repositories, \d+ manifests, \d+ tags, the names of \d+ blobs\n", told)
    other = restored(tmp_path / "copy.db", registry, start_registry)
    for pusher, tags in zip(pushers, before):
        repository = Repository(other.client, pusher.repository.name)
        for tag, digest in tags.items():
            answer = other.client.get(repository.path(f"manifests/{tag}"))
            assert answer.header("Docker-Content-Digest") == digest, answer
            for blob in (answer.json()["config"], *answer.json()["layers"]):
                assert other.client.head(
                    repository.path(f"blobs/{blob['digest']}")).status == 200


@pytest.mark.parametrize("served", [True, False])
def test_goes_where_the_periodic_ones_go(start_registry, served):
    registry = start_registry(options=["--backup.keep", "2"])
    Repository(registry.client, "app").push_image("latest")
    if not served:
        registry.stop()
    folder = registry.data / "entrepot/backups"
    for _ in range(3):
        told = backup(registry, "--backup.keep", "2").stdout
        assert "1 repositories, 1 manifests, 1 tags, the names of 2 blobs" in told
        path = Path(told.split(":")[0])
        assert path.parent == folder and NAME.fullmatch(path.name)
        assert path.stat().st_mode & 0o777 == 0o600
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as store:
            assert store.execute("SELECT name FROM tags").fetchall() == [("latest",)]
        time.sleep(1.1)  # names tell seconds
    assert len(os.listdir(folder)) == 2
    if served:
        metrics = registry.client.get("/metrics").body.decode()
        assert "entrepot_backup_seconds_count 3" in metrics


def test_is_asked_for_where_the_server_makes_none_by_itself(start_registry):
    registry = start_registry(options=["--backup.interval", "0"])
    backup(registry)
    assert len(os.listdir(registry.data / "entrepot/backups")) == 1


def test_says_why_the_server_could_not(start_registry):
    registry = start_registry()
    (registry.data / "entrepot/backups").write_text("a file where the directory belongs")
    done = backup(registry, expect=1)
    assert "unable to open" in done.stderr, done.stderr
    assert "entrepot_backup_failed_total 1" in registry.client.get("/metrics").body.decode()


def inside(data: Path, elsewhere: Path) -> list[Path]:
    """Ways to spell a file in the data directory."""
    (elsewhere / "link").symlink_to(data)
    (elsewhere / "deep").symlink_to(data / "entrepot/uploads")
    return [data / "copy.db", data / "entrepot/copy.db", data / "docker/copy.db",
            elsewhere / "link/copy.db", elsewhere / "deep/copy.db",
            elsewhere / ".." / data.parent.name / "data/copy.db"]


def test_nothing_is_written_where_it_must_not_be(start_registry, tmp_path):
    registry = start_registry()
    Repository(registry.client, "app").push_image("latest")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.db").write_text("mine")
    (elsewhere / "dangling").symlink_to("nowhere")
    cases = [(path, "lies in the data directory") for path in inside(registry.data, elsewhere)]
    cases += [(elsewhere / "mine.db", "is there already"), (elsewhere, "is there already"),
              (elsewhere / "dangling", "is there already"),
              (elsewhere / "no/copy.db", "No such file or directory"),
              ("", "names no file")]

    def everything():
        return sorted(str(path) for path in tmp_path.rglob("*") if "meta.db" not in path.name)

    before = everything()
    for path, said in cases:
        done = backup(registry, "--to", path, expect=1)
        assert said in done.stderr, (path, done.stderr)
        assert everything() == before
    assert (elsewhere / "mine.db").read_text() == "mine"


def test_layers_on_another_disk_are_the_data_directory_too(start_registry, tmp_path):
    registry = start_registry()
    Repository(registry.client, "app").push_image("latest")
    registry.stop()
    shutil.move(registry.data / "docker", tmp_path / "disk")
    (registry.data / "docker").symlink_to(tmp_path / "disk")
    done = backup(registry, "--to", tmp_path / "disk/registry/copy.db", expect=1)
    assert "lies in the data directory" in done.stderr


def test_without_a_value_it_is_not_understood(start_registry):
    assert backup(start_registry(), "--to", expect=2).returncode == 2


def test_a_signal_leaves_all_of_it_or_nothing(start_registry, tmp_path):
    registry = start_registry()
    registry.stop()
    with closing(sqlite3.connect(registry.data / "entrepot/meta.db")) as store:
        store.executemany("INSERT INTO settings VALUES (?, ?)",
                          ((f"ballast {i}", "x" * 1_000_000) for i in range(64)))
        store.commit()
    target = tmp_path / "target"
    target.mkdir()
    ended = set()
    for number in range(25):
        begun = subprocess.Popen([entrepot(), "backup", "--data", registry.data,
                                  "--to", target / "copy.db"], stderr=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL)
        time.sleep(0.01 * number)
        begun.send_signal(signal.SIGINT if number % 2 else signal.SIGTERM)
        ended.add(code := begun.wait(30))
        assert code in (0, 1, -signal.SIGINT, -signal.SIGTERM)
        assert os.listdir(target) == (["copy.db"] if code == 0 else []), code
        (target / "copy.db").unlink(missing_ok=True)
    assert 1 in ended, ended


@AS_ROOT
@pytest.mark.parametrize("served", [True, False])
def test_root_leaves_nothing_of_roots(scratch, serve, served):
    """As `docker exec` does it: the server has left root, and the command begins as root."""
    data, target, roots = scratch / "data", scratch / "target", scratch / "roots"
    target.mkdir()
    os.chown(target, USER, GROUP)
    roots.mkdir(mode=0o700)
    server = serve("--data", data, "--listen", ANY_PORT, "--user", f"{USER}:{GROUP}")
    if not served:
        server.stop()
    for more in ((), ("--to", target / "copy.db")):
        run(entrepot(), "backup", "--data", data, *more)
    assert {path.lstat().st_uid for path in (*data.rglob("*"), *target.rglob("*"))} == {USER}
    done = run(entrepot(), "backup", "--data", data, "--to", roots / "copy.db", expect=1)
    assert f"as user {USER}" in done.stderr
