"""Follows a guide: runs its blocks of commands, in their order, as a reader at a terminal would.

A block begins with ```sh; a second word names a program that the reader may lack (```sh docker).
"""

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.paths import REPOSITORY, entrepot, program
from support.server import ServerProcess, inherited_environment

GUIDES = REPOSITORY / "docs" / "guides"
_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STATUS = re.compile(r"^HTTP/1\.1 (\d{3})", re.MULTILINE)
_SECONDS = 120


@dataclass(frozen=True)
class Block:
    kind: str  # "sh", "sh docker", …
    text: str


def blocks_of(text: str) -> list[Block]:
    """All fenced blocks of a guide's text, commands or not."""
    return [Block(kind, commands) for kind, commands in _BLOCK.findall(text)]


class Walk:
    """One reader with one terminal for the server and one for everything else.

    Variables that a block sets are there in the next. `prefix` goes before every command (the
    network to run it in), `environment` into it. Every command must succeed, and what `curl -i`
    shows must be a success.
    """

    def __init__(self, text: str, directory: Path, prefix: Sequence[str],
                 environment: Mapping[str, str]):
        self.directory = directory
        self._prefix = list(prefix)
        self._blocks = blocks_of(text)
        programs = directory / ".bin"
        programs.mkdir()
        (programs / "entrepot").symlink_to(entrepot())
        self._variables = {**inherited_environment(), **environment,
                           "PATH": f"{programs}:{os.environ['PATH']}",
                           "XDG_CONFIG_HOME": str(directory / ".config")}
        self._server = ServerProcess("serve", directory / ".server")

    def serve(self) -> str:
        """Runs the next block, which is to start a server, and returns the URL it listens on."""
        command = self._next("entrepot serve")
        self._server.spawn([*self._prefix, *self._bash(f"exec {command}")], self._variables)
        return self._server.wait_until(
            lambda: re.search(r"^listening on (\S+)$", self._server.current_stdout(), re.M), 20)[1]

    def stop(self) -> None:
        """Ctrl-C in the server's terminal."""
        self._server.signal(signal.SIGINT)
        assert self._server.wait(15) == 0, self._server.log()

    def run(self, first_words: str) -> str:
        """Runs the next block, which begins with these words, and returns what it printed."""
        commands = self._next(first_words)
        kept = self.directory / ".variables"
        result = subprocess.run(
            [*self._prefix, *self._bash(f"{commands}\nenv -0 >{kept}")],
            env=self._variables, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=_SECONDS)
        assert result.returncode == 0, f"{commands}\n{result.stderr}\n{self._server.log()}"
        self._variables = dict(entry.split("=", 1)
                               for entry in kept.read_text().split("\0") if entry)
        failed = [status for status in _STATUS.findall(result.stdout) if status[0] != "2"]
        assert not failed, f"{commands}\n{result.stdout}"
        return result.stdout

    def ends(self) -> None:
        """The guide has no block left."""
        assert not self._blocks, self._blocks

    def close(self) -> None:
        self._server.stop()

    def _next(self, first_words: str) -> str:
        assert self._blocks, f"the guide ends before: {first_words}"
        block = self._blocks.pop(0)
        shell, *needed = block.kind.split()
        assert shell == "sh" and block.text.startswith(first_words), block
        for name in needed:
            program(name)
        return block.text

    def _bash(self, commands: str) -> list[str]:
        settings = f"set -euo pipefail; set -a; cd {self.directory}"
        return ["bash", "-c", f"{settings}\n{commands}"]
