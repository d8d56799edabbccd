"""A running peer with a data directory of its own."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from .peers import Peer

_START_LIMIT = 60
_STOP_LIMIT = 20


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Not started by its construction. With `tls`, a certificate and its key, it speaks HTTPS."""

    def __init__(self, peer: Peer, directory: Path, tls: tuple[Path, Path] | None = None):
        self.peer = peer
        self.directory = directory
        self.data = directory / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.port = _free_port()
        self._tls = tls
        self._process: subprocess.Popen | None = None
        self.start_seconds = 0.0  # of the last start, until the first answer

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> "Server":
        if self.running:
            return self
        template = self.peer.tls_config if self._tls else self.peer.config
        (self.directory / "config").write_text(self._filled(template or ""))
        command = (self.peer.tls_command if self._tls else None) or self.peer.command
        with open(self.directory / "log", "ab") as log:
            started = time.monotonic()
            self._process = subprocess.Popen(
                [self._filled(part) for part in command], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=os.environ | self.peer.environment, start_new_session=True)
        try:
            self._await_answer()
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.monotonic() - started
        return self

    def _filled(self, text: str) -> str:
        cert, key = self._tls or ("", "")
        values = {"port": self.port, "data": self.data, "config": self.directory / "config",
                  "cert": cert, "key": key}
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _START_LIMIT
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.peer.name} did not start:\n{self._log_end()}")
            try:
                if self._tls or self.peer.kind == "files":
                    socket.create_connection(("127.0.0.1", self.port), 1).close()
                else:
                    urllib.request.urlopen(f"http://{self.target}/v2/", timeout=5).read()
                return
            except OSError:
                time.sleep(0.001)
        raise RuntimeError(f"{self.peer.name} does not answer:\n{self._log_end()}")

    def _log_end(self) -> str:
        return (self.directory / "log").read_text(errors="replace")[-2000:]

    def stop(self) -> None:
        if not self.running:
            return
        os.killpg(self.pid, signal.SIGTERM)
        try:
            self._process.wait(_STOP_LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def read_through(self) -> None:
        """Brings the bytes of the data's files into the page cache, as far as they have room."""
        for directory, _, names in os.walk(self.data):
            for name in names:
                with open(os.path.join(directory, name), "rb", buffering=0) as file:
                    while file.read(1 << 20):
                        pass

    def evict(self) -> None:
        """Drops the bytes of the data's files from the page cache. The server must be stopped.

        The kernel keeps what it knows of directories and inodes.
        """
        os.sync()
        for directory, _, names in os.walk(self.data):
            for name in names:
                file = os.open(os.path.join(directory, name), os.O_RDONLY)
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(file)
