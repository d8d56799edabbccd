# ctest: labels=protocol timeout=180 sanitizers=dev,tsan
"""Upload sessions: chunks in order, what is refused, who may go on with a session, and mounts."""

import re
import uuid

import pytest

from support.content import ABSENT, Repository, digest_of, upload_target, with_query
from support.raw import RawConnection, ask

CONTENT = bytes(range(256)) * 64  # 16 KiB
DIGEST = digest_of(CONTENT)


@pytest.fixture
def upload(repository):
    return repository.upload()


def patch(repository, target: str, content: bytes, content_range: str | None = None):
    headers = {"Content-Type": "application/octet-stream"}
    if content_range is not None:
        headers["Content-Range"] = content_range
    return repository.client.request("PATCH", target, content, headers)


def put_chunk(repository, target: str, content: bytes, content_range: str, digest: str):
    return repository.client.request("PUT", with_query(target, f"digest={digest}"), content,
                                     {"Content-Range": content_range})


def standing(repository, target: str) -> str:
    """The Range of an upload that goes on."""
    answer = repository.client.get(target)
    assert answer.status == 204, answer
    assert answer.header("Location") and answer.header("Docker-Upload-UUID")
    return answer.header("Range")


def assert_gone(repository, target: str) -> None:
    """Nothing can be done any more, but for repeating the PUT that closed it."""
    for answer in (repository.client.get(target), patch(repository, target, b"x"),
                   repository.finish(target, b"", ABSENT), repository.client.delete(target)):
        assert (answer.status, answer.error_codes()) == (404, ["BLOB_UPLOAD_UNKNOWN"])


def is_there(repository, digest: str = DIGEST) -> bool:
    return repository.client.head(repository.path(f"blobs/{digest}")).status == 200


def test_chunks_in_order(repository, upload):
    """Each answer says where the session stands and where to go on."""
    target = upload
    for first in range(0, len(CONTENT), 5000):
        chunk = CONTENT[first:first + 5000]
        answer = patch(repository, target, chunk, f"{first}-{first + len(chunk) - 1}")
        assert answer.status == 202
        assert answer.header("Range") == f"0-{first + len(chunk) - 1}"
        assert re.fullmatch(r"[0-9a-f-]{36}", answer.header("Docker-Upload-UUID"))
        target = upload_target(answer, repository.client)
        assert standing(repository, target) == answer.header("Range")
    answer = repository.finish(target, b"", DIGEST)
    assert (answer.status, answer.header("Docker-Content-Digest")) == (201, DIGEST)
    assert answer.header("Location") == repository.path(f"blobs/{DIGEST}")
    assert repository.client.get(repository.path(f"blobs/{DIGEST}")).body == CONTENT
    assert_gone(repository, target)


@pytest.mark.parametrize("content_range", ["50-99", "101-150", "0-49", "1000000-1000049"])
def test_chunk_out_of_order(repository, upload, content_range):
    """416 with the place to go on from, by PATCH and by the closing PUT; the session lives on."""
    patch(repository, upload, CONTENT[:100], "0-99")
    refusals = [patch(repository, upload, CONTENT[:50], content_range),
                put_chunk(repository, upload, CONTENT[:50], content_range, DIGEST)]
    for answer in refusals:
        assert answer.status == 416
        assert answer.header("Range") == "0-99"
        assert upload_target(answer, repository.client)
    assert standing(repository, upload) == "0-99"
    answer = put_chunk(repository, upload, CONTENT[100:], f"100-{len(CONTENT) - 1}", DIGEST)
    assert answer.status == 201


@pytest.mark.parametrize("content_range", [
    "bytes 0-49/50", "bytes=0-49", "49-0", "-49", "0-", "-", "0", "", "a-b", "0-49-", "0--49",
    "+0-49", " 0 - 49", "0x0-0x31", "0-49/50", "0-49,0-49", "0-99999999999999999999999", "-1-48",
    "0-48", "0-50", "0-18446744073709551615",
])
def test_bad_content_range(repository, upload, content_range):
    """Malformed, or another length than the body's: refused, and no byte of it is taken."""
    for answer in (patch(repository, upload, CONTENT[:50], content_range),
                   put_chunk(repository, upload, CONTENT[:50], content_range, DIGEST)):
        assert answer.status in (400, 416), answer
        assert answer.error_codes()
    assert standing(repository, upload) == "0-0"
    assert repository.finish(upload, CONTENT, DIGEST).status == 201


def test_chunk_without_bytes(repository, upload):
    patch(repository, upload, CONTENT[:10])
    answer = patch(repository, upload, b"")
    assert (answer.status, answer.header("Range")) == (202, "0-9")


def test_streamed_body(repository, upload):
    """Chunked transfer coding in small and large pieces, without Content-Range."""
    pieces = [CONTENT[:1], CONTENT[1:2], CONTENT[2:9000], CONTENT[9000:]]
    answer = patch(repository, upload, iter(pieces))
    assert (answer.status, answer.header("Range")) == (202, f"0-{len(CONTENT) - 1}")
    assert repository.finish(upload, b"", DIGEST).status == 201


def test_empty_blob(repository, upload):
    empty = digest_of(b"")
    assert repository.finish(upload, b"", empty).status == 201
    answer = repository.client.get(repository.path(f"blobs/{empty}"))
    assert (answer.status, answer.body) == (200, b"")


def test_wrong_digest_stores_nothing(repository):
    """400 by every way of pushing; neither the claimed nor the true digest is there."""
    uploads = repository.path("blobs/uploads/")
    chunked = repository.upload()
    patch(repository, chunked, CONTENT)
    for answer in (repository.client.request("POST", f"{uploads}?digest={ABSENT}", CONTENT),
                   repository.finish(repository.upload(), CONTENT, ABSENT),
                   repository.finish(chunked, b"", ABSENT)):
        assert (answer.status, answer.error_codes()) == (400, ["DIGEST_INVALID"])
    assert not is_there(repository, ABSENT) and not is_there(repository)


def test_no_digest(repository, upload):
    patch(repository, upload, CONTENT)
    answer = repository.client.request("PUT", upload, b"")
    assert (answer.status, answer.error_codes()) == (400, ["DIGEST_INVALID"])
    assert standing(repository, upload) == f"0-{len(CONTENT) - 1}"


def test_two_digests(repository, upload):
    """Whichever is taken, nothing is stored under a digest that its bytes do not have."""
    answer = repository.finish(upload, CONTENT, f"{DIGEST}&digest={ABSENT}")
    assert answer.status in (201, 400)
    assert not is_there(repository, ABSENT)


def test_sha512(repository):
    """By every way of pushing; answers speak of the digest that the client used."""
    digest = digest_of(CONTENT, "sha512")
    uploads = repository.path("blobs/uploads/")
    announced = upload_target(repository.start_upload("?digest-algorithm=sha512"),
                              repository.client)
    chunked = repository.upload()
    patch(repository, chunked, CONTENT)
    for answer in (repository.finish(announced, CONTENT, digest),
                   repository.finish(chunked, b"", digest),
                   repository.finish(repository.upload(), CONTENT, digest),
                   repository.client.request("POST", f"{uploads}?digest={digest}", CONTENT)):
        assert (answer.status, answer.header("Docker-Content-Digest")) == (201, digest)
    answer = repository.client.get(repository.path(f"blobs/{digest}"))
    assert (answer.body, answer.header("Docker-Content-Digest")) == (CONTENT, digest)


def test_cancel(repository, upload):
    patch(repository, upload, CONTENT)
    assert repository.client.delete(upload).status == 204
    assert_gone(repository, upload)
    assert not is_there(repository)


@pytest.mark.parametrize("content", [CONTENT, b""])
def test_closing_again_after_success(repository, upload, content):
    """The answer was lost, so the client sends the same once more: 201, as it was."""
    if not content:
        patch(repository, upload, CONTENT)
    first = repository.finish(upload, content, DIGEST)
    assert first.status == 201
    for _ in range(2):
        again = repository.finish(upload, content, DIGEST)
        assert again.status == 201
        assert again.header("Location") == first.header("Location")
        assert again.header("Docker-Content-Digest") == DIGEST
    assert_gone(repository, upload)
    assert repository.client.get(repository.path(f"blobs/{DIGEST}")).body == CONTENT


def test_closing_again_after_a_restart(start_registry):
    registry = start_registry()
    repository = Repository(registry.client, "again/restart")
    upload = repository.upload()
    assert repository.finish(upload, CONTENT, DIGEST).status == 201
    registry.restart()
    repository = Repository(registry.client, "again/restart")
    assert repository.finish(upload, CONTENT, DIGEST).status == 201
    assert_gone(repository, upload)


def test_closing_again_by_another_digest(repository, upload):
    """A spent session is not there for anything else, were it the same bytes' other digest."""
    assert repository.finish(upload, CONTENT, DIGEST).status == 201
    for digest in (digest_of(b"other"), digest_of(CONTENT, "sha512")):
        answer = repository.finish(upload, CONTENT, digest)
        assert (answer.status, answer.error_codes()) == (404, ["BLOB_UPLOAD_UNKNOWN"])


def test_closing_again_when_the_blob_is_gone(repository, upload):
    assert repository.finish(upload, CONTENT, DIGEST).status == 201
    assert repository.client.delete(repository.path(f"blobs/{DIGEST}")).status == 202
    assert repository.finish(upload, CONTENT, DIGEST).status == 404


def test_closing_again_after_a_cancel(repository, upload):
    patch(repository, upload, CONTENT)
    assert repository.client.delete(upload).status == 204
    assert repository.finish(upload, b"", DIGEST).status == 404


@pytest.mark.parametrize("before", [0, 6000])
def test_broken_closing_is_sent_again_whole(registry, repository, upload, before):
    """Its bytes are dropped, whether the connection broke or the digest was another."""
    if before:
        patch(repository, upload, CONTENT[:before])
    rest = CONTENT[before:]
    stands = f"0-{before - 1}" if before else "0-0"
    with RawConnection(registry.address) as connection:
        connection.send(f"PUT {with_query(upload, f'digest={DIGEST}')} HTTP/1.1\r\n"
                        f"Host: localhost\r\nContent-Length: {len(rest)}\r\n\r\n".encode()
                        + rest[:5000])
        assert connection.silent_for(0.3)
        assert standing(repository, upload) == stands, "and what is told holds"
    garbled = rest[:-1] + b"\0"
    assert repository.finish(upload, garbled, DIGEST).error_codes() == ["DIGEST_INVALID"]
    assert standing(repository, upload) == stands
    assert repository.finish(upload, rest, DIGEST).status == 201
    assert repository.client.get(repository.path(f"blobs/{DIGEST}")).body == CONTENT


@pytest.mark.parametrize("content_range", ["0-{last}", "9000-{last}"])
def test_closing_without_bytes_may_say_what_is_there(repository, upload, content_range):
    """Clients send the last chunk's Content-Range along once more."""
    patch(repository, upload, CONTENT[:9000], "0-8999")
    patch(repository, upload, CONTENT[9000:], f"9000-{len(CONTENT) - 1}")
    text = content_range.format(last=len(CONTENT) - 1)
    assert put_chunk(repository, upload, b"", text, DIGEST).status == 201


def test_closing_an_empty_session_may_say_what_it_was_told(repository, upload):
    assert put_chunk(repository, upload, b"", standing(repository, upload),
                     digest_of(b"")).status == 201


@pytest.mark.parametrize("content_range", ["0-8999", "0-9999", "5000-8999", "10000-10049"])
def test_closing_without_bytes_that_says_what_is_not_there(repository, upload, content_range):
    patch(repository, upload, CONTENT)
    answer = put_chunk(repository, upload, b"", content_range, DIGEST)
    assert (answer.status, answer.header("Range")) == (416, f"0-{len(CONTENT) - 1}")
    assert repository.finish(upload, b"", DIGEST).status == 201


@pytest.mark.parametrize("length", [0, 1, 49, 51, 5000])
def test_streamed_body_of_another_length(repository, upload, length):
    """Only its end tells the length: then none of the request's bytes counts."""
    patch(repository, upload, CONTENT[:100], "0-99")
    for method, target in [("PATCH", upload), ("PUT", with_query(upload, f"digest={DIGEST}"))]:
        answer = repository.client.request(method, target, iter([CONTENT[:length]]),
                                           {"Content-Range": "100-149"})
        assert (answer.status, answer.error_codes()) == (400, ["SIZE_INVALID"])
        assert standing(repository, upload) == "0-99"
    answer = repository.client.request("PATCH", upload, iter([CONTENT[100:120], CONTENT[120:150]]),
                                       {"Content-Range": "100-149"})
    assert (answer.status, answer.header("Range")) == (202, "0-149")
    assert repository.finish(upload, CONTENT[150:], DIGEST).status == 201


def test_broken_connection_keeps_what_came(registry, repository, upload):
    """The session goes on from the bytes that arrived, and ends with the exact digest."""
    with RawConnection(registry.address) as connection:
        connection.send(f"PATCH {upload} HTTP/1.1\r\nHost: localhost\r\n"
                        f"Content-Length: {len(CONTENT)}\r\n\r\n".encode() + CONTENT[:6000])
        assert connection.silent_for(0.3)
    # What was told holds, whether the last bytes were taken in by then or not.
    last = standing(repository, upload)
    arrived = int(last.removeprefix("0-")) + 1 if last != "0-0" else 0
    assert arrived <= 6000
    answer = put_chunk(repository, upload, CONTENT[arrived:],
                       f"{arrived}-{len(CONTENT) - 1}", DIGEST)
    assert answer.status == 201
    assert repository.client.get(repository.path(f"blobs/{DIGEST}")).body == CONTENT


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_session_outlives_the_server(start_registry, end):
    """After a restart the session goes on where it says, and ends with the exact digest."""
    registry = start_registry()
    repository = Repository(registry.client, "outlives/restart")
    upload = repository.upload()
    patch(repository, upload, CONTENT[:9000])
    registry.kill() if end == "kill" else registry.stop()
    registry.restart()
    repository = Repository(registry.client, "outlives/restart")
    arrived = int(standing(repository, upload).removeprefix("0-")) + 1
    assert arrived in (1, 9000) if end == "kill" else arrived == 9000
    arrived = 0 if arrived == 1 else arrived
    answer = put_chunk(repository, upload, CONTENT[arrived:],
                       f"{arrived}-{len(CONTENT) - 1}", DIGEST)
    assert answer.status == 201
    assert repository.client.get(repository.path(f"blobs/{DIGEST}")).body == CONTENT


def flip(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]


def test_invented_and_changed_sessions(registry, repository, upload):
    """Every session that was not given out is unknown; the true one is not harmed."""
    patch(repository, upload, CONTENT[:100])
    path, _, query = upload.partition("?")
    folder, _, session = path.rpartition("/")
    other = repository.upload()
    forged = [
        f"{folder}/{uuid.uuid4()}?{query}", f"{folder}/{session}", f"{folder}/{uuid.uuid4()}",
        f"{folder}/..%2f..%2f{session}?{query}", f"{folder}/{session.upper()}?{query}",
        f"{folder}/{'0' * 5000}?{query}", f"{folder}/%00?{query}", f"{folder}/-1?{query}",
        f"{path}?{other.partition('?')[2]}", f"{path}?_state=", f"{path}?_state=%00",
        f"{path}?_state={'A' * 5000}",
        *(f"{path}?{flip(query, at)}" for at in range(len("_state="), len(query), 7)),
    ]
    for target in forged:
        if target == upload:
            continue
        for method in ("GET", "PATCH", "DELETE"):
            answer = ask(registry.address, method, target, body=b"xx" if method == "PATCH" else b"")
            assert answer.status in (400, 404), (method, target, answer)
    assert standing(repository, upload) == "0-99"
    answer = put_chunk(repository, upload, CONTENT[100:], f"100-{len(CONTENT) - 1}", DIGEST)
    assert answer.status == 201


def test_session_belongs_to_its_repository(registry, repository, upload):
    """The same session under another repository's name is unknown there (CVE-2026-32589)."""
    elsewhere = upload.replace(repository.name, "protocol/elsewhere")
    other = Repository(registry.client, "protocol/elsewhere")
    other.push_image()
    assert_gone(other, elsewhere)
    assert repository.finish(upload, CONTENT, DIGEST).status == 201


def test_newer_request_ends_the_older(registry, repository, upload):
    """A client that lost its connection may go on at once: the stuck request does not block it."""
    with RawConnection(registry.address) as stuck:
        stuck.send(f"PATCH {upload} HTTP/1.1\r\nHost: localhost\r\n"
                   f"Content-Length: 5000\r\n\r\n".encode() + CONTENT[:100])
        assert stuck.silent_for(0.2)
        last = standing(repository, upload)
        arrived = int(last.removeprefix("0-")) + 1 if last != "0-0" else 0
        answer = put_chunk(repository, upload, CONTENT[arrived:],
                           f"{arrived}-{len(CONTENT) - 1}", DIGEST)
        assert answer.status == 201
    assert repository.client.get(repository.path(f"blobs/{DIGEST}")).body == CONTENT


@pytest.mark.parametrize("query", [
    "?mount={absent}", "?mount={absent}&from={name}", "?mount={absent}&from=not/there",
    "?mount={there}&from=not/there",
    # What can be no mount: of a name or a digest that nothing has.
    "?mount={there}&from=A", "?mount={there}&from=../x", "?mount={there}&from=a%00",
    "?mount={there}&from=" + "a" * 300, "?mount={there}&from=host.example:5000/a/b",
    "?mount={there}&from=%ff", "?mount={there}&from=a//b", "?mount={there}&from=%",
    "?mount=&from={name}", "?mount=nonsense", "?mount=sha256:abc&from={name}",
    "?mount=md5:" + "0" * 32 + "&from={name}",
])
def test_mount_falls_back_to_an_upload(repository, query):
    """A mount only saves an upload: what stands in its way refuses nothing, as in distribution."""
    repository.push_blob(CONTENT)
    answer = repository.start_upload(query.format(absent=ABSENT, there=DIGEST,
                                                  name=repository.name))
    assert answer.status == 202
    content = query.encode()
    assert repository.finish(upload_target(answer, repository.client), content,
                             digest_of(content)).status == 201


@pytest.mark.parametrize("query", ["?mount={digest}&from={name}", "?mount={digest}",
                                   "?mount={digest}&from="])
def test_mount(registry, repository, query):
    repository.push_blob(CONTENT + query.encode())
    digest = digest_of(CONTENT + query.encode())
    target = Repository(registry.client, f"{repository.name}/mounted")
    answer = target.start_upload(query.format(digest=digest, name=repository.name))
    assert answer.status == 201
    assert answer.header("Docker-Content-Digest") == digest
    assert answer.header("Location") == target.path(f"blobs/{digest}")
    assert target.client.get(target.path(f"blobs/{digest}")).body == CONTENT + query.encode()


def test_head_of_an_upload(repository, upload):
    assert repository.client.head(upload).status in (204, 405)


@pytest.mark.parametrize("length", [1 << 62, (1 << 63) - 1, 1 << 40])
def test_promised_length_that_never_comes(registry, repository, upload, length):
    """A huge Content-Length takes no room and hurts nobody when the client goes away."""
    with RawConnection(registry.address) as connection:
        connection.send(f"PATCH {upload} HTTP/1.1\r\nHost: localhost\r\n"
                        f"Content-Length: {length}\r\n\r\n".encode() + CONTENT)
        connection.silent_for(0.2)
    assert repository.client.get(upload).status == 204
