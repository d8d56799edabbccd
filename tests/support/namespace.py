"""A network of the test's own, in which every port of loopback is free."""

import subprocess

import pytest

from support.command import run
from support.paths import program


class NetworkNamespace:
    """A private network with loopback alone. It is gone when `close` ends the process that holds it.

    Put `prefix` in front of a command to run it inside.
    """

    def __init__(self):
        probe = run("unshare", "--net", "true", expect=None)
        if probe.returncode != 0:
            pytest.skip(f"this machine allows no network namespace: {probe.stderr.strip()}")
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", f"{program('ip')} link set lo up && echo up && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._holder.stdout.readline() == b"up\n"
        self.path = f"/proc/{self._holder.pid}/ns/net"
        self.prefix = ["nsenter", f"--net={self.path}"]

    def run(self, *command, **options) -> subprocess.CompletedProcess:
        """`support.command.run`, inside."""
        return run(*self.prefix, *command, **options)

    def close(self) -> None:
        self._holder.stdin.close()  # the end of its input is the end of `cat`
        self._holder.stdout.close()
        self._holder.wait(10)
