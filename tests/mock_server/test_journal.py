"""The journal: what was asked and answered."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mock_server import serve
from mock_server.clock import MockClock
from mock_server.journal.exchange import MOST_BYTES, MOST_HEADERS, Exchange, masked
from mock_server.journal.journal import Journal, Journalling
from mock_server.journal.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Message, Receive, Scope, Send

    from mock_server.running import RunningMock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECRET = "hunter2-hunter2"


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    with serve(fixtures="empty", now=NOON, faults=["operation=read_flows status=503"]) as running:
        with httpx.Client(base_url=running.url) as client:
            client.post(
                "/flows/", json={"name": "etl"}, headers={"authorization": f"Bearer {SECRET}"}
            )
            client.post("/flows/", json={"nme": "etl"}, headers={"cookie": SECRET})
            client.post("/flows/filter", json={})
            running.controls.clock.advance(timedelta(hours=1))
            client.get("/flows/name/etl?x=1")
            client.get("/nowhere")
            client.request("PUT", "/flows/")
            with pytest.raises(httpx.RemoteProtocolError):
                client.get("/health", headers={"x-mock-fault": "drop"})
        yield running


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(), [1, 2, 3, 4, 5, 6, 7]),
        (Wanted(method="post"), [1, 2, 3]),
        (Wanted(path="/api/flows/"), [1, 2, 6]),
        (Wanted(path="/api/flows/*"), [1, 2, 3, 4, 6]),
        (Wanted(path="/api/[f]lows/"), []),
        (Wanted(operation="create_flow"), [1, 2]),
        (Wanted(operation="read_*"), [3, 4]),
        (Wanted(status="201"), [1]),
        (Wanted(status="4xx"), [2, 5, 6]),
        (Wanted(status="2xx"), [1, 4]),
        (Wanted(after=5), [6, 7]),
        (Wanted(since=NOON + timedelta(minutes=1)), [4, 5, 6, 7]),
        (Wanted(contains="nme"), [2]),
        (Wanted(broke=True), [3, 7]),
        (Wanted(broke=False, method="GET"), [4, 5]),
        (Wanted(fault=True), [3, 7]),
    ],
)
def test_exchanges_are_found(mock: RunningMock, wanted: Wanted, numbers: list[int]) -> None:
    journal = mock.controls.journal

    assert [item.number for item in journal.find(wanted)] == numbers
    assert journal.count(wanted) == len(numbers)
    assert [item.number for item in journal.page(wanted, 2)] == numbers[::-1][:2]


def whole(mock: RunningMock, number: int) -> dict[str, Any]:
    found = mock.controls.journal.get(number)
    assert found is not None
    return found.whole()


def test_an_exchange_tells_both_sides(mock: RunningMock) -> None:
    told = whole(mock, 1)

    assert told["request"]["json"] == {"name": "etl"}
    assert told["response"]["json"]["name"] == "etl"
    assert told["at"] == NOON
    assert told["milliseconds"] > 0
    assert {"name": "content-type", "value": "application/json"} in told["request"]["headers"]
    assert whole(mock, 4)["query"] == "x=1"
    assert whole(mock, 3)["fault"] == "status=503"


def test_one_without_an_answer(mock: RunningMock) -> None:
    told = whole(mock, 7)

    assert (told["status"], told["response"], told["broke"]) == (None, None, True)


def test_secrets_are_masked(mock: RunningMock) -> None:
    assert {"name": "authorization", "value": "Bearer ***"} in whole(mock, 1)["request"]["headers"]
    assert SECRET not in str([whole(mock, number) for number in range(1, 8)])


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", "Basic abc", "Basic ***"),
        ("authorization", "abc", "***"),
        ("cookie", "a=b; c=d", "***"),
        ("prefect-csrf-token", "abc", "***"),
        ("accept", "*/*", "*/*"),
    ],
)
def test_a_header_is_shown_without_its_secret(name: str, value: str, shown: str) -> None:
    assert masked(name, value) == shown


def test_a_compressed_answer_is_read() -> None:
    with serve() as mock:
        httpx.post(f"{mock.url}/deployments/filter", json={"limit": 3})
        httpx.post(f"{mock.url}/deployments/filter", json={})

        told = whole(mock, 1)["response"]
        assert {"name": "content-encoding", "value": "gzip"} in told["headers"]
        assert len(told["json"]) == 3
        assert not told["cut"]
        large = whole(mock, 2)["response"]
        assert large["cut"]
        assert large["json"] is None
        assert large["text"].startswith('[{"id":')


def scope(**changes: Any) -> dict[str, Any]:
    plain = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    return {**plain, **changes}


def test_only_so_many_are_kept() -> None:
    journal = Journal(MockClock(NOON), kept=3)
    for _ in range(5):
        journal.begin(scope())

    assert [item.number for item in journal.find(Wanted())] == [3, 4, 5]
    assert journal.get(2) is None
    journal.clear()
    assert journal.begin(scope()).number == 6
    journal.reset()
    assert journal.begin(scope()).number == 1


def test_a_mock_can_go_without_a_journal() -> None:
    with serve(fixtures="empty", journal_size=0) as mock:
        assert httpx.get(f"{mock.url}/health").status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{mock.url}/health", headers={"x-mock-fault": "drop"})

        assert mock.controls.journal.count(Wanted()) == 0


def test_a_body_in_pieces_is_kept_up_to_a_size_and_counted_to_its_end() -> None:
    exchange = Exchange(1, NOON, scope())
    for _ in range(3):
        exchange.took({"type": "http.request", "body": b"x" * 10_000})
    exchange.gave({"type": "http.response.start", "status": 200, "headers": []})
    for more in (True, True, False):
        piece = b"y" * 10_000
        exchange.gave({"type": "http.response.body", "body": piece, "more_body": more})

    told = exchange.whole()
    for side in (told["request"], told["response"]):
        assert side["bytes"] == 30_000
        assert side["cut"]
        assert len(side["text"]) == MOST_BYTES
    assert not told["broke"]


@pytest.mark.parametrize(
    "headers", [[(b"a", b"b")] * 20_000, [(b"a", b"b" * 200_000)] * 3], ids=["many", "long"]
)
def test_of_many_and_long_headers_paths_and_queries_only_the_beginning_is_kept(
    headers: list[tuple[bytes, bytes]],
) -> None:
    path, query = "/" + "a" * 200_000, b"b" * 200_000
    scope = {"method": "GET", "path": path, "query_string": query, "headers": headers}
    exchange = Exchange(1, NOON, scope)
    exchange.gave({"type": "http.response.start", "status": 200, "headers": headers})
    told = exchange.whole()
    assert (told["path"], told["query"]) == (path[:MOST_BYTES], query[:MOST_BYTES].decode())
    for side in (told["request"], told["response"]):
        assert 1 <= len(side["headers"]) <= MOST_HEADERS
        assert side["headers"][0]["name"] == "a"
        text = sum(len(pair["name"]) + len(pair["value"]) for pair in side["headers"])
        assert text <= MOST_BYTES + 1


def test_the_journal_is_told_though_a_request_had_very_many_headers() -> None:
    with serve(fixtures="empty") as fresh:
        headers = [(b"x", b"")] * 20_000
        assert httpx.get(f"{fresh.url}/health", headers=headers).json() is True
        told = httpx.get(f"{fresh.url.removesuffix('/api')}/_mock/journal?whole=true")
    assert told.status_code == 200, told.text


def test_what_is_no_text_is_told_all_the_same() -> None:
    exchange = Exchange(1, NOON, scope(headers=[(b"x", b"\xff")]))
    exchange.took({"type": "http.request", "body": b"\xff\x00{"})
    exchange.gave(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-encoding", b"gzip")],
        }
    )
    exchange.gave({"type": "http.response.body", "body": b"no gzip"})

    told = exchange.whole()
    assert told["request"]["text"] == "�\x00{"
    assert told["response"]["text"] == "no gzip"


def test_what_fails_behind_it_is_a_broken_exchange() -> None:
    async def fails(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ValueError("on purpose")

    async def nothing() -> Message:
        return {"type": "http.request"}

    async def ignore(_message: Message) -> None:
        """Send nothing."""

    journal = Journal(MockClock(NOON))
    with pytest.raises(ValueError, match="on purpose"):
        asyncio.run(Journalling(fails, journal)(scope(), nothing, ignore))

    assert journal.count(Wanted(broke=True)) == 1
