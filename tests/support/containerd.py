"""A containerd of the tests' own, and its `ctr`."""

from pathlib import Path

from support.command import output, run
from support.paths import program
from support.server import ServerProcess

_READY_SECONDS = 30


class Containerd:
    """One containerd without CRI; images are unpacked by copying."""

    def __init__(self, directory: Path):
        self._directory = directory
        self._process = ServerProcess("containerd", directory)
        self._socket = directory / "containerd.sock"

    def start(self) -> "Containerd":
        at = self._directory
        config = at / "config.toml"
        config.write_text(
            "version = 2\n"
            f'root = "{at}/root"\n'
            f'state = "{at}/state"\n'
            'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
            f'[grpc]\n  address = "{self._socket}"\n')
        self._process.spawn([program("containerd"), "--config", str(config)])
        self._process.wait_until(
            lambda: self._run("version", expect=None).returncode == 0, _READY_SECONDS)
        return self

    def stop(self) -> None:
        """Ends the daemon and removes its images."""
        self._process.stop(30)
        self._process.discard()

    def ctr(self, *arguments, timeout: float = 180) -> str:
        return self._run(*arguments, timeout=timeout).stdout

    def log_of(self, *arguments, timeout: float = 180) -> str:
        """What `ctr --debug` logs about a command, every request among it."""
        return self._run("--debug", *arguments, timeout=timeout).stderr

    def version(self) -> str:
        return output(program("ctr"), "--version").split()[-1]

    def digest(self, reference: str, namespace: str = "default") -> str:
        """The digest of an image that containerd has."""
        listed = self.ctr("--namespace", namespace, "images", "ls", f"name=={reference}")
        for line in listed.splitlines()[1:]:
            return line.split()[2]
        raise AssertionError(f"containerd has no {reference}")

    def _run(self, *arguments, expect: int | None = 0, timeout: float = 30):
        return run(program("ctr"), "--address", self._socket, *arguments, timeout=timeout,
                   expect=expect)
