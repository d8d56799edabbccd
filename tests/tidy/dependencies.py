"""Every package that ./dev installs has its reason in docs/decisions/0008-dependencies.md."""

import json
import re

from tree import Findings, Tree

PAGE = "docs/decisions/0008-dependencies.md"
OTHER_LISTS = ("tests/go-tools.txt", "tests/requirements.txt")


def check(tree: Tree) -> Findings:
    findings = Findings()
    page = tree.text(PAGE)
    for path, name in listed_packages(tree):
        if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", page):
            findings.error(path, f"{name} is not in {PAGE}")
    return findings


def listed_packages(tree: Tree):
    """The list and the name, without version and -dev; of alternatives, the first."""
    if tree.has("web/package.json"):
        for name in json.loads(tree.text("web/package.json"))["devDependencies"]:
            yield "web/package.json", name
    for path in tree.files:
        if not path.startswith("packaging/debian-packages-") and path not in OTHER_LISTS:
            continue
        for line in tree.text(path).splitlines():
            if words := line.partition("#")[0].split():
                name = words[-1] if path.endswith("go-tools.txt") else words[0]
                yield path, re.split("[@=]", name)[0].split("/")[-1].removesuffix("-dev")
