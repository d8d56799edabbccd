# ctest: labels=serving
"""`entrepot health`: what a probe inside a container, or a script on the machine, asks."""

import contextlib
import os
import socket
import subprocess
from pathlib import Path

import pytest

from served import ANY_PORT
from support.certificates import Authority
from support.command import run
from support.paths import entrepot
from support.raw import RawConnection


def health(*arguments, **environment) -> subprocess.CompletedProcess:
    return run(entrepot(), "health", *arguments, expect=None, environment=environment)


@pytest.fixture
def started(serve, tmp_path):
    """started(arguments…): a server on its own data."""
    return lambda *arguments: serve("--data", tmp_path / "d", *arguments)


def test_lives_and_serves(started, tmp_path):
    server = started("--listen", ANY_PORT)
    data = tmp_path / "d"
    assert (health("--data", data).returncode, health("--data", data).stdout) == (0, "alive\n")
    assert health("--ready", ENTREPOT_DATA=str(data)).stdout == "ready\n"
    server.stop()
    gone = health("--data", data)
    assert gone.returncode == 1
    assert gone.stderr.startswith("entrepot: ")


def test_whatever_its_addresses_are(started, tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    Authority(tmp_path / "authority").issue(certificate, key)
    started("--listen", ANY_PORT, "--http.tls.certificate", certificate, "--http.tls.key", key)
    assert health("--data", tmp_path / "d", "--ready").returncode == 0


def test_a_full_house_is_no_illness(started, tmp_path):
    server = started("--listen", ANY_PORT, "--limits.connections", "2")
    with RawConnection(server.address) as one, RawConnection(server.address) as two:
        for connection in (one, two):
            connection.send(b"PUT /v2/a/manifests/x HTTP/1.1\r\nHost: localhost\r\n"
                            b"Content-Length: 1000\r\n\r\n")
        assert health("--data", tmp_path / "d", "--ready").returncode == 0


def test_a_server_that_cannot_write_lives_and_is_not_ready(started, tmp_path):
    started("--listen", ANY_PORT)
    (tmp_path / "d/entrepot/meta.db").rename(tmp_path / "elsewhere")
    assert health("--data", tmp_path / "d").returncode == 0
    not_ready = health("--data", tmp_path / "d", "--ready")
    assert not_ready.returncode == 1
    assert "not ready" in not_ready.stderr


def test_of_several_servers_one_has_to_be_named(serve, tmp_path):
    for name in ("one", "two"):
        serve("--data", tmp_path / name, "--listen", ANY_PORT)
    assert health("--data", tmp_path / "one").returncode == 0
    unnamed = health()
    assert unnamed.returncode == 1
    assert "--data" in unnamed.stderr
    assert "no server that runs here has it" in health("--data", tmp_path).stderr


def test_the_usual_directory_needs_no_name(serve, tmp_path):
    """Somebody else's name beside it is no reason to be taken for ill."""
    serve("--data", tmp_path / "other", "--listen", ANY_PORT)
    usual, log, settings = "/var/lib/registry", tmp_path / "log", tmp_path / "config.yml"
    settings.touch()  # or what this machine has for a registry counts
    inside = ["unshare", "--mount", "sh", "-c",
              f"mkdir -p {usual} && mount -t tmpfs none {usual} || exit;"
              f"{entrepot()} serve {settings} >{log} 2>&1 &"
              f"for turn in $(seq 200); do grep -q listening {log} && break; sleep 0.1; done;"
              f"{entrepot()} health --ready && kill $! && wait"]
    environment = {"ENTREPOT_IMAGE": "1", "ENTREPOT_USER": "", "ENTREPOT_HTTP_LISTEN": ANY_PORT,
                   "ENTREPOT_OPEN": "1"}
    assert run(*inside, environment=environment, timeout=60).stdout == "ready\n", log.read_text()


def name_of(data: Path) -> str:
    """The abstract name under which the server with this directory answers."""
    (name,) = {line.split()[-1] for line in Path("/proc/net/unix").read_text().splitlines()
               if f"-{data.stat().st_ino}" in line}
    return "\0" + name[1:]


@pytest.mark.parametrize("target", ["/readyz", "/metrics", "/v2/", "/v2/_catalog", "/"])
def test_nothing_but_a_status_is_told(started, tmp_path, target):
    started("--listen", ANY_PORT)
    (tmp_path / "d/entrepot/meta.db").rename(tmp_path / "elsewhere")  # not ready, for a reason
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(10)
        asking.connect(name_of(tmp_path / "d"))
        asking.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: asking.recv(65536), b""))
    status = {"/readyz": b"503", "/metrics": b"403"}.get(target, b"404")
    assert answer.split()[1] == status
    told = answer.partition(b"\r\n\r\n")[2]
    assert told in (b"not ready\n", b"only a status is told here\n", b"there is nothing here\n")


def test_a_probe_that_says_nothing_keeps_no_other_out(started, tmp_path):
    """However many of them there are."""
    started("--listen", ANY_PORT)
    name = name_of(tmp_path / "d")
    with contextlib.ExitStack() as sockets:
        for _ in range(200):
            silent = sockets.enter_context(socket.socket(socket.AF_UNIX))
            silent.settimeout(5)
            silent.connect(name)
        assert health("--data", tmp_path / "d").returncode == 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_anybody_may_ask(serve, scratch):
    """Who may not even look into the data directory."""
    data = scratch / "d"
    serve("--data", data, "--listen", ANY_PORT)
    assert data.stat().st_mode & 0o077 == 0
    asked = run(entrepot(), "health", "--data", data, user=65534, cwd="/")
    assert asked.stdout == "alive\n"
