# ctest: labels=protocol timeout=60
"""Parts of a blob: Range and If-Range (RFC 9110 §14)."""

import email
import re

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
    "bytes=0-9,", "bytes=,0-9", "bytes=0-9,x", "bytes=0-9,9-0", "bytes=,", "bytes=0-9;20-29,40-49",
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
    if answer.status == 206:
        assert answer.header("Content-Range") is not None


def parts_of(answer) -> list[tuple[int, int]]:
    """First and last byte of each part of a multipart/byteranges answer, its bytes checked."""
    assert answer.status == 206
    assert int(answer.header("Content-Length")) == len(answer.body)
    assert answer.header("Docker-Content-Digest") == DIGEST
    assert answer.header("ETag") == f'"{DIGEST}"'
    assert answer.header("Content-Range") is None
    kind = answer.header("Content-Type")
    boundary = re.fullmatch(r"multipart/byteranges; boundary=([0-9a-f]{32})", kind)[1].encode()
    first, *parts, end = answer.body.split(b"--" + boundary)
    assert (first, end) == (b"", b"--\r\n")
    found = []
    for part in parts:
        head, content = part.removesuffix(b"\r\n").split(b"\r\n\r\n", 1)
        headers = email.message_from_bytes(head.removeprefix(b"\r\n"))
        assert sorted(headers.keys()) == ["Content-Range", "Content-Type"]
        assert headers["Content-Type"] == "application/octet-stream"
        begin, last, size = map(int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)",
                                                  headers["Content-Range"]).groups())
        assert (size, content) == (SIZE, CONTENT[begin:last + 1])
        found.append((begin, last))
    return found


@pytest.mark.parametrize(("wanted", "parts"), [
    ("0-0,2-2", [(0, 0), (2, 2)]),
    ("5000-5999,0-99", [(5000, 5999), (0, 99)]),
    ("0-99, 200-, ", [(0, 99), (200, SIZE - 1)]),
    ("9000-,0-9", [(9000, SIZE - 1), (0, 9)]),
    ("0-9,-9", [(0, 9), (SIZE - 9, SIZE - 1)]),
    ("0-9,10-19", [(0, 9), (10, 19)]),
    ("0-9,20000-,30-39", [(0, 9), (30, 39)]),
    (" 0-9\t, 30-39", [(0, 9), (30, 39)]),
])
def test_several_parts(blob, wanted, parts):
    """One for each range, in the order asked: clients that fetch what changed count them."""
    for _ in range(2):  # from the disk, and as something that was read before
        assert parts_of(get(blob, Range=f"bytes={wanted}")) == parts


def test_as_many_parts_as_podman_asks_for(blob):
    wanted = [(first, first + 3) for first in range(0, 1024 * 9, 9)]
    header = "bytes=" + ",".join(f"{first}-{last}" for first, last in wanted)
    assert parts_of(get(blob, Range=header)) == wanted
    answer = get(blob, Range=f"{header},9500-9501")
    assert (answer.status, answer.body) == (200, CONTENT)


@pytest.mark.parametrize("wanted", ["0-99,50-199", "0-9,0-9", "0-,5-6", "0-9,-9999", "5-5,5-5,5-5"])
def test_ranges_that_overlap_come_whole(blob, wanted):
    """Nobody is sent more than the blob by asking for it piece by piece."""
    answer = get(blob, Range=f"bytes={wanted}")
    assert (answer.status, answer.body) == (200, CONTENT)


def test_several_ranges_outside(blob):
    answer = get(blob, Range="bytes=10000-,20000-20001")
    assert (answer.status, answer.header("Content-Range")) == (416, f"bytes */{SIZE}")


def test_conditions_of_several_ranges(blob):
    assert get(blob, Range="bytes=0-0,2-2", If_Range='"other"').body == CONTENT
    assert len(parts_of(get(blob, Range="bytes=0-0,2-2", If_Range=f'"{DIGEST}"'))) == 2
    assert get(blob, Range="bytes=0-0,2-2", If_None_Match=f'"{DIGEST}"').status == 304


def test_head_of_several_ranges(blob):
    answer = blob.client.head(blob.path(f"blobs/{DIGEST}"), Range="bytes=0-0,2-2")
    assert (answer.status, answer.header("Content-Length")) == (200, str(SIZE))


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
