# ctest: labels=upgrade timeout=120
"""A data directory that an older program wrote is opened by this one, and nothing in it is lost.

directories/ holds one archive for each older format, and beside it what that program served.
write_directory.py made them; a new one is added with each release that changes the format.
"""

import pytest

from support.command import run
from support.content import Repository
from support.inventory import ACCEPT
from support.older import NAMES, Older
from support.paths import entrepot
from support.registry import DockerRegistry

@pytest.fixture(params=NAMES)
def older(request, tmp_path):
    copy = Older(request.param, tmp_path)
    yield copy
    copy.registry.stop()


def test_there_is_a_directory_to_open():
    assert NAMES


def test_everything_is_there(older):
    older.registry.start()
    older.check()
    older.registry.restart()
    older.check()


def test_it_is_worked_with_like_a_new_one(older):
    registry = older.registry.start()
    app = Repository(registry.client, "acme/app")
    pushed = app.push_image("new")
    app.push_image("moved")
    assert registry.client.delete(app.path("manifests/1.1")).status == 202
    assert registry.client.get(app.path("manifests/new")).body == pushed.content
    assert "1.1" not in registry.client.get(app.path("tags/list")).json()["tags"]
    revived = app.push_manifest("revived", registry.client.get(app.path("manifests/1.0")).body)
    assert registry.client.get(app.path("manifests/revived")).body == revived.content


def test_collector_takes_nothing_that_is_needed(older):
    registry = older.registry
    registry.options = ["--collect.delay", "0s"]
    registry.start()
    run(entrepot(), "gc", "--data", registry.data)
    older.present = [target for target in older.present if "/blobs/" not in target]
    older.check()


def test_way_back_to_registry2_stays_open(older, tmp_path):
    older.registry.start().stop()
    run(entrepot(), "export", "--data", older.registry.data)
    peer = DockerRegistry(tmp_path)
    assert peer.data == older.registry.data
    peer.start()
    client = peer.client
    for tag in ("kept", "moved"):
        assert client.get(f"/v2/adopted/app/manifests/{tag}", Accept=ACCEPT).status == 200
    peer.stop()
