#!/usr/bin/env python3
"""Prints what a test run leaves in its report directory: tables, and why tests were skipped.

  *.jsonl      one object a line: the rows of a table, named like the file (tests/support/report.py)
  skipped.txt  one line a skipped integration test (tests/run_file.py)
  ctest.xml    the outcome of every ctest case, from which the skipped unit tests are taken

Usage: report.py DIRECTORY
"""

import json
import re
import sys
import xml.etree.ElementTree as xml
from pathlib import Path


def table(path: Path) -> list[str]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    columns = list(rows[0])
    cells = [columns] + [[str(row.get(column, "")) for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
            for line in cells]


def skipped(directory: Path) -> list[str]:
    reasons = []
    known = directory / "skipped.txt"
    if known.exists():
        reasons += known.read_text().splitlines()
    results = directory / "ctest.xml"
    if results.exists():
        for case in xml.parse(results).getroot().iter("testcase"):
            if case.get("status") == "notrun" and not case.get("name").startswith("tests/"):
                reasons.append(f"{case.get('name')}: {reason(case.findtext('system-out') or '')}")
    return reasons


def reason(output: str) -> str:
    """What a test said about its skip: gtest puts it after "Skipped", our scripts "skipped:"."""
    found = re.search(r"(?:^|: )[Ss]kipped:?\s*\n?(.+)", output, re.M)
    return found.group(1).strip() if found else "no reason given"


def main() -> int:
    directory = Path(sys.argv[1])
    for path in sorted(directory.glob("*.jsonl")):
        print(f"\n{path.stem}:", *table(path), sep="\n")
    if reasons := skipped(directory):
        print("\nskipped:", *(f"  {line}" for line in reasons), sep="\n")
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
