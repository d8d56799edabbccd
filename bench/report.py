"""Medians, ratios, and the tables that show them."""

import os
import platform
import statistics
from pathlib import Path

from . import bulk

OWN = "entrepot"
_LOWER_IS_BETTER = ("ms", "CPU ms", "p99 µs", "MiB over idle", "MiB")


def lower_is_better(unit: str) -> bool:
    return unit in _LOWER_IS_BETTER


def median(values: list[float]) -> float:
    return statistics.median(values) if values else 0.0


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def row(name: str, unit: str, runs: dict[str, list[dict]]) -> dict:
    """One workload: the summary of each peer, and all of its runs."""
    return {"name": name, "unit": unit, "cpu_unit": "CPU s/GiB" if unit == "MiB/s" else "CPU µs",
            "peers": {peer: summarise(of_peer) for peer, of_peer in runs.items()},
            "runs": {peer: [_rounded(run) for run in of_peer] for peer, of_peer in runs.items()}}


def summarise(runs: list[dict]) -> dict:
    """The medians of one peer's runs of one workload."""
    values = [run["value"] for run in runs]
    summary = {"median": median(values), "min": min(values), "max": max(values),
               "runs": len(values), "errors": sum(run.get("errors", 0) for run in runs),
               "foreign": max(run.get("foreign", 0) for run in runs)}
    for key in ("cpu", "p50_us", "p99_us", "peak_mib"):
        if all(key in run for run in runs):
            summary[key] = median([run[key] for run in runs])
    return _rounded(summary)


def _rounded(figures: dict) -> dict:
    return {key: float(f"{value:.5g}") if isinstance(value, float) else value
            for key, value in figures.items() if value != ""}


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
                 platform.machine())
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def ratio(own: dict, other: dict, unit: str) -> float | None:
    """How many times better entrepot is."""
    if not own["median"] or not other["median"]:
        return None
    times = own["median"] / other["median"]
    return 1 / times if lower_is_better(unit) else times


def table(results: dict) -> str:
    """A row a workload, a column a peer, and entrepot's ratio to each."""
    peers = results["peers"]
    lines = ["| workload | unit | " + " | ".join(peers) + " |", "|---" * (len(peers) + 2) + "|"]
    for line in results["workloads"]:
        cells = [_cell(line, peer, results["foreign_limit"]) for peer in peers]
        lines.append(f"| {line['name']} | {line['unit']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(line: dict, peer: str, foreign_limit: float) -> str:
    figures = line["peers"].get(peer)
    if figures is None:
        return "not filled" if _is_bulk(line) else ""
    text = f"{number(figures['median'])} ±{number((figures['max'] - figures['min']) / 2)}"
    if "cpu" in figures:
        text += f", {number(figures['cpu'])} {line['cpu_unit']}"
    own = line["peers"].get(OWN)
    if peer != OWN and own and (times := ratio(own, figures, line["unit"])):
        text += f" (**{times:.2f}×**)"
    if figures["foreign"] > foreign_limit:
        text += " ~"
    if figures["errors"]:
        text += f" — {figures['errors']} errors"
    return text


def _is_bulk(line: dict) -> bool:
    return any(one.name in line["name"] for one in bulk.ALL)


def facts(results: dict) -> str:
    measured = {line["name"] for line in results["workloads"] if line["name"].endswith("BBR")}
    lines = [f"- {results['machine']}; {results['date']}; entrepot {results['version']}; "
             f"{results['rounds']} rounds, {results['minutes']:.0f} minutes",
             f"- TCP {results['congestion']}"
             + (", and BBR in the row that says so" if measured else ""),
             "- each cell: median ± half the spread, the server's CPU; in bold how many times "
             "better entrepot is",
             f"- ~ other processes used more than {results['foreign_limit']:.0%} of the machine "
             "in a run"]
    if any(_is_bulk(line) for line in results["workloads"]):
        lines.append("- not filled: these stores are written straight into entrepot's metadata, in "
                     f"schema {bulk.SCHEMA}, which no other registry and no older entrepot has")
    if results["noisy"]:
        lines.append("- **noisy**: nobody waited for a quiet machine; these figures are no figures")
    lines += [f"- **failed**: {failure}" for failure in results["failures"]]
    for peer, promise in results["durability"].items():
        syncs = results["syncs"].get(peer, {})
        counts = ", ".join(f"{count:g} a {what}" for what, count in syncs.items())
        lines.append(f"- {peer}: {promise}" + (f"; syncs: {counts}" if counts else ""))
    return "\n".join(lines)
