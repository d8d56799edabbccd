# ctest: labels=bench timeout=120
"""A whole run of the benchmark, as small as it gets: entrepot and the floor, a pull and a push."""

import json
import subprocess
import sys
from pathlib import Path

from support.paths import REPOSITORY, entrepot

PULL, PUSH = "blob 64 KiB, 64 connections", "push 64 KiB blobs, 8 clients"


def test_a_small_run(tmp_path):
    program = Path(entrepot())
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--entrepot", program,
         "--programs", program.parent / "bench", "--distribution3", tmp_path / "none",
         "--work", tmp_path / "work", "--results", tmp_path / "results",
         "--peers", "^floor$", "--only", f"^({PULL}|{PUSH})$", "--tiny", "--noisy"],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr

    results = json.loads((tmp_path / "results/latest.json").read_text())
    rows = {row["name"]: row for row in results["workloads"]}
    assert set(rows) == {PULL, PUSH}
    for row in rows.values():
        assert set(row["peers"]) == {"entrepot", "floor"}
        for figures in row["peers"].values():
            assert figures["median"] > 0
            assert figures["errors"] == 0
    assert results["noisy"]
    assert results["failures"] == []
    assert not list((tmp_path / "work").iterdir()), "a run leaves no data"
