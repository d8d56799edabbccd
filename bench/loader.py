"""Runs the load program."""

import json
import subprocess
from pathlib import Path

from . import plans
from .fill import Fill
from .plans import Plan

_LIMIT = 300  # seconds beyond those that were asked for


class Loader:
    def __init__(self, program: Path, work: Path, fill: Fill):
        self._program = program
        self._work = work
        self._fill = fill

    def run(self, target: str, plan: Plan, **options) -> dict:
        """`options` are those of the program; True for a flag."""
        return self.start(target, plan, **options).result()

    def start(self, target: str, plan: Plan, name: str = "plan", **options) -> "Running":
        path = plans.write(self._work / name, plan)
        command = [self._program, "--target", target, "--plan", path, "--fill", self._fill.path]
        for option, value in options.items():
            if value is True:
                command.append(f"--{option}")
            elif value:
                command += [f"--{option}", str(value)]
        return Running(command, options.get("seconds", 0) + _LIMIT)


class Running:
    """One running load program. What it says at its end is one line of JSON."""

    def __init__(self, command: list, limit: float):
        self._limit = limit
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True)

    def first_line(self) -> dict:
        """Of a program that holds its connections: they stay open until end()."""
        line = self._process.stdout.readline()
        return json.loads(line) if line else self.result()

    def result(self) -> dict:
        return json.loads(self._finish())

    def end(self) -> None:
        self._finish()

    def _finish(self) -> str:
        try:
            out, err = self._process.communicate(timeout=self._limit)
        except subprocess.TimeoutExpired as late:
            self._process.kill()
            self._process.communicate()
            raise RuntimeError(f"the load program did not end in {self._limit} s") from late
        if self._process.returncode != 0:
            raise RuntimeError(f"load: {err.strip()}")
        return out
