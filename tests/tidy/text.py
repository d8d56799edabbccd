"""Words that must not be in the tree."""

import re

from tree import Findings, Tree

# What looks for a word must not contain it: hence the brackets.
RULES = [
    (re.compile(r"\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b(?!\([^)]+\): \S)"), "",
     "unfinished work without a reason; write TO" "DO(why it waits): what"),
    (re.compile(r"(?<![\w.~-])/(?:home/[a-z]|root/|work/|Users/)"), "",
     "a path of one machine"),
    (re.compile(r"\bco_(await|return|yield)\b"), "src/",
     "coroutines are not used here; see docs/decisions/0003-own-event-loop.md"),
    (re.compile(r"^(<{7} |={7}$|>{7} )", re.M), "",
     "a merge conflict"),
]
BINARY = (".png", ".svg", ".ico", ".gz", ".br", ".woff2", ".tar")


def check(tree: Tree) -> Findings:
    findings = Findings()
    for file in tree.files:
        if file.endswith(BINARY) or "/corpus/" in file:
            continue
        text = tree.text(file)
        for pattern, below, what in RULES:
            if file.startswith(below):
                for match in pattern.finditer(text):
                    line = text.count("\n", 0, match.start()) + 1
                    findings.error(f"{file}:{line}", f"'{match.group().strip()}': {what}")
    return findings
