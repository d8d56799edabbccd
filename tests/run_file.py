"""Runs one file of integration tests with pytest, as a ctest case.

Exit code 77, which ctest counts as skipped, when every test of the file was skipped. The reasons are
also appended to ENTREPOT_REPORT_DIR/skipped.txt, because ctest prints nothing of what it skips.

Usage: run_file.py FILE [pytest argument...]
"""

import os
import sys
from pathlib import Path

import pytest

SKIPPED = 77


class Outcomes:
    """Counts the tests that ran to an end, and collects why the others did not."""

    def __init__(self):
        self.ran = 0
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report):
        if report.skipped and not hasattr(report, "wasxfail"):
            self._add(report)
        elif report.when == "call":
            self.ran += 1

    def pytest_collectreport(self, report):
        if report.skipped:  # pytest.skip(allow_module_level=True)
            self._add(report)

    def _add(self, report):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        self.skipped.append(f"tests/{report.nodeid}: {reason}")


def main() -> int:
    outcomes = Outcomes()
    code = pytest.main(["-q", *sys.argv[1:]], plugins=[outcomes])
    report_directory = os.environ.get("ENTREPOT_REPORT_DIR")
    if outcomes.skipped and report_directory:
        Path(report_directory).mkdir(parents=True, exist_ok=True)
        with open(Path(report_directory) / "skipped.txt", "a") as file:
            file.writelines(f"{line}\n" for line in outcomes.skipped)
    if outcomes.ran == 0 and outcomes.skipped and code in (0, pytest.ExitCode.NO_TESTS_COLLECTED):
        return SKIPPED
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
