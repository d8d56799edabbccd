# ctest: labels=adopt timeout=600
"""entrepot takes over a directory that a distribution registry wrote, and gives it back."""

import os
import shutil
import socket
import time

from conftest import add_tags, blob_files, copy
from support import images
from support.command import run
from support.content import Repository
from support.http import Client
from support.inventory import contents, tags_of
from support.paths import entrepot, program


def test_everything_is_served_as_it_was_and_no_blob_is_copied(handover):
    before = blob_files(handover.data)
    handover.entrepot.start()
    assert contents(handover.entrepot) == handover.expected
    assert blob_files(handover.data) == before
    assert not (handover.layout / "repositories").exists()
    assert (handover.layout / "repositories.adopted").is_dir()


def test_pushes_go_on_top_and_a_restart_is_quick(handover):
    handover.entrepot.start()
    small = Repository(handover.entrepot.client, "small")
    pushed = small.push_image("tag-00")
    new = Repository(handover.entrepot.client, "new/one").push_image("1")
    assert handover.entrepot.client.delete(small.path("manifests/tag-01")).status == 202

    handover.entrepot.stop()
    begin = time.monotonic()
    handover.entrepot.start()
    assert time.monotonic() - begin < 2

    found = contents(handover.entrepot)
    assert found["small"]["tag-00"][1] == pushed.digest
    assert found["new/one"]["1"][1] == new.digest
    assert "tag-01" not in found["small"]
    untouched = set(handover.expected) - {"small"}
    assert {name: found[name] for name in untouched} == {
        name: handover.expected[name] for name in untouched}


def test_old_images_are_pulled_whole_by_a_client(handover):
    handover.entrepot.start()
    target = handover.directory / "pulled"
    copy("--all", "--preserve-digests",
         f"docker://{handover.entrepot.reference('deep/er/multi')}", f"oci:{target}:latest")
    assert images.Image(target).digest() == images.multi_architecture().digest()


def test_referrers_of_old_manifests_are_listed(handover):
    handover.entrepot.start()
    artifact = images.artifact_with_referrers()
    answer = handover.entrepot.client.get(f"/v2/artifact/referrers/{artifact.digest('artifact')}")
    assert answer.status == 200
    listed = {manifest["digest"] for manifest in answer.json()["manifests"]}
    assert listed == {artifact.digest("sbom"), artifact.digest("signature")}


def test_deleted_old_image_frees_the_disk(handover):
    handover.entrepot.start()
    digest = handover.expected["deep/docker"]["latest"][1]
    before = set(blob_files(handover.data))
    client = handover.entrepot.client
    assert client.delete(f"/v2/deep/docker/manifests/{digest}").status == 202
    handover.entrepot.stop()
    run(entrepot(), "gc", "--data", handover.data)
    removed = before - set(blob_files(handover.data))
    # Its manifest; config and layers are another image's, too. And what the old server had left
    # over of an image that was deleted there.
    assert f"sha256/{digest[7:9]}/{digest[7:]}/data" in removed
    assert len(removed) == 1 + 3
    handover.entrepot.start()
    found = contents(handover.entrepot)
    assert "deep/docker" not in found  # it holds nothing any more
    assert found == {name: handover.expected[name] for name in found}


def test_kill_during_the_adoption_loses_nothing(handover):
    digest = handover.expected["small"]["moved"][1]
    names = [f"build-{number:05}" for number in range(5_000)]
    add_tags(handover.data, "small", digest, iter(names))
    # Each run gets a little further before it is killed; the first not far, however quick the disk.
    kills = 0
    process = handover.entrepot.process
    while True:
        process.spawn(handover.entrepot._command())
        process.wait_until(lambda: "taking it over" in process.current_stderr()
                           or "listening on" in process.current_stdout(), 30)
        time.sleep(kills * 0.004)
        if not (handover.layout / "repositories").exists():
            break
        process.kill()
        kills += 1
        assert kills < 200
    process.kill()
    assert kills > 0
    handover.entrepot.start()
    listed = tags_of(handover.entrepot.client, "small")
    old = {name for name in handover.expected["small"] if ":" not in name}
    assert set(listed) == old | set(names)
    found = contents(handover.entrepot)
    for name in names:
        assert found["small"].pop(name)[1] == digest
    assert found == handover.expected


def test_nothing_is_answered_before_all_of_it_is_there(handover):
    digest = handover.expected["small"]["moved"][1]
    add_tags(handover.data, "small", digest, (f"build-{number:05}" for number in range(10_000)))
    handover.entrepot.address = "127.0.0.1:" + str(_free_port())
    process = handover.entrepot.process
    process.spawn(handover.entrepot._command())
    seen = set()
    probed = set()

    def ready():
        client = Client(handover.entrepot.address)
        try:
            statuses = tuple(client.get(path).status for path in
                             ("/healthz", "/readyz", "/v2/", "/v2/small/manifests/moved"))
            assert client.get("/").status == 200, "what charts ask as a sign of life"
        except OSError:
            return False
        finally:
            client.close()
        seen.add(statuses)
        if statuses == (200, 503, 503, 503) and not probed:
            probed.add(run(entrepot(), "health", "--data", handover.data, expect=None).returncode)
        return statuses == (200, 200, 200, 200)

    process.wait_until(ready, 60)
    assert (200, 503, 503, 503) in seen
    assert probed == {0}, "a long adoption is no illness"
    assert seen <= {(200, 503, 503, 503), (200, 503, 503, 200), (200, 503, 200, 200),
                    (200, 200, 200, 200)}


def test_old_server_refuses_to_collect_what_it_no_longer_understands(handover):
    handover.peer.start()  # writes its configuration
    handover.peer.stop()
    before = blob_files(handover.data)
    handover.entrepot.start()
    handover.entrepot.stop()
    refused = run(program(handover.peer.name), "garbage-collect", handover.peer.configuration,
                  expect=None)
    assert refused.returncode != 0
    assert blob_files(handover.data) == before


def test_going_back_in_place_and_coming_again(handover):
    handover.entrepot.start()
    pushed = Repository(handover.entrepot.client, "new/one").push_image("1")
    Repository(handover.entrepot.client, "small").push_image("moved")
    expected = contents(handover.entrepot)
    handover.entrepot.stop()
    files = blob_files(handover.data)

    run(entrepot(), "export", "--data", handover.data)
    handover.peer.start()
    assert contents(handover.peer) == expected
    assert expected["new/one"]["1"][1] == pushed.digest
    assert files.items() <= blob_files(handover.data).items()

    # The old server's garbage collector finds everything that is used.
    handover.peer.stop()
    run(program(handover.peer.name), "garbage-collect", handover.peer.configuration)
    handover.peer.start()
    assert contents(handover.peer) == expected

    handover.peer.stop()
    handover.entrepot.start()
    assert contents(handover.entrepot) == expected
    assert (handover.layout / "repositories.adopted-2").is_dir()


def test_going_back_into_another_directory(handover):
    handover.entrepot.start()
    expected = contents(handover.entrepot)
    handover.entrepot.stop()
    target = handover.directory / "target"
    told = run(entrepot(), "export", "--data", handover.data, target).stdout
    assert f"{len(expected)} repositories" in told
    assert "copied" not in told
    shutil.rmtree(handover.data)
    os.rename(target, handover.data)
    handover.peer.start()
    assert contents(handover.peer) == expected


def test_what_the_old_server_wrote_later_is_added(handover):
    handover.entrepot.start()
    handover.entrepot.stop()
    handover.peer.start()
    pushed = Repository(handover.peer.client, "later").push_image("1")
    moved = Repository(handover.peer.client, "small").push_image("moved")
    handover.peer.stop()
    handover.entrepot.start()
    found = contents(handover.entrepot)
    assert found["later"]["1"][1] == pushed.digest
    assert found["small"]["moved"][1] == moved.digest
    assert found["deep"] == handover.expected["deep"]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
