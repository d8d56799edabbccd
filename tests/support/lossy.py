"""A bad line: packets are lost, connections are reset, and there is little room."""

import ctypes
import os
import threading
from collections.abc import Callable

import pytest

from support.namespace import NetworkNamespace
from support.paths import program


_NEW_NETWORK = 0x40000000


class LossyNetwork(NetworkNamespace):
    """A private network whose loopback loses packets. Only whole connections of TCP see it: lost
    segments are sent again, as on a real line."""

    def inside(self, act: Callable[[], None]) -> None:
        """Runs it here: its sockets, and those of the threads and programs that it starts."""
        failures: list[BaseException] = []

        def run() -> None:
            try:
                network = os.open(self.path, os.O_RDONLY)
                if ctypes.CDLL(None, use_errno=True).setns(network, _NEW_NETWORK) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
                os.close(network)
                act()
            except BaseException as failure:
                failures.append(failure)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if failures:
            raise failures[0]

    def lose(self, share: float) -> None:
        """So many of all packets, in either direction, never arrive."""
        self._filter("-A", "INPUT", "-m", "statistic", "--mode", "random",
                     "--probability", str(share), "-j", "DROP")

    def reset(self, share: float, port: int) -> None:
        """So many of the packets of this port's connections end theirs with a RST."""
        for end in ("--sport", "--dport"):
            self._filter("-A", "INPUT", "-p", "tcp", end, str(port), "-m", "statistic", "--mode",
                         "random", "--probability", str(share),
                         "-j", "REJECT", "--reject-with", "tcp-reset")

    def narrow(self, rate: str) -> None:
        """The line takes no more than, for example, "1mbit"."""
        self._need(program("tc"), "qdisc", "add", "dev", "lo", "root", "tbf", "rate", rate,
                   "burst", "64kb", "latency", "400ms")

    def mend(self) -> None:
        self._need(program("iptables"), "-F", "INPUT")
        self.run(program("tc"), "qdisc", "del", "dev", "lo", "root", expect=None)

    def _filter(self, *rule: str) -> None:
        self._need(program("iptables"), *rule)

    def _need(self, *command: str) -> None:
        result = self.run(*command, expect=None)
        if result.returncode != 0:
            pytest.skip(f"this machine's kernel cannot do that: {result.stderr.strip()}")
