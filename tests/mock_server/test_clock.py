"""The mock's clock: set, stopped, moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mock_server.clock import MockClock, parse_time
from mock_server.store import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_it_shows_the_machines_time_unless_told_otherwise() -> None:
    before = datetime.now(UTC)
    shown = MockClock()()

    assert before <= shown <= datetime.now(UTC)


def test_a_frozen_clock_stands_still_and_can_be_moved() -> None:
    clock = MockClock(START, runs=False)
    assert clock() == clock() == START
    assert clock.frozen

    clock.advance(HOUR)
    assert clock() == START + HOUR
    clock.advance(-2 * HOUR)
    assert clock() == START - HOUR


def test_a_clock_that_was_set_runs_on() -> None:
    clock = MockClock(START)
    first = clock()
    while (second := clock()) == first:
        pass

    assert START <= first < second < START + HOUR
    clock.advance(HOUR)
    assert clock() > second + HOUR
    assert not clock.frozen


def test_a_clock_is_stopped_where_it_is_and_released_there() -> None:
    clock = MockClock(START)
    clock.freeze()
    stopped = clock()
    assert clock() == stopped

    clock.release()
    assert not clock.frozen
    assert stopped <= clock() < stopped + HOUR
    clock.release(START + HOUR)
    assert START + HOUR <= clock() < START + 2 * HOUR


def test_it_follows_the_machine_again() -> None:
    clock = MockClock(START, runs=False)
    clock.follow()

    assert abs(clock() - datetime.now(UTC)) < HOUR
    assert clock.ahead == timedelta(0)


@pytest.mark.parametrize("runs", [True, False])
def test_reset_puts_it_back_to_its_beginning(*, runs: bool) -> None:
    clock = MockClock(START, runs=runs)
    clock.freeze(START + HOUR)
    clock.release()
    clock.reset()

    assert clock.frozen is not runs
    assert START <= clock() < START + HOUR


def test_one_that_was_stopped_at_the_machines_time_is_stopped_there_again() -> None:
    clock = MockClock(runs=False)
    began = clock()
    clock.advance(HOUR)
    clock.reset()

    assert clock() == began


@pytest.mark.parametrize("by", [timedelta(days=2_900_000), -timedelta(days=999_999_999)])
@pytest.mark.parametrize("runs", [True, False])
def test_it_does_not_leave_the_calendar(by: timedelta, *, runs: bool) -> None:
    clock = MockClock(START, runs=runs)

    with pytest.raises(ValueError, match="the clock goes from 1971-01-01 to 9900-01-01"):
        clock.advance(by)

    assert START <= clock() < START + HOUR


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01T00:00:00Z", START),
        ("2026-01-01", START),
        ("2026-01-01T02:00:00+02:00", START),
    ],
)
def test_a_time_is_read(text: str, expected: datetime) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("soon", "'soon' is no time"), ("0001-01-01", "the clock goes"), ("", "'' is no time")],
)
def test_what_is_no_time_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        parse_time(text)


def test_stamps_go_back_with_a_rollback() -> None:
    store = Store(clock=MockClock(START, runs=False))
    before = store.snapshot()
    stamps = [store.tick(), store.tick()]
    store.rollback(before)

    assert [store.tick(), store.tick()] == stamps
