"""A recurrence rule that says the same from a time on, and says it in a bounded number of steps.

A rule steps through time from where it starts, and leaves out what its filters do not let through.
One that started long ago, or whose filters let nothing through, would be followed for hours.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from dateutil.rrule import DAILY, HOURLY, MINUTELY, MONTHLY, SECONDLY, WEEKLY, YEARLY, rrule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PERIODS: Final = {
    SECONDLY: timedelta(seconds=1),
    MINUTELY: timedelta(minutes=1),
    HOURLY: timedelta(hours=1),
}
"""The frequencies at which so much happens in a year that a rule's start is worth moving."""

HORIZON: Final = timedelta(days=200 * 366)
"""How far ahead anyone looks for a rule that steps by the week or faster."""

LAST_YEAR: Final = 9700

MOST_STEPS: Final = 500_000
"""Dates, included or excluded, that are gone through for one that stays."""

MARGIN: Final = timedelta(hours=1)
NOTHING: Final = timedelta(0)
LOOK_BACK: Final = timedelta(days=2)
"""No clock has ever been set forward by more than half of it."""

_DAY_FILTERS: Final = ("bymonth", "bymonthday", "byyearday", "byweekno", "byeaster")


def dates_of(rules: Any, start: datetime) -> Iterator[datetime]:
    """The dates of a set of rules, in order, without those that it excludes; on the local clock.

    Args:
        rules: a `dateutil` rruleset.
        start: no date before it is wanted; aware.

    Raises:
        ValueError: so many are excluded, one after the other, that there seems to be no other.
    """
    included = _merged(rules._rrule, rules._rdate, start)  # noqa: SLF001 - it does not tell its
    excluded = _merged(rules._exrule, rules._exdate, start)  # noqa: SLF001 - parts otherwise
    next_excluded = next(excluded, None)
    steps = 0
    for date in included:
        steps += 1
        while next_excluded is not None and next_excluded < date:
            next_excluded = next(excluded, None)
            steps += 1
        if date != next_excluded:
            steps = 0
            yield date
        elif steps > MOST_STEPS:
            raise ValueError("The rule excludes all that it includes.")


def _merged(rules: Any, dates: Any, start: datetime) -> Iterator[datetime]:
    parts = [iter(shortened(rule, start)) for rule in rules]
    given = sorted(date.replace(tzinfo=None) for date in dates)
    return (date for date, _ in groupby(merge(*parts, given)))


def shortened(rule: Any, start: datetime) -> Iterable[datetime]:
    """The rule without a zone, started shortly before a time where that changes nothing.

    Args:
        rule: a `dateutil` rrule.
        start: no date before it is wanted; aware.

    Raises:
        ValueError: it has no positive interval.
    """
    if rule._interval < 1:  # noqa: SLF001
        raise ValueError("The interval of a rule must be positive.")
    begin: datetime = rule._dtstart.replace(tzinfo=None)  # noqa: SLF001
    wanted = start.replace(tzinfo=None) - MARGIN - _gained(start)
    counts = rule._count is not None  # noqa: SLF001
    first_day = _first_day(rule, begin if counts else max(begin, wanted))
    if first_day is None or not _has_positions(rule):
        return ()  # it would be followed to the end of the calendar
    changes: dict[str, Any] = {"dtstart": begin}
    if rule._until:  # noqa: SLF001
        changes["until"] = rule._until.replace(tzinfo=None)  # noqa: SLF001
    if _counts_steps(rule):
        changes["dtstart"] = moved(rule, wanted)
        passed = (changes["dtstart"] - begin) // _step(rule)
        changes["count"] = max(rule._count - passed, 0)  # noqa: SLF001
    elif frequency(rule) in PERIODS:
        changes["dtstart"] = moved(rule, max(wanted, first_day))
    shorter: Iterable[datetime] = rule.replace(**changes, **_by_day(rule))
    return shorter


def _has_positions(rule: Any) -> bool:
    """Whether one step of the rule can have as many dates as the positions it asks for."""
    if not rule._bysetpos or rule._freq in (YEARLY, MONTHLY):  # noqa: SLF001
        return True
    most = 7 if rule._freq == WEEKLY else 1  # noqa: SLF001
    # Whoever steps by the hour has no choice of hours within a step, and so on.
    for unit, times in ((HOURLY, "_byhour"), (MINUTELY, "_byminute"), (SECONDLY, "_bysecond")):
        most *= len(getattr(rule, times)) if rule._freq < unit else 1  # noqa: SLF001
    return any(abs(position) <= most for position in rule._bysetpos)  # noqa: SLF001


def _first_day(rule: Any, begin: datetime) -> datetime | None:
    """The first day, at or after that of a time, that the rule's filters let through, if any.

    A year is looked at in one step, whatever the rule's own are.
    """
    filters = {name: rule._original_rule.get(name) for name in _DAY_FILTERS}  # noqa: SLF001
    # Without a place in the month; all the week, or a year would be filtered by its first day.
    filters["byweekday"] = rule._byweekday or range(7)  # noqa: SLF001
    day = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    if rule._freq in (YEARLY, MONTHLY):  # noqa: SLF001
        return day
    until = day + HORIZON if day.year < LAST_YEAR else None
    return next(iter(rrule(YEARLY, dtstart=day, until=until, wkst=rule._wkst, **filters)), None)  # noqa: SLF001


def _filters(rule: Any) -> bool:
    """Whether a rule leaves out some of its steps."""
    return any(rule._original_rule.values())  # noqa: SLF001 - what was given, without defaults


def _counts_steps(rule: Any) -> bool:
    """Whether a rule counts its steps, all of them, so that they need not be gone through."""
    counts = rule._count is not None and rule._freq in PERIODS  # noqa: SLF001
    return counts and not _filters(rule)


def _by_day(rule: Any) -> dict[str, Any]:
    """What makes a daily rule of one that filters hours, minutes or seconds: it says the same.

    The other would go through all the seconds of years in which no day fits.
    """
    if rule._freq not in PERIODS or rule._interval != 1 or rule._bysetpos:  # noqa: SLF001
        return {}
    if not _filters(rule):
        return {}
    return {
        "freq": DAILY,
        "byhour": sorted(rule._byhour or range(24)),  # noqa: SLF001
        "byminute": sorted(rule._byminute or range(60)),  # noqa: SLF001
        "bysecond": sorted(rule._bysecond or range(60)),  # noqa: SLF001
    }


def _gained(start: datetime) -> timedelta:
    """How far the clock was set forward lately: times before that look later than they are."""
    before = (start.astimezone(UTC) - LOOK_BACK).astimezone(start.tzinfo)
    gained = (start.utcoffset() or NOTHING) - (before.utcoffset() or NOTHING)
    return max(gained, NOTHING)


def frequency(rule: Any) -> int | None:
    """How often a rule occurs; None for one that counts its occurrences, which must not move."""
    frequency: int = rule._freq  # noqa: SLF001 - a rule does not tell it otherwise
    return frequency if rule._count is None else None  # noqa: SLF001


def moved(rule: Any, until: datetime) -> datetime:
    """The last time at or before another that is whole intervals after the rule's start."""
    start: datetime = rule._dtstart.replace(tzinfo=None)  # noqa: SLF001
    step = _step(rule)
    if until <= start or not step:
        return start
    return start + (until - start) // step * step


def _step(rule: Any) -> timedelta:
    interval: int = rule._interval  # noqa: SLF001
    return PERIODS[rule._freq] * interval  # noqa: SLF001
