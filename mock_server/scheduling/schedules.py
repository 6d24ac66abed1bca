"""When schedules fire: interval, cron and recurrence rule, with time zones and daylight saving."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterError, croniter

from mock_server.scheduling import NoNextTimeError, rrules
from mock_server.scheduling.rrules import check_rrule, normalise_rrule

__all__ = [
    "check_cron",
    "check_rrule",
    "check_timezone",
    "fire_times",
    "normalise_rrule",
    "scheduled_times",
]

MAX_ITERATIONS: Final = 1000
"""After so many steps a schedule is given up, however few times it has fired."""

CRON_FIELDS: Final = 5
"""Minute, hour, day, month, day of the week; seconds and year may follow."""

NEAREST_WEEKDAY: Final = re.compile(r"\dw", re.IGNORECASE)
SUNDAY_AS_7: Final = re.compile(r"(?:^|[,-])7(?![0-9])")

Schedule = Mapping[str, Any]


# -- checks


@cache
def time_zones() -> frozenset[str]:
    """The names of all time zones."""
    return frozenset(available_timezones())


def check_timezone(name: str) -> None:
    """Check the name of a time zone.

    Raises:
        ValueError: there is no such zone; in the released server's words.
    """
    if name not in time_zones():
        raise ValueError(
            f'Invalid timezone: "{name}" (specify in IANA tzdata format, for example,'
            " America/New_York)"
        )


def check_cron(text: str) -> None:
    """Check a cron expression.

    Raises:
        ValueError: it cannot be read, or leaves a field to chance; in the released server's words.
    """
    if not croniter.is_valid(text) or _beyond_cron(text.split()):
        raise ValueError(f'Invalid cron string: "{text}"')
    if any(field in {"R", "r", "H", "h"} for field in text.split()):
        raise ValueError(f'Random and Hashed expressions are unsupported, received: "{text}"')


def _beyond_cron(fields: list[str]) -> bool:
    """Whether newer readers take an expression that the released server's does not.

    That is the weekday nearest to a day (`15W`), and 7 for Sunday beside a field for seconds.
    """
    if len(fields) < CRON_FIELDS:
        return False
    return bool(
        NEAREST_WEEKDAY.search(fields[2])
        or (len(fields) > CRON_FIELDS and SUNDAY_AS_7.search(fields[4]))
    )


# -- when they fire


def fire_times(schedule: Schedule, *, start: datetime) -> Iterator[datetime]:
    """The times at which a schedule fires, at or after a time; aware, in UTC, without end.

    A schedule that can fire no more, or not at all, ends. Where the clock is set back, the hour
    that comes twice counts once, as on the released server: it compares what the clock shows.

    Args:
        schedule: as in the API: `interval` (seconds or a timedelta) with `anchor_date` and
            `timezone`, `cron` with `day_or` and `timezone`, or `rrule` with `timezone`.
        start: aware.
    """
    try:
        for time in _local_times(schedule, start):
            yield time.astimezone(UTC)
    except NoNextTimeError:
        return


def _local_times(schedule: Schedule, start: datetime) -> Iterator[datetime]:
    shown: set[datetime] = set()
    try:
        zone = _zone(schedule)
        for time in _generator(schedule)(schedule, start.astimezone(zone)):
            local = time.astimezone(zone)
            wall = local.replace(tzinfo=None, fold=0)
            if wall not in shown:
                shown.add(wall)
                yield local
    except (ArithmeticError, LookupError, ValueError, CroniterError) as error:
        # The calendar ends, the expression never matches, there is no such zone, or the rule
        # contradicts itself, such as one that ends in UTC and starts on a local clock.
        raise NoNextTimeError from error


def scheduled_times(
    schedule: Schedule,
    *,
    start: datetime,
    end: datetime | None = None,
    min_time: timedelta | None = None,
    min_runs: int = 1,
    max_runs: int = MAX_ITERATIONS,
) -> list[datetime]:
    """The times for which runs are planned; aware, in UTC.

    At least `min_runs`, and up to the first one `min_time` after the start; never after the end,
    never more than `max_runs`, but one in any case.

    Args:
        schedule: as in `fire_times`.
        start: no run before that; aware.
        end: no run after that; aware.
        min_time: how far the plan is to reach; None for as far as it may.
        min_runs: how many it is to have.
        max_runs: how many it may have.

    Raises:
        NoNextTimeError: one of them cannot be told.
    """
    planned: list[datetime] = []
    # Times of one zone are compared by what its clock shows, and so is the end, but for rules.
    last = end if end is None or "rrule" in schedule else end.astimezone(_zone(schedule))
    for tried, time in enumerate(_local_times(schedule, start)):
        if last is not None and time > last:
            break
        planned.append(time.astimezone(UTC))
        enough = min_time is not None and len(planned) >= min_runs and time >= start + min_time
        if enough or len(planned) >= max_runs or tried > MAX_ITERATIONS:
            break
    return planned


def _generator(schedule: Schedule) -> Callable[[Schedule, datetime], Iterator[datetime]]:
    if "interval" in schedule:
        return _by_interval
    return _by_cron if "cron" in schedule else _by_rule


def _zone(schedule: Schedule) -> ZoneInfo:
    return ZoneInfo(schedule.get("timezone") or "UTC")


def _by_interval(schedule: Schedule, start: datetime) -> Iterator[datetime]:
    """Whole days are steps of the local clock, anything shorter is time that really passes.

    The way from the anchor to the start is one jump of time that passes, so that a daily schedule
    is off by an hour when it starts in the other half of the year than its anchor.
    """
    zone, interval = _zone(schedule), schedule["interval"]
    step = interval if isinstance(interval, timedelta) else timedelta(seconds=interval)
    anchor = schedule.get("anchor_date") or start
    if isinstance(anchor, str):
        anchor = datetime.fromisoformat(anchor)
    if anchor.tzinfo is None:
        anchor = anchor.replace(tzinfo=UTC)
    whole = int((start - anchor) / step)
    time = (anchor.astimezone(UTC) + step * whole).astimezone(zone)
    # Both on one clock, so this compares what it shows.
    while time < start:
        time = _later(time, step, zone)
    while True:
        yield time
        time = _later(time, step, zone)


def _later(time: datetime, step: timedelta, zone: ZoneInfo) -> datetime:
    if not step.days:
        return (time.astimezone(UTC) + step).astimezone(zone)
    return at_wall_clock(time.replace(tzinfo=None, fold=0) + step, zone, fold=1)


def at_wall_clock(wall: datetime, zone: ZoneInfo, *, fold: int) -> datetime:
    """The moment at which the clock of a zone shows a time.

    Args:
        wall: naive.
        zone: whose clock.
        fold: of two such moments, the first (0) or the second (1). Of a time that is skipped, the
            one by the width of the gap before it (0) or after it (1).
    """
    first, second = (wall.replace(tzinfo=zone, fold=at).utcoffset() for at in (0, 1))
    if first is not None and second is not None and second > first:
        wall = wall + (second - first) if fold else wall - (second - first)
    return wall.replace(tzinfo=zone, fold=fold)


class _Cron(croniter):
    """A reader of cron expressions that leaps over months as the released server's does.

    It takes a day that the month has not for one of the next month: on from the 27th of February,
    `*/5` (of which 31 is one) leads to the 3rd of March, and the 1st goes by.
    """

    @staticmethod
    def _get_next_nearest_diff(x: int, to_check: list[Any], range_val: int | None) -> int | None:
        for value in to_check:
            day: int = range_val if value == "l" and range_val is not None else value
            if day >= x:
                return day - x
        return None if range_val is None else int(to_check[0]) - x + range_val


def _by_cron(schedule: Schedule, start: datetime) -> Iterator[datetime]:
    """The local clock matches the expression; of an hour that comes twice, the first one."""
    zone = _zone(schedule)
    wall = start.replace(tzinfo=None, fold=0) - timedelta(seconds=1)
    if wall.microsecond:
        wall += timedelta(seconds=1)
    cron = _Cron(schedule["cron"], wall, day_or=schedule.get("day_or", True))
    while True:
        yield at_wall_clock(cron.get_next(datetime), zone, fold=0)


def _by_rule(schedule: Schedule, start: datetime) -> Iterator[datetime]:
    return rrules.occurrences(schedule["rrule"], _zone(schedule), start)
