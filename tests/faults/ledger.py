"""What a registry has to hold after a fault: everything acknowledged, and nothing in part.

A registry is a set of registers to a client: the targets /v2/…/blobs/<digest>, /manifests/<digest>
and /manifests/<tag>, each of which holds the digest of its content, or None. An answer settles a
register; a request without an answer leaves two possible values.
"""

import hashlib
import threading
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

from support.content import digest_of
from support.http import Client

Value = str | None


class TooLate(ConnectionError):
    """An answer that nobody should have lived to give."""


class Ledger:
    """The possible values of every register. Thread-safe; one writer at a time for each target."""

    def __init__(self):
        self._lock = threading.Lock()
        self._possible: dict[str, set[Value]] = {}
        self._unchecked: set[str] = set()
        self._counting = True

    @contextmanager
    def change(self, changes: dict[str, Value]):
        """Around a request: its answer makes the changes, an exception leaves both values open."""
        with self._lock:
            for target, value in changes.items():
                self._possible.setdefault(target, {None}).add(value)
                self._unchecked.add(target)
        yield
        with self._lock:
            if not self._counting:
                raise TooLate
            self._possible |= {target: {value} for target, value in changes.items()}

    def count_answers(self, counting: bool) -> None:
        """False: answers are TooLate from now on, for by rights the server is dead."""
        with self._lock:
            self._counting = counting

    def value(self, target: str) -> Value:
        """What a settled register holds."""
        with self._lock:
            (value,) = self._possible.get(target, {None})
            return value

    def settled(self) -> list[tuple[str, set[Value]]]:
        """Each target, with what it may hold."""
        with self._lock:
            return [(target, set(possible)) for target, possible in self._possible.items()]

    def holding(self, part: str) -> list[str]:
        """The settled targets with `part` in them that hold something."""
        with self._lock:
            return [target for target, possible in self._possible.items()
                    if part in target and None not in possible]

    def check(self, client: Client, *, everything: bool = False, settle: bool = True) -> int:
        """Compares what changed since the last check, or everything, with the registry's content.

        Settles the open registers at what they were found to hold, unless a restart may still
        change them. Returns how many it compared.
        """
        targets = sorted(self._possible if everything else self._unchecked)
        for target in targets:
            possible, found = self._possible[target], observe(client, target)
            assert found in possible, f"{target} holds {found}; it may hold {possible}"
            if settle:
                self._possible[target] = {found}
        if settle:
            self._unchecked.clear()
        return len(targets)


def observe(client: Client, target: str) -> Value:
    """The digest of what is there, which is whole: the right bytes, and each blob they refer to."""
    answer = client.get(target, Accept="*/*")
    head = client.head(target, Accept="*/*")
    assert head.status == answer.status, (target, head, answer.status)
    if answer.status == 404:
        return None
    assert answer.status == 200, (target, answer)
    found = digest_of(answer.body)
    assert answer.header("Docker-Content-Digest") == found, f"{target} has the bytes of {found}"
    named = target.rpartition("/")[2]
    assert named == found or ":" not in named, f"{target} has the bytes of {found}"
    if "/manifests/" in target:
        _require_blobs(client, target.partition("/manifests/")[0], answer.json())
    return found


def _require_blobs(client: Client, repository: str, manifest: dict) -> None:
    for blob in (manifest["config"], *manifest["layers"]):
        answer = client.get(f"{repository}/blobs/{blob['digest']}")
        assert answer.status == 200, f"a manifest of {repository} lacks {blob}: {answer}"
        assert digest_of(answer.body) == blob["digest"], f"{blob} of {repository} is damaged"


def blob_files(data: Path) -> Iterable[Path]:
    return (data / "docker/registry/v2/blobs/sha256").glob("*/*/data")


def check_blob_files(data: Path) -> None:
    """Whatever lies under the name of a blob is that blob, known to the registry or not."""
    for file in blob_files(data):
        with open(file, "rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        assert found == file.parent.name, f"{file} has the bytes of {found}"
