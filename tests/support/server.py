"""Programs that the tests start, wait for, and end by their own process id."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from support.paths import REPOSITORY


def inherited_environment() -> dict[str, str]:
    """The environment without what is for the tests alone: to the program, these are options."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ENTREPOT_")}


class ServerProcess:
    """One server process with its output in files; it never outlives the test run.

    The outputs are appended to, so that a restart on the same data keeps the story in one log.
    """

    def __init__(self, name: str, directory: Path):
        self.name = name
        self.directory = directory
        self.directory.mkdir(parents=True, exist_ok=True)
        self.stdout = directory / f"{name}.out"
        self.stderr = directory / f"{name}.err"
        self._process: subprocess.Popen | None = None
        self._out_start = 0
        self._err_start = 0

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def spawn(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        assert not self.running(), f"{self.name} is running already"
        with open(self.stdout, "ab") as out, open(self.stderr, "ab") as err:
            self._out_start, self._err_start = out.tell(), err.tell()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={**inherited_environment(), **(environment or {})},
                cwd=REPOSITORY,
            )

    def wait_until(self, ready: Callable[[], object], seconds: float):
        """Polls until `ready` gives something true, and returns it; fails if the server ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended = not self.running()
            if value := ready():
                return value
            if ended:
                raise AssertionError(f"{self.name} ended at its start\n{self.log()}")
            time.sleep(0.01)
        raise AssertionError(f"{self.name} is not ready after {seconds} s\n{self.log()}")

    def wait_until_ended_or(self, ready: Callable[[], object], seconds: float) -> None:
        """Polls until `ready` gives something true or the server has ended."""
        deadline = time.monotonic() + seconds
        while self.running() and not ready():
            assert time.monotonic() < deadline, f"{self.name} runs on\n{self.log()}"
            time.sleep(0.01)

    def current_stdout(self) -> str:
        """What this start, not an earlier one, wrote to standard output."""
        return self.stdout.read_bytes()[self._out_start :].decode(errors="replace")

    def current_stderr(self) -> str:
        return self.stderr.read_bytes()[self._err_start :].decode(errors="replace")

    def log(self, lines: int = 30) -> str:
        text = []
        for path in (self.stdout, self.stderr):
            tail = path.read_text(errors="replace").splitlines()[-lines:] if path.exists() else []
            text += [f"--- the end of {path.name}", *tail]
        return "\n".join(text)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self, seconds: float) -> int:
        """The exit code, negative for a signal."""
        assert self._process is not None
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{self.name} runs on after {seconds} s\n{self.log()}") from error

    def stop(self, seconds: float = 15) -> int:
        """SIGTERM and wait. A server that ignores it is killed, and the test fails."""
        if not self.running():
            return self._process.returncode if self._process else 0
        self.signal(signal.SIGTERM)
        try:
            return self.wait(seconds)
        except AssertionError:
            self.kill()
            raise

    def kill(self) -> None:
        """SIGKILL and wait: what a crash looks like to the data directory."""
        if self.running():
            self.signal(signal.SIGKILL)
            self.wait(10)

    def discard(self) -> None:
        """Gives back the disk: removes the directory with all that is in it. After the end only."""
        assert not self.running()
        for mount in _mounts_below(self.directory):
            subprocess.run(["umount", mount], check=True, timeout=30)
        shutil.rmtree(self.directory, ignore_errors=True)

    def resident_bytes(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024

    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def _mounts_below(directory: Path) -> list[str]:
    """What is mounted there, the deepest first."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return sorted((mount for mount in mounts if mount.startswith(f"{directory}/")), reverse=True)
