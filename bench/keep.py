"""Where results stay: JSON, Markdown, plots, and the table in the documentation."""

import json
from pathlib import Path

from . import goals, plots, report

BEGIN = "<!-- results: written by ./dev bench -->"
END = "<!-- end of results -->"


def keep(results: dict, directory: Path) -> str:
    """Writes latest.json, latest.md and a plot a workload; returns what is to be read."""
    verdicts = goals.evaluate(results)
    text = "\n\n".join([report.facts(results), report.table(results),
                        goals.table(verdicts)])
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob("*.svg"):
        old.unlink()
    stored = results | {"goals": goals.as_data(verdicts)}
    (directory / "latest.json").write_text(_json(stored))
    (directory / "latest.md").write_text(f"# Results\n\n{text}\n")
    for row in results["workloads"]:
        (directory / plots.file_name(row)).write_text(plots.bars(row))
    return text


def _json(results: dict) -> str:
    """A line a workload: small, and a diff shows what changed."""
    lines = [f"{json.dumps(key)}: {_value(value)}" for key, value in results.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _value(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        lines = ["  " + json.dumps(one, ensure_ascii=False) for one in value]
        return "[\n" + ",\n".join(lines) + "\n]"
    return json.dumps(value, ensure_ascii=False)


def show_in(page: Path, text: str) -> None:
    """Replaces what stands between the two marks of the page."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page} has no place for results")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
