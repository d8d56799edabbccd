"""One measurement of one peer, repeated when something else disturbed it."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from . import measure, network, report
from .fill import MIB
from .loader import Loader, Running
from .peers import Peer
from .plans import Plan
from .server import Server
from .stage import Stage
from .workloads.workload import Workload

FOREIGN_LIMIT = 0.08  # of the machine, used by others; what is above is repeated, or marked
_ATTEMPTS = 3
_WARM_SECONDS = 0.3
_CPU_LEAST = 0.05  # seconds: the kernel counts in hundredths

# What the value of each unit is, of what the load program and the watch have seen.
FIGURES = {
    "1/s": lambda load, usage: load["transactions"] / load["seconds"],
    "images/s": lambda load, usage: load["transactions"] / load["seconds"],
    "MiB/s": lambda load, usage: _body_bytes(load) / MIB / load["seconds"],
    "ms": lambda load, usage: load["latency_us"]["p50"] / 1000,
    "p99 µs": lambda load, usage: load["latency_us"]["p99"],
    "MiB over idle": lambda load, usage: max(0.0, usage.peak_mib - usage.before_mib),
}


def _body_bytes(load: dict) -> int:
    return load["received_bytes"] + load["sent_bytes"]


@dataclass(frozen=True)
class Patience:
    """How long to wait for a quiet machine before a measurement; noisy: take what comes."""

    seconds: float = 30
    noisy: bool = False


class Trials:
    def __init__(self, stage: Stage, loader: Loader, patience: Patience, congestion: str,
                 pace: float = 1):
        """`pace` shortens the timed workloads."""
        self._stage = stage
        self._loader = loader
        self._patience = patience
        self._congestion = congestion
        self._pace = pace

    def run(self, workload: Workload, peer: Peer, reached: float = 0) -> dict | None:
        """The figures of one run, or none when this peer cannot be asked for that.

        `reached` is what the workload's rate is a share of.
        """
        make = workload.make(peer.kind)
        if (make is None or (workload.pushes and not peer.pushes)
                or (workload.tls and peer.tls_config is None)
                or (workload.bulk and peer.name != report.OWN)):
            return None
        attempts = []
        for _ in range(1 if self._patience.noisy else _ATTEMPTS):
            attempts.append(self._once(workload, peer, make(self._stage.content), reached))
            if attempts[-1][1].foreign_share <= FOREIGN_LIMIT:
                break
        load, usage = min(attempts, key=lambda attempt: attempt[1].foreign_share)
        return _figures(workload, load, usage)

    def _once(self, workload: Workload, peer: Peer, plan: Plan,
              reached: float) -> tuple[dict, measure.Usage]:
        with ExitStack() as cleanup:
            if workload.congestion:
                network.use(workload.congestion)
                cleanup.callback(network.use, self._congestion)
            server = self._server(workload, peer, cleanup)
            options = {"connections": workload.connections, "threads": min(2, workload.connections),
                       "random": workload.random, "tls": workload.tls, "reads": workload.reads,
                       "rate": int(workload.rate or reached * workload.rate_share)}
            if workload.hold:
                options["hold"] = True
            elif workload.seconds:
                if not (workload.cold or workload.of_memory):
                    self._loader.run(server.target, plan, seconds=_WARM_SECONDS, **options)
                options["seconds"] = workload.seconds * self._pace
            else:
                options["once"] = True
            load, usage = self._watched(workload, server, plan, options)
            if workload.pushes and not load["errors"]:
                self._stage.verify_pushed(server, plan)
            return load, usage

    def _server(self, workload: Workload, peer: Peer, cleanup: ExitStack) -> Server:
        if workload.fresh:
            before = workload.before(self._stage.content) if workload.before else None
            return cleanup.enter_context(self._stage.fresh(peer, before))
        if workload.bulk:
            server = self._stage.bulk(peer, workload.bulk)
            server.read_through()  # else a small machine measures its disk
            return server
        if workload.of_memory:
            return self._stage.restarted(peer)
        return self._stage.cold(peer) if workload.cold else self._stage.filled(peer, workload.tls)

    def _watched(self, workload: Workload, server: Server, plan: Plan,
                 options: dict) -> tuple[dict, measure.Usage]:
        background = self._prepared_background(workload, server)
        if not self._patience.noisy:
            os.sync()
            measure.wait_until_quiet(self._patience.seconds)
        watch = measure.Watch(server.pid)
        others = [start(options["seconds"]) for start in background]
        running = self._loader.start(server.target, plan, **options)
        load = running.first_line() if workload.hold else running.result()
        for other in others:
            load["errors"] += other.result()["errors"]
        usage = watch.stop()
        if workload.hold:
            usage.peak_mib = measure.memory_mib(server.pid, "VmRSS")  # now that they are idle
            running.end()
        return load, usage

    def _prepared_background(self, workload: Workload, server: Server) -> list:
        """What starts each background load; their plans are made before the watch begins."""
        def starter(name: str, connections: int, plan: Plan) -> Callable[[float], Running]:
            return lambda seconds: self._loader.start(
                server.target, plan, name=name, connections=connections, threads=1, seconds=seconds)

        return [starter(f"background-{number}", one.connections, one.make(self._stage.content))
                for number, one in enumerate(workload.background)]


def _figures(workload: Workload, load: dict, usage: measure.Usage) -> dict:
    latency = load["latency_us"]
    figures = {"value": FIGURES[workload.unit](load, usage), "p50_us": latency["p50"],
               "p99_us": latency["p99"], "peak_mib": usage.peak_mib, "errors": load["errors"],
               "first_error": load["first_error"], "foreign": usage.foreign_share}
    if workload.cpu_counts and usage.cpu_seconds >= _CPU_LEAST:
        if workload.unit == "MiB/s":
            figures["cpu"] = usage.cpu_seconds / (_body_bytes(load) / (1 << 30))
        else:
            figures["cpu"] = usage.cpu_seconds / max(load["transactions"], 1) * 1e6
    return figures
