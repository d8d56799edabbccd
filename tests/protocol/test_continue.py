# ctest: labels=protocol timeout=60
"""`Expect: 100-continue`: the body is asked for once the server has decided to take it."""

import pytest

from support.content import OCI_MANIFEST, digest_of, encode, with_query
from support.raw import RawConnection

CONTENT = b"a body that waits for its word" * 100
DIGEST = digest_of(CONTENT)


def start(connection, method: str, target: str, length: int, **headers: str) -> None:
    lines = {"Host": "localhost", "Content-Length": str(length), "Expect": "100-continue",
             **{name.replace("_", "-"): value for name, value in headers.items()}}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    connection.send(f"{method} {target} HTTP/1.1\r\n{text}\r\n".encode())


def test_word_comes_before_the_body(registry, repository):
    target = with_query(repository.upload(), f"digest={DIGEST}")
    with RawConnection(registry.address) as connection:
        start(connection, "PUT", target, len(CONTENT))
        assert connection.answer().status == 100
        assert connection.silent_for(0.1)
        connection.send(CONTENT)
        assert connection.answer().status == 201


def test_word_for_a_manifest(registry, repository):
    content = encode(repository.image_document())
    with RawConnection(registry.address) as connection:
        start(connection, "PUT", repository.path("manifests/x"), len(content),
              Content_Type=OCI_MANIFEST)
        assert connection.answer().status == 100
        connection.send(content)
        assert connection.answer().status == 201


REFUSED = [
    ("PUT", "manifests/.bad", {}, 400),
    ("PUT", f"manifests/sha256:{'g' * 64}", {}, 400),
    ("PUT", "manifests/too-large", {"Content_Length": str(5 << 20)}, 413),
    ("POST", f"blobs/uploads/?digest={'x' * 10}", {}, 400),
    ("PATCH", "blobs/uploads/00000000-0000-4000-8000-000000000000", {}, 404),
    ("POST", "manifests/latest", {}, 405),
    ("PUT", "manifests/latest", {"Via": "1.1 proxy"}, 403),
    ("PUT", "manifests/latest", {"Origin": "http://evil.example"}, 403),
]


@pytest.mark.parametrize(("method", "rest", "headers", "status"), REFUSED)
def test_refusal_comes_without_the_word(registry, repository, method, rest, headers, status):
    """The final answer at once; then the connection takes another request, or is closed."""
    with RawConnection(registry.address) as connection:
        start(connection, method, repository.path(rest), 1000, **headers)
        answer = connection.answer()
        assert answer.status == status
        if "close" not in (answer.header("Connection") or ""):
            connection.send(b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.answer().status == 200


def test_chunk_out_of_order_is_refused_without_the_word(registry, repository):
    target = repository.upload()
    with RawConnection(registry.address) as connection:
        start(connection, "PATCH", target, 10, Content_Range="90-99")
        assert connection.answer().status == 416


def test_client_that_does_not_wait(registry, repository):
    """Body and head together: one final answer, with or without the word before it."""
    target = with_query(repository.upload(), f"digest={DIGEST}")
    with RawConnection(registry.address) as connection:
        start(connection, "PUT", target, len(CONTENT))
        connection.send(CONTENT)
        answer = connection.answer()
        if answer.status == 100:
            answer = connection.answer()
        assert answer.status == 201
        connection.send(b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.answer().status == 200


def test_no_word_for_a_request_without_a_body(registry):
    with RawConnection(registry.address) as connection:
        connection.send(b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\r\n")
        assert connection.answer().status == 200
