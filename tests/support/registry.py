"""The registry under test, and a peer that stands in for it when the tests themselves are tested.

ENTREPOT_TEST_REGISTRY=docker-registry runs a test file against Debian's docker-registry instead of
entrepot. Many promises fail there; it shows that a test can fail, and that a client test is sound.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from support.http import Client
from support.paths import entrepot, program
from support.server import ServerProcess

_READY_SECONDS = 20


class Registry:
    """A registry on loopback with a data directory of its own.

    The port is the system's choice at the first start and stays the same over restarts, so that a
    client can go on where it was. `prefix` stands in front of the server's command: the network to
    run it in. Not thread-safe; the server it starts may be used from anywhere.
    """

    name = ""
    schema = "http"

    def __init__(self, directory: Path, environment: Mapping[str, str] | None = None,
                 options: Sequence[str] = (), prefix: Sequence[str] = ()):
        self.data = directory / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.environment = dict(environment or {})
        self.options = list(options)
        self._prefix = list(prefix)
        self.process = ServerProcess(self.name, directory)
        self.address = "127.0.0.1:0"

    @property
    def url(self) -> str:
        return f"{self.schema}://{self.address}"

    @property
    def client(self) -> Client:
        """A new client of this registry; give each thread its own."""
        return Client(self.address)

    def start(self) -> "Registry":
        self.process.spawn([*self._prefix, *self._command()], self.environment)
        self.address = self.process.wait_until(self._listening_on, _READY_SECONDS)
        return self

    def stop(self) -> None:
        """Ends the server as an administrator would; it must end well."""
        code = self.process.stop()
        assert code in self._good_exit_codes(), (
            f"{self.name} ended with {code} after SIGTERM\n{self.process.log()}")

    def kill(self) -> None:
        self.process.kill()

    def restart(self) -> "Registry":
        """A new process on the same data and address, after a stop or a kill."""
        self.process.stop()
        return self.start()

    def reference(self, repository: str, tag: str = "latest") -> str:
        separator = "@" if ":" in tag else ":"
        return f"{self.address}/{repository}{separator}{tag}"

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _listening_on(self) -> str | None:
        raise NotImplementedError

    def _good_exit_codes(self) -> tuple[int, ...]:
        return (0,)


class Entrepot(Registry):
    name = "entrepot"

    def _command(self) -> list[str]:
        return [entrepot(), "serve", "--data", str(self.data), "--listen", self.address,
                *self.options]

    def _listening_on(self) -> str | None:
        line = re.search(r"^listening on (https?)://(\S+?)/?\s*$", self.process.current_stdout(),
                         re.MULTILINE)
        if line is None:
            return None
        self.schema = line[1]
        return line[2]


class DockerRegistry(Registry):
    """Debian's docker-registry 2.8.2, with deletes on."""

    name = "docker-registry"

    @property
    def configuration(self) -> Path:
        return self.process.directory / "config.yml"

    def _command(self) -> list[str]:
        file = self.configuration
        file.write_text(
            "version: 0.1\n"
            "log: {accesslog: {disabled: true}}\n"
            f"storage: {{filesystem: {{rootdirectory: {self.data}}}, delete: {{enabled: true}}}}\n"
            f"http: {{addr: '{self.address}', relativeurls: true}}\n")
        return [program(self.name), "serve", str(file)]

    def _listening_on(self) -> str | None:
        line = re.search(r"listening on (127\.0\.0\.1:\d+)", self.process.current_stderr())
        return line[1] if line else None

    def _good_exit_codes(self) -> tuple[int, ...]:
        return (0, -15)


class DistributionRegistry(DockerRegistry):
    """distribution 3.1.2, what the image registry:3 is made of."""

    name = "registry"


def registry_class() -> type[Registry]:
    kinds = {kind.name: kind for kind in (Entrepot, DockerRegistry)}
    return kinds[os.environ.get("ENTREPOT_TEST_REGISTRY", Entrepot.name)]
