"""What the documents say about the tree is true.

The table of modules in docs/architecture.md (its first column is headed "module") names those of
src/LAYERS that exist, and no others. Links between files of the repository lead somewhere.
"""

import re
from pathlib import PurePosixPath

from layers import module_of, read_layers
from tree import Findings, Tree

ARCHITECTURE = "docs/architecture.md"
TABLE = re.compile(r"^\| *module *\|[^\n]*\n\|[-| :]+\n((?:\|[^\n]*\n?)+)", re.M | re.I)
ROW = re.compile(r"^\| *`([a-z0-9/]+)`", re.M)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def check(tree: Tree) -> Findings:
    findings = Findings()
    if tree.has(ARCHITECTURE):
        check_modules(findings, tree)
    for file in tree.having(".md"):
        for target in LINK.findall(without_code(tree.text(file))):
            if re.match(r"[a-z]+:", target):  # http:, mailto:
                continue
            path = PurePosixPath(file).parent / target
            if not tree.has(str(path)):
                findings.error(file, f"links to {target}, which does not exist")
    return findings


def without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)


def check_modules(findings: Findings, tree: Tree) -> None:
    allowed = read_layers(tree, findings)
    existing = {module_of(file.removeprefix("src/"), allowed)
                for file in tree.having(".h", ".cc", below="src/")} - {None}
    tables = TABLE.findall(tree.text(ARCHITECTURE))
    named = {name for table in tables for name in ROW.findall(table)}
    for module in sorted(existing - named):
        findings.error(ARCHITECTURE, f"the table of modules lacks `{module}`")
    for module in sorted(named - set(allowed)):
        findings.error(ARCHITECTURE, f"`{module}` is not in src/LAYERS")
