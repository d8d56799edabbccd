"""Checks that other programs do: the layout of C++ files, and shell scripts."""

import re
import shutil
import subprocess

from tree import Findings, Skipped, Tree


def check_format(tree: Tree) -> Findings:
    files = tree.having(".h", ".cc")
    return run(tree, ["clang-format-14", "--dry-run", "--Werror"], files, "; ./dev fmt mends it")


def check_shell(tree: Tree) -> Findings:
    scripts = [f for f in tree.files if f.endswith(".sh") or f in ("dev", ".ci/run")]
    return run(tree, ["shellcheck", "-x", "--format=gcc"], scripts, "")


def run(tree: Tree, command: list[str], files: list[str], advice: str) -> Findings:
    findings = Findings()
    if not files:
        return findings
    if shutil.which(command[0]) is None:
        raise Skipped(f"{command[0]} is not installed")
    done = subprocess.run([*command, *files], cwd=tree.root, capture_output=True, text=True)
    if done.returncode != 0:
        reports = [line.partition(": ") for line in (done.stdout + done.stderr).splitlines()
                   if re.match(r"\S+:\d+:\d+: ", line)]
        for where, _, what in reports or [(command[0], "", f"exit code {done.returncode}")]:
            findings.error(where, what + advice)
    return findings
