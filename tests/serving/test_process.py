# ctest: labels=serving timeout=200
"""What the process asks of the system: who may read its files, which signals end it, what root does
before it is somebody else."""

import os
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from served import ANY_PORT, Program
from support.certificates import Authority
from support.content import Repository
from support.paths import entrepot

USER, GROUP = 65534, 65534
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")


@pytest.fixture
def start(scratch, serve):
    """start(arguments…): a server on the data directory `scratch/d`, which every user can reach
    (pytest's own folders are its user's alone)."""
    return lambda *arguments: serve("--data", scratch / "d", "--listen", ANY_PORT, *arguments)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def status_line(server, name: str) -> str:
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{name}:"))


# --- files

def test_what_is_made_is_for_its_owner_alone(start, scratch):
    server = start("--backup.interval", "1s")
    Repository(server.client, "a").push_image("latest")
    made = [scratch / "d", *(scratch / "d").rglob("*")]
    assert any(path.name.startswith("meta.db") for path in made)
    assert {mode(path) & 0o077 for path in made} == {0}


def test_what_others_could_read_is_closed_to_them(start, scratch):
    start().stop()
    ours = scratch / "d/entrepot"
    for path in (ours, ours / "meta.db", ours / "id", ours / "lock", ours / "uploads"):
        path.chmod(path.stat().st_mode | 0o077)
    server = start()
    assert server.client.get("/v2/").status == 200
    for path in (ours, ours / "meta.db", ours / "id", ours / "lock", ours / "uploads"):
        assert mode(path) & 0o077 == 0, path
    for path in ours.glob("meta.db-*"):
        assert mode(path) == 0o600


def test_a_group_that_kubernetes_set_stays(start, scratch):
    """fsGroup: the volume's directories hand their group down, and it may write."""
    start().stop()
    for path in (scratch / "d", *(scratch / "d").rglob("*")):
        path.chmod(0o2770 if path.is_dir() else 0o660)
    server = start()
    Repository(server.client, "a").push_image("latest")
    assert mode(scratch / "d/entrepot") == 0o2770
    assert mode(scratch / "d/entrepot/meta.db") == 0o660
    assert "can be read by others" not in server.process.current_stderr()


def test_no_core_file_and_no_new_privileges(start):
    server = start()
    assert status_line(server, "NoNewPrivs") == "1"
    limits = Path(f"/proc/{server.process.pid}/limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]


# --- descriptors 0 to 2

@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_closed_standard_descriptors_lead_nowhere(scratch, closed):
    """Else a file of the server's would get their number, and the log would go into it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    shell = " ".join(f"{number}>&-" for number in closed)
    server = subprocess.Popen(
        ["/bin/sh", "-c", f'exec "$0" "$@" {shell}', entrepot(), "serve", "--data",
         scratch / "d", "--listen", address],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(address)
        for number in closed:
            assert os.readlink(f"/proc/{server.pid}/fd/{number}") == "/dev/null"
        lock = (scratch / "d/entrepot/lock").read_text()
        # Its number, then where it listens, and nothing that was meant for a descriptor.
        assert lock.split() in ([f"{server.pid}"], [f"{server.pid}", address])
    finally:
        server.terminate()
        assert server.wait(60) == 0


def wait_for(address: str) -> None:
    host, _, port = address.rpartition(":")
    for _ in range(3000):
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except ConnectionRefusedError:
            pass
        time.sleep(0.02)
    raise AssertionError(f"nobody listens on {address}")


# --- signals

def test_signals_that_mean_nothing_change_nothing(start):
    server = start()
    harmless = {"USR1", "USR2", "ALRM", "VTALRM", "PROF", "IO", "PWR", "STKFLT", "PIPE", "XFSZ",
                "CHLD", "URG", "WINCH", "CONT", "HUP"}
    for name in sorted(harmless):
        server.process.signal(signal.Signals[f"SIG{name}"])
    for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1):
        server.process.signal(number)
    assert server.client.get("/v2/").status == 200
    assert server.process.running()


@pytest.mark.parametrize("name", ["TERM", "INT", "QUIT", "XCPU"])
def test_signals_that_end_a_server_end_it_well(start, name):
    server = start()
    server.process.signal(signal.Signals[f"SIG{name}"])
    assert server.process.wait(60) == 0


# --- root

def owners(top: Path) -> set[int]:
    return {path.lstat().st_uid for path in (top, *top.rglob("*"))}


@AS_ROOT
def test_root_takes_over_what_is_roots_and_is_gone(start, scratch):
    start().stop()
    assert owners(scratch / "d") == {0}
    server = start("--user", f"{USER}:{GROUP}")
    Repository(server.client, "a").push_image("latest")
    assert owners(scratch / "d") == {USER}
    assert set(status_line(server, "Uid").split()) == {str(USER)}
    assert int(status_line(server, "CapEff"), 16) == 0


@AS_ROOT
@pytest.mark.parametrize("name", ["entrepot", "docker"])
def test_a_link_gives_nothing_of_roots_away(start, scratch, name):
    """Who owns the data directory puts a link to root's files into it, and waits for a restart."""
    treasure = scratch / "treasure"
    (treasure / "inner").mkdir(parents=True)
    (treasure / "shadow").write_text("secret")
    data = scratch / "d"
    data.mkdir()
    (data / name).symlink_to(treasure)
    for path in (data, data / name):
        os.lchown(path, USER, GROUP)
    attempt(data, "--user", f"{USER}:{GROUP}")
    attempt(data)
    assert owners(treasure) == {0}
    assert sorted(path.name for path in treasure.iterdir()) == ["inner", "shadow"]


@AS_ROOT
@pytest.mark.parametrize("name", ["lock", "id", "id.new", "meta.db", "meta.db-wal"])
@pytest.mark.parametrize("way", [os.symlink, os.link])
def test_root_writes_through_no_name_of_somebody_elses(scratch, name, way):
    """Without --user, too: the lock is cut to nothing at each start, the id is written anew."""
    treasure = scratch / "treasure"
    treasure.write_text("secret")
    data = scratch / "d"
    (data / "entrepot").mkdir(parents=True)
    way(treasure, data / "entrepot" / name)
    if way is os.symlink:
        os.lchown(data / "entrepot" / name, USER, GROUP)
    for path in (data, data / "entrepot"):
        os.chown(path, USER, GROUP)
    attempt(data)
    assert treasure.read_text() == "secret"
    assert (treasure.stat().st_uid, mode(treasure)) == (0, 0o644)


def attempt(data: Path, *arguments: str) -> None:
    """A start that may succeed, and is ended then, or be refused."""
    server = subprocess.Popen(
        [entrepot(), "serve", "--data", data, "--listen", ANY_PORT, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    with server:
        if server.stdout.readline():  # "listening on", or the end
            server.terminate()
        server.stdout.read()
        server.wait(60)


@AS_ROOT
def test_a_pipe_in_the_place_of_the_lock_holds_nobody_up(refusal, scratch):
    (scratch / "d/entrepot").mkdir(parents=True)
    os.mkfifo(scratch / "d/entrepot/lock")
    assert "is no plain file" in refusal("--data", scratch / "d", "--listen", ANY_PORT)


@AS_ROOT
def test_another_users_directory_is_told_about(refusal, scratch):
    data = scratch / "d"
    data.mkdir(mode=0o700)
    os.chown(data, 4711, 4712)
    said = refusal("--data", data, "--listen", ANY_PORT, "--user", f"{USER}:{GROUP}")
    assert f"chown -R {USER}:{GROUP} {data}" in said
    assert data.stat().st_uid == 4711


@AS_ROOT
def test_the_data_directory_may_be_roots_link_only(scratch, serve, refusal):
    (scratch / "real").mkdir()
    link = scratch / "link"
    link.symlink_to("real")
    user = ("--user", f"{USER}:{GROUP}")
    serve("--data", link, "--listen", ANY_PORT, *user).stop()
    assert (scratch / "real").stat().st_uid == USER
    os.lchown(link, USER, GROUP)
    assert "symbolic link" in refusal("--data", link, "--listen", ANY_PORT, *user)


@AS_ROOT
def test_root_reads_the_key_and_binds_before_it_goes(scratch):
    """A key for root alone and a port below 1024 need nothing else of root."""
    low = free_port_below_1024()
    certificate, key = scratch / "cert.pem", scratch / "key.pem"
    Authority(scratch / "authority").issue(certificate, key)
    key.chmod(0o600)
    server = Program(scratch / "server", {}, [
        "--data", scratch / "d", "--listen", f"127.0.0.1:{low}", "--user", f"{USER}:{GROUP}",
        "--http.tls.certificate", certificate, "--http.tls.key", key])
    server.start()
    assert set(status_line(server, "Uid").split()) == {str(USER)}
    server.stop()


def free_port_below_1024() -> int:
    for port in range(1023, 900, -1):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port below 1024")


@AS_ROOT
def test_staying_root_is_warned_about(start):
    assert "warning running as root" in start().process.current_stderr()


@AS_ROOT
def test_commands_leave_nothing_of_roots_behind(start, scratch):
    server = start("--user", f"{USER}:{GROUP}")
    Repository(server.client, "a").push_image("latest")
    server.stop()
    subprocess.run([entrepot(), "gc", "--data", scratch / "d"], check=True, timeout=60,
                   stdout=subprocess.DEVNULL)
    assert owners(scratch / "d") == {USER}


def test_an_export_can_be_read_by_the_old_server(start, scratch):
    server = start()
    Repository(server.client, "a").push_image("latest")
    server.stop()
    subprocess.run([entrepot(), "export", "--data", scratch / "d"], check=True, timeout=60,
                   stdout=subprocess.DEVNULL)
    written = scratch / "d/docker/registry/v2/repositories"
    assert {mode(path) for path in written.rglob("link")} == {0o644}
    assert {mode(path) for path in written.rglob("*") if path.is_dir()} == {0o755}
