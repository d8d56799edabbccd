# ctest: labels=packages,all timeout=900
"""The Debian package that `./dev package` makes: reproducible, well-formed, and in a Debian of its
own installed, served from as its unit says, upgraded, removed and purged, with the data kept."""

import fcntl
import hashlib
import os
import re
import resource
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import output, run
from support.content import Repository
from support.http import Client
from support.paths import FIXTURES, REPOSITORY, entrepot, program
from support.server import ServerProcess

PACKAGING = REPOSITORY / "packaging/debian"
UNIT = PACKAGING / "entrepot.service"
MOST_EXPOSURE = 2.5
DATA = "var/lib/entrepot"


def make(package: Path, version: str = "1.2.3") -> Path:
    run(sys.executable, PACKAGING / "build_package.py", entrepot(), package, "--version", version,
        "--epoch", "1700000000")
    return package


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return make(tmp_path_factory.mktemp("package") / "entrepot_1.2.3_amd64.deb")


def unit_settings() -> list[tuple[str, str]]:
    return re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.M)


def unit_setting(name: str) -> str:
    return dict(unit_settings())[name]


def test_same_program_same_bytes(package, tmp_path):
    assert make(tmp_path / "again.deb").read_bytes() == package.read_bytes()


def test_holds_what_belongs_to_it(package):
    listed = output("dpkg-deb", "--contents", package).splitlines()
    files = {line.split()[-1].removeprefix("./"): line.split()[:2] for line in listed
             if not line.endswith("/")}
    assert set(files) == {
        "etc/default/entrepot", "etc/entrepot/entrepot.yaml", "usr/bin/entrepot",
        "lib/systemd/system/entrepot.service", "usr/share/man/man1/entrepot.1.gz",
        "usr/share/bash-completion/completions/entrepot",
        "usr/share/zsh/vendor-completions/_entrepot",
        "usr/share/fish/vendor_completions.d/entrepot.fish",
        "usr/share/doc/entrepot/changelog.gz", "usr/share/doc/entrepot/copyright"}
    assert {owner for _, owner in files.values()} == {"root/root"}
    conffiles = output("dpkg-deb", "--info", package, "conffiles")
    assert conffiles.split() == ["/etc/entrepot/entrepot.yaml", "/etc/default/entrepot"]


def test_lintian_has_nothing_to_say(package):
    said = run(program("lintian"), "--fail-on", "error,warning", "--allow-root", package,
               expect=None, timeout=300)
    assert said.returncode == 0, said.stdout + said.stderr


def test_the_unit_leaves_the_service_little():
    said = output(program("systemd-analyze"), "security", "--offline=yes", "--no-pager", UNIT)
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", said)[1]) <= MOST_EXPOSURE, said


# --- Installed -----------------------------------------------------------------------------------


def debian_with(packages: list[str]) -> Path:
    """The archive of a small Debian 12 with these packages, from the cache."""
    name = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12]
    final = FIXTURES / f"debian-{name}.tar"
    FIXTURES.mkdir(parents=True, exist_ok=True)
    with open(FIXTURES / f"debian-{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not final.exists():
            partial = FIXTURES / f"debian-{name}.partial.tar"
            run(program("mmdebstrap"), "--quiet", "--variant=essential",
                f"--include={','.join(packages)}", "bookworm", partial, timeout=600)
            os.rename(partial, final)
    return final


class Machine:
    """A Debian below a folder. There is no systemd in it: what the unit asks for that can be had
    without is done by `start`."""

    def __init__(self, root: Path):
        self.root = root
        self.server = ServerProcess("service", root.parent / "service")

    def path(self, path: str) -> Path:
        return self.root / path

    def run(self, *command, **options) -> subprocess.CompletedProcess:
        return run("chroot", self.root, *command, environment={"LC_ALL": "C.UTF-8"}, **options)

    def install(self, package: Path) -> subprocess.CompletedProcess:
        self.path("tmp/package.deb").write_bytes(package.read_bytes())
        return self.run("dpkg", "--install", "/tmp/package.deb")

    def start(self, *before: str) -> Client:
        """ExecStart as the unit's user, without a right, where only the data can be written."""
        user = unit_setting("User")
        environment = dict(line.split("=", 1) for line in self._environment_file().splitlines()
                           if line and not line.startswith("#"))
        # What runs the tests may have fewer, and no right to raise it.
        files = min(int(unit_setting("LimitNOFILE")), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        mounts = f"""
            mount --bind {self.root} {self.root}
            mount --bind {self.root}/{DATA} {self.root}/{DATA}
            mount -o remount,ro,bind {self.root}
            mount -t proc proc {self.root}/proc
            mount -t tmpfs tmpfs {self.root}/tmp
            mount --bind /dev {self.root}/dev
            umask {unit_setting("UMask")}
            exec "$@"
        """
        self.server.spawn(
            ["unshare", "--mount", "sh", "-ec", mounts, "sh",
             "prlimit", f"--nofile={files}", *before, "chroot", self.root,
             "setpriv", "--reuid", user, "--regid", unit_setting("Group"), "--clear-groups",
             "--no-new-privs", "--bounding-set", "-all", "--inh-caps", "-all",
             *shlex.split(unit_setting("ExecStart"))],
            {**environment, "NOTIFY_SOCKET": "/run/notify"})
        listening = re.compile(r"^listening on http://(\S+)$", re.M)
        address = self.server.wait_until(lambda: listening.search(self.server.current_stdout()), 60)
        return Client(address[1])

    def _environment_file(self) -> str:
        return self.path(unit_setting("EnvironmentFile").removeprefix("-/")).read_text()


@pytest.fixture(scope="module")
def debian(package):
    needed = output("dpkg-deb", "--field", package, "Depends")
    return debian_with(sorted({re.split(r"[ (|]", name.strip())[0] for name in needed.split(",")}))


@pytest.fixture
def machine(debian, package, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    run("tar", "--extract", "--file", debian, "--directory", root, "--numeric-owner",
        "--exclude=./dev/*")
    machine = Machine(root)
    machine.install(package)
    # Any port will do; the configuration's own may be taken here.
    machine.path("etc/default/entrepot").write_text("ENTREPOT_HTTP_LISTEN=127.0.0.1:0\n")
    yield machine
    machine.server.stop()


@pytest.fixture
def manager(machine):
    """The service manager's socket: what it hears."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.settimeout(20)
        path = machine.path("run/notify")
        # The name of a socket has 107 bytes at most, pytest's folders are longer.
        folder = os.open(path.parent, os.O_PATH)
        heard.bind(f"/proc/self/fd/{folder}/notify")
        os.close(folder)
        path.chmod(0o666)
        yield heard


def owners(machine: Machine) -> set[str]:
    return {machine.run("stat", "-c", "%U:%G", f"/{DATA}/{path}").stdout.strip()
            for path in ("", "entrepot", "entrepot/meta.db", "docker")}


def test_served_as_the_unit_says_and_kept_when_it_goes(machine, manager, tmp_path):
    assert machine.run("stat", "-c", "%U:%G %a", f"/{DATA}").stdout == "entrepot:entrepot 750\n"
    client = machine.start()
    assert manager.recv(64) == b"READY=1"
    status = Path(f"/proc/{machine.server.pid}/status").read_text()
    assert re.search(r"^CapBnd:\t0+$", status, re.M)
    assert re.search(r"^NoNewPrivs:\t1$", status, re.M)
    pushed = Repository(client, "team/app").push_image("latest")
    assert machine.server.stop() == 0
    assert manager.recv(64) == b"STOPPING=1"
    assert owners(machine) == {"entrepot:entrepot"}

    # A newer version keeps the administrator's file, and the data.
    machine.install(make(tmp_path / "newer.deb", "1.2.4"))
    assert "HTTP_LISTEN" in machine.path("etc/default/entrepot").read_text()
    client = machine.start()
    assert client.get("/v2/team/app/manifests/latest").body == pushed.content
    assert machine.server.stop() == 0

    for action in ("--remove", "--purge"):
        said = machine.run("dpkg", action, "entrepot")
        assert "/var/lib/entrepot is kept" in said.stderr
        assert machine.path(f"{DATA}/entrepot/meta.db").exists()
    assert not machine.path("etc/entrepot").exists()
    assert not list(machine.root.glob("etc/systemd/system/*/entrepot.service"))


def test_the_unit_is_enabled_and_stays_as_it_was_left(machine, package):
    link = machine.path("etc/systemd/system/multi-user.target.wants/entrepot.service")
    assert link.is_symlink()
    link.unlink()  # systemctl disable
    machine.install(package)
    assert not link.is_symlink()


def expanded(name: str) -> set[str]:
    """The system calls of a set of systemd's."""
    calls = set()
    shown = output(program("systemd-analyze"), "--no-pager", "syscall-filter", name)
    for word in map(str.strip, shown.splitlines()[1:]):
        if word.startswith("@"):
            calls |= expanded(word)
        elif word and not word.startswith("#"):
            calls.add(word)
    return calls


def test_needs_no_system_call_that_the_unit_takes_away(machine, tmp_path):
    trace = tmp_path / "trace"
    client = machine.start(program("strace"), "-f", "-qq", "-o", str(trace))
    repository = Repository(client, "a")
    repository.push_image("latest")
    assert client.get("/v2/a/manifests/latest").status == 200
    server = next(int(pid) for pid in Path(f"/proc/{machine.server.pid}/task/{machine.server.pid}"
                                           "/children").read_text().split())
    os.kill(server, 15)
    assert machine.server.wait(20) == 0

    allowed: set[str] = set()
    for name, value in unit_settings():
        if name == "SystemCallFilter":
            calls = set().union(*(expanded(word) for word in value.removeprefix("~").split()))
            allowed = allowed - calls if value.startswith("~") else allowed | calls
    lines = trace.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if 'execve("/usr/bin/entrepot"' in line)
    used = set(re.findall(r"^\d+ +(\w+)\(", "\n".join(lines[start:]), re.M))
    assert len(used) > 40
    assert used <= allowed, used - allowed
