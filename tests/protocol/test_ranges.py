# ctest: labels=protocol timeout=60
"""Parts of a blob: Range and If-Range (RFC 9110 §14)."""

import pytest

from support.content import Repository, digest_of

SIZE = 10_000
CONTENT = bytes(number * 7 % 251 for number in range(SIZE))
DIGEST = digest_of(CONTENT)

# Range, and the first and last byte that come.
PARTS = [
    ("bytes=0-0", 0, 0), ("bytes=0-99", 0, 99), ("bytes=500-1499", 500, 1499),
    ("bytes=500-", 500, SIZE - 1), ("bytes=-500", SIZE - 500, SIZE - 1), ("bytes=-1", SIZE - 1,
                                                                          SIZE - 1),
    ("bytes=9999-9999", SIZE - 1, SIZE - 1), ("bytes=2000-50000", 2000, SIZE - 1),
    ("bytes=-50000", 0, SIZE - 1), ("bytes=0-", 0, SIZE - 1),
    ("bytes=0-18446744073709551614", 0, SIZE - 1), ("BYTES=0-9", 0, 9),
]

UNSATISFIABLE = ["bytes=10000-", "bytes=10000-10001", "bytes=99999999-", "bytes=500-0", "bytes=-0",
                 "bytes=18446744073709551615-"]

# Ignored, says the RFC, or refused: the whole blob or 416, never a wrong part.
ODD = [
    "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=--1", "bytes=1-2-3", "bytes=+1-2",
    "bytes=0x1-2", "bytes=1.0-2", "bytes=1 -2", "bytes= 5-9", "bytes:0-9", "items=0-9", "0-9",
    "=0-9", "",
    "bytes=0-9,", "bytes=,0-9", "bytes=0-0,2-3", "bytes=0-99,50-199", "bytes=0-9,-9",
    "bytes=99999999999999999999999-", "bytes=0-99999999999999999999999999",
    "bytes=-99999999999999999999999", "bytes=" + ",".join(["0-0"] * 1000),
    "bytes=" + ",".join(f"{i}-" for i in range(1000)), "bytes=" + "9" * 8000 + "-",
]


@pytest.fixture(scope="module")
def blob(registry):
    repository = Repository(registry.client, "ranges/blob")
    repository.push_blob(CONTENT)
    return repository


def get(blob, **headers):
    return blob.client.get(blob.path(f"blobs/{DIGEST}"), **headers)


@pytest.mark.parametrize(("wanted", "first", "last"), PARTS)
def test_part(blob, wanted, first, last):
    """Asked twice: once from the disk, once as something that was read before."""
    for _ in range(2):
        answer = get(blob, Range=wanted)
        assert answer.status == 206
        assert answer.header("Content-Range") == f"bytes {first}-{last}/{SIZE}"
        assert answer.header("Content-Length") == str(last - first + 1)
        assert answer.header("Docker-Content-Digest") == DIGEST
        assert answer.body == CONTENT[first:last + 1]


@pytest.mark.parametrize("wanted", UNSATISFIABLE)
def test_unsatisfiable(blob, wanted):
    answer = get(blob, Range=wanted)
    assert answer.status == 416
    assert answer.header("Content-Range") == f"bytes */{SIZE}"
    assert get(blob).body == CONTENT


@pytest.mark.parametrize("wanted", ODD, ids=lambda wanted: wanted[:40])
def test_odd_range(blob, wanted):
    answer = get(blob, Range=wanted)
    assert answer.status in (200, 206, 416)
    if answer.status == 200:
        assert answer.body == CONTENT
        assert answer.header("Content-Range") is None
    if answer.status == 206:  # several ranges may come as their parts, or as one whole
        assert answer.header("Content-Type").startswith("multipart/") or (
            answer.header("Content-Range") is not None)


@pytest.mark.parametrize(("condition", "status"), [
    ('"{digest}"', 206), ('W/"{digest}"', 200), ('"other"', 200), ("{digest}", 200),
    ("Wed, 21 Oct 2015 07:28:00 GMT", 200), ("Fri, 21 Oct 2050 07:28:00 GMT", 200), ("*", 200),
    ("", 200),
])
def test_if_range(blob, condition, status):
    """A part only of the very bytes that the client has the rest of."""
    answer = get(blob, Range="bytes=10-19", If_Range=condition.format(digest=DIGEST))
    assert answer.status == status
    assert answer.body == (CONTENT[10:20] if status == 206 else CONTENT)


def test_condition_comes_before_the_range(blob):
    answer = get(blob, Range="bytes=10-19", If_None_Match=f'"{DIGEST}"')
    assert (answer.status, answer.body) == (304, b"")


def test_head_ignores_a_range_or_tells_its_length(blob):
    answer = blob.client.head(blob.path(f"blobs/{DIGEST}"), Range="bytes=0-9")
    assert (answer.status, answer.header("Content-Length")) in ((200, str(SIZE)), (206, "10"))


def test_range_of_an_empty_blob(blob):
    digest = blob.push_blob(b"")
    for wanted in ("bytes=0-0", "bytes=0-", "bytes=-1"):
        answer = blob.client.get(blob.path(f"blobs/{digest}"), Range=wanted)
        assert answer.status in (200, 416)


def test_download_in_pieces(blob):
    """A blob fetched piece by piece is the blob."""
    pieces = [get(blob, Range=f"bytes={first}-{first + 777}").body
              for first in range(0, SIZE, 778)]
    assert b"".join(pieces) == CONTENT
