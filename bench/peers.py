"""Who is measured: starting and stopping entrepot, its peers and the floor."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Peer:
    """One program that can be measured. `kind` is "registry", or "files" for those that know no registry."""

    name: str
    kind: str
    durability: str
    command: list[str]  # {port}, {data}, {config}, {cert}, {key} are filled in
    config: str = ""    # likewise
    environment: dict[str, str] = field(default_factory=dict)
    tls_config: str | None = None  # None: not measured over TLS
    tls_command: list[str] | None = None


class Server:
    """A running peer with a data directory of its own."""

    def __init__(self, peer: Peer, work: Path, tls: tuple[Path, Path] | None = None):
        self.peer = peer
        self.port = free_port()
        self.directory = work
        self.data = work / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self._tls = tls
        self._log = open(work / "log", "ab")
        self.start()

    def start(self) -> None:
        config = self.directory / "config"
        cert, key = self._tls or ("", "")

        def filled(text: str) -> str:
            for name, value in (("port", self.port), ("data", self.data), ("config", config),
                                ("cert", cert), ("key", key)):
                text = text.replace("{" + name + "}", str(value))
            return text

        template = self.peer.tls_config if self._tls else self.peer.config
        config.write_text(filled(template or ""))
        command = (self.peer.tls_command if self._tls else None) or self.peer.command
        started = time.monotonic()
        self.process = subprocess.Popen(
            [filled(part) for part in command], stdin=subprocess.DEVNULL, stdout=self._log,
            stderr=self._log, env=os.environ | self.peer.environment, start_new_session=True)
        self._await()
        self.start_seconds = time.monotonic() - started

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def _await(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.peer.name} did not start: see {self.directory}/log")
            try:
                if self._tls or self.peer.kind == "files":
                    socket.create_connection(("127.0.0.1", self.port), 1).close()
                else:
                    urllib.request.urlopen(f"http://{self.target}/v2/", timeout=5).read()
                return
            except OSError:
                time.sleep(0.001)
        raise RuntimeError(f"{self.peer.name} does not answer")

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def remove(self) -> None:
        self.stop()
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


_DISTRIBUTION = """version: 0.1
log: {accesslog: {disabled: true}, level: error}
storage: {filesystem: {rootdirectory: "{data}"}, delete: {enabled: true}}
http: {addr: "127.0.0.1:{port}"%s}
"""
_DISTRIBUTION_TLS = ', tls: {certificate: "{cert}", key: "{key}"}'

_NGINX = """worker_processes 2;
daemon off;
pid {data}.pid;
error_log stderr error;
events { worker_connections 20000; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=20000;
  open_file_cache_valid 1h; default_type application/octet-stream; client_body_temp_path {data}.tmp;
  server { listen 127.0.0.1:{port} %s; root {data}; }
}
"""
_NGINX_TLS = "ssl; ssl_protocols TLSv1.3; ssl_certificate {cert}; ssl_certificate_key {key}"

_SYNCED = "blob, directories and names synced before the answer"
_FILES = "files synced, the directory of the last rename not"


def builtin(entrepot: Path, floor: Path, distribution3: Path) -> list[Peer]:
    peers = [
        Peer("entrepot", "registry", _SYNCED,
             [str(entrepot), "serve", "--data", "{data}", "--listen", "127.0.0.1:{port}"],
             environment={"ENTREPOT_ACCESS_LOG_ENABLED": "false"}, tls_config="",
             tls_command=[str(entrepot), "serve", "--data", "{data}", "--listen",
                          "127.0.0.1:{port}", "--tls-certificate", "{cert}", "--tls-key", "{key}"]),
        Peer("floor", "files", "file synced, renamed, directory synced; no names",
             [str(floor), "{port}", "{data}"]),
        Peer("nginx", "files", "no pushes", ["nginx", "-p", "{data}", "-c", "{config}"],
             _NGINX % "", tls_config=_NGINX % _NGINX_TLS),
        Peer("distribution 2.8.2", "registry", _FILES, ["docker-registry", "serve", "{config}"],
             _DISTRIBUTION % "", tls_config=_DISTRIBUTION % _DISTRIBUTION_TLS),
    ]
    if distribution3.exists():
        peers.append(Peer("distribution 3.1.2", "registry", _FILES,
                          [str(distribution3), "serve", "{config}"], _DISTRIBUTION % "",
                          environment={"OTEL_TRACES_EXPORTER": "none"},
                          tls_config=_DISTRIBUTION % _DISTRIBUTION_TLS))
    return [peer for peer in peers if shutil.which(peer.command[0])]


def custom(text: str) -> Peer:
    """`NAME=COMMAND` of the command line."""
    name, _, command = text.partition("=")
    return Peer(name, "registry", "its own", command.split())


def describe(peers: list[Peer]) -> str:
    return json.dumps({peer.name: peer.durability for peer in peers})
