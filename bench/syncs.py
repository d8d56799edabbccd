"""How many times a push waits for the disk, counted by strace."""

import re
import subprocess
import time
from pathlib import Path

from . import plans
from .fill import KIB
from .peers import Peer
from .plans import Plan
from .server import Server
from .stage import Stage
from .workloads.workload import new_numbers

_PUSHES = 20
_CALL = re.compile(r"\b(?:fsync|fdatasync|syncfs|sync_file_range|msync)\(")


def per_push(stage: Stage, peer: Peer) -> dict[str, float]:
    """Of a new blob of 64 KiB and of a new manifest, one client, one after the other."""
    content, server = stage.content, stage.filled(peer)
    push = plans.push_blob if peer.kind == "registry" else plans.put_file
    counts = {"blob": [push(content.fill, n, 64 * KIB) for n in new_numbers(_PUSHES)]}
    if peer.kind == "registry":
        counts["manifest"] = [plans.put_manifest(content.manifest(n), f"synced-{n}")
                              for n in new_numbers(_PUSHES)]
    return {what: _count(stage, server, plan) for what, plan in counts.items()}


def _count(stage: Stage, server: Server, plan: Plan) -> float:
    log = stage.work / "strace.log"
    calls = "fsync,fdatasync,syncfs,sync_file_range,msync"
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-e", f"trace={calls}", "-e", "signal=none",
                               "-o", log, "-p", str(server.pid)])
    try:
        _wait_attached(server.pid, tracer.pid)
        outcome = stage.loader.run(server.target, plan, connections=1, once=True)
    finally:
        tracer.terminate()
        tracer.wait()
    if outcome["errors"]:
        raise RuntimeError(f"{server.peer.name}: {outcome['first_error']}")
    lines = log.read_text().splitlines()
    return round(sum(bool(_CALL.search(line)) for line in lines) / len(plan), 1)


def _wait_attached(pid: int, tracer: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        tracers = {line.split()[1] for status in Path(f"/proc/{pid}/task").glob("*/status")
                   for line in status.read_text().splitlines() if line.startswith("TracerPid")}
        if tracers == {str(tracer)}:
            return
        time.sleep(0.02)
    raise RuntimeError("strace cannot attach here")
