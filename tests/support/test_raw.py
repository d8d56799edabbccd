# ctest: labels=harness timeout=60
"""The judge of the framing tests sees what it has to see: played against servers that misbehave."""

import socket
import threading

import pytest

from support.raw import RawConnection, exchange

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def play():
    """play(first, second): the address of a server that answers its two reads so, then closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(scripts: tuple[bytes, ...]) -> None:
        connection, _ = listener.accept()
        with connection:
            for script in scripts:
                if not connection.recv(65536):
                    break
                connection.sendall(script)

    threads = []

    def start(*scripts: bytes) -> str:
        threads.append(threading.Thread(target=serve, args=(scripts,), daemon=True))
        threads[-1].start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield start
    listener.close()
    for thread in threads:
        thread.join(5)


def test_usable_connection(play):
    result = exchange(play(GOOD, GOOD), REQUEST)
    assert (result.statuses, result.usable) == ([200], True)


def test_closed_connection(play):
    result = exchange(play(REFUSAL), REQUEST)
    assert (result.statuses, result.usable) == ([400], False)


def test_a_second_answer_is_seen(play):
    """Two answers for one request, with the connection kept or closed."""
    assert exchange(play(GOOD + GOOD, GOOD), REQUEST).statuses == [200, 200]
    assert exchange(play(REFUSAL + GOOD), REQUEST).statuses == [400, 200]


def test_connection_that_closes_without_saying_so(play):
    assert not exchange(play(GOOD), REQUEST).usable


def test_no_answer_at_all(play):
    assert exchange(play(b""), REQUEST).answers == []


def test_hanging_server(play):
    with pytest.raises(TimeoutError):
        exchange(play(b"HTTP/1.1 200 OK\r\n", b""), REQUEST, timeout=0.3)


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", b"HTTP/1.1 200 OK\r\nBroken",
    b"rubbish\r\n\r\n", b"HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
])
def test_broken_answer(play, answer):
    with pytest.raises(AssertionError):
        exchange(play(answer), REQUEST)


def test_interim_and_chunked_answers(play):
    answer = (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
    result = exchange(play(answer, GOOD), REQUEST)
    assert result.statuses == [100, 200]
    assert result.answers[1].body == b"abc"
    assert result.usable


def test_silence(play):
    with RawConnection(play(b"", GOOD)) as connection:
        connection.send(REQUEST)
        assert connection.silent_for(0.1)
        connection.send(REQUEST)
        assert not connection.silent_for(2)
        assert connection.answer().body == b"ok"
        assert connection.closed()
