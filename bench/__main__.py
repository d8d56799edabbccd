"""Measures entrepot beside its peers. `./dev bench` builds what this needs and calls it."""

import argparse
import datetime
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import keep, lifecycle, network, peers, report
from .bench import Bench, selected
from .content import Content
from .fill import Fill
from .loader import Loader
from .stage import Stage
from .trial import FOREIGN_LIMIT, Patience, Trials

_FILES = 65536


@dataclass(frozen=True)
class Size:
    """How much a run measures, and what the registries are filled with."""

    rounds: int
    pace: float = 1  # times the seconds of a workload
    tags: int = 10_000
    repositories: int = 5000
    images: int = 24
    many: bool = True  # starts with large stores, too


def arguments() -> argparse.Namespace:
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--entrepot", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--programs", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--distribution3", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--results", type=Path, default=here / "results", metavar="FOLDER")
    parser.add_argument("--page", type=Path, metavar="FILE",
                        help="a page to show the results in, between its two marks")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND",
                        help="one more registry; {port}, {data} and {config} are filled in")
    parser.add_argument("--peers", default="", metavar="REGEX", help="only these besides entrepot")
    parser.add_argument("--only", default="", metavar="REGEX", help="only these workloads, starts, or syncs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=float("inf"),
                        help="after so many, finish the round and begin no other")
    parser.add_argument("--quick", action="store_true", help="about five minutes")
    parser.add_argument("--tiny", action="store_true",
                        help="a round of a blink, to try the benchmark itself")
    parser.add_argument("--patience", type=float, default=30, metavar="SECONDS",
                        help="how long to wait for a quiet machine before each measurement")
    parser.add_argument("--noisy", action="store_true",
                        help="do not wait for a quiet machine, repeat nothing")
    parser.add_argument("--congestion", default="cubic", help="TCP's, for all")
    options = parser.parse_args()
    options.size = Size(rounds=options.rounds)
    if options.quick:
        options.size = Size(rounds=min(options.rounds, 2), pace=0.25, tags=2000, repositories=500,
                            images=8, many=False)
    if options.tiny:
        options.size = Size(rounds=1, pace=0.1, tags=100, repositories=10, images=1, many=False)
    return options


def chosen_peers(options: argparse.Namespace) -> list[peers.Peer]:
    everyone = peers.builtin(options.entrepot, options.programs / "floor", options.distribution3)
    everyone += [peers.custom(text) for text in options.peer]
    return [peer for peer in everyone if peer.name == report.OWN
            or re.search(options.peers, peer.name) and (peer.quick or not options.quick)]


def run(options: argparse.Namespace, work: Path) -> dict:
    started, size = time.monotonic(), options.size
    everyone = chosen_peers(options)
    fill = Fill(work / "fill")
    loader = Loader(options.programs / "load", work, fill)
    content = Content(fill, size.tags, size.repositories, size.images)
    stage = Stage(work, content, loader)
    trials = Trials(stage, loader, Patience(options.patience, options.noisy), options.congestion,
                    size.pace)
    bench = Bench(everyone, stage, trials, size.rounds, options.minutes)
    try:
        bench.fill()
        bench.measure(selected(options.only, options.quick))
        if any(re.search(options.only, name) for name in lifecycle.NAMES):
            bench.measure_lifecycle(starts=size.rounds, many=size.many, only=options.only)
        syncs = bench.count_syncs() if re.search(options.only, "syncs per push") else {}
    finally:
        stage.close()
    return {"machine": report.machine(), "date": f"{datetime.date.today()}",
            "version": version(options.entrepot), "congestion": options.congestion,
            "rounds": bench.rounds_done, "only": options.only, "noisy": options.noisy,
            "minutes": round((time.monotonic() - started) / 60, 1), "foreign_limit": FOREIGN_LIMIT,
            "peers": [peer.name for peer in everyone],
            "durability": {peer.name: peer.durability for peer in everyone},
            "syncs": syncs, "failures": bench.failures, "workloads": bench.results.rows()}


def version(program: Path) -> str:
    done = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
    return done.stdout.split()[-1]


def allow_many_files() -> None:
    """For the servers: thousands of connections and open files."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(hard, _FILES) if os.geteuid() == 0 else hard
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, _FILES), most))
    except (OSError, ValueError):  # root of a namespace only
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, _FILES), hard))


def main() -> int:
    options = arguments()
    network.enter()
    network.use(options.congestion)
    allow_many_files()
    options.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.work.resolve(), prefix="bench-") as work:
        os.chmod(work, 0o755)  # a server may run as somebody else
        results = run(options, Path(work))
    text = keep.keep(results, options.results)
    if options.page:
        keep.show_in(options.page, text)
    print("\n" + text)
    return 1 if results["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
