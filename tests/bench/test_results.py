# ctest: labels=bench timeout=60
"""What the benchmark makes of its measurements: medians, ratios, goals, tables, plots."""

import json
from xml.etree import ElementTree

import pytest

from bench import goals, keep, plots, report
from bench.goals import Goal


def run(value: float, **more) -> dict:
    return {"value": value, "cpu": 10.0, "p50_us": 5, "p99_us": 9, "peak_mib": 1.0, "errors": 0,
            "first_error": "", "foreign": 0.01} | more


def results(*rows: dict, **more) -> dict:
    return {"machine": "a machine", "date": "2026-01-01", "version": "1", "congestion": "cubic",
            "rounds": 3, "only": "", "noisy": False, "minutes": 1, "foreign_limit": 0.08,
            "peers": ["entrepot", "nginx"], "durability": {"entrepot": "synced"},
            "syncs": {"entrepot": {"blob": 3.0, "manifest": 1.0}}, "failures": [],
            "workloads": list(rows)} | more


FAST = report.row("fast", "1/s", {"entrepot": [run(90), run(300), run(100)],
                                  "nginx": [run(50, cpu=4.0)]})
SHORT = report.row("short", "ms", {"entrepot": [run(2)], "nginx": [run(5)]})


def test_a_summary_has_the_median_and_the_spread():
    summary = FAST["peers"]["entrepot"]
    assert (summary["median"], summary["min"], summary["max"], summary["runs"]) == (100, 90, 300, 3)


def test_ratios_say_how_many_times_better():
    assert report.ratio(FAST["peers"]["entrepot"], FAST["peers"]["nginx"], "1/s") == 2
    assert report.ratio(SHORT["peers"]["entrepot"], SHORT["peers"]["nginx"], "ms") == 2.5


def test_the_table_has_a_row_a_workload_and_a_column_a_peer():
    head, _, fast, short = report.table(results(FAST, SHORT)).splitlines()
    assert head == "| workload | unit | entrepot | nginx |"
    assert fast == "| fast | 1/s | 100 ±105, 10 CPU µs | 50 ±0, 4 CPU µs (**2.00×**) |"
    assert short.endswith("| 5 ±0, 10 CPU µs (**2.50×**) |")


def test_the_table_marks_what_was_disturbed_and_what_failed():
    row = report.row("bad", "1/s", {"entrepot": [run(1, foreign=0.2)], "nginx": [run(1, errors=3)]})
    line = report.table(results(row)).splitlines()[2]
    assert "CPU µs ~ |" in line
    assert "3 errors" in line


def test_the_facts_say_when_nobody_waited_for_a_quiet_machine():
    assert "noisy" in report.facts(results(FAST, noisy=True))
    assert "noisy" not in report.facts(results(FAST))
    assert "syncs: 3 a blob, 1 a manifest" in report.facts(results(FAST))


@pytest.mark.parametrize(("goal", "verdict"), [
    (Goal("fast", least=2, peer="nginx"), "met"),
    (Goal("fast", least=4, peer="nginx"), "missed by 50%"),
    (Goal("fast", most=2, peer="nginx", figure="cpu"), "missed by 25%"),
    (Goal("fast", least=0.9, same_as="fast"), "met"),
    (Goal("short", least=3, peer="nginx"), "missed by 17%"),
    (Goal("short", most=2), "met"),
    (Goal("short", most=1), "missed by 100%"),
    (Goal("other", most=1), "not measured"),
    (Goal("fast", least=1, peer="floor"), "not measured"),
])
def test_goals(goal, verdict):
    assert [one.text() for one in goals.evaluate(results(FAST, SHORT), [goal])] == [verdict]


def test_a_figure_with_errors_meets_no_goal():
    row = report.row("fast", "1/s", {"entrepot": [run(100, errors=1)]})
    assert goals.evaluate(results(row), [Goal("fast", least=1)])[0].met is None


def test_a_run_of_some_workloads_has_their_goals():
    both = [Goal("fast", most=1), Goal("other", most=1)]
    assert len(goals.evaluate(results(FAST), both)) == 2
    assert [one.goal for one in goals.evaluate(results(FAST, only="fast"), both)] == both[:1]


def test_the_table_of_goals_says_what_was_reached():
    verdicts = goals.evaluate(results(FAST, SHORT), [
        Goal("fast", least=3, peer="nginx"), Goal("short", most=3, unit="ms", stretch=True)])
    assert goals.table(verdicts).splitlines()[2:] == [
        "| fast | ≥ 3× nginx | 2× | missed by 33% |", "| short (stretch) | ≤ 3 ms | 2 ms | met |"]


def test_the_facts_say_what_failed():
    facts = report.facts(results(FAST, failures=["fast, nginx: gone"]))
    assert "**failed**: fast, nginx: gone" in facts


def test_goals_against_an_absent_guest_are_left_out():
    goal = Goal("fast", least=1, peer="zot")
    assert goals.evaluate(results(FAST), [goal]) == []
    assert len(goals.evaluate(results(FAST, peers=["entrepot", "zot"]), [goal])) == 1


def test_results_are_kept_and_shown(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{keep.BEGIN}\noutdated\n{keep.END}\nafter\n")
    text = keep.keep(results(FAST, SHORT), tmp_path / "results")
    keep.show_in(page, text)
    shown = page.read_text()
    assert shown.startswith("before\n") and shown.endswith("after\n")
    assert "| fast |" in shown and "outdated" not in shown
    stored = json.loads((tmp_path / "results/latest.json").read_text())
    assert [row["name"] for row in stored["workloads"]] == ["fast", "short"]
    assert stored["goals"][0]["verdict"] == "not measured"
    assert text in (tmp_path / "results/latest.md").read_text()
    assert (tmp_path / "results/fast.svg").exists()


def test_plots_are_svg_for_light_and_dark():
    picture = plots.bars(FAST)
    ElementTree.fromstring(picture)
    assert "prefers-color-scheme: dark" in picture
    assert plots.file_name(FAST | {"name": "p99 at 60 % load"}) == "p99-at-60-load.svg"
