# ctest: labels=protocol timeout=180 sanitizers=dev
"""HTTP/1.1 framing: a malformed request gets one clear answer, and never a second one."""

import pytest

from framing_cases import CASES, CLOSED, NEVER_SENT, USABLE, chunked, head, put
from support.raw import RawConnection, exchange

SLOWEST_SECONDS = 3


def test_there_are_enough_cases():
    assert len(CASES) >= 70
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_malformed_request(registry, case):
    """One answer of the right kind, quickly, and the connection closed where it must be."""
    result = exchange(registry.address, case.payload)
    assert len(result.answers) == 1, f"{len(result.answers)} answers: {result.answers}"
    answer = result.answers[0]
    assert answer.status in case.statuses, answer
    if answer.status >= 400:
        assert answer.error_codes()
    if case.after == CLOSED:
        assert not result.usable
    if case.after == USABLE:
        assert result.usable
    assert result.seconds < SLOWEST_SECONDS


def test_pipelined_requests_are_answered_in_order(registry):
    with RawConnection(registry.address) as connection:
        connection.send(head(request=b"HEAD /v2/ HTTP/1.1") + head(request=b"GET /v2/a HTTP/1.1")
                        + head())
        assert connection.answer(to_head=True).status == 200
        assert connection.answer().status == 404
        assert connection.answer().status == 200


def test_rubbish_behind_a_request_is_refused_alone(registry):
    """The request in front is answered; what follows it is not one."""
    with RawConnection(registry.address) as connection:
        connection.send(head() + b"rubbish\r\n\r\n")
        assert connection.answer().status == 200
        assert connection.answer().status == 400
        assert connection.closed()


def test_request_behind_a_refused_body_is_not_run(registry):
    """A refused request's body is never read as the next request."""
    body = NEVER_SENT + b" " * 200_000
    payload = head(b"Content-Length: %d" % len(body),
                   request=b"PUT /v2/Not-A-Name/manifests/x HTTP/1.1") + body
    result = exchange(registry.address, payload)
    assert result.statuses == [400]


@pytest.mark.parametrize("payload", [
    put(b"Content-Length: 50", body=b"{}"),
    chunked(b"2\r\n{}\r\n"),
    chunked(b"50\r\n{}"),
    b"GET /v2/ HTTP/1.1\r\nHost: loc",
    b"GET /v2",
    b"",
], ids=["length", "chunked", "within a chunk", "within a header", "within a line", "nothing"])
def test_request_that_ends_early(registry, payload):
    """The client ends its side: at most one answer, a refusal, then the end."""
    result = exchange(registry.address, payload, end_of_sending=True)
    assert len(result.answers) <= 1
    assert all(answer.status in (400, 408) for answer in result.answers)
    assert registry.client.get("/v2/").status == 200


def test_half_a_download_does_no_harm(registry, repository):
    """A client that closes in the middle of a large blob costs nothing: no signal, no file."""
    digest = repository.push_blob(bytes(8 << 20))
    for _ in range(5):
        with RawConnection(registry.address) as connection:
            connection.send(head(request=f"GET {repository.path('blobs/' + digest)} HTTP/1.1"
                                 .encode()))
            connection.end_of_sending()
            connection.receive_some()
    assert repository.client.head(repository.path(f"blobs/{digest}")).status == 200


def test_http_1_0_is_answered(start_registry):
    """By a server that is open: else it is what a proxy that adds no header speaks."""
    registry = start_registry(options=["--open"])
    with RawConnection(registry.address) as connection:
        # Not below /v2/: there it is what a proxy speaks (serving/test_doors.py).
        connection.send(head(request=b"GET /healthz HTTP/1.0"))
        assert connection.answer().status == 200
        assert connection.closed()
