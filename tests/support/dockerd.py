"""Docker daemons of the tests' own: no systemd, images in a folder of the test."""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.command import output, run
from support.paths import program
from support.server import ServerProcess

_READY_SECONDS = 30


class Dockerd:
    """One dockerd with its client. It takes 127.0.0.0/8 as insecure by itself.

    `prefix` stands in front of the daemon's command: the network to run it in. With `bridge`, which
    wants a network of its own, containers can publish ports. `environment` makes the client find
    this daemon. `mirror` is the URL of a mirror of Docker Hub.
    """

    def __init__(self, directory: Path, prefix: Sequence[str] = (), bridge: bool = False,
                 mirror: str = ""):
        self._directory = directory
        self._mirror = mirror
        self._prefix = list(prefix)
        self._bridge = bridge
        self._process = ServerProcess("dockerd", directory)
        self._host = f"unix://{directory}/d.sock"
        self.environment = {"DOCKER_HOST": self._host, "DOCKER_CONFIG": f"{directory}/config",
                            "DOCKER_CLI_HINTS": "false"}

    def start(self) -> "Dockerd":
        if os.geteuid() != 0:
            pytest.skip("dockerd runs as root only")
        if self._bridge:
            self._require_bridges()
        at = self._directory
        self._process.spawn([
            *self._prefix, program("dockerd"),
            "--data-root", f"{at}/data", "--exec-root", f"{at}/exec", "--host", self._host,
            "--pidfile", f"{at}/pid",
            *([f"--registry-mirror={self._mirror}"] if self._mirror else []),
            *([] if self._bridge else ["--iptables=false", "--bridge=none"])])
        try:
            self._process.wait_until(
                lambda: self._run("version", expect=None).returncode == 0, _READY_SECONDS)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends the daemon and removes its images."""
        self._process.stop(30)
        self._process.discard()

    def docker(self, *arguments, timeout: float = 180) -> str:
        """Runs the docker client and returns what it printed."""
        return self._run(*arguments, timeout=timeout).stdout

    def log_of(self, container: str) -> str:
        """What a container wrote, to either stream."""
        shown = self._run("logs", container, timeout=30)
        return shown.stdout + shown.stderr

    def version(self) -> str:
        shown = self.docker("version", "--format", "{{.Server.Version}} {{.Client.Version}}")
        server, client = shown.split()
        return f"{server}, client {client}"

    def push(self, reference: str) -> tuple[str, str]:
        """The digest that docker says it pushed, and all that it printed."""
        text = self.docker("push", reference)
        digest = re.search(r"digest: (sha256:[0-9a-f]{64})", text)
        assert digest, text
        return digest[1], text

    def pull(self, reference: str, *options: str) -> str:
        """The digest that docker says it pulled."""
        text = self.docker("pull", *options, reference)
        digest = re.search(r"Digest: (sha256:[0-9a-f]{64})", text)
        assert digest, text
        return digest[1]

    def image(self, reference: str) -> dict:
        return json.loads(self.docker("image", "inspect", reference))[0]

    def refused(self, *arguments) -> str:
        """Runs the docker client, which must fail, and returns what it complained of."""
        result = self._run(*arguments, expect=None)
        assert result.returncode != 0, result.stdout
        return result.stderr

    def forget(self, *references: str) -> None:
        self.docker("image", "rm", "--force", *references)

    def _require_bridges(self) -> None:
        for needed in ([program("ip"), "link", "add", "name", "probe", "type", "bridge"],
                       [program("ip"), "link", "delete", "probe"],
                       [program("iptables"), "-t", "nat", "-L", "-n"]):
            probe = run(*self._prefix, *needed, expect=None)
            if probe.returncode != 0:
                pytest.skip(f"this machine allows no bridge: {probe.stderr.strip()}")

    def _run(self, *arguments, expect: int | None = 0, timeout: float = 30):
        return run(program("docker"), *arguments, timeout=timeout, expect=expect,
                   environment=self.environment)


def load_image(daemon: Dockerd, layout_reference: str, name: str, scratch: Path) -> None:
    """Makes an image of an OCI layout known to the daemon as `name`."""
    archive = scratch / "image.tar"
    output(program("skopeo"), "copy", "--quiet", layout_reference,
           f"docker-archive:{archive}:{name}")
    daemon.docker("load", "--input", archive)
    archive.unlink()
