"""Medians, ratios, and the forms in which they are kept."""

import json
import platform
import statistics
from pathlib import Path

OWN = "entrepot"


def median(values: list[float]) -> float:
    return statistics.median(values) if values else float("nan")


def summarise(runs: list[dict]) -> dict:
    """One peer's figures of one workload, over its runs."""
    def of(key: str) -> list[float]:
        return [run[key] for run in runs if run.get(key) is not None]

    values = of("value")
    return {"median": median(values), "min": min(values), "max": max(values), "runs": len(values),
            "cpu": median(of("cpu")), "p50_us": median(of("p50_us")), "p99_us": median(of("p99_us")),
            "peak_mib": median(of("peak_mib")), "errors": sum(run["errors"] for run in runs)}


def number(value: float) -> str:
    if value != value:
        return "–"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _lower_is_better(unit: str) -> bool:
    return unit in ("ms", "p99 µs", "MiB over idle")


def table(results: dict) -> str:
    """The Markdown table: a row a workload, a column a peer, and entrepot's ratio to each."""
    peers = results["peers"]
    lines = ["| workload | unit | " + " | ".join(peers) + " |", "|---" * (len(peers) + 2) + "|"]
    for row in results["workloads"]:
        cells = []
        own = row["peers"].get(OWN)
        for peer in peers:
            figures = row["peers"].get(peer)
            if figures is None:
                cells.append("")
                continue
            text = f"{number(figures['median'])} ±{number((figures['max'] - figures['min']) / 2)}"
            if figures["cpu"] == figures["cpu"]:
                text += f", {number(figures['cpu'])} {row['cpu_unit']}"
            if peer != OWN and own and figures["median"] and own["median"]:
                ratio = own["median"] / figures["median"]
                if _lower_is_better(row["unit"]):
                    ratio = 1 / ratio
                text += f" (**{ratio:.2f}×**)"
            if figures["errors"]:
                text += f" — {figures['errors']} errors"
            cells.append(text)
        lines.append(f"| {row['name']} | {row['unit']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def facts(results: dict) -> str:
    lines = [f"- machine: {results['machine']}; TCP {results['congestion']}; {results['rounds']} rounds, "
             "peers in turn, in random order; median ± half the spread; in bold how many times better entrepot is"]
    for peer, what in results["durability"].items():
        syncs = results["syncs"].get(peer)
        lines.append(f"- {peer}: {what}" + (f"; syncs per blob push {syncs}" if syncs else ""))
    for peer, what in results["lifecycle"].items():
        lines.append(f"- {peer}: start on an empty directory {what['empty_ms']:.0f} ms, on the filled one "
                     f"{what['filled_ms']:.0f} ms; idle {what['idle_mib']:.0f} MiB")
    return "\n".join(lines)


def plot(row: dict) -> str:
    """One workload as a bar chart in SVG."""
    bars = sorted(((figures["median"], peer) for peer, figures in row["peers"].items()), reverse=True)
    top = max(value for value, _ in bars) or 1
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="{40 + 24 * len(bars)}" '
             'font-family="system-ui" font-size="13">',
             f'<text x="8" y="20" font-weight="600">{row["name"]} ({row["unit"]})</text>']
    for at, (value, peer) in enumerate(bars):
        y = 36 + 24 * at
        colour = "#17788a" if peer == OWN else "#a3a9ad"
        parts.append(f'<text x="8" y="{y + 13}">{peer}</text><rect x="160" y="{y}" height="16" '
                     f'width="{380 * value / top:.1f}" fill="{colour}"/>'
                     f'<text x="{166 + 380 * value / top:.1f}" y="{y + 13}">{number(value)}</text>')
    return "\n".join(parts) + "\n</svg>\n"


def machine() -> str:
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    import os
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def keep(results: dict, directory: Path) -> str:
    directory.mkdir(parents=True, exist_ok=True)
    text = "# Results\n\n" + facts(results) + "\n\n" + table(results) + "\n"
    (directory / "latest.json").write_text(json.dumps(results, indent=1) + "\n")
    (directory / "latest.md").write_text(text)
    for row in results["workloads"]:
        name = "".join(c if c.isalnum() else "-" for c in row["name"].lower())
        (directory / f"{name}.svg").write_text(plot(row))
    return text
