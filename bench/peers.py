"""Who is measured, and what each promises about a push that it has answered."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Peer:
    """One program that can be measured. {port}, {data}, {config}, {cert}, {key} are filled in."""

    name: str
    kind: str  # "registry", or "files" for those that know no registry
    durability: str
    command: list[str]
    config: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    tls_command: list[str] | None = None  # if it differs
    tls_config: str | None = None         # None: not measured over TLS
    pushes: bool = True
    quick: bool = True                    # belongs to the quick form


_DISTRIBUTION = """version: 0.1
log: {accesslog: {disabled: true}, level: error}
storage: {filesystem: {rootdirectory: "{data}"}, delete: {enabled: true}}
http: {addr: "127.0.0.1:{port}"%s}
"""
_DISTRIBUTION_TLS = ', tls: {certificate: "{cert}", key: "{key}"}'

_NGINX = """user root root;
worker_processes 2;
worker_rlimit_nofile 65536;
daemon off;
pid {data}.pid;
error_log stderr error;
events { worker_connections 20000; }
http {
  access_log off; sendfile on; keepalive_requests 1000000000;
  open_file_cache max=20000; open_file_cache_valid 1h;
  default_type application/octet-stream; client_body_temp_path {data}.tmp;
  server { listen 127.0.0.1:{port} %s; root {data}; }
}
"""
_NGINX_TLS = "ssl; ssl_protocols TLSv1.3; ssl_certificate {cert}; ssl_certificate_key {key}"

_SYNCED = "files, directories and names synced before the answer"
_FILES = "files synced, the directory of the last rename not"


def builtin(entrepot: Path, floor: Path, distribution3: Path) -> list[Peer]:
    serve = [str(entrepot), "serve", "--data", "{data}", "--listen", "127.0.0.1:{port}"]
    peers = [
        Peer("entrepot", "registry", _SYNCED,
             serve,
             environment={"ENTREPOT_ACCESS_LOG_ENABLED": "false"}, tls_config="",
             tls_command=[*serve, "--http.tls.certificate", "{cert}", "--http.tls.key", "{key}"]),
        Peer("floor", "files", "file synced, renamed, directory synced; no names",
             [str(floor), "{port}", "{data}"]),
        Peer("nginx", "files", "no pushes", ["nginx", "-p", "{data}", "-c", "{config}"],
             _NGINX % "", tls_config=_NGINX % _NGINX_TLS, pushes=False),
        Peer("distribution 2.8.2", "registry", _FILES, ["docker-registry", "serve", "{config}"],
             _DISTRIBUTION % "", tls_config=_DISTRIBUTION % _DISTRIBUTION_TLS, quick=False),
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
