"""The bytes that are pushed and pulled."""

import functools
import hashlib
import random
from pathlib import Path

KIB = 1 << 10
MIB = 1 << 20


class Fill:
    """Random bytes that every body begins in; a stamp in front makes each body its own."""

    STAMP = 24

    def __init__(self, path: Path, size: int = 100 * MIB):
        self.path = path
        path.write_bytes(random.Random(1).randbytes(size))
        self._bytes = path.read_bytes()

    def stamp(self, number: int) -> str:
        return f"{number:0{self.STAMP}d}"

    def body(self, number: int, size: int) -> bytes:
        return self.stamp(number).encode() + self._bytes[self.STAMP:size]

    @functools.lru_cache(maxsize=200_000)
    def digest(self, number: int, size: int) -> str:
        hasher = hashlib.sha256(self.stamp(number).encode())
        hasher.update(memoryview(self._bytes)[self.STAMP:size])
        return "sha256:" + hasher.hexdigest()
