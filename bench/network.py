"""A network of our own, where only loopback exists, with the congestion control of our choice."""

import os
import socket
import subprocess
import sys
from pathlib import Path

_INSIDE = "BENCH_PRIVATE_NETWORK"
_AVAILABLE = Path("/proc/sys/net/ipv4/tcp_available_congestion_control")


def enter() -> None:
    """Starts this program again in a private network namespace."""
    if os.environ.get(_INSIDE) != "1":
        os.environ[_INSIDE] = "1"
        user = [] if os.geteuid() == 0 else ["--map-root-user"]
        os.execvp("unshare", ["unshare", "--net", *user, sys.executable, "-m", __package__,
                              *sys.argv[1:]])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def has(congestion: str) -> bool:
    return congestion in _AVAILABLE.read_text().split()


def use(congestion: str) -> None:
    """For connections made from now on.

    By the routes, because a namespace's default may only be one that every user may choose.
    """
    for route in ("127.0.0.0/8", "127.0.0.1"):
        subprocess.run(["ip", "route", "replace", "local", route, "dev", "lo", "table", "local",
                        "proto", "kernel", "scope", "host", "src", "127.0.0.1",
                        "congctl", congestion], check=True)
    used = _used_by_a_connection()
    if used != congestion:
        raise SystemExit(f"connections use {used}, not {congestion}")


def _used_by_a_connection() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener, \
            socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
        name = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
        return name.rstrip(b"\0").decode()
