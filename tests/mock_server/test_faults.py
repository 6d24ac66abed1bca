"""Requests that go wrong on purpose: by their own headers, and by the faults of the mock."""

from __future__ import annotations

import asyncio
import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

import openapi
from mock_server import create_app, serve
from mock_server.edges import responses
from mock_server.faults.declared_answers import declared_answers
from mock_server.faults.rules import MOST, Faults
from mock_server.faults.syntax import Fault, FaultError, parse_fault
from tests.mock_server.documents import json_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_server.running import RunningMock

FLOW = {"name": "etl"}


@pytest.fixture(scope="module")
def shared() -> Iterator[RunningMock]:
    with serve(fixtures="empty", seed=1) as running:
        yield running


@pytest.fixture
def mock(shared: RunningMock) -> Iterator[RunningMock]:
    """One mock for all tests, as it was at its start for each."""
    yield shared
    shared.controls.reset()


def post(mock: RunningMock, path: str, body: Any, **headers: str) -> httpx.Response:
    named = {f"x-mock-{name.replace('_', '-')}": value for name, value in headers.items()}
    return httpx.post(f"{mock.url}{path}", json=body, headers=named)


def flows(mock: RunningMock) -> int:
    return len(mock.store.all("flows"))


# -- what the spec declares


def test_every_declared_answer_is_what_the_spec_says() -> None:
    """So a status that is asked for has a real body, for each operation and each example."""
    for operation, statuses in declared_answers().items():
        made = responses().answers(operation)
        for status, declared in statuses.items():
            if status in {429, 500, 502, 504}:
                continue
            for name in declared.bodies or [None]:
                content = declared.content(name)
                if content is not None:
                    assert made.check(status, json.loads(content)) is not None


def test_every_status_of_the_spec_can_be_asked_for() -> None:
    for item in openapi.load()["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and "operationId" in operation:
                answers = declared_answers()[operation["operationId"]]
                assert {int(status) for status in operation["responses"]} <= answers.keys()
                assert {429, 500, 502, 503, 504} <= answers.keys()


# -- by header


def test_a_status_is_answered_with_the_example_and_nothing_is_carried_out(
    mock: RunningMock,
) -> None:
    answer = post(mock, "/flows/", FLOW, status="422")

    assert answer.status_code == 422
    assert answer.json() == json_body("create_flow", 422)
    assert flows(mock) == 0
    assert post(mock, "/flows/", FLOW, status="201").status_code == 201
    assert flows(mock) == 0


def test_an_example_can_be_chosen(mock: RunningMock) -> None:
    asked = {"status": "422", "example": "limitTooHigh"}

    assert "limit" in post(mock, "/deployments/paginate", {}, **asked).json()["detail"]


def test_a_status_without_a_body(mock: RunningMock) -> None:
    path = "/deployments/00000000-0000-4000-8000-000000000000"
    answer = httpx.delete(f"{mock.url}{path}", headers={"x-mock-status": "204"})

    assert answer.status_code == 204
    assert answer.content == b""


def test_too_many_requests_and_unavailable_tell_when_to_come_back(mock: RunningMock) -> None:
    many = post(mock, "/flows/", FLOW, status="429")
    assert (many.status_code, many.headers["retry-after"]) == (429, "1")
    assert many.json()["detail"]

    down = post(mock, "/flows/", FLOW, status="503", retry_after="30")
    assert (down.status_code, down.headers["retry-after"]) == (503, "30")
    assert "retry-after" not in post(mock, "/flows/", FLOW, status="503").headers
    assert flows(mock) == 0


def test_a_server_that_breaks_says_what_a_real_one_says(mock: RunningMock) -> None:
    broken = post(mock, "/flows/", FLOW, status="500")

    assert broken.status_code == 500
    assert broken.json() == {"exception_message": "Internal Server Error"}
    assert flows(mock) == 0


@pytest.mark.parametrize(("status", "says"), [(502, "Bad Gateway"), (504, "Gateway Timeout")])
def test_a_gateway_answers_with_a_page(mock: RunningMock, status: int, says: str) -> None:
    mock.fail_next("create_flow", status=status)
    answers = [post(mock, "/flows/", FLOW), post(mock, "/flows/", FLOW, status=str(status))]

    for answer in answers:
        assert answer.status_code == status
        assert answer.headers["content-type"] == "text/html"
        assert f"{status} {says}" in answer.text
    assert flows(mock) == 0


def test_a_delayed_request_is_carried_out(mock: RunningMock) -> None:
    assert post(mock, "/flows/", FLOW, delay="20ms").status_code == 201

    exchange = mock.controls.journal.get(1)
    assert exchange is not None
    assert exchange.seconds >= 0.02
    assert exchange.fault == "delay=20ms"
    assert flows(mock) == 1


def test_a_dropped_request_is_not_carried_out(mock: RunningMock) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        post(mock, "/flows/", FLOW, fault="drop")

    assert flows(mock) == 0


def test_a_request_whose_answer_is_dropped_is_carried_out(mock: RunningMock) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        post(mock, "/flows/", FLOW, fault="drop-answer")

    assert flows(mock) == 1


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_truncated_answer_breaks_off(mock: RunningMock, encoding: str) -> None:
    mock.controls.load("default")
    place = urlsplit(mock.url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port)
    connection.request(
        "POST",
        "/api/deployments/filter",
        body="{}",
        headers={"x-mock-fault": "truncate", "accept-encoding": encoding},
    )
    answer = connection.getresponse()
    assert answer.status == 200
    with pytest.raises(http.client.IncompleteRead) as caught:
        answer.read()
    connection.close()

    assert caught.value.partial
    exchange = mock.controls.journal.get(1)
    assert exchange is not None
    assert exchange.broke


def test_a_status_can_be_truncated(mock: RunningMock) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        post(mock, "/flows/", FLOW, fault="truncate", status="422")

    assert flows(mock) == 0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"status": "418"}, "declares no status 418 for create_flow; it has 200, 201,"),
        ({"status": "x"}, "'x' is no status"),
        ({"delay": "fast"}, "'fast' is no delay"),
        ({"fault": "explode"}, "'explode' is no fault"),
        ({"stauts": "409"}, "there is no header x-mock-stauts; there are x-mock-delay,"),
        ({"retry_after": "3"}, "a fault needs a status"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_and_nothing_is_carried_out(
    mock: RunningMock, headers: dict[str, str], expected: str
) -> None:
    answer = post(mock, "/flows/", FLOW, **headers)

    assert answer.status_code == 400
    assert expected in answer.json()["detail"]
    assert flows(mock) == 0


def test_what_is_no_operation_has_no_status_but_can_be_dropped(mock: RunningMock) -> None:
    url = f"{mock.url}/openapi.json"

    assert httpx.get(url, headers={"x-mock-status": "503"}).status_code == 400
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(url, headers={"x-mock-fault": "drop"})


def test_in_process_a_dropped_connection_is_an_error() -> None:
    app = create_app(fixtures="empty")

    async def ask() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
            await client.get("/api/health", headers={"x-mock-fault": "drop"})

    with pytest.raises(ConnectionResetError, match="dropped the connection"):
        asyncio.run(ask())


# -- by the mock


def test_a_fault_of_the_mock_hits_its_operation_and_no_other(mock: RunningMock) -> None:
    mock.controls.faults.add(parse_fault("operation=create_* status=422"))

    assert post(mock, "/flows/", FLOW).status_code == 422
    assert post(mock, "/flows/filter", {}).status_code == 200
    assert flows(mock) == 0


def test_a_fault_ends_after_so_many_times(mock: RunningMock) -> None:
    mock.controls.faults.add(Fault("create_flow", 503, times=2))

    statuses = [post(mock, "/flows/", FLOW).status_code for _ in range(4)]
    assert statuses == [503, 503, 201, 200]


def test_what_a_request_asks_for_outranks_the_mock(mock: RunningMock) -> None:
    mock.controls.faults.add(Fault("create_flow", 503))

    assert post(mock, "/flows/", FLOW, status="422").status_code == 422


def test_delays_add_up_and_the_first_outcome_decides() -> None:
    texts = ("delay=1s", "status=503", "delay=500ms", "status=429")
    strike = Faults(map(parse_fault, texts)).strike("read_flow")

    assert strike is not None
    assert strike.delay == 1.5
    assert strike.fault.status == 503


def test_a_status_hits_only_operations_that_declare_it() -> None:
    faults = Faults([parse_fault("status=409")])

    assert faults.strike("health_check") is None
    assert faults.strike("create_deployment") is not None


def drawn(faults: Faults, times: int = 400) -> list[bool]:
    return [faults.strike("read_flow") is not None for _ in range(times)]


def test_the_same_seed_gives_the_same_faults() -> None:
    text = "operation=read_flow status=503 rate=0.3"
    first, second = (Faults([parse_fault(text)], seed=5) for _ in range(2))

    hits = drawn(first)
    assert drawn(second) == hits
    assert 80 <= sum(hits) <= 160
    assert drawn(Faults([parse_fault(text)], seed=6)) != hits
    first.reset()
    assert drawn(first) == hits


def test_another_fault_does_not_change_what_one_draws() -> None:
    text = "operation=read_flow status=503 rate=0.3"
    alone, beside = (Faults([parse_fault(text)], seed=5) for _ in range(2))
    beside.add(parse_fault("operation=read_flow delay=1ms..5ms rate=0.5"))

    def struck(faults: Faults) -> list[bool]:
        strikes = (faults.strike("read_flow") for _ in range(200))
        return [strike is not None and strike.fault.status == 503 for strike in strikes]

    assert struck(alone) == struck(beside)


def test_faults_are_removed_and_come_back_with_a_reset() -> None:
    faults = Faults([parse_fault("status=503")])
    added = faults.add(parse_fault("delay=1s"))
    assert [rule.number for rule in faults] == [1, 2]

    assert faults.remove(added.number)
    assert not faults.remove(added.number)
    faults.clear()
    assert not faults
    faults.reset()
    assert [str(rule) for rule in faults] == ["operation=* status=503"]


def test_there_may_not_be_too_many() -> None:
    faults = Faults()
    for _ in range(MOST):
        faults.add(parse_fault("delay=1ms"))

    with pytest.raises(FaultError, match="there are 100 faults already"):
        faults.add(parse_fault("delay=1ms"))


def test_a_mock_does_not_start_with_a_fault_that_cannot_be() -> None:
    with pytest.raises(FaultError, match=r"did you mean read_flow\?"):
        create_app(fixtures="empty", faults=["operation=reed_flow status=503"])
