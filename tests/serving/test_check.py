# ctest: labels=serving timeout=200
"""`entrepot check` says what a configuration means, and what would stop the start, as whom the server
becomes; it makes nothing. What it says of the start is held against a start."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from served import ANY_PORT
from support.certificates import Authority
from support.command import run
from support.content import Repository
from support.paths import entrepot
from support.server import inherited_environment

USER, GROUP = 65534, 65534
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
STARTS, DOES_NOT = 0, 1
SECRET = "0123456789abcdef0123456789abcdef"


class Checked:
    """What one check said."""

    def __init__(self, *arguments, as_user: bool = False, **variables: str):
        command = [entrepot(), "check", *map(str, arguments)]
        if as_user:
            command = ["setpriv", "--reuid", str(USER), "--regid", str(GROUP), "--clear-groups",
                       *command]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30,
                              env={**inherited_environment(), **variables})
        self.code, self.text, self.stderr = done.returncode, done.stdout, done.stderr
        self.values = dict(re.findall(r"^([a-z_.]+) +(.*)$", self.text.split("\n\n")[0], re.M))

    def lines(self, level: str) -> list[str]:
        return [line.split(maxsplit=1)[1] for line in self.text.splitlines()
                if re.match(rf"{level} +\S", line)]

    def error(self) -> str:
        """The only one."""
        assert self.code == DOES_NOT, self.text
        (error,) = self.lines("error")
        return error


def snapshot(directory: Path) -> dict:
    return {str(path): (path.lstat().st_mode, path.lstat().st_uid, path.lstat().st_mtime_ns)
            for path in (directory, *directory.rglob("*"))}


def starts(*arguments) -> int:
    """What `serve` says to the same words, if it ends by itself."""
    return run(entrepot(), "serve", *arguments, expect=None, timeout=60).returncode


@pytest.fixture
def data(scratch):
    """A directory that every user can reach, and that is not there yet."""
    scratch.chmod(0o755)
    return scratch / "data"


@pytest.fixture
def here(data):
    return ["--data", data, "--listen", ANY_PORT]


def test_values_tell_where_they_came_from(tmp_path, data):
    file = tmp_path / "entrepot.yml"
    file.write_text("http:\n  idle_timeout: 90s\n  drain_timeout: 9s\nbackup:\n  keep: 7\n")
    said = Checked(file, "--data", data, "--listen", ANY_PORT, ENTREPOT_HTTP_DRAIN_TIMEOUT="5s",
                   ENTREPOT_HTTP_SECRET=SECRET)
    assert said.code == STARTS, said.text
    assert said.values == {
        "data": f"{data}  (--data)",
        "http.listen": "127.0.0.1:0  (--listen)",
        "http.secret": "***  (ENTREPOT_HTTP_SECRET)",
        "http.idle_timeout": f"1m30s  ({file}:2)",
        "http.drain_timeout": "5s  (ENTREPOT_HTTP_DRAIN_TIMEOUT)",
        "backup.keep": f"7  ({file}:5)",
    }
    assert SECRET not in said.text + said.stderr
    everything = Checked("--all", "--data", data)
    assert everything.values["log.level"] == "info  (default)"
    assert len(everything.values) > 50


def test_a_file_of_registry2_is_understood(tmp_path, data):
    file = tmp_path / "config.yml"
    file.write_text(f"version: 0.1\nlog: {{fields: {{a: b}}}}\nstorage:\n  filesystem:\n"
                    f"    rootdirectory: {data}\nhttp:\n  addr: {ANY_PORT}\n")
    said = Checked(file)
    assert said.values["data"] == f"{data}  ({file}:5: storage.filesystem.rootdirectory)"
    assert any("log.fields: has no effect here" in line for line in said.lines("warning"))
    assert said.code == STARTS


@pytest.mark.parametrize("text, said", [
    ("http:\n  lisen: :5000\n", 'unknown key "http.lisen"; did you mean "http.listen"?'),
    ("backup:\n  keep: none\n", "backup.keep"),
])
def test_a_wrong_file_is_an_error_with_its_place(tmp_path, text, said):
    file = tmp_path / "entrepot.yml"
    file.write_text(text)
    error = Checked(file).error()
    assert error.startswith(f"{file}:2: ") and said in error
    assert "No such file" in Checked(tmp_path / "none.yml").error()


def test_an_address_for_all_asks_for_accounts_unless_it_is_open(data):
    words = ["--data", data, "--listen", ":0"]
    closed = Checked(*words)
    assert closed.code == STARTS
    assert any("accounts" in line and "--open" in line for line in closed.lines("ok"))
    opened = Checked(*words, "--open")
    assert opened.code == STARTS
    assert any("may push, pull and delete" in line for line in opened.lines("warning"))


# --- the data directory


def test_nothing_is_made(here, data):
    said = Checked(*here)
    assert said.code == STARTS and not data.exists()
    assert any("is not there; the start makes it" in line for line in said.lines("ok"))


def test_what_is_there_is_told(serve, here, data):
    data.mkdir()
    assert any("is empty" in line for line in Checked(*here).lines("ok"))
    (data / "holiday.jpg").touch()
    said = Checked(*here)
    assert said.code == STARTS and "holiday.jpg" in said.lines("warning")[0]
    (data / "holiday.jpg").unlink()
    (data / "docker/registry/v2/repositories/app").mkdir(parents=True)
    assert any("is a registry:2's" in line for line in Checked(*here).lines("ok"))
    serve(*here).stop()
    before = snapshot(data)
    assert any("is a registry of entrepot's" in line for line in Checked(*here).lines("ok"))
    assert snapshot(data) == before


def test_a_server_that_was_killed_left_what_the_next_takes_up(serve, here, data):
    server = serve(*here)
    Repository(server.client, "app").push_image("latest")
    server.kill()
    before = snapshot(data)
    said = Checked(*here)
    assert said.code == STARTS
    assert any("did not end by itself" in line for line in said.lines("ok"))
    assert snapshot(data) == before
    server.start()  # for the fixture, which wants to end it well


def test_lost_and_foreign_metadata_are_errors(serve, here, data):
    serve(*here).stop()
    metadata = data / "entrepot/meta.db"
    kept = metadata.read_bytes()
    metadata.write_bytes(b"x" * 10_000)
    assert str(metadata) in Checked(*here).error()
    assert starts(*here) == DOES_NOT
    metadata.unlink()
    assert "has lost its metadata" in Checked(*here).error()
    assert starts(*here) == DOES_NOT
    metadata.write_bytes(kept)
    assert Checked(*here).code == STARTS


def test_a_file_in_the_directorys_place(here, data):
    data.write_text("no directory")
    assert "is no directory" in " ".join(Checked(*here).lines("error"))
    assert starts(*here) == DOES_NOT


@AS_ROOT
def test_rights_are_those_of_whom_the_server_becomes(serve, here, data):
    as_user = ["--user", f"{USER}:{GROUP}"]
    said = Checked(*here, *as_user)
    assert said.code == STARTS and not data.exists()
    data.mkdir(mode=0o700)
    assert any("gives what is root's" in line for line in Checked(*here, *as_user).lines("ok"))
    assert data.stat().st_uid == 0
    assert "user 65534 cannot work in" in Checked(*here, as_user=True).error()
    os.chown(data, 4711, 4712)
    error = Checked(*here, *as_user).error()
    assert f"chown -R {USER}:{GROUP} {data}" in error and "--user 4711:4712" in error
    assert starts(*here, *as_user) == DOES_NOT
    os.chown(data, USER, GROUP)
    assert Checked(*here, *as_user).code == STARTS
    serve(*here, *as_user).stop()
    os.chown(data / "entrepot", 4711, 4712)
    assert f"cannot work in {data}/entrepot:" in Checked(*here, *as_user).error()
    assert starts(*here, *as_user) == DOES_NOT


@AS_ROOT
@pytest.mark.parametrize("place, mode, code, said", [
    ("docker", 0o700, DOES_NOT, "cannot work in"),
    ("docker/registry/v2/blobs", 0o755, STARTS, "so pushes would fail"),
    ("entrepot/uploads", 0o755, STARTS, "so pushes would fail"),
    ("entrepot/backups", 0o700, STARTS, "so there would be no backups"),
])
def test_a_place_that_the_user_cannot_work_in(serve, here, data, place, mode, code, said):
    as_user = ["--user", f"{USER}:{GROUP}"]
    serve(*here, *as_user).stop()
    (data / place).mkdir(exist_ok=True)
    os.chown(data / place, 4711, 4712)
    (data / place).chmod(mode)
    checked = Checked(*here, *as_user)
    assert checked.code == code
    (line, *_) = checked.lines("warning" if code == STARTS else "error")
    assert f"{data}/{place}" in line and said in line
    if code == STARTS:
        serve(*here, *as_user).stop()
    else:
        assert starts(*here, *as_user) == DOES_NOT


@AS_ROOT
def test_what_root_left_is_handed_over(serve, here, data):
    """By the next start, as root left it there by a command without a user."""
    as_user = ["--user", f"{USER}:{GROUP}"]
    serve(*here, *as_user).stop()
    for path in (data / "docker", *(data / "docker").rglob("*")):
        os.chown(path, 0, 0)
    checked = Checked(*here, *as_user)
    assert checked.code == STARTS and not checked.lines("warning")
    assert any(f"{data}/docker is root's" in line for line in checked.lines("ok"))
    assert (data / "docker").stat().st_uid == 0
    serve(*here, *as_user).stop()


@AS_ROOT
def test_a_path_that_the_user_cannot_come_through(scratch):
    closed = scratch / "closed"
    (closed / "data").mkdir(parents=True)
    os.chown(closed / "data", USER, GROUP)
    closed.chmod(0o700)
    words = ["--data", closed / "data", "--listen", ANY_PORT, "--user", f"{USER}:{GROUP}"]
    assert "cannot reach" in Checked(*words).error()
    assert starts(*words) == DOES_NOT


def test_an_unknown_user(here):
    assert "there is no user nosuch" in Checked(*here, "--user", "nosuch").error()


# --- addresses


def test_a_port_that_somebody_else_holds(here, data):
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = "127.0.0.1:%d" % other.getsockname()[1]
        words = ["--data", data, "--listen", address]
        assert f"{address} is held by process {os.getpid()} (" in Checked(*words).error()
        assert starts(*words) == DOES_NOT


def test_a_port_that_our_own_server_holds(serve, here, data, tmp_path):
    server = serve(*here, "--debug.listen", ANY_PORT)
    words = ["--data", data, "--listen", server.address, "--debug.listen",
             server.operations.address]
    said = Checked(*words)
    assert said.code == STARTS, said.text
    assert sum("held by the server that runs on the same data" in line
               for line in said.lines("ok")) == 2
    assert any(f"process {server.process.pid} serves it" in line for line in said.lines("ok"))
    other = Checked("--data", tmp_path / "other", "--listen", server.address)
    # Whose it is only root may ask, and not in every container.
    assert re.search(rf"is held by (process {server.process.pid} |a program of user )",
                     other.error())


def test_addresses_that_cannot_be(data):
    assert "does not have the address" in Checked(
        "--data", data, "--open", "--listen", "192.0.2.1:5000").error()
    words = ["--data", data, "--listen", "127.0.0.1:45671", "--debug.listen", "127.0.0.1:45671"]
    assert "is wanted by http.listen" in Checked(*words).error()
    assert starts(*words) == DOES_NOT


# --- certificates


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "root")


@pytest.fixture
def pair(authority, scratch):
    files = scratch / "cert.pem", scratch / "key.pem"
    authority.issue(*files)
    return files


def tls(pair) -> list:
    return ["--http.tls.certificate", pair[0], "--http.tls.key", pair[1]]


def test_a_good_pair(here, pair):
    said = Checked(*here, *tls(pair))
    assert said.code == STARTS
    assert any("belong together" in line and "localhost, 127.0.0.1" in line
               for line in said.lines("ok"))
    named = Checked(*here, *tls(pair), "--names", "registry.example")
    assert any("is not for registry.example" in line for line in named.lines("warning"))


@pytest.mark.parametrize("days, said", [(10, "in 9 days; renew it"), (-1, "replace it")])
def test_a_pair_that_ends(here, authority, pair, days, said):
    authority.issue(*pair, days=days)
    checked = Checked(*here, *tls(pair))
    assert checked.code == STARTS
    assert any(said in line for line in checked.lines("warning")), checked.text


def test_a_pair_that_is_none(here, authority, pair, scratch):
    other = scratch / "other.pem", scratch / "other-key.pem"
    authority.issue(*other)
    assert "not that of the certificate" in Checked(*here, *tls((pair[0], other[1]))).error()
    assert "No such file" in Checked(*here, *tls((scratch / "none.pem", pair[1]))).error()
    assert "both or neither" in Checked(*here, "--http.tls.key", pair[1]).error()


@AS_ROOT
def test_a_key_that_only_root_reads(here, pair):
    """The start reads it as root; a renewed one could not be read without a restart."""
    os.chmod(pair[1], 0o600)
    said = Checked(*here, *tls(pair), "--user", f"{USER}:{GROUP}")
    assert said.code == STARTS
    assert any(f"cannot read {pair[1]}" in line for line in said.lines("warning"))
    assert f"let user {USER} read it" in Checked(*here, *tls(pair), as_user=True).lines("error")[0]


def test_limits_are_told(here):
    said = Checked(*here)
    assert any(line.startswith("open files: ") for line in said.lines("ok"))
    assert any(line.startswith("room: ") for line in said.lines("ok") + said.lines("warning"))
