#!/usr/bin/env python3
"""Checks of the tree itself: `tidy.py` runs all, `tidy.py layers sizes` these.

Exit code 1 when something is wrong, 77 when the only check asked for cannot run here.
"""

import sys
from pathlib import Path

import dependencies
import docs
import faults
import layers
import modules
import promises
import sizes
import text
import tools
from tree import Skipped, Tree

CHECKS = {
    "layers": layers.check,
    "sizes": sizes.check,
    "modules": modules.check,
    "text": text.check,
    "faults": faults.check,
    "docs": docs.check,
    "promises": promises.check,
    "dependencies": dependencies.check,
    "format": tools.check_format,
    "shell": tools.check_shell,
}
SKIPPED = 77


def main(names: list[str]) -> int:
    if unknown := set(names) - set(CHECKS):
        print(f"no check {', '.join(sorted(unknown))}; there are: {', '.join(CHECKS)}")
        return 2
    tree = Tree(Path(__file__).resolve().parents[2])
    status = 0
    for name in names or CHECKS:
        try:
            findings = CHECKS[name](tree)
        except Skipped as reason:
            print(f"tidy {name}: skipped: {reason}")
            status = status or (SKIPPED if len(names) == 1 else 0)
            continue
        for note in findings.notes:
            print(f"note: {note}")
        for error in findings.errors:
            print(f"error: {error}")
        print(f"tidy {name}: {len(findings.errors)} errors, {len(findings.notes)} notes")
        status = 1 if findings.errors else status
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
