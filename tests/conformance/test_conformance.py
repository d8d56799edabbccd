# ctest: labels=conformance timeout=300 sanitizers=dev,tsan
"""The conformance suite of the OCI distribution specification: no failure and no skip.

Run with the server's defaults, and with sparse manifests on both sides. The suite's `stable`
setting itself disables two tests (cancelling an upload is not in the released specification).
"""

import xml.etree.ElementTree as xml
from dataclasses import dataclass

import pytest

from support import report
from support.command import run
from support.paths import program

RUNS = [
    # version, sparse
    ("stable", False),
    ("dev", False),
    ("stable", True),
    ("dev", True),
]
DISABLED = {"stable": 2, "dev": 0}
FEWEST_TESTS = 800  # a suite that ends early must not pass for a whole one


@dataclass(frozen=True)
class Results:
    """What junit.xml says. The counts include groups of tests, the names are of single tests."""

    counts: dict[str, int]
    faults: list[str]

    @classmethod
    def read(cls, path) -> "Results":
        suite = xml.parse(path).getroot().find("testsuite")
        counts = {name: int(suite.get(name, "0"))
                  for name in ("tests", "failures", "errors", "skipped", "disabled")}
        faults = []
        for case in suite.iter("testcase"):
            status = case.get("status")
            reason = _reason(case)
            if status in ("failure", "error") or (status == "skipped" and reason):
                faults.append(f"{status}: {case.get('name')}: {reason}")
        return cls(counts, faults)

    def row(self, version: str, sparse: bool) -> report.ConformanceRow:
        failed = self.counts["failures"] + self.counts["errors"]
        passed = (self.counts["tests"] - failed - self.counts["skipped"] - self.counts["disabled"])
        return report.ConformanceRow(version, sparse, passed, failed, self.counts["skipped"],
                                     self.counts["disabled"], self.counts["tests"])


def _reason(case: xml.Element) -> str:
    """The first line the suite says about a test; none for one that was disabled."""
    failure = case.find("failure")
    text = (failure.get("message") or failure.text or "") if failure is not None else ""
    text = text or case.findtext("system-out") or ""
    return text.strip().splitlines()[0] if text.strip() else ""


@pytest.mark.parametrize(("version", "sparse"), RUNS)
def test_the_suite_passes_whole(version, sparse, start_registry, tmp_path, capsys):
    accept = {"ENTREPOT_MANIFESTS_MISSING": "accept"} if sparse else {}
    registry = start_registry(environment=accept)
    results = tmp_path / "results"
    run(program("conformance"), timeout=120, expect=None, cwd=tmp_path, environment={
        "OCI_REGISTRY": registry.address,
        "OCI_TLS": "disabled",
        "OCI_REPO1": "conformance/one",
        "OCI_REPO2": "conformance/two",
        "OCI_VERSION": version,
        "OCI_DATA_SPARSE": str(sparse).lower(),
        "OCI_RESULTS_DIR": str(results),
        "OCI_LOG": "error",
    })

    suite = Results.read(results / "junit.xml")
    row = suite.row(version, sparse)
    report.write(row)
    with capsys.disabled():
        print(f"\nOCI conformance, {version}{' + sparse' if sparse else ''}: {row.passed} passed, "
              f"{row.failed} failed, {row.skipped} skipped, {row.disabled} disabled, "
              f"{row.total} in all")
    assert not suite.faults, "\n".join(["the suite reports:", *suite.faults])
    assert (row.failed, row.skipped, row.disabled) == (0, 0, DISABLED[version])
    assert row.total >= FEWEST_TESTS
