# ctest: labels=program timeout=120
"""The commands beside `serve`: what they say, what they refuse, and that gc works with and without a
server."""

import os
import re
import signal
import subprocess
import time

import pytest

from support.content import Repository
from support.paths import entrepot
from support.raw import RawConnection
from support.registry import Registry

GOOD, NOT_UNDERSTOOD = 0, 2


def command(*arguments) -> subprocess.CompletedProcess:
    """Runs a command to its end; none of those below serves."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith(("ENTREPOT_", "REGISTRY_"))}
    return subprocess.run([entrepot(), *map(str, arguments)], capture_output=True, text=True,
                          timeout=30, env=clean)


def stored_blobs(registry: Registry) -> int:
    return len(list(registry.data.glob("docker/registry/v2/blobs/sha256/*/*/data")))


@pytest.mark.parametrize("arguments, said", [
    (["sevre"], 'did you mean "serve"?'),
    (["start"], 'did you mean "serve"?'),
    (["serve", "--port", "5000"], "did you mean --listen?"),
    (["backup", "--to"], "--to needs a value"),
    (["serve", "--dat", "x"], "did you mean --data?"),
    (["serve", "a.yml", "b.yml"], "serve takes 1 operand"),
])
def test_what_is_not_understood(arguments, said):
    done = command(*arguments)
    assert done.returncode == NOT_UNDERSTOOD
    assert said in done.stderr


def test_help_names_every_command():
    shown = command("help").stdout
    for name in ("serve", "check", "gc", "garbage-collect", "fsck", "backup", "health", "import",
                 "export", "options", "manual", "completion", "version"):
        assert re.search(rf"^  {name} ", shown, re.M), name
        assert command(name, "--help").returncode == GOOD


def commands() -> list[str]:
    return re.findall(r"^  ([a-z-]+) ", command("help").stdout, re.M)


def test_a_typo_in_the_path_makes_nothing(tmp_path):
    """Of every command but `serve`, whose start makes what is missing."""
    asked = set(commands()) - {"serve"}
    assert {"gc", "garbage-collect", "fsck", "backup", "check", "import", "export"} <= asked
    file = tmp_path / "config.yml"
    for nowhere in (tmp_path / "nowhere", tmp_path / "no/where"):
        file.write_text(
            f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {nowhere}}}}}\n")
        for name in asked:
            for words in ([name, "--data", nowhere], [name, file]):
                done = command(*words)
                assert done.returncode in (0, 1, 2), words
                assert list(tmp_path.iterdir()) == [file], words
        for name in ("gc", "garbage-collect", "fsck", "backup"):
            assert f"no registry in {nowhere}: there is no such directory" in command(
                name, file).stderr
    with_data = command("gc", "--data", tmp_path)
    assert with_data.returncode == 1 and "it has no entrepot/meta.db" in with_data.stderr
    assert list(tmp_path.iterdir()) == [file]


def test_help_lists_what_a_command_goes_by():
    gc, serve = command("gc", "--help").stdout, command("serve", "--help").stdout
    assert "--collect.delay DURATION" in gc and "Default: 24h." in gc
    assert "--listen" not in gc and "--listen ADDRESS" in serve
    assert "To restore" in command("backup", "--help").stdout


def test_a_variable_of_another_name_is_led_to_the_right_one(tmp_path):
    done = subprocess.run([entrepot(), "check", "--data", tmp_path / "d"], capture_output=True,
                          text=True, timeout=30,
                          env={**os.environ, "ENTREPOT_PORT": "5000"})
    assert 'did you mean "ENTREPOT_HTTP_LISTEN"?' in done.stdout


def test_somebody_who_asks_twice_does_not_wait(start_registry):
    registry = start_registry(options=["--http.drain_timeout", "60s"])
    location = Repository(registry.client, "a").upload()
    with RawConnection(registry.address) as slow:  # its exchange never ends
        slow.send(f"PATCH {location} HTTP/1.1\r\nHost: localhost\r\n"
                  "Content-Length: 9\r\n\r\nx".encode())
        time.sleep(0.2)
        registry.process.signal(signal.SIGTERM)
        time.sleep(0.2)
        assert registry.process.running()
        registry.process.signal(signal.SIGTERM)
        assert registry.process.wait(5) == 128 + signal.SIGTERM
    registry.start()  # for the fixture, which wants to end it well


def test_gc_asks_the_server_that_runs(start_registry):
    registry = start_registry()
    Repository(registry.client, "a").push_blob(b"nobody uses this")
    done = command("gc", "--data", registry.data)
    assert done.returncode == GOOD and "0 removed" in done.stdout, "it may belong to a push"
    assert re.search(r"looked at on \d{4}-\d\d-\d\dT.*collect\.delay", done.stdout), done.stdout
    assert "Not to wait: entrepot gc --collect.delay 0s" in done.stdout
    assert stored_blobs(registry) == 1
    dry = command("gc", "--data", registry.data, "--collect.delay", "0s", "--dry-run")
    assert "1 would go" in dry.stdout and stored_blobs(registry) == 1
    assert "1 removed" in command("gc", "--data", registry.data, "--collect.delay", "0s").stdout
    assert stored_blobs(registry) == 0


def test_gc_does_it_itself_where_nobody_serves(start_registry):
    registry = start_registry()
    Repository(registry.client, "a").push_blob(b"nobody uses this")
    registry.stop()
    file = registry.process.directory / "config.yml"
    file.write_text(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {registry.data}}}}}\n")
    assert "1 would go" in command("garbage-collect", "-d", file).stdout
    done = command("garbage-collect", "-m", "-q", file)
    assert (done.returncode, done.stdout) == (GOOD, "")
    assert stored_blobs(registry) == 0


def test_gc_pauses_over_restarts(start_registry):
    registry = start_registry()
    assert command("gc", "--data", registry.data, "--pause").returncode == GOOD
    registry.restart()
    deadline = time.monotonic() + 10
    while "entrepot_collector_paused 1" not in registry.client.get("/metrics").body.decode():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert command("gc", "--data", registry.data, "--resume").returncode == GOOD
