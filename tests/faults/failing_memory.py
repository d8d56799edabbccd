"""Memory of a server that runs out on demand: the tests' side of preload/failing_memory.cc."""

import ctypes
import mmap
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).parent / "preload" / "failing_memory.cc"


class _Control(ctypes.Structure):
    """As in failing_memory.cc."""

    _fields_ = [("countdown", ctypes.c_int32), ("every", ctypes.c_int32), ("hits", ctypes.c_int32),
                ("least", ctypes.c_int32)]


class FailingMemory:
    """The requests for memory of one process, of all its threads. None fails until arm()."""

    def __init__(self, directory: Path):
        library, file = directory / "failing_memory.so", directory / "failing_memory.control"
        subprocess.run(["g++", "-std=c++20", "-O1", "-fno-builtin", "-shared", "-fPIC", _SOURCE,
                        "-o", library], check=True)
        file.write_bytes(bytes(ctypes.sizeof(_Control)))
        self.environment = {"LD_PRELOAD": str(library), "FAILING_MEMORY_CONTROL": str(file)}
        with open(file, "r+b") as opened:
            self._control = _Control.from_buffer(mmap.mmap(opened.fileno(), 0))

    def arm(self, nth: int, every: int = 0, least_bytes: int = 0) -> None:
        """The nth request from now on fails, and each `every` requests later again; smaller ones than
        `least_bytes` are not counted."""
        self.disarm()
        self._control.hits = 0
        self._control.least = least_bytes
        self._control.every = every
        self._control.countdown = nth

    def disarm(self) -> None:
        self._control.countdown = self._control.every = 0

    @property
    def hits(self) -> int:
        return self._control.hits
