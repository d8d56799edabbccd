"""What the documents say about the tree is true.

The table of modules in docs/architecture.md (it has a column "module") names those of src/LAYERS
that exist, and none that are not there. Links between files of the repository lead somewhere.

What pages say of options, registry:2's keys and routes is compared by unit tests, which have the
program's own tables.
"""

import re
from pathlib import PurePosixPath

from layers import module_of, read_layers
from tree import Findings, Tree

ARCHITECTURE = "docs/architecture.md"
NAME = re.compile(r"`([a-z0-9/]+)`")
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
    named = set(modules_in_table(tree.text(ARCHITECTURE)))
    for module in sorted(existing - named):
        findings.error(ARCHITECTURE, f"the table of modules lacks `{module}`")
    for module in sorted(named - set(allowed)):
        findings.error(ARCHITECTURE, f"`{module}` is not in src/LAYERS")


def modules_in_table(text: str):
    """The names in backquotes in the column headed "module" of any table."""
    column = None
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if not cells:
            column = None
        elif "module" in cells:
            column = cells.index("module")
        elif column is not None:
            yield from NAME.findall(cells[column])
