#!/usr/bin/env python3
"""Measures entrepot beside its peers. `./dev bench` builds what this needs and calls it."""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import measure
import peers as peer_list
import plans
import report
from workloads import WORKLOADS, Workload

HERE = Path(__file__).resolve().parent
_FOREIGN_LIMIT = 0.08


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entrepot", type=Path, required=True)
    parser.add_argument("--programs", type=Path, required=True, help="folder of load and floor")
    parser.add_argument("--distribution3", type=Path, default=Path("none"))
    parser.add_argument("--work", type=Path, help="folder for data (default: a temporary one)")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--only", default="", help="a regular expression over workloads")
    parser.add_argument("--peers", default="", help="a regular expression over peers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="3 rounds of the workloads that matter most")
    parser.add_argument("--congestion", default="cubic")
    return parser.parse_args()


def enter_private_network(congestion: str) -> None:
    """Starts this program again in a network of its own, where only loopback exists."""
    if os.environ.get("BENCH_PRIVATE_NETWORK") != "1":
        os.environ["BENCH_PRIVATE_NETWORK"] = "1"
        root = [] if os.geteuid() == 0 else ["--map-root-user"]
        os.execvp("unshare", ["unshare", "--net", *root, sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    Path("/proc/sys/net/ipv4/tcp_congestion_control").write_text(congestion)


class Bench:
    def __init__(self, options: argparse.Namespace, work: Path):
        self.options = options
        self.work = work
        self.fill = plans.Fill(work / "fill")
        self.content = (plans.Content(self.fill, 2000, 500) if options.quick
                        else plans.Content(self.fill, 10_000, 5_000))
        everyone = peer_list.builtin(options.entrepot, options.programs / "floor", options.distribution3)
        everyone += [peer_list.custom(text) for text in options.peer]
        self.peers = [peer for peer in everyone
                      if peer.name == report.OWN or re.search(options.peers, peer.name)]
        self.tls = self._certificate()
        self.servers: dict[tuple[str, bool], peer_list.Server] = {}
        self.lifecycle: dict[str, dict] = {}
        self.runs: dict[str, dict[str, list[dict]]] = {}

    def _certificate(self) -> tuple[Path, Path]:
        cert, key = self.work / "cert.pem", self.work / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
        return cert, key

    def load(self, target: str, plan: list, **options) -> dict:
        path = plans.write(self.work / "plan", plan)
        command = [self.options.programs / "load", "--target", target, "--plan", path, "--fill", self.fill.path]
        for name, value in options.items():
            if value is True:
                command.append(f"--{name}")
            elif value not in (False, None, 0):
                command += [f"--{name}", str(value)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    # --- before -----------------------------------------------------------------------------

    def prepare(self) -> None:
        for peer in self.peers:
            print(f"filling {peer.name} …", flush=True)
            server = peer_list.Server(peer, self.work / peer.name.replace(" ", "-"))
            empty = server.start_seconds
            if peer.kind == "files":
                self.content.files(server.data)
            else:
                for plan in self.content.seed():
                    outcome = self.load(server.target, plan, connections=8, once=True)
                    if outcome["errors"]:
                        raise SystemExit(f"filling {peer.name}: {outcome['first_error']}")
            server.stop()
            server.start()
            idle = measure.memory_mib(server.pid, "VmRSS")
            self.lifecycle[peer.name] = {"empty_ms": empty * 1e3, "filled_ms": server.start_seconds * 1e3,
                                         "idle_mib": idle}
            self.servers[peer.name, False] = server
            self._verify(server)

    def _verify(self, server: peer_list.Server) -> None:
        """Pulls with all bytes hashed: a fast answer must be the right one."""
        content = self.content
        for name, blob in (("large", content.LARGE), ("middle", content.MIDDLE)):
            path = (f"/{name}" if server.peer.kind == "files"
                    else f"/v2/{plans.REPOSITORY}/blobs/{self.fill.digest(*blob)}")
            digest = self.fill.digest(*blob).removeprefix("sha256:")
            outcome = self.load(server.target, [[plans.step("GET", path, [200], sha256=digest)]],
                                connections=1, once=True)
            if outcome["errors"]:
                raise SystemExit(f"{server.peer.name}: {outcome['first_error']}")

    def _over_tls(self, peer: peer_list.Peer) -> peer_list.Server:
        """The filled data directory, served over TLS; the plain server of it stops."""
        if (peer.name, True) not in self.servers:
            self.servers[peer.name, False].stop()
            server = peer_list.Server(peer, self.servers[peer.name, False].directory, self.tls)
            self.servers[peer.name, True] = server
        return self.servers[peer.name, True]

    def _plain(self, peer: peer_list.Peer) -> peer_list.Server:
        if (peer.name, True) in self.servers:
            self.servers.pop((peer.name, True)).stop()
            self.servers[peer.name, False].start()
        return self.servers[peer.name, False]

    # --- one measurement --------------------------------------------------------------------

    def measure(self, workload: Workload, peer: peer_list.Peer) -> None:
        make = workload.registry if peer.kind == "registry" else workload.files
        if make is None or (workload.tls and peer.tls_config is None):
            return
        if peer.name == "nginx" and workload.seconds == 0:
            return
        for attempt in range(3):
            outcome, usage = self._once(workload, peer, make(self.content))
            if usage.foreign_share <= _FOREIGN_LIMIT:
                break
            print(f"  other processes used {usage.foreign_share:.0%}; again", flush=True)
        run = self._figures(workload, outcome, usage)
        self.runs.setdefault(workload.name, {}).setdefault(peer.name, []).append(run)
        print(f"  {peer.name:20} {report.number(run['value']):>10} {workload.unit}", flush=True)

    def _once(self, workload: Workload, peer: peer_list.Peer, plan: list) -> tuple[dict, measure.Usage]:
        fresh = None
        if workload.fresh:
            fresh = peer_list.Server(peer, self.work / "fresh")
        server = fresh or (self._over_tls(peer) if workload.tls else self._plain(peer))
        try:
            options = {"connections": workload.connections, "random": workload.random, "tls": workload.tls,
                       "threads": min(2, workload.connections)}
            if workload.rate_share:
                own = [run["value"] for run in self.runs[workload.of][report.OWN]]
                mine = self.runs[workload.of].get(peer.name)
                base = report.median([run["value"] for run in mine] if mine else own)
                options["rate"] = int(base * workload.rate_share)
            if workload.seconds:
                if not workload.rate_share:
                    self.load(server.target, plan, seconds=0.3, **options)  # warm
                options["seconds"] = workload.seconds
            else:
                options["once"] = True
            os.sync()
            measure.wait_until_quiet()
            watch = measure.Watch(server.pid)
            outcome = self.load(server.target, plan, **options)
            return outcome, watch.stop()
        finally:
            if fresh:
                fresh.remove()

    def _figures(self, workload: Workload, outcome: dict, usage: measure.Usage) -> dict:
        seconds, latency = outcome["seconds"], outcome["latency_us"]
        body_bytes = outcome["received_bytes"] + outcome["sent_bytes"]
        value = {"1/s": outcome["transactions"] / seconds,
                 "MiB/s": body_bytes / plans.MIB / seconds,
                 "ms": latency["p50"] / 1000,
                 "p99 µs": latency["p99"],
                 "MiB over idle": usage.peak_mib - usage.before_mib}[workload.unit]
        if workload.unit == "MiB/s":
            cpu = usage.cpu_seconds / max(body_bytes / (1 << 30), 1e-9)
        else:
            cpu = usage.cpu_seconds / max(outcome["transactions"], 1) * 1e6
        return {"value": value, "cpu": cpu, "p50_us": latency["p50"], "p99_us": latency["p99"],
                "peak_mib": usage.peak_mib, "errors": outcome["errors"], "foreign": usage.foreign_share}

    # --- all of it --------------------------------------------------------------------------

    def selected(self) -> list[Workload]:
        return [workload for workload in WORKLOADS
                if re.search(self.options.only, workload.name) and (workload.quick or not self.options.quick)]

    def run(self) -> dict:
        self.prepare()
        rounds = min(self.options.rounds, 3) if self.options.quick else self.options.rounds
        for turn in range(rounds):
            order = [w for w in self.selected() if not w.rate_share]
            random.shuffle(order)
            order += [w for w in self.selected() if w.rate_share and w.of in self.runs or
                      w.rate_share and any(o.name == w.of for o in order)]
            for workload in order:
                print(f"round {turn + 1}/{rounds}: {workload.name}", flush=True)
                for peer in random.sample(self.peers, len(self.peers)):
                    self.measure(workload, peer)
        return self._results(rounds)

    def _syncs(self) -> dict[str, float]:
        """Syncs that one blob push costs, counted by strace over 20 pushes."""
        counts = {}
        if not shutil.which("strace"):
            return counts
        for peer in self.peers:
            if peer.name == "nginx":
                continue
            server = peer_list.Server(peer, self.work / "strace")
            log = self.work / "syncs"
            tracer = subprocess.Popen(
                ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,syncfs,msync",
                 "-e", "signal=none", "-o", log, "-p", str(server.pid)])
            subprocess.run(["sleep", "1"], check=True)
            if peer.kind == "registry":
                plan = [plans.push_blob(self.fill, n, 65536) for n in range(5_000_000, 5_000_020)]
            else:
                plan = [[plans.step("PUT", "/x", [201], fill=65536, stamp="x")]] * 20
            self.load(server.target, plan, connections=1, once=True)
            tracer.terminate()
            tracer.wait()
            calls = [line for line in log.read_text().splitlines() if re.search(r"\b(fsync|fdatasync)\(", line)]
            counts[peer.name] = round(len(calls) / 20, 1)
            server.remove()
        return counts

    def _results(self, rounds: int) -> dict:
        rows = []
        for workload in self.selected():
            by_peer = self.runs.get(workload.name, {})
            if by_peer:
                rows.append({"name": workload.name, "unit": workload.unit,
                             "cpu_unit": "CPU s/GiB" if workload.unit == "MiB/s" else "CPU µs",
                             "peers": {peer: report.summarise(runs) for peer, runs in by_peer.items()},
                             "runs": by_peer})
        return {"machine": report.machine(), "congestion": self.options.congestion, "rounds": rounds,
                "peers": [peer.name for peer in self.peers],
                "durability": {peer.name: peer.durability for peer in self.peers},
                "lifecycle": self.lifecycle, "syncs": self._syncs(), "workloads": rows}

    def close(self) -> None:
        for server in self.servers.values():
            server.stop()


def main() -> None:
    options = arguments()
    enter_private_network(options.congestion)
    with tempfile.TemporaryDirectory(dir=options.work, prefix="bench-") as work:
        os.chmod(work, 0o755)  # nginx's workers read it
        bench = Bench(options, Path(work))
        try:
            print("\n" + report.keep(bench.run(), options.results))
        finally:
            bench.close()


if __name__ == "__main__":
    main()
