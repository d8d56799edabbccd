"""Modules include only what src/LAYERS allows.

src/LAYERS holds a line "module: dependency ..." per module, lowest layer first. A module names only
modules of earlier lines ("*": all of them), so that no cycle can be declared. Modules that are not
built yet stand in a second block, below a line that says so. Beyond that:
  - `x/internal/` is for module x alone, `x/testing/` for tests and other testing code;
  - a module that includes a third-party header names its library in cmake/modules.cmake;
  - of the rooms of a module ("# rooms of m: a < b"), one includes only those before it;
  - a source file includes its own header first, which proves that the header stands alone.
Tests may include any module that their link line has (entrepot_test_modules).
"""

import re

from tree import Findings, Tree

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.M)
LIBRARIES = re.compile(r"^entrepot_libraries\((\S+)\s+([^)]*)\)", re.M)

# What the headers of a third-party library begin with → its CMake target.
THIRD_PARTY = {
    "argon2.h": "argon2",
    "cmark-gfm-core": "cmark-gfm-extensions",
    "cmark-gfm": "cmark-gfm",
    "crypt.h": "crypt",
    "curl/": "curl-headers",
    "fmt/": "fmt::fmt",
    "openssl/ssl.h": "OpenSSL::SSL",
    "openssl/": "OpenSSL::Crypto",
    "simdjson": "simdjson::simdjson",
    "sqlite3": "SQLite::SQLite3",
    "yaml-cpp/": "yaml-cpp",
}
# Libraries that every module may use, because base is everywhere.
COMMON = {"fmt::fmt"}
PLANNED = "# Not built yet"
ROOMS = re.compile(r"^# rooms of (\S+): (.+)$", re.M)


def read_layers(tree: Tree, findings: Findings) -> dict[str, set[str]]:
    allowed: dict[str, set[str]] = {}
    for number, line in enumerate(tree.text("src/LAYERS").splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        module, _, names = line.partition(":")
        dependencies = list(allowed) if names.split() == ["*"] else names.split()
        for name in dependencies:
            if name not in allowed:
                findings.error(f"src/LAYERS:{number}",
                               f"'{module}' names '{name}', which is not on an earlier line")
        allowed[module.strip()] = set(dependencies)
    return allowed


def check_planned(tree: Tree, findings: Findings) -> None:
    built, _, planned = tree.text("src/LAYERS").partition(PLANNED)
    for block, is_built in ((built, True), (planned, False)):
        for module in re.findall(r"^([a-z0-9/]+):", block, re.M):
            if bool(tree.having(".h", ".cc", below=f"src/{module}/")) != is_built:
                findings.error("src/LAYERS", f"'{module}' belongs " + (
                    "below" if is_built else "above") + f" the line '{PLANNED}'")


def read_rooms(tree: Tree) -> list[str]:
    """All rooms, as "server/run", each behind those that it may use."""
    return [f"{module}/{room}" for module, rooms in ROOMS.findall(tree.text("src/LAYERS"))
            for room in rooms.split(" < ")]


def check_rooms(findings: Findings, rooms: list[str], file: str, include: str) -> None:
    own, other = (next((i for i, room in enumerate(rooms) if path.startswith(room + "/")), None)
                  for path in (file.removeprefix("src/"), include))
    if own is not None and other is not None and other > own and not is_test(file):
        findings.error(file, f'"{include}": {rooms[own]} may not use {rooms[other]}')


def module_of(path: str, modules) -> str | None:
    """The module of a path below src/; the longest name wins: blob/fs/x.h is not blob's."""
    parts = path.split("/")[:-1]
    for length in range(len(parts), 0, -1):
        if (name := "/".join(parts[:length])) in modules:
            return name
    return None


def is_test(path: str) -> bool:
    return path.endswith(("_test.cc", "_fuzz.cc")) or "/testing/" in path


def check(tree: Tree) -> Findings:
    findings = Findings()
    allowed = read_layers(tree, findings)
    check_planned(tree, findings)
    rooms = read_rooms(tree)
    libraries = {module: set(names.split())
                 for module, names in LIBRARIES.findall(tree.text("cmake/modules.cmake"))}
    for file in tree.having(".h", ".cc", below="src/"):
        path = file.removeprefix("src/")
        module = module_of(path, allowed)
        if module is None:
            if "/" in path:
                findings.error(file, "its folder is not in src/LAYERS")
            continue
        included = INCLUDE.findall(tree.text(file))
        for include in included:
            check_include(findings, tree, allowed, file, module, include)
            check_rooms(findings, rooms, file, include)
            if not is_test(path):
                check_third_party(findings, libraries.get(module, set()), file, module, include)
        own = path.removesuffix(".cc") + ".h"
        if path.endswith(".cc") and tree.has(f"src/{own}") and included[:1] != [own]:
            findings.error(file, f'includes its own header "{own}" not at all or not first')
    return findings


def check_include(findings, tree, allowed, file: str, module: str, include: str) -> None:
    if include.startswith("."):
        findings.error(file, f'"{include}": include by module path, not by ./ or ../')
        return
    other = module_of(include, allowed)
    if other is None or not (tree.has(f"src/{include}") or include.endswith("/embedded.h")):
        return
    if "/testing/" in include and not is_test(file):
        findings.error(file, f'"{include}" is for tests')
    if other == module:
        return
    if other not in allowed[module] and not is_test(file):
        findings.error(file, f'"{include}": {module} may not use {other}')
    if "/internal/" in include:
        findings.error(file, f'"{include}" is internal to {other}')


def check_third_party(findings, libraries: set[str], file: str, module: str, include: str) -> None:
    library = next((lib for start, lib in THIRD_PARTY.items() if include.startswith(start)), None)
    if library and library not in libraries | COMMON:
        findings.error(file, f"<{include}>: cmake/modules.cmake gives {module} no {library}")
