"""Running client programs: always with a time limit, and with their output when they fail."""

import os
import shlex
import subprocess
from collections.abc import Mapping

_SHOWN = 4000  # characters of each output stream in a failure


def run(
    *arguments: str | os.PathLike,
    timeout: float = 120,
    environment: Mapping[str, str] | None = None,
    expect: int | None = 0,
    **options,
) -> subprocess.CompletedProcess:
    """Runs a program to its end and returns its outputs as text.

    `environment` is added to the caller's. `expect` is the exit code it must have; None allows any.
    """
    command = [str(argument) for argument in arguments]
    try:
        result = subprocess.run(
            command,
            timeout=timeout,
            env={**os.environ, **(environment or {})},
            text=True,
            capture_output=True,
            stdin=None if "input" in options else subprocess.DEVNULL,
            **options,
        )
    except subprocess.TimeoutExpired as error:
        raise AssertionError(f"no end after {timeout} s: {shlex.join(command)}") from error
    if expect is not None and result.returncode != expect:
        raise AssertionError(
            f"exit code {result.returncode}, not {expect}: {shlex.join(command)}\n"
            f"--- stdout\n{result.stdout[-_SHOWN:]}\n--- stderr\n{result.stderr[-_SHOWN:]}"
        )
    return result


def output(*arguments: str | os.PathLike, **options) -> str:
    """Standard output of a program that succeeds, without the last line end."""
    return run(*arguments, **options).stdout.rstrip("\n")
