"""The files of the repository, and what the checks say about them."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


class Skipped(Exception):
    """A check cannot run here; the message says why."""


@dataclass
class Findings:
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # worth knowing, no failure

    def error(self, where: str, what: str) -> None:
        self.errors.append(f"{where}: {what}")

    def note(self, where: str, what: str) -> None:
        self.notes.append(f"{where}: {what}")


class Tree:
    """A repository, or a small one that a self-test has made."""

    def __init__(self, root: Path):
        self.root = root
        self.files = sorted(_git_files(root) if (root / ".git").exists() else _all_files(root))

    def having(self, *suffixes: str, below: str = "") -> list[str]:
        """Paths, relative to the root, that end in one of the suffixes."""
        return [f for f in self.files if f.startswith(below) and f.endswith(suffixes)]

    def text(self, path: str) -> str:
        return (self.root / path).read_text(errors="replace")

    def has(self, path: str) -> bool:
        return (self.root / path).exists()


def _git_files(root: Path) -> set[str]:
    """What is committed or would be: without what .gitignore names and without deleted files."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=True, capture_output=True, text=True).stdout
    return {name for name in listed.split("\0") if name and (root / name).is_file()}


def _all_files(root: Path) -> set[str]:
    """For a tree without git: a source archive."""
    found = set()
    for directory, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in ("build", ".cache", "data", "__pycache__", "node_modules")]
        found |= {str((Path(directory) / name).relative_to(root)) for name in names}
    return found
