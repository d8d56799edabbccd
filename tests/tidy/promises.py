"""Each promise names the tests that hold it, and they exist.

docs/architecture.md, "When things break": each row has them in its column "held by".
SECURITY.md, "What is promised": each sentence ends in a footnote, and the footnote has them.

A test is `Suite.Name` (GoogleTest, in src/), `tests/lane/test_x.py::test_y`, a fuzzer
`src/module/x_fuzz.cc`, or `sanitizer.preset`, which runs the others again. One that is always
skipped, or said to fail, holds nothing.
"""

import ast
import re

from tree import Findings, Tree

ARCHITECTURE, ROWS, COLUMN = "docs/architecture.md", "When things break", "held by"
SECURITY, SENTENCES = "SECURITY.md", "What is promised"

GTEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)")
LANE = re.compile(r"\badd_sanitizer_lane\((\w+) ")
NAME = re.compile(r"`([^`]+)`")
MARK = re.compile(r"\[\^([\w-]+)\]")
NOTE = re.compile(r"^\[\^([\w-]+)\]: (.*(?:\n +\S.*)*)", re.M)
# A sentence ends at a stop, and its marks follow: "Bytes are kept.[^bytes] A part never shows.[^1]"
END = re.compile(r"[.!?]((?:\[\^[\w-]+\])*)(?=\s|$)")


def check(tree: Tree) -> Findings:
    findings = Findings()
    tests = all_tests(tree)
    if tree.has(ARCHITECTURE):
        for row, named in rows(findings, tree.text(ARCHITECTURE)):
            require(findings, tests, f"{ARCHITECTURE}, \"{row}\"", named)
    if tree.has(SECURITY):
        check_sentences(findings, tests, tree.text(SECURITY))
    return findings


def require(findings: Findings, tests: set[str], where: str, text: str) -> None:
    """The text names tests, and all that it names exist."""
    named = NAME.findall(text)
    if not named:
        findings.error(where, "names no test that holds it")
    for test in named:
        if test not in tests:
            findings.error(where, f"there is no test {test}")


def rows(findings: Findings, text: str):
    """Yields what breaks and what the column says, for each row of the table."""
    table = [[cell.strip() for cell in line.split("|")[1:-1]]
             for line in section(text, ROWS).splitlines() if line.startswith("|")]
    if len(table) < 3 or table[0][-1] != COLUMN:
        findings.error(ARCHITECTURE, f"\"{ROWS}\" has no table whose last column is \"{COLUMN}\"")
        return
    for cells in table[2:]:
        yield cells[0], cells[-1]


def check_sentences(findings: Findings, tests: set[str], text: str) -> None:
    notes = dict(NOTE.findall(text))
    promises = list(sentences(NOTE.sub("", section(text, SENTENCES))))
    if not promises:
        findings.error(SECURITY, f"has no section \"{SENTENCES}\"")
    used = set()
    for sentence, marks in promises:
        if not marks:
            findings.error(f"{SECURITY}, \"{sentence}\"", "has no footnote with its tests")
        used |= set(marks)
    for mark in sorted(used - set(notes)):
        findings.error(SECURITY, f"there is no footnote [^{mark}]")
    for mark in sorted(set(notes)):
        if mark in used:
            require(findings, tests, f"{SECURITY}, [^{mark}]", notes[mark])
        elif f"[^{mark}]" not in NOTE.sub("", text):
            findings.error(SECURITY, f"nothing refers to the footnote [^{mark}]")


def section(text: str, title: str) -> str:
    """What stands below the heading, up to the next one of its kind."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return found[1] if found else ""


def sentences(text: str):
    """Yields each sentence, without its marks, and the marks. `**Name.**` in front is none."""
    for block in re.split(r"\n\s*\n|^- ", text, flags=re.M):
        block = re.sub(r"^\*\*[^*]+\*\*", "", " ".join(block.split())).strip()
        start = 0
        for end in END.finditer(block):
            yield MARK.sub("", block[start:end.end()]).strip(), MARK.findall(end[1])
            start = end.end()
        if rest := block[start:].strip():
            yield rest, []


def all_tests(tree: Tree) -> set[str]:
    tests = set(tree.having("_fuzz.cc", below="src/"))
    for file in tree.having(".cc", ".h", below="src/"):
        tests |= {f"{suite}.{name}" for suite, name in GTEST.findall(tree.text(file))}
    for file in tree.having(".py", below="tests/"):
        if file.rpartition("/")[2].startswith("test_"):
            tests |= {f"{file}::{name}" for name in functions(tree.text(file))}
    if tree.has("tests/CMakeLists.txt"):
        lanes = LANE.findall(tree.text("tests/CMakeLists.txt"))
        tests |= {f"sanitizer.{preset}" for preset in lanes}
    return tests


def functions(text: str):
    """The names of the tests of a file that run."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            marks = " ".join(ast.unparse(decorator) for decorator in node.decorator_list)
            if not re.search(r"\bmark\.(skip|xfail)\b", marks):
                yield node.name
