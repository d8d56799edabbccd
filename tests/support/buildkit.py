"""A BuildKit daemon of a test's own, with its client. It builds without pulling anything."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.command import run
from support.paths import program
from support.server import ServerProcess

_READY_SECONDS = 30


class BuildKit:
    """`buildkitd` with the folder's own socket and store; as root only."""

    def __init__(self, directory: Path):
        self._directory = directory
        self._process = ServerProcess("buildkitd", directory)
        self._address = f"unix://{directory}/s"

    def start(self) -> "BuildKit":
        if os.geteuid() != 0:
            pytest.skip("buildkitd runs as root only")
        self._process.spawn([
            program("buildkitd"), "--root", f"{self._directory}/store", "--addr", self._address,
            "--containerd-worker=false", "--oci-worker=true",
            "--oci-worker-snapshotter=native", "--oci-worker-net=host"])
        try:
            self._process.wait_until(
                lambda: self._run("debug", "workers", expect=None).returncode == 0, _READY_SECONDS)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends the daemon and removes all that it built."""
        self._process.stop(30)
        self._process.discard()

    def build(self, context: Path, *arguments: str) -> Sequence[str]:
        """Builds the folder's Dockerfile; returns the steps that were taken from a cache."""
        result = self._run("build", "--progress=plain", "--frontend=dockerfile.v0",
                           f"--local=context={context}", f"--local=dockerfile={context}",
                           *arguments)
        steps = dict(line.split(" ", 1) for line in result.stderr.splitlines()
                     if line.startswith("#") and " [" in line)
        return [steps[line.split()[0]] for line in result.stderr.splitlines()
                if line.startswith("#") and line.endswith(" CACHED")]

    def forget(self) -> None:
        """Drops all that was built."""
        self._run("prune", "--all")

    def _run(self, *arguments: str, expect: int | None = 0):
        return run(program("buildctl"), "--addr", self._address, *arguments, expect=expect)
