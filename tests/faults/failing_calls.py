"""System calls of a server that fail on demand: the tests' side of preload/failing_calls.cc."""

import ctypes
import errno
import mmap
import subprocess
from enum import IntFlag
from pathlib import Path

_SOURCE = Path(__file__).parent / "preload" / "failing_calls.cc"


class Kind(IntFlag):
    """Which calls count."""

    WRITE = 1
    SYNC = 2
    RENAME = 4
    REMOVE = 8  # and truncate
    READ = 16
    CHANGE = WRITE | SYNC | RENAME | REMOVE


KILL = 0
SHORT = -1  # half of the bytes are written
EIO = errno.EIO
ENOSPC = errno.ENOSPC
EDQUOT = errno.EDQUOT  # our user's share of the disk is used up
EINTR = errno.EINTR


class _Control(ctypes.Structure):
    """As in failing_calls.cc."""

    _fields_ = [
        ("kinds", ctypes.c_uint32),
        ("action", ctypes.c_int32),
        ("every", ctypes.c_int32),
        ("countdown", ctypes.c_int32),
        ("hits", ctypes.c_uint32),
        ("resynced", ctypes.c_uint32),
        ("call", ctypes.c_char * 16),
        ("path", ctypes.c_char * 4096),
    ]


def build_library(directory: Path) -> Path:
    library = directory / "failing_calls.so"
    subprocess.run(["g++", "-std=c++20", "-O1", "-shared", "-fPIC", _SOURCE, "-o", library],
                   check=True)
    return library


class FailingCalls:
    """The calls of one process, restarted or not, on the files below one directory.

    Nothing fails until arm(). Tests arm when the server is idle: the fields change one by one.
    """

    def __init__(self, library: Path, directory: Path, below: Path):
        file = directory / "failing_calls.control"
        file.write_bytes(bytes(ctypes.sizeof(_Control)))
        self.environment = {"LD_PRELOAD": str(library), "FAILING_CALLS_CONTROL": str(file),
                            "FAILING_CALLS_BELOW": str(below)}
        self._below = below
        with open(file, "r+b") as opened:
            self._control = _Control.from_buffer(mmap.mmap(opened.fileno(), 0))

    def arm(self, kinds: Kind, action: int, nth: int = 1, every: int = 0) -> None:
        """The nth call of these kinds from now on is hit, and each `every` calls later again."""
        self.disarm()
        control = self._control
        control.hits = control.resynced = 0
        control.call = control.path = b""
        control.kinds, control.action, control.every = kinds, action, every
        control.countdown = nth

    def disarm(self) -> None:
        self._control.countdown = 0

    @property
    def hits(self) -> int:
        return self._control.hits

    @property
    def path(self) -> str:
        """The file of the first hit, relative to the directory."""
        return str(Path(self._control.path.decode()).relative_to(self._below))

    @property
    def syncs_repeated(self) -> int:
        """Syncs of the file whose sync was the first hit, after that."""
        return self._control.resynced

    def __str__(self) -> str:
        return f"{self._control.call.decode()} of {self.path}" if self.hits else "no call"
