"""Rows of the tables that a test run leaves behind: who did what, and how it went."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class ClientRow:
    """One line of the client table."""

    client: str
    version: str
    what: str
    result: str
    seconds: float

    table = "clients"


@dataclass(frozen=True)
class ConformanceRow:
    """The counts of one run of the conformance suite."""

    version: str
    sparse: bool
    passed: int
    failed: int
    skipped: int
    disabled: int
    total: int

    table = "conformance"


@dataclass(frozen=True)
class PowerCutRow:
    """What a registry held of what it had acknowledged, after power cuts."""

    registry: str
    cuts: int
    acknowledged: int
    lost: int

    table = "power_cuts"


def write(row: ClientRow | ConformanceRow | PowerCutRow) -> None:
    """Appends the row to TABLE.jsonl in ENTREPOT_REPORT_DIR, when that is set.

    One short write to a file open for appending: test files that run at once do not mix.
    """
    directory = os.environ.get("ENTREPOT_REPORT_DIR")
    if not directory:
        return
    Path(directory).mkdir(parents=True, exist_ok=True)
    with open(Path(directory) / f"{row.table}.jsonl", "a") as file:
        file.write(json.dumps(asdict(row)) + "\n")
