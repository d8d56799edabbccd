# ctest: labels=harness timeout=60
"""The judge of the fault tests sees what it has to see: shown a registry that lost something."""

import pytest

from ledger import Ledger, TooLate, check_blob_files
from support.content import OCI_CONFIG, OCI_LAYER, descriptor, digest_of, encode, image_manifest
from support.http import Answer

LAYER = b"a layer"
MANIFEST = encode(image_manifest(descriptor(b"{}", OCI_CONFIG), [descriptor(LAYER, OCI_LAYER)]))
TAG = "/v2/a/manifests/latest"


class Shelf:
    """Stands in for a client: answers from a dict."""

    def __init__(self, content: dict[str, bytes]):
        self.content = content

    def get(self, target: str, **_) -> Answer:
        if target not in self.content:
            return Answer(404, ())
        content = self.content[target]
        return Answer(200, (("Docker-Content-Digest", digest_of(content)),), content)

    head = get


@pytest.fixture
def shelf():
    return Shelf({f"/v2/a/blobs/{digest_of(LAYER)}": LAYER, f"/v2/a/blobs/{digest_of(b'{}')}": b"{}",
                  TAG: MANIFEST})


@pytest.fixture
def ledger():
    ledger = Ledger()
    with ledger.change({TAG: digest_of(MANIFEST)}):
        pass
    return ledger


def interrupted(ledger, target, value):
    with pytest.raises(OSError), ledger.change({target: value}):
        raise OSError


def test_all_is_there(shelf, ledger):
    assert ledger.check(shelf) == 1
    assert ledger.check(shelf) == 0
    assert ledger.check(shelf, everything=True) == 1


def test_lost(shelf, ledger):
    del shelf.content[TAG]
    with pytest.raises(AssertionError, match="holds None"):
        ledger.check(shelf)


@pytest.mark.parametrize("damage", [None, b"", b"a laye"])
def test_manifest_without_its_blobs(shelf, ledger, damage):
    layer = f"/v2/a/blobs/{digest_of(LAYER)}"
    if damage is None:
        del shelf.content[layer]
    else:
        shelf.content[layer] = damage
    with pytest.raises(AssertionError, match="lacks|damaged"):
        ledger.check(shelf)


def test_delete_that_comes_undone(shelf, ledger):
    with ledger.change({TAG: None}):
        pass
    with pytest.raises(AssertionError, match="may hold {None}"):
        ledger.check(shelf)


def test_interrupted_push_may_be_seen_or_not(shelf, ledger):
    other = f"/v2/a/blobs/{digest_of(b'other')}"
    interrupted(ledger, other, digest_of(b"other"))
    interrupted(ledger, TAG, None)
    ledger.check(shelf)
    assert ledger.value(TAG) == digest_of(MANIFEST)
    assert ledger.value(other) is None


def test_answer_of_a_dead_server(shelf, ledger):
    del shelf.content[TAG]
    ledger.count_answers(False)
    with pytest.raises(TooLate), ledger.change({TAG: None}):
        pass
    ledger.check(shelf)


def test_partial_blob(shelf, ledger):
    """What was not acknowledged may be missing, but not be there in part."""
    other = f"/v2/a/blobs/{digest_of(b'other')}"
    interrupted(ledger, other, digest_of(b"other"))
    shelf.content[other] = b"othe"
    with pytest.raises(AssertionError, match="has the bytes of"):
        ledger.check(shelf)


def test_partial_file(tmp_path):
    digest = digest_of(LAYER).removeprefix("sha256:")
    folder = tmp_path / "docker/registry/v2/blobs/sha256" / digest[:2] / digest
    folder.mkdir(parents=True)
    (folder / "data").write_bytes(LAYER)
    check_blob_files(tmp_path)
    (folder / "data").write_bytes(LAYER[1:])
    with pytest.raises(AssertionError, match="has the bytes of"):
        check_blob_files(tmp_path)
