"""What is too large or too slow is refused in a sentence, and costs nothing that stays."""

from __future__ import annotations

import socket
import struct
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from mock_server import Limits, serve
from mock_server.serving.connections import MOST_HEADER_BYTES
from mock_server.serving.second_reader import Patience
from tests.hardening.hostile import everything
from tests.hardening.process import mock_process
from tests.hardening.wire import connect, hear, request, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_server.running import RunningMock

MEGABYTE = 1_000_000
SMALL = 1000
TOO_LARGE = {
    "detail": "The body is too large: this mock takes at most 1000 bytes"
    " (deployments-mock --max-body)."
}
TOO_SLOW = {"detail": "The body did not arrive within 0.3 seconds."}
HEAD = b"POST /api/deployments/count HTTP/1.1\r\nhost: mock\r\n"


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    with serve(fixtures="empty", limits=Limits(max_body=SMALL, body_seconds=0.3)) as running:
        yield running


def body(size: int) -> bytes:
    """A body of so many bytes."""
    return b'{"x":"' + b"a" * (size - 8) + b'"}'


def test_a_body_of_the_limit_is_taken_and_one_byte_more_is_not(mock: RunningMock) -> None:
    url = f"{mock.url}/deployments/count"
    with httpx.Client() as client:
        assert client.post(url, content=body(SMALL)).status_code == 200
        refused = client.post(url, content=body(SMALL + 1), headers={"origin": "http://x"})
        assert refused.status_code == 413
        assert refused.json() == TOO_LARGE
        assert refused.headers["access-control-allow-origin"] == "*"
        # The connection is as good as before.
        assert client.post(url, content=body(SMALL)).status_code == 200


def test_a_body_without_a_length_is_counted_as_it_comes(mock: RunningMock) -> None:
    url = f"{mock.url}/deployments/count"

    def parts(number: int) -> Iterator[bytes]:
        yield b'{"x":"'
        for _ in range(number):
            yield b"a" * 100
        yield b'"}'

    with httpx.Client() as client:
        assert client.post(url, content=parts(9)).status_code == 200
        refused = client.post(url, content=parts(500))
        assert (refused.status_code, refused.json()) == (413, TOO_LARGE)


def test_a_large_body_is_not_read_where_none_is_wanted(mock: RunningMock) -> None:
    answer = httpx.request("GET", f"{mock.url}/version", content=iter([body(5 * SMALL)]))
    assert answer.status_code == 200


def test_fifty_megabytes_are_refused_and_the_answer_can_be_read(mock: RunningMock) -> None:
    content = b"[" + b" " * (50 * MEGABYTE) + b"]"
    answer = httpx.post(f"{mock.url}/deployments/count", content=content, timeout=60)
    assert (answer.status_code, answer.json()) == (413, TOO_LARGE)


@pytest.mark.proof
def test_fifty_megabytes_are_taken_by_who_wants_them() -> None:
    content = b"{" + b" " * (50 * MEGABYTE) + b"}"
    with serve(fixtures="empty", limits=Limits(max_body=60 * MEGABYTE)) as wide:
        answer = httpx.post(f"{wide.url}/deployments/count", content=content, timeout=60)
    assert (answer.status_code, answer.json()) == (200, 0)


@pytest.mark.parametrize("sent", [b"", b"{", b'{"limit"'])
def test_a_body_that_does_not_arrive_is_given_up(mock: RunningMock, sent: bytes) -> None:
    heard = say(mock.url, HEAD + b"content-length: 50\r\n\r\n" + sent)
    assert heard.closed
    assert heard.statuses == [408]
    assert heard.content.endswith(httpx.Response(408, json=TOO_SLOW).content)


def test_a_body_that_drips_is_given_up(mock: RunningMock) -> None:
    """Time is for the whole of it: a byte now and then does not begin it anew."""
    with connect(mock.url) as connection:
        connection.sendall(HEAD + b"content-length: 900\r\n\r\n")
        stop = threading.Event()

        def drip() -> None:
            try:
                while not stop.wait(0.02):
                    connection.sendall(b" ")
            except OSError:
                pass

        dripping = threading.Thread(target=drip)
        dripping.start()
        heard = hear(connection)
        stop.set()
        dripping.join()
    assert heard.statuses == [408]


def test_others_are_served_while_one_is_slow(mock: RunningMock) -> None:
    slow = [connect(mock.url) for _ in range(50)]
    for connection in slow:
        connection.sendall(HEAD + b"content-length: 50\r\n\r\n{")
    assert httpx.get(f"{mock.url}/health").json() is True
    for connection in slow:
        assert hear(connection).statuses == [408]
        connection.close()


def test_who_hangs_up_in_the_midst_is_forgotten(mock: RunningMock) -> None:
    heard = say(mock.url, HEAD + b"content-length: 50\r\n\r\n{}", half_close=True)
    assert heard.closed
    assert heard.content == b""
    heard = say(mock.url, HEAD + b"content-length: 2\r\n\r\n{}", half_close=True)
    assert heard.statuses == [200]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Patience, "idle_seconds", 0.3)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "sent",
    [
        *(b"", b"GET /api/hea", b"get /api/hea", HEAD, HEAD + b"x-a: "),
        request("GET", "/api/health")[:-2],
    ],
    ids=[
        *("nothing", "half a line", "half an odd line", "half of the headers", "half a header"),
        "no blank line",
    ],
)
def test_a_request_that_does_not_arrive_is_given_up(mock: RunningMock, sent: bytes) -> None:
    heard = say(mock.url, sent)
    assert heard.closed
    assert heard.content == b""


@pytest.mark.usefixtures("impatient")
def test_silence_after_an_odd_request_is_given_up(mock: RunningMock) -> None:
    heard = say(mock.url, b"FOO /api/health HTTP/1.1\r\nhost: mock\r\n\r\n")
    assert heard.statuses == [405]
    assert heard.closed


@pytest.mark.usefixtures("impatient")
def test_the_rest_of_a_refused_body_is_not_waited_for_without_end(mock: RunningMock) -> None:
    heard = say(mock.url, HEAD + b"content-length: 5000\r\n\r\n" + b" " * 2000)
    assert heard.statuses == [413]
    assert heard.closed


def test_headers_without_end_are_refused(mock: RunningMock) -> None:
    heard = say(mock.url, b"GET /api/health HTTP/1.1\r\nx-a: " + b"a" * (2 * MOST_HEADER_BYTES))
    assert heard.closed
    assert heard.statuses == [431]
    assert b'{"detail":"The headers are too large' in heard.content


def abuse(url: str) -> None:
    """One round of all that is hostile."""
    large = request("POST", "/api/deployments/count", b" " * (11 * MEGABYTE))
    for content in [*everything(), large]:
        say(url, content)
    for _ in range(20):  # who goes without a word, in the midst of an answer
        with connect(url) as connection:
            connection.sendall(request("POST", "/api/deployments/filter", b"{}") * 5)
            at_once = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)


@pytest.mark.parametrize("times", [2, pytest.param(60, marks=pytest.mark.proof)])
def test_nothing_of_all_that_stays_in_memory(times: int) -> None:
    with mock_process("--fixtures", "empty") as process:
        for _ in range(2):  # what is made once is made now
            abuse(process.url)
        before = process.memory
        for _ in range(times):
            abuse(process.url)
        assert process.memory < before + 8 * MEGABYTE
        assert process.open_files < 40
        assert httpx.get(f"{process.url}/health").json() is True
