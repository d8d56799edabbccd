# ctest: labels=collect timeout=300
"""The collector of a running server: the disk gets free, and nobody loses anything by it."""

import os
import random
import sqlite3
import subprocess
import threading
import time
from contextlib import closing

import pytest

from support.command import run
from support.content import (OCI_CONFIG, OCI_LAYER, Repository, descriptor, digest_of, encode,
                             image_manifest, index_manifest, upload_target)
from support.paths import entrepot

# As if nobody ever took time between two requests: what nothing refers to goes as soon as the
# collector looks.
NO_DELAY = ("--collect.delay", "0s", "--collect.interval", "1s", "--collect.pause", "0s")
RESTING = ("--collect.delay", "0s", "--collect.enabled=false")
CONFIG = encode({"architecture": "amd64", "os": "linux",
                 "rootfs": {"type": "layers", "diff_ids": []}})


def blobs_on_disk(registry) -> set[str]:
    blobs = registry.data / "docker/registry/v2/blobs/sha256"
    # os.walk passes by what the collector removes under it.
    return {"sha256:" + os.path.basename(folder) for folder, _, files in os.walk(blobs)
            if "data" in files}


def wait_until(condition, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def metric(registry, name: str) -> float:
    text = registry.client.get("/metrics").body.decode()
    return next(float(line.split()[1]) for line in text.splitlines()
                if line.startswith(name + " "))


def gc(registry, *arguments: str) -> str:
    return run(entrepot(), "gc", "--data", registry.data, *arguments).stdout


def test_deleted_image_frees_the_disk_by_itself(start_registry):
    registry = start_registry(options=RESTING)
    repository = Repository(registry.client, "app")
    kept = repository.push_image("kept")
    deleted = repository.push_image("deleted")
    assert len(blobs_on_disk(registry)) == 4  # manifests are not files
    assert registry.client.delete(repository.path(f"manifests/{deleted.digest}")).status == 202

    registry.options = list(NO_DELAY)
    registry.restart()
    wait_until(lambda: len(blobs_on_disk(registry)) == 2)
    wait_until(lambda: metric(registry, "entrepot_collector_removed_total") >= 2)
    assert metric(registry, "entrepot_collector_freed_bytes_total") > 0
    answer = registry.client.get(repository.path(f"manifests/{kept.digest}"))
    assert answer.status == 200
    for blob in (answer.json()["config"], *answer.json()["layers"]):
        assert registry.client.head(repository.path(f"blobs/{blob['digest']}")).status == 200


def test_blob_waits_for_its_manifest_for_the_whole_delay(start_registry):
    registry = start_registry(options=("--collect.delay", "1h", "--collect.interval", "1s"))
    repository = Repository(registry.client, "slow/push")
    digest = repository.push_blob(b"a layer whose manifest comes much later")
    time.sleep(1.5)
    assert digest in blobs_on_disk(registry)
    assert metric(registry, "entrepot_collector_queue_length") == 1
    assert "0 removed" in gc(registry)


def test_untagged_manifests_go_on_request(start_registry):
    registry = start_registry()
    repository = Repository(registry.client, "app")
    platform = repository.push_image()
    index = repository.push_manifest("multi", index_manifest([platform.descriptor()]),
                                     "application/vnd.oci.image.index.v1+json")
    replaced = repository.push_image("latest")
    latest = repository.push_image("latest")
    signature = repository.push_image(subject=latest.descriptor())
    orphan = repository.push_image(subject=replaced.descriptor())
    told = gc(registry, "--delete-untagged", "--collect.delay", "0s")
    assert "deleted 2 manifests" in told, told

    def status(pushed) -> int:
        return registry.client.get(repository.path(f"manifests/{pushed.digest}")).status

    assert [status(each) for each in (platform, index, latest, signature)] == [200] * 4
    assert [status(each) for each in (replaced, orphan)] == [404] * 2


def test_abandoned_upload_is_dropped(start_registry):
    registry = start_registry(options=("--uploads.purge_after", "1s", "--uploads.purge_interval",
                                       "1s", "--collect.interval", "1s"))
    repository = Repository(registry.client, "app")
    target = repository.upload()
    answer = registry.client.request("PATCH", target, b"half a layer")
    assert answer.status == 202
    uploads = registry.data / "entrepot/uploads"
    assert any(uploads.iterdir())
    wait_until(lambda: not any(uploads.iterdir()))
    assert registry.client.get(upload_target(answer, registry.client)).status == 404


class Player(threading.Thread):
    """A client that gets hold of shared layers in every way there is, pushes an image of them,
    looks whether all of it is there, and deletes it."""

    def __init__(self, registry, number: int, seconds: float, layers: list[bytes]):
        super().__init__()
        self.registry = registry
        self.repository = Repository(registry.client, f"player{number}")
        self.chance = random.Random(number)
        self.end = time.monotonic() + seconds
        self.layers = layers
        self.acknowledged = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        try:
            while time.monotonic() < self.end:
                self._play(self.chance.choice(self.layers))
        except Exception as error:  # shown by the test, in its own thread
            self.wrong.append(repr(error))

    def _play(self, layer: bytes) -> None:
        client, repository = self.repository.client, self.repository
        self._get_hold_of(layer)
        repository.push_blob(CONFIG)
        document = encode(image_manifest(descriptor(CONFIG, OCI_CONFIG),
                                         [descriptor(layer, OCI_LAYER)]))
        digest = digest_of(document)
        answer = repository.put_manifest(digest, document)
        if answer.status == 404:  # a blob went in between: push it again
            assert answer.error_codes() == ["MANIFEST_BLOB_UNKNOWN"], answer
            return
        assert answer.status == 201, answer
        self.acknowledged += 1
        for content in (layer, CONFIG):
            found = client.get(repository.path(f"blobs/{digest_of(content)}"))
            if found.status != 200 or found.body != content:
                self.wrong.append(f"{found.status} for a blob of an acknowledged image")
        assert client.delete(repository.path(f"manifests/{digest}")).status == 202

    def _get_hold_of(self, layer: bytes) -> None:
        client, repository = self.repository.client, self.repository
        digest = digest_of(layer)
        way = self.chance.randrange(3)
        if way == 0 and client.head(repository.path(f"blobs/{digest}")).status == 200:
            return
        if way == 1 and repository.start_upload(f"?mount={digest}").status == 201:
            return
        repository.push_blob(layer)


def test_no_acknowledged_image_loses_a_blob_to_a_collector_without_delay(start_registry):
    registry = start_registry(options=NO_DELAY)
    layers = [f"layer {number}".encode() * 100 for number in range(3)]
    players = [Player(registry, number, 8, layers) for number in range(6)]
    for player in players:
        player.start()
    # At each interval by itself, and in between on request.
    while any(player.is_alive() for player in players):
        gc(registry, "--collect.delay", "0s")
    for player in players:
        player.join()
    assert [player.wrong for player in players] == [[]] * len(players)
    assert sum(player.acknowledged for player in players) > 100
    assert metric(registry, "entrepot_collector_removed_total") > 5
    assert metric(registry, "entrepot_collector_failed_total") == 0
    wait_until(lambda: not blobs_on_disk(registry))


def test_kill_in_the_middle_of_a_collection_leaves_everything_right(start_registry):
    registry = start_registry(options=RESTING)
    repository = Repository(registry.client, "app")
    kept = [repository.push_image(f"kept-{number}") for number in range(10)]
    for number in range(150):
        repository.push_blob(f"unused {number}".encode())
    used = set()
    for image in kept:
        manifest = registry.client.get(repository.path(f"manifests/{image.digest}")).json()
        used |= {manifest["config"]["digest"], manifest["layers"][0]["digest"]}

    # Each start collects as it begins, and is killed at it.
    registry.stop()
    chance = random.Random(3)
    registry.options = list(NO_DELAY)
    cut_short = 0
    for _ in range(100):
        registry.start()
        time.sleep(chance.uniform(0, 0.05))
        registry.kill()
        left = len(blobs_on_disk(registry)) - len(used)
        cut_short += 0 < left < 150
        if left == 0:
            break
    assert cut_short > 0
    registry.start()
    wait_until(lambda: blobs_on_disk(registry) == used)
    wait_until(lambda: metric(registry, "entrepot_collector_queue_length") == 0)
    for digest in used:
        answer = registry.client.get(repository.path(f"blobs/{digest}"))
        assert answer.status == 200 and digest_of(answer.body) == digest
    for number in range(0, 150, 10):  # what went can be pushed again
        content = f"unused {number}".encode()
        assert registry.client.head(repository.path(f"blobs/{digest_of(content)}")).status == 404
        repository.push_blob(content)


@pytest.mark.parametrize("end, attempts", [("kill", 2), ("stop", 1)])
def test_job_goes_on_after_a_restart(start_registry, end, attempts):
    registry = start_registry(options=("--collect.enabled=false", "--collect.pause", "1s"))
    repository = Repository(registry.client, "app")
    for number in range(250):
        repository.push_blob(f"unused {number}".encode())
    with subprocess.Popen([entrepot(), "gc", "--data", registry.data, "--collect.delay", "0s"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as asking:
        wait_until(lambda: len(blobs_on_disk(registry)) < 250)
        getattr(registry, end)()
        assert blobs_on_disk(registry), "it was done already"
        assert b"the server ended" in asking.stderr.read()
    registry.start()
    wait_until(lambda: not blobs_on_disk(registry), 10)

    def row() -> tuple:
        with closing(sqlite3.connect(registry.data / "entrepot/meta.db")) as database:
            return database.execute("SELECT state, attempts FROM jobs").fetchone()

    wait_until(lambda: row()[0] != "running")
    assert row() == ("done", attempts)


def _lay_without_links(data) -> tuple[str, str]:
    """What another registry left after it lost the links of its layers."""
    root = data / "docker/registry/v2"

    def put(path: str, content: bytes) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)

    layer = b"a layer without a link"
    document = encode(image_manifest(descriptor(CONFIG, OCI_CONFIG),
                                     [descriptor(layer, OCI_LAYER)]))
    for content in (CONFIG, layer, document, b"nobody names this"):
        name = digest_of(content)[7:]
        put(f"blobs/sha256/{name[:2]}/{name}/data", content)
    digest = digest_of(document)
    for path in ("_manifests/revisions/sha256/" + digest[7:], "_manifests/tags/t/current"):
        put(f"repositories/a/{path}/link", digest.encode())
    return digest, digest_of(layer)


def test_layers_that_lost_their_links_stay(start_registry):
    registry = start_registry()
    registry.stop()
    manifest, layer = _lay_without_links(registry.data)
    registry.start()
    assert "1 removed" in gc(registry, "--collect.delay", "0s")
    assert registry.client.get("/v2/a/manifests/t").status == 200
    assert registry.client.get(f"/v2/a/blobs/{layer}").body == b"a layer without a link"
    assert registry.client.delete(f"/v2/a/manifests/{manifest}").status == 202
    gc(registry, "--collect.delay", "0s")
    assert layer not in blobs_on_disk(registry)


def test_dry_run_says_what_the_run_then_frees(start_registry):
    registry = start_registry()
    repository = Repository(registry.client, "app")
    repository.push_image("kept")
    platform = repository.push_image()
    repository.push_manifest(None, index_manifest([platform.descriptor()]),
                             "application/vnd.oci.image.index.v1+json")
    repository.push_image("replaced")
    repository.push_image("replaced")
    registry.stop()

    def collect(*flags: str) -> list[str]:
        told = run(entrepot(), "garbage-collect", *flags, "--data", registry.data).stdout
        return told.strip().splitlines()

    before = blobs_on_disk(registry)
    foreseen = collect("-m=true", "--dry-run=true")
    assert blobs_on_disk(registry) == before
    done = collect("--delete-untagged", "-d=false")
    assert len(before) > len(blobs_on_disk(registry))
    untagged = [next(line for line in told if "no tag leads to" in line)
                for told in (foreseen, done)]
    assert untagged[0] == "would delete 3 manifests that no tag leads to"
    assert untagged[1] == "deleted 3 manifests that no tag leads to"
    numbers = [int(word) for word in foreseen[-1].split() if word.isdigit()]
    assert f"{len(before) - len(blobs_on_disk(registry))} would go" in foreseen[-1]
    assert f"{numbers[2]} bytes" in done[-1] and numbers[2] > 0
