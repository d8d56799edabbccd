#!/usr/bin/env python3
"""Each check of the tree can fail: it is given a small tree with one fault, and must name it."""

import sys
import tempfile
import unittest
from pathlib import Path

import dependencies
import docs
import faults
import layers
import modules
import promises
import sizes
import text
import tools
from tree import Findings, Skipped, Tree

# A tree without a fault. Each test adds or replaces files.
GOOD = {
    "src/LAYERS": "base:\nblob: base\nserver: *\n"
                  "# rooms of server: host < run\n# Not built yet\nblob/fs: base blob\n",
    "src/server/README.md": "# server\n",
    "src/server/y.h": '#pragma once\n#include "blob/store.h"\n',
    "src/server/y_test.cc": '#include "server/y.h"\n',
    "cmake/modules.cmake": "entrepot_libraries(base fmt::fmt)\n",
    "src/base/README.md": "# base\n",
    "src/base/x.h": "#pragma once\n",
    "src/base/x.cc": '#include "base/x.h"\n\n#include <fmt/core.h>\n',
    "src/base/x_test.cc": '#include "base/testing/fake.h"\n',
    "src/base/testing/fake.h": "#pragma once\n",
    "src/blob/README.md": "# blob\n",
    "src/blob/store.h": '#pragma once\n#include "base/x.h"\n',
    "src/blob/internal/secret.h": "#pragma once\n",
    "src/blob/testing/store_conformance.h": "#pragma once\n",
    "docs/architecture.md": "| layer | module |\n|---|---|\n| 0 | `base` |\n| 1 | `blob` (a) |\n"
                            "| 2 | `server` |\n",
}


def function(lines: int, head: str = "int f(int a) {") -> str:
    return head + "\n" + "  a += 1;\n" * (lines - 2) + "}\n"


class TidyTest(unittest.TestCase):
    def run_on(self, check, files: dict[str, str]) -> Findings:
        with tempfile.TemporaryDirectory() as directory:
            for path, content in {**GOOD, **files}.items():
                (Path(directory) / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(directory) / path).write_text(content)
            return check(Tree(Path(directory)))

    def assert_fails(self, check, files: dict[str, str], *expected: str):
        errors = self.run_on(check, files).errors
        self.assertEqual(len(errors), 1, errors)
        for part in expected:
            self.assertIn(part, errors[0])

    def test_a_good_tree_passes(self):
        for check in (layers.check, sizes.check, modules.check, text.check, faults.check,
                      docs.check):
            self.assertEqual(self.run_on(check, {}).errors, [])

    def test_layers(self):
        bad = {
            "base may not use blob": {"src/base/y.h": '#pragma once\n#include "blob/store.h"\n'},
            "not on an earlier line": {"src/LAYERS": "base: blob\nblob: base\nserver: *\n"},
            "is internal to blob": {"src/server/y.h": '#include "blob/internal/secret.h"\n'},
            "server/host may not use server/run": {
                "src/server/host/y.h": '#include "server/run/z.h"\n'},
            "above the line": {"src/blob/fs/y.h": "#pragma once\n"},
            "below the line": {"src/LAYERS": "base:\nblob: base\nserver: *\ncrypto: base\n"},
            "is for tests": {"src/blob/y.h": '#include "base/testing/fake.h"\n'},
            "by module path": {"src/base/y.h": '#include "../blob/store.h"\n'},
            "not in src/LAYERS": {"src/util/y.h": ""},
            "gives blob no SQLite": {"src/blob/y.h": "#include <sqlite3.h>\n"},
            "own header": {"src/base/x.cc": '#include <string>\n#include "base/x.h"\n'},
        }
        for expected, files in bad.items():
            with self.subTest(expected):
                self.assert_fails(layers.check, files, expected)

    def test_tests_may_look_further(self):
        self.assertEqual(self.run_on(layers.check, {
            "src/base/y_test.cc": '#include "blob/store.h"\n#include <openssl/evp.h>\n',
        }).errors, [])

    def test_long_files(self):
        self.assert_fails(sizes.check, {"src/base/y.cc": "\n" * 801}, "801 lines")
        self.assertEqual(len(self.run_on(sizes.check, {"src/base/y.cc": "\n" * 501}).notes), 1)
        self.assert_fails(sizes.check, {"picture": "x" * 500_001}, "500001 bytes")

    def test_long_functions(self):
        heads = {
            "free function": "int f(int a) {",
            "method in a namespace": "namespace n {\nclass C {\n  int f(int a) {",
            "constructor": "C::C(int a)\n    : b_{a}, c_{std::move(a)} {",
            "test": "TEST(Subject, Promise) {",
            "literals": "char f(int a = '{') {  // {\n  auto s = R\"({{)\";\n  int n = 1'000;",
        }
        for name, head in heads.items():
            with self.subTest(name):
                end = "};\n}\n" if "class" in head else ""
                self.assert_fails(sizes.check, {"src/base/y.cc": function(95, head) + end}, "lines")
                notes = self.run_on(sizes.check, {"src/base/y.cc": function(75, head) + end}).notes
                self.assertEqual(len(notes), 1)
        many = function(60) * 3 + "struct S {\n" + "  int a;\n" * 100 + "};\n"
        self.assertEqual(self.run_on(sizes.check, {"src/base/y.cc": many}).errors, [])
        self.assert_fails(sizes.check, {"y.py": "def f():\n" + "    pass\n" * 90}, "f: 91 lines")

    def test_modules(self):
        self.assert_fails(modules.check, {"src/blob/fs/README.md": ""}, "blob/fs", "neither a test")
        self.assert_fails(modules.check, {"src/blob/fs/y_test.cc": ""}, "blob/fs/README.md: is")
        self.assert_fails(modules.check, {"src/blob/README.md": "\n" * 41}, "41 lines")
        self.assert_fails(modules.check, {"src/blob/y.h": ""}, "#pragma once")
        self.assert_fails(modules.check, {"src/blob/y.h": "#pragma once\nusing namespace std;\n"},
                          "using namespace")

    def test_text(self):
        bad = ["// TO" "DO: finish\n", "// FIX" "ME\n", "see /ho" "me/ann/x\n", "cd /ro" "ot/x\n",
               "co_" "await x;\n", "<" * 7 + " main\n"]
        for line in bad:
            with self.subTest(line):
                self.assert_fails(text.check, {"src/base/y.cc": line}, "y.cc:1")
        good = "// TO" "DO(needs kernel 6.9): splice\nGET /v2/ho" "me/ann\n"
        self.assertEqual(self.run_on(text.check, {"src/base/y.cc": good}).errors, [])

    def test_locks(self):
        for word in ("mutex", "shared_mutex", "lock_guard", "unique_lock<std::mutex>",
                     "scoped_lock", "condition_variable"):
            with self.subTest(word):
                self.assertIn("Clang cannot check",
                              self.run_on(faults.check, {"src/base/y_test.cc":
                                                         f"std::{word} x;\n"}).errors[0])
        self.assertEqual(self.run_on(faults.check, {
            "src/base/mutex.h": "#pragma once\nstd::mutex native_;\n",
            "src/base/y.cc": '// std::mutex\nconst char* x = "std::mutex";\nstd::once_flag y;\n',
        }).errors, [])

    def test_opens(self):
        ours = "O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC"
        bad = {
            "without O_CLOEXEC": "::open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);",
            "without O_NOFOLLOW": "f(\n    ::openat(at, g(path), O_PATH | O_CLOEXEC));",
            "without O_NONBLOCK": "constexpr int kFlags = O_NOFOLLOW;\n"
                                  "int f = ::open(path, kFlags | O_CLOEXEC);",
            "'::socket(' without": "::socket(AF_UNIX, SOCK_STREAM, 0);",
            "'dup' takes no flags": "::dup(1);",
            "'fopen' takes no flags": 'std::fopen(path, "r");',
            "'ifstream' takes no flags": "std::ifstream file(path);",
        }
        for expected, line in bad.items():
            with self.subTest(expected):
                self.assert_fails(faults.check, {"src/base/y.cc": line + "\n"}, expected)
        good = [
            f"::open(path, {ours});", f"constexpr int kFlags = {ours};\n::open(path, kFlags);",
            f"int flags(int x) {{\n  return {ours};\n}}\nint f = ::openat(at, name, flags(1));",
            "::open(path, O_CREAT | O_EXCL | O_CLOEXEC);", 'std::ifstream x("/proc/net/unix");',
            "// A link is followed, too.\nint f =\n    ::open(path, O_DIRECTORY | O_CLOEXEC);",
            "::open(path, O_PATH | O_CLOEXEC);  // even a link", "Store::open(path);",
        ]
        for line in good:
            with self.subTest(line):
                self.assertEqual(self.run_on(faults.check,
                                             {"src/base/y.cc": line + "\n"}).errors, [])
        # The comment of one call excuses no other.
        self.assert_fails(faults.check, {"src/base/y.cc":
                          "::open(a, O_PATH | O_CLOEXEC);  // a link\n\n"
                          "::open(b, O_PATH | O_CLOEXEC);\n"}, "y.cc:3")
        self.assertEqual(self.run_on(faults.check, {"src/base/y_test.cc": "::dup(1);\n"}).errors, [])

    def test_waits(self):
        for line in ("changed_.wait(mutex_);", "while (!done_) changed_.wait(mutex_);",
                     "promise.get_future().wait();", "sigwait(&set, &signal);",
                     "::epoll_wait(poll, &event, 1, -1);"):
            with self.subTest(line):
                self.assert_fails(faults.check, {"src/base/y.cc": f"f();\n{line}\n"}, "y.cc:2")
        good = ["while (!ending_ && tasks_.empty()) changed_.wait(mutex_);",
                "changed_.wait_until(mutex_, soon);", "::epoll_wait(poll, &event, 1, patience);",
                "// No deadline: the other always comes.\nchanged_.wait(mutex_);"]
        for line in good:
            with self.subTest(line):
                self.assertEqual(self.run_on(faults.check,
                                             {"src/base/y.cc": f"f();\n{line}\n"}).errors, [])

    def test_checks_that_need_memory(self):
        self.assert_fails(faults.check, {"src/base/y.cc":
                          "CHECK(f(1) && ::epoll_ctl(poll, 1, 2, nullptr) == 0);\n"}, "epoll_ctl")

    def test_docs(self):
        self.assert_fails(docs.check, {"README.md": "[a](docs/none.md)"}, "links to docs/none.md")
        self.assert_fails(docs.check, {"src/blob/fs/y.h": ""}, "lacks `blob/fs`")
        table = GOOD["docs/architecture.md"] + "| 2 | `util` |\n"
        self.assert_fails(docs.check, {"docs/architecture.md": table}, "`util` is not")
        self.assertEqual(self.run_on(docs.check, {
            "docs/x.md": "[a](../src/LAYERS) [b](https://x/y) [c](#d) `[e](f)`"}).errors, [])

    def promising(self, row: str, sentence: str, notes: str = "[^1]: `Disk.IsFull`\n") -> dict:
        return {
            "src/base/y_test.cc": "TEST_F(Disk,\n       IsFull) {}\n",
            "src/base/y_fuzz.cc": "",
            "tests/CMakeLists.txt": "add_sanitizer_lane(asan unit 9)\n",
            "tests/a/test_b.py": "def test_c():\n    pass\n\n\n"
                                 "@pytest.mark.skip\ndef test_d():\n    pass\n",
            "docs/architecture.md": GOOD["docs/architecture.md"] + "\n## When things break\n\n"
                                    f"| what | held by |\n|---|---|\n{row}\n\n## More\n",
            "SECURITY.md": "# Security\n\n## What is promised\n\n- **Bytes.** They stay, as 1.2 "
                           f"says.[^1] {sentence}\n\n## What is not\n\nMore.\n\n{notes}",
        }

    def test_promises(self):
        row, sentence = "| full | `Disk.IsFull`, `tests/a/test_b.py::test_c` |", "All do.[^1]"
        notes = "[^1]: `src/base/y_fuzz.cc`,\n  `sanitizer.asan`\n"
        self.assertEqual(self.run_on(promises.check,
                                     self.promising(row, sentence, notes)).errors, [])
        bad = {
            "full\": names no test": ("| full | a test |", sentence),
            "no test Disk.IsGone": ("| full | `Disk.IsGone` |", sentence),
            "no test tests/a/test_b.py::test_d": ("| full | `tests/a/test_b.py::test_d` |", sentence),
            "has no table": ("", sentence),
            "\"All do.\": has no footnote": (row, "All do."),
            "\"`a` does, too.\": has no footnote": (row, "All do.[^1] `a` does, too."),
            "\"what is.\": has no footnote": (row, "All do.[^1] what is."),
            "\"more of it\": has no footnote": (row, "All do.[^1]\n- more of it"),
            "no footnote [^2]": (row, "All do.[^1][^2]"),
            "[^1]: names no test": (row, sentence, "[^1]: it is so\n"),
            "refers to the footnote [^2]": (row, sentence, "[^1]: `Disk.IsFull`\n[^2]: `x`\n"),
        }
        for expected, arguments in bad.items():
            with self.subTest(expected):
                self.assert_fails(promises.check, self.promising(*arguments), expected)
        self.assert_fails(promises.check, {**self.promising(row, sentence), "SECURITY.md": ""},
                          "has no section")

    def test_dependencies(self):
        page = {dependencies.PAGE: "| g++ | `libfmt` |", "tests/requirements.txt": "libfmt==1\n"}
        self.assert_fails(dependencies.check, {
            **page, "packaging/debian-packages-x.txt": "# why\ng++\nlibfmt-dev\nfmt | g++\n",
        }, "fmt is not in")
        self.assert_fails(dependencies.check, {
            **page, "tests/go-tools.txt": "test example.org/x/crane@v1\n"}, "crane is not in")
        self.assert_fails(dependencies.check, {
            **page, "web/package.json": '{"devDependencies": {"vite": "1.0.0"}}'}, "vite is not in")

    def test_tools(self):
        faults = {tools.check_format: {"src/base/y.cc": "int  x ;\n"},
                  tools.check_shell: {"y.sh": "#!/bin/sh\necho $1\n"}}
        for check, files in faults.items():
            with self.subTest(check.__name__):
                try:
                    errors = self.run_on(check, files).errors
                except Skipped as reason:
                    self.skipTest(str(reason))
                self.assertTrue(any("y." in error for error in errors), errors)


if __name__ == "__main__":
    sys.exit(unittest.main())
