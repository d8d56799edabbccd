"""Where things are: the repository, its cache, and the programs the tests call."""

import os
import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = Path(os.environ.get("ENTREPOT_FIXTURES", REPOSITORY / ".cache" / "fixtures"))


def tools() -> Path:
    """The folder of the tools that Debian does not have: `go/bin` and `venv` are in it."""
    return REPOSITORY / os.environ.get("ENTREPOT_TOOLS", ".cache/tools")


def program(name: str) -> str:
    """The path of a program, from the tools first, then from PATH.

    A program that is missing fails the test: a client test that is skipped proves nothing.
    """
    for candidate in (tools() / "go" / "bin" / name, tools() / "venv" / "bin" / name):
        if candidate.exists():
            return str(candidate)
    found = shutil.which(name)
    if found is None:
        raise AssertionError(
            f"the program '{name}' is missing: it comes from tests/go-tools.txt or from "
            "packaging/debian-packages-test.txt, which `./dev test` installs"
        )
    return found


def entrepot() -> str:
    """The program under test: ENTREPOT_BIN, else what the release preset builds."""
    named = os.environ.get("ENTREPOT_BIN")
    candidates = [Path(named)] if named else sorted(REPOSITORY.glob("build/release/**/entrepot"))
    for candidate in candidates:
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    raise AssertionError("no program to test: set ENTREPOT_BIN or run `./dev build`")
