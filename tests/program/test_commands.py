# ctest: labels=program timeout=120
"""The program as an administrator meets it: what its commands say, refuse and leave behind."""

import os
import re
import signal
import subprocess
import time

import pytest

from support.content import Repository, digest_of
from support.paths import entrepot
from support.raw import RawConnection
from support.registry import Entrepot

GOOD, FAILED, NOT_UNDERSTOOD = 0, 1, 2


def command(*arguments, environment=None) -> subprocess.CompletedProcess:
    """Runs a command to its end; none of those below serves."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith(("ENTREPOT_", "REGISTRY_"))}
    return subprocess.run([entrepot(), *map(str, arguments)], capture_output=True, text=True,
                          timeout=30, env={**clean, **(environment or {})})


class OfFile(Entrepot):
    """One that is told everything by the file `config.yml` and the environment."""

    def _command(self) -> list[str]:
        return [entrepot(), "serve", str(self.process.directory / "config.yml")]


def stored_blobs(registry: Entrepot) -> int:
    return len(list(registry.data.glob("docker/registry/v2/blobs/sha256/*/*/data")))


@pytest.mark.parametrize("text, said", [
    ("data: DATA\nhttp:\n  lisen: x\n", ':3: unknown key "http.lisen"; did you mean "http.listen"?'),
    ("http: {idle_timeout: 60}\n", ':1: http.idle_timeout: "60" is not a duration such as'),
    ("open: [\n", ": not valid YAML"),
    ("version: 0.1\nstorage: filesystem\nauth: {htpasswd: {realm: r}}\n", ":3: auth: "),
    ("version: 0.1\nstorage: {s3: {bucket: b}}\n", ":2: storage.s3: "),
])
def test_a_wrong_file_stops_the_start(text, said, tmp_path):
    file = tmp_path / "config.yml"
    file.write_text(text.replace("DATA", str(tmp_path / "data")))
    done = command("serve", file)
    assert done.returncode == FAILED
    assert said in done.stderr and str(file) in done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("arguments, said", [
    (["sevre"], 'did you mean "serve"?'),
    (["serve", "--dat", "x"], "did you mean --data?"),
    (["serve", "a.yml", "b.yml"], "serve takes 1 operand"),
])
def test_what_is_not_understood(arguments, said):
    done = command(*arguments)
    assert done.returncode == NOT_UNDERSTOOD
    assert said in done.stderr


def test_help_names_every_command():
    shown = command("help").stdout
    for name in ("serve", "gc", "garbage-collect", "import", "export", "options", "version"):
        assert re.search(rf"^  {name} ", shown, re.M), name
        assert command(name, "--help").returncode == GOOD


def test_addresses_that_others_can_reach_need_to_be_meant(tmp_path):
    done = command("serve", "--data", tmp_path / "data", "--listen", "0.0.0.0:0")
    assert done.returncode == FAILED
    assert "--open" in done.stderr


def test_a_second_server_refuses_the_directory(start_registry):
    registry = start_registry()
    done = command("serve", "--data", registry.data, "--listen", "127.0.0.1:0")
    assert done.returncode == FAILED
    assert f"in use by another entrepot (process {registry.process.pid})" in done.stderr


def test_one_line_for_each_address(start_registry):
    registry = start_registry(options=["--listen", "127.0.0.1:0", "--listen", "[::1]:0"])
    shown = registry.process.current_stdout()
    lines = re.findall(r"^listening on http://(\S+):[1-9]\d*$", shown, re.M)
    assert lines == ["127.0.0.1", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_well_when_asked(number, start_registry):
    registry = start_registry()
    registry.process.signal(number)
    assert registry.process.wait(5) == GOOD


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


def test_configuration_of_registry2_is_served_as_it_was(tmp_path):
    """Deletes are off as they were, and it is as open as it was, with a warning."""
    file = tmp_path / "config.yml"
    file.write_text(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/data}}}}\n"
                    "http: {addr: '0.0.0.0:0', headers: {X-From: [file]}}\n")
    registry = OfFile(tmp_path, environment={"REGISTRY_HTTP_ADDR": "127.0.0.1:0"}).start()
    try:
        repository = Repository(registry.client, "a")
        repository.push_blob(b"layer")
        answer = registry.client.request("DELETE", f"/v2/a/blobs/{digest_of(b'layer')}")
        assert answer.status == 405
        assert answer.header("X-From") == "file"
        assert "warning open: whoever reaches this server" in registry.process.current_stderr()
    finally:
        registry.stop()


def test_gc_asks_the_server_that_runs(start_registry):
    registry = start_registry()
    Repository(registry.client, "a").push_blob(b"nobody uses this")
    done = command("gc", "--data", registry.data)
    assert done.returncode == GOOD and "0 removed" in done.stdout, "it may belong to a push"
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
