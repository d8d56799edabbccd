"""Files and functions that fit into a head.

Files: 500 lines are wanted, more than 800 fail, and nothing is larger than 500 kB.
Functions: 70 lines are wanted, more than 90 fail. C++ functions are found by their braces, which
needs no compiler and is right for code that clang-format has laid out.
"""

import ast
import re

from tree import Findings, Tree

FILE_WANTED, FILE_MOST = 500, 800
FUNCTION_WANTED, FUNCTION_MOST = 70, 90
BYTES_MOST = 500_000
CODE = (".h", ".cc", ".py", ".sh", ".cmake", ".sql", ".js", ".ts", ".css", ".html", ".svelte")

# Comments, strings (raw ones first) and character literals; numbers, for the ' in 1'000.
OPAQUE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^(\s]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"'
    r"|\b\d[\w']*|'(?:\\.|[^'\\\n])*'", re.S)
CONTAINER = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")


def without_opaque(text: str) -> str:
    """The text with comments and literals blanked out; line breaks stay where they are."""
    return OPAQUE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def cpp_functions(text: str):
    """Yields (first line, number of lines, start of the signature) of each outermost function."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()),
                  without_opaque(text), flags=re.M)
    stack: list[tuple[str, int, str]] = []  # kind, where its head starts, head
    head_start, last = 0, None
    for match in re.finditer(r"[{};]", code):
        position, brace = match.start(), match.group()
        head = code[head_start:position]
        outside = all(kind == "container" for kind, _, _ in stack)
        if brace == "{":
            start = head_start + len(head) - len(head.lstrip())
            if not outside:
                kind = "block"
            elif last and head.strip()[:1] in ("", ","):
                kind, start, head = "function", *last  # a_{x}, b_{y} { … of a constructor
            elif "(" in head:
                kind = "function"
            else:
                kind = "container" if CONTAINER.search(head) else "block"
            stack.append((kind, start, head))
        elif brace == "}" and stack:
            kind, start, head = stack.pop()
            last = (start, head) if kind == "function" else None
            after = code[position + 1:].lstrip()[:1]
            if kind == "function" and after not in (",", "{"):
                first = code.count("\n", 0, start) + 1
                yield (first, code.count("\n", start, position) + 1,
                       " ".join(head.split())[:60])
        else:
            last = None
        head_start = match.end()


def python_functions(text: str):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1, node.name


def check(tree: Tree) -> Findings:
    findings = Findings()
    for file in tree.files:
        size = (tree.root / file).stat().st_size
        if size > BYTES_MOST:
            findings.error(file, f"has {size} bytes; {BYTES_MOST} are the most")
    for file in tree.having(*CODE):
        judge(findings, file, tree.text(file).count("\n"), "", FILE_WANTED, FILE_MOST)
    for suffixes, functions in (((".h", ".cc"), cpp_functions), ((".py",), python_functions)):
        for file in tree.having(*suffixes):
            for first, lines, name in functions(tree.text(file)):
                judge(findings, f"{file}:{first}", lines, f"{name}: ", FUNCTION_WANTED,
                      FUNCTION_MOST)
    return findings


def judge(findings, where: str, lines: int, what: str, wanted: int, most: int) -> None:
    if lines > most:
        findings.error(where, f"{what}{lines} lines; {most} are the most")
    elif lines > wanted:
        findings.note(where, f"{what}{lines} lines; {wanted} are wanted")
