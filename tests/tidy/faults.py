"""Kinds of faults that this program had once and that its text can show.

Each rule looks at code, never at comments or literals, and names why. Where a call must differ, its
own comment (on its lines, or right above) says so with the word that the rule asks for: the reader
learns the reason at the place, and no list of exceptions grows here.
"""

import re

from layers import is_test
from sizes import without_opaque
from tree import Findings, Tree

# The one file that knows the standard library's locks.
MUTEX = "src/base/mutex.h"
# Clang checks who holds our Mutex; of these it knows nothing.
BARE_LOCK = re.compile(
    r"\bstd::((?:recursive_|timed_|recursive_timed_|shared_|shared_timed_)?mutex|lock_guard"
    r"|unique_lock|shared_lock|scoped_lock|condition_variable(?:_any)?|try_to_lock)\b")

OPEN = re.compile(r"(?<![\w>])::(open|openat)\(")
MAKES_DESCRIPTOR = re.compile(r"(?<![\w>])::(socket|accept4|eventfd|epoll_create1|memfd_create|pipe2)\(")
# They open, or copy, with flags that nobody chose.
FLAGLESS = re.compile(r"(?<![\w>])::(accept|creat|dup|dup2|epoll_create|pipe)\("
                      r"|\b(?:std::)?(fopen|[io]?fstream)\b[^;]*\(")
OF_THE_KERNEL = re.compile(r'"/(?:proc|dev)/')

WAIT = re.compile(r"(?:\.|->)wait\(|\bsigwait\(|\b(?:epoll_wait|poll)\([^;]*, -\s*\)")  # -1: numbers are blank
TOLD_TO_END = re.compile(r"while \(.*\b(?:ending_?|stop(?:ping)?_)\b", re.S)

WANTS_MEMORY = re.compile(r"\bCHECK\([^;]*::(open|openat|socket|accept4|eventfd|epoll_create1"
                          r"|epoll_ctl|mmap|pthread_create|timerfd_create|pipe2)\(")


class Source:
    """A file of C++: its text, and its code with comments and literals blanked out."""

    def __init__(self, path: str, text: str):
        self.path, self.text, self.code = path, text, without_opaque(text)

    def where(self, position: int) -> str:
        return f"{self.path}:{self.text.count(chr(10), 0, position) + 1}"

    def end_of_call(self, start: int) -> int:
        """Behind the bracket that closes the first one from `start` on."""
        depth = 0
        for at in range(self.code.index("(", start), len(self.code)):
            depth += {"(": 1, ")": -1}.get(self.code[at], 0)
            if depth == 0:
                return at + 1
        return len(self.code)

    def statement(self, start: int, end: int) -> tuple[int, int]:
        """The whole lines of the statement around a call."""
        first = 1 + max(self.code.rfind(mark, 0, start) for mark in ";{}")
        first += len(self.code[first:start]) - len(self.code[first:start].lstrip())
        first = self.code.rfind("\n", 0, first) + 1
        last = self.code.find("\n", end)
        return first, len(self.code) if last < 0 else last

    def comment(self, start: int, end: int) -> str:
        """What is said on the statement's lines, and in the comment right above."""
        first, last = self.statement(start, end)
        above = []
        for line in reversed(self.text[:first].splitlines()):
            if not line.lstrip().startswith("//"):
                break
            above.append(line)
        said = re.findall(r"//.*", self.text[first:last])
        return " ".join(above[::-1] + said)

    def flags(self, arguments: str) -> str:
        """The arguments, with what constants and functions of the same file stand for."""
        found = [arguments]
        for name in re.findall(r"\b[a-zA-Z_]\w*", arguments):
            found += re.findall(rf"\bint {name} = [^;]*;|\bint {name}\([^)]*\) \{{.*?^\}}",
                                self.code, re.S | re.M)
        return " ".join(found)


def check(tree: Tree) -> Findings:
    findings = Findings()
    for path in tree.having(".h", ".cc", below="src/"):
        source = Source(path, tree.text(path))
        if path != MUTEX:
            check_locks(findings, source)
            if not is_test(path):
                check_waits(findings, source)
        if not is_test(path):
            check_opens(findings, source)
            check_memory(findings, source)
    return findings


def check_locks(findings: Findings, source: Source) -> None:
    for match in BARE_LOCK.finditer(source.code):
        findings.error(source.where(match.start()), f"'{match.group()}': Clang cannot check who "
                       f"holds it; take Mutex, MutexLock and CondVar of base/mutex.h")


def check_opens(findings: Findings, source: Source) -> None:
    """A link or a pipe in a file's place led out of the data directory, or hung the start."""
    for match in OPEN.finditer(source.code):
        end = source.end_of_call(match.start())
        arguments = source.text[match.start():end]
        flags, said = source.flags(arguments), source.comment(match.start(), end)
        wanted = [("O_CLOEXEC", "children", ())]
        if not OF_THE_KERNEL.search(arguments):
            wanted += [("O_NOFOLLOW", "link", ("O_EXCL",)),
                       ("O_NONBLOCK", "pipe", ("O_EXCL", "O_DIRECTORY", "O_PATH"))]
        for flag, word, instead in wanted:
            if not any(name in flags for name in (flag, *instead)) and word not in said:
                findings.error(source.where(match.start()), f"'{match.group()}' without {flag}; if "
                               f"that is meant, a comment says why, with the word '{word}'")
    for match in MAKES_DESCRIPTOR.finditer(source.code):
        if "CLOEXEC" not in source.code[match.start():source.end_of_call(match.start())]:
            findings.error(source.where(match.start()),
                           f"'{match.group()}' without its CLOEXEC flag: a child would inherit it")
    for match in FLAGLESS.finditer(source.code):
        end = source.end_of_call(match.start())
        if not OF_THE_KERNEL.search(source.text[match.start():end]):
            findings.error(source.where(match.start()), f"'{match.group(1) or match.group(2)}' "
                           "takes no flags: nothing says what it follows and who inherits it")


def check_waits(findings: Findings, source: Source) -> None:
    """A wait that only somebody else's progress ends took a thread away for good."""
    for match in WAIT.finditer(source.code):
        end = source.end_of_call(match.start())
        first, last = source.statement(match.start(), end)
        if not (TOLD_TO_END.search(source.code[first:last])
                or "deadline" in source.comment(match.start(), end)):
            findings.error(source.where(match.start()), "waits without an end: give it a deadline, "
                           "or wait in 'while (!ending_ && …)'; else a comment says what wakes it, "
                           "with the word 'deadline'")


def check_memory(findings: Findings, source: Source) -> None:
    for match in WANTS_MEMORY.finditer(source.code):
        findings.error(source.where(match.start()), f"CHECK on {match.group(1)}: it fails for want "
                       "of memory, too, which is no reason to die")
