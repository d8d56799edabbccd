"""Every module tells what it is for, and is tested."""

import re

from layers import module_of, read_layers
from tree import Findings, Tree

README_MOST = 40


def check(tree: Tree) -> Findings:
    findings = Findings()
    allowed = read_layers(tree, findings)
    files: dict[str, list[str]] = {}
    for file in tree.having("", below="src/"):
        if module := module_of(file.removeprefix("src/"), allowed):
            files.setdefault(module, []).append(file)
    for module, paths in files.items():
        check_readme(findings, tree, f"src/{module}/README.md")
        if not any(re.search(r"_test\.cc$|/testing/\w*conformance\w*\.(h|cc)$", p) for p in paths):
            findings.error(f"src/{module}", "has neither a test nor a conformance suite")
    for file in tree.having(".h", below="src/"):
        if not re.search(r"^#pragma once$", tree.text(file), re.M):
            findings.error(file, "has no #pragma once")
        if re.search(r"^\s*using namespace\b", tree.text(file), re.M):
            findings.error(file, "a header must not say 'using namespace'")
    return findings


def check_readme(findings: Findings, tree: Tree, readme: str) -> None:
    if not tree.has(readme):
        findings.error(readme, "is missing")
    elif (lines := tree.text(readme).count("\n")) > README_MOST:
        findings.error(readme, f"{lines} lines; {README_MOST} are the most")
