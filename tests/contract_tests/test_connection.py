"""A broken target is told from a wrong one, and a busy one is waited for."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from contract_tests.errors import CannotJudge, OutOfTime, Unreachable, WrongTarget
from contract_tests.transport import connection
from contract_tests.transport.connection import retry_after
from contract_tests.transport.target import Target
from tests.contract_tests.stub import Answer, Sent
from tests.contract_tests.stub import serve_requests as serve


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after("7") == 7.0
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 50 < (retry_after(later) or 0) <= 60
    earlier = format_datetime(datetime.now(UTC) - timedelta(seconds=60), usegmt=True)
    assert retry_after(earlier) == 0.0
    assert retry_after("") is None
    assert retry_after("soon") is None


def test_a_wait_that_is_asked_for_is_made_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    told: list[str] = []
    monkeypatch.setattr(connection.time, "sleep", waits.append)
    answers = iter([Answer(429, b"", {"retry-after": "30"}), Answer(503), Answer()])
    with serve(lambda _: next(answers)) as url, Target(url) as target:
        target.connection.announce = told.append
        assert target.get("/x").status == 200
    assert waits == [30.0, 0.1]
    assert told == ["waiting 30 s: the target answers 429"]


@pytest.mark.parametrize(("others", "tries"), [(200, 5), (503, 8)])
def test_one_request_alone_is_not_waited_for_as_long_as_a_busy_server(
    monkeypatch: pytest.MonkeyPatch, others: int, tries: int
) -> None:
    monkeypatch.setattr(connection.time, "sleep", lambda _: None)
    with (
        serve(lambda sent: Answer(503 if sent.path == "/x" else others)) as url,
        Target(url) as target,
    ):
        target.connection.let_in = True
        assert target.get("/x").status == 503
        assert target.requests == tries


def test_a_wait_that_is_too_long_ends_the_run() -> None:
    slow = Answer(429, b"", {"retry-after": "3600"})
    with (
        serve(lambda _: slow) as url,
        Target(url) as target,
        pytest.raises(CannotJudge, match=r"asks to wait 3600 s \(status 429"),
    ):
        target.get("/x")


@pytest.mark.parametrize("everywhere", [True, False])
def test_too_many_requests_end_the_run_unless_one_operation_alone_says_so(
    monkeypatch: pytest.MonkeyPatch, *, everywhere: bool
) -> None:
    monkeypatch.setattr(connection.time, "sleep", lambda _: None)
    begun: list[bool] = []

    def answer(sent: Sent) -> Answer:
        busy = sent.path == "/x" or (everywhere and begun)
        return Answer(429, b"{}") if busy else Answer(body=b"3")

    with serve(answer) as url, Target(url) as target:
        target.probe()
        begun.append(True)
        if everywhere:
            with pytest.raises(CannotJudge, match="keeps answering 429"):
                target.get("/x")
        else:
            assert target.get("/x").status == 429


def test_credentials_that_expire_midway_end_the_run() -> None:
    valid = [True]
    with (
        serve(lambda _: Answer(body=b"3") if valid else Answer(401, b"{}")) as url,
        Target(url, auth="bearer:t0k") as target,
    ):
        target.probe()
        valid.clear()
        assert target.send("GET", "/x", use="none").status == 401
        with pytest.raises(WrongTarget, match="no longer takes the credentials"):
            target.get("/x")


def test_one_operation_that_hangs_is_a_finding_and_several_times_the_end() -> None:
    done = threading.Event()

    def answer(sent: Sent) -> Answer:
        if sent.path == "/x":
            done.wait(10)
        return Answer(body=b"true")

    try:
        with serve(answer) as url, Target(url, timeout=0.2) as target:
            for _ in range(2):
                exchange = target.get("/x")
                assert (exchange.status, exchange.silent) == (0, "no answer within 0.2 s")
            with pytest.raises(Unreachable, match=r"did not answer GET /x within 0\.2 s"):
                target.get("/x")
            done.set()
    finally:
        done.set()


def test_nothing_is_sent_after_the_deadline() -> None:
    with serve(lambda _: Answer()) as url, Target(url) as target:
        target.deadline = 0.0
        with pytest.raises(OutOfTime):
            target.get("/x")
        assert target.requests == 0
