"""What the serving tests share."""

import itertools
from pathlib import Path

import pytest

from served import Program
from support.command import run
from support.paths import entrepot


@pytest.fixture
def serve(tmp_path):
    """serve(arguments…, VARIABLE=value…): a server that runs until the test ends."""
    started: list[Program] = []

    def start(*arguments: str | Path, **variables: str) -> Program:
        program = Program(tmp_path / f"server{len(started)}", variables, arguments).start()
        started.append(program)
        return program

    yield start
    for program in started:
        program.stop()


@pytest.fixture
def refusal():
    """refusal(arguments…, VARIABLE=value…): what a start that must fail says about it."""

    def start(*arguments: str | Path, **variables: str) -> str:
        ended = run(entrepot(), "serve", *arguments, expect=None, timeout=60,
                    environment=variables)
        assert ended.returncode in (1, 2), ended
        assert ended.stdout == ""
        last_line = ended.stderr.splitlines()[-1]
        assert last_line.startswith("entrepot: "), ended.stderr
        return last_line.removeprefix("entrepot: ")

    return start


@pytest.fixture
def write(tmp_path):
    """write(text): a new configuration file of these lines."""
    numbers = itertools.count()

    def to_file(text: str) -> Path:
        file = tmp_path / f"config{next(numbers)}.yml"
        file.write_text(text)
        return file

    return to_file
