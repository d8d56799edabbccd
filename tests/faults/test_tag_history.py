# ctest: labels=faults serial timeout=300
"""Tags are moved, read, listed and deleted by many at once, the collector at work: what each client
saw can be told as one story."""

import os
import threading
import time
from contextlib import ExitStack
from random import Random

import pytest

from history import History, deletes, deletes_manifest, is_listed, moves_to
from ledger import check_blob_files, observe
from support.command import run
from support.content import (
    OCI_CONFIG,
    OCI_LAYER,
    Repository,
    descriptor,
    digest_of,
    encode,
    image_manifest,
)
from support.http import Answer
from support.paths import entrepot

ALL = os.environ.get("ENTREPOT_TEST_ALL") == "1"
SECONDS = 60 if ALL else 6
SEED = os.environ.get("ENTREPOT_TEST_SEED") or str(time.time_ns())
TAGS = ("1", "1.2", "latest")
REPOSITORY = "faults/history"


class Actor(threading.Thread):
    """One client. Its requests go into the histories of the tags that they are about."""

    def __init__(self, registry, number: int, end: float, histories: dict[str, History]):
        super().__init__(daemon=True)
        self.repository = Repository(registry.client, REPOSITORY)
        self.failure: BaseException | None = None
        self._number = number
        self._serial = 0
        self._random = Random(f"{SEED} {number}")
        self._end = end
        self._histories = histories
        self._pushed: list[str] = []
        self._layer = f"what {number} has".encode()

    def run(self) -> None:
        acts = {0: (self._move, self._move, self._move, self._delete_tag, self._delete_manifest),
                1: (self._read, self._read, self._read, self._list)}[self._number % 2]
        try:
            while time.monotonic() < self._end:
                self._random.choice(acts)(self._random.choice(TAGS))
        except BaseException as failure:
            self.failure = failure

    def _move(self, tag: str) -> None:
        """A manifest that nobody pushed before, so that each value of a tag is told from all others.
        The collector takes the blobs as soon as no manifest has them; then they are pushed again."""
        self._serial += 1
        manifest = encode(image_manifest(
            descriptor(b"{}", OCI_CONFIG), [descriptor(self._layer, OCI_LAYER)],
            annotations={"number": f"{self._number} {self._serial}"}))
        digest = digest_of(manifest)
        while True:
            with self._histories[tag].request() as effects:
                answer = self.repository.put_manifest(tag, manifest)
                if answer.status == 201:
                    effects.append(moves_to(digest))
                    break
            assert answer.error_codes() == ["MANIFEST_BLOB_UNKNOWN"], answer
            self.repository.push_blob(b"{}")
            self.repository.push_blob(self._layer)
        self._pushed.append(digest)

    def _delete_tag(self, tag: str) -> None:
        with self._histories[tag].request() as effects:
            answer = self.repository.client.delete(self.repository.path(f"manifests/{tag}"))
            assert answer.status in (202, 404), answer
            effects.append(deletes(answer.status == 202))

    def _delete_manifest(self, _: str) -> None:
        """Of all tags: each of them may have named it."""
        if not self._pushed:
            return
        digest = self._pushed.pop(self._random.randrange(len(self._pushed)))
        with ExitStack() as requests:
            effects = [requests.enter_context(history.request())
                       for history in self._histories.values()]
            answer = self.repository.client.delete(self.repository.path(f"manifests/{digest}"))
            assert answer.status in (202, 404), answer  # without a tag it may have been collected
            for each in effects:
                each.append(deletes_manifest(digest))

    def _read(self, tag: str) -> None:
        """In one of the ways that clients have; the bytes are those of the digest."""
        client, path = self.repository.client, self.repository.path(f"manifests/{tag}")
        with self._histories[tag].pull() as found:
            answer = self._random.choice((client.get, client.head))(path)
            found.append(shown(answer))
        if answer.body and found[0]:
            assert digest_of(answer.body) == found[0]

    def _list(self, tag: str) -> None:
        with self._histories[tag].request() as effects:
            answer = self.repository.client.get(self.repository.path("tags/list"))
            assert answer.status == 200, answer
            effects.append(is_listed(tag in answer.json()["tags"]))


def shown(answer: Answer) -> str | None:
    assert answer.status in (200, 404), answer
    return answer.header("Docker-Content-Digest") if answer.status == 200 else None


@pytest.mark.parametrize("untagged", [False, True], ids=["collected", "untagged ones, too"])
def test_one_story(start_registry, untagged):
    print(f"seed {SEED}")
    registry = start_registry()
    Repository(registry.client, REPOSITORY).push_image()  # so that it is there to be listed
    registry.options += ["--collect.delay", "0s", "--collect.interval", "1s"]
    registry.restart()  # from here on a blob goes as soon as no manifest has it
    histories = {tag: History() for tag in TAGS}
    end = time.monotonic() + SECONDS
    actors = [Actor(registry, number, end, histories) for number in range(8)]
    for actor in actors:
        actor.start()
    request = ("--delete-untagged",) if untagged else ()
    while any(actor.is_alive() for actor in actors):
        run(entrepot(), "gc", "--data", registry.data, "--collect.delay", "0s", *request)
    assert [actor.failure for actor in actors] == [None] * len(actors)

    for tag, history in histories.items():
        with history.pull() as found:
            found.append(observe(registry.client, f"/v2/{REPOSITORY}/manifests/{tag}"))
        history.check()
    assert sum(len(history.requests) for history in histories.values()) > 10 * SECONDS
    check_blob_files(registry.data)
    registry.restart()
    for tag, history in histories.items():
        with history.pull() as found:
            found.append(observe(registry.client, f"/v2/{REPOSITORY}/manifests/{tag}"))
        history.check()
