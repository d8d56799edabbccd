# ctest: labels=serving serial timeout=120
"""While a disk takes a second for each sync, whoever needs no sync is answered at once."""

import time

import pytest

from support.content import OCI_MANIFEST, Repository, digest_of
from support.http import Client

PUSHERS = 16
SLOW_MILLISECONDS = 3000


def push_blob(client: Client, number: int, _: bytes) -> None:
    content = f"{number}".encode() * 200
    answer = client.request("POST", f"/v2/busy/blobs/uploads/?digest={digest_of(content)}", content)
    assert answer.status == 201, answer


def mount_blob(client: Client, number: int, _: bytes) -> None:
    content = b"everywhere"
    query = f"mount={digest_of(content)}&from=busy/image"
    answer = client.request("POST", f"/v2/busy/{number}/blobs/uploads/?{query}", b"")
    assert answer.status == 201, answer


def push_manifest(client: Client, number: int, manifest: bytes) -> None:
    answer = Repository(client, "busy/image").put_manifest(f"t{number}", manifest, OCI_MANIFEST)
    assert answer.status == 201, answer


def delete_tag(client: Client, number: int, _: bytes) -> None:
    assert client.delete(f"/v2/busy/image/manifests/old{number}").status == 202


@pytest.mark.parametrize("work", [push_blob, mount_blob, push_manifest, delete_tag])
def test_reads_do_not_wait_for_syncs(slow_registry, syncs, clients, work):
    image = Repository(slow_registry.client, "busy/image")
    image.push_blob(b"everywhere")
    manifest = image.push_image("v1").content
    for number in range(PUSHERS):
        image.push_manifest(f"old{number}", manifest)
    client = slow_registry.client
    assert client.get("/v2/busy/image/tags/list").status == 200

    syncs.take(SLOW_MILLISECONDS)
    done = []

    def act(number: int) -> None:
        work(slow_registry.client, number, manifest)
        done.append(number)

    pushing = clients(act, PUSHERS)
    time.sleep(0.2)
    for _ in range(5):
        assert client.get("/v2/busy/image/tags/list").status == 200
    assert not done, "who reads was answered before any sync had ended"

    syncs.take(0)
    for thread in pushing:
        thread.join(60)
    assert len(done) == PUSHERS


def test_probes_do_not_hold_the_workers(slow_registry, syncs, clients):
    """/readyz writes; more probes than there are workers leave room for everybody else."""
    syncs.take(SLOW_MILLISECONDS)
    done = []
    clients(lambda _: done.append(slow_registry.client.get("/readyz").body), 20)
    time.sleep(0.2)
    assert slow_registry.client.get("/v2/_catalog").status == 200
    assert b"ready\n" not in done
    syncs.take(0)
