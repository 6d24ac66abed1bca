"""Recurrence rules: their check, their anchor, and when they occur."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from dateutil.rrule import (
    DAILY,
    HOURLY,
    MINUTELY,
    SECONDLY,
    WEEKLY,
    rrule,
    rruleset,
    rrulestr,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LENGTH: Final = 6500
SHOWN: Final = 40
ANCHOR: Final = datetime(2020, 1, 1)  # noqa: DTZ001 - a wall-clock time in the schedule's zone
"""Where a rule starts that does not say so itself."""

PERIODS: Final = {
    SECONDLY: timedelta(seconds=1),
    MINUTELY: timedelta(minutes=1),
    HOURLY: timedelta(hours=1),
}
"""The frequencies at which so much happens in a year that a rule's start is worth moving."""

OFTEN: Final = (SECONDLY, MINUTELY)
"""The frequencies whose rules are stored with a recent start."""

HORIZON: Final = timedelta(days=200 * 366)
"""How far ahead anyone looks for a rule that steps by the week or faster."""

LAST_YEAR: Final = 9700

MOST_PASSED: Final = 500_000
"""Occurrences that are gone through, one by one, before a rule is taken for one without a next."""

MARGIN: Final = timedelta(hours=1)
NOTHING: Final = timedelta(0)
LOOK_BACK: Final = timedelta(days=2)
"""No clock has ever been set forward by more than half of it."""


def _read(text: str, *, dtstart: datetime | None = None) -> Any:
    with warnings.catch_warnings():
        # Of letters that are taken for a zone nobody knows, or a count beside an end: it is the
        # client's rule, and it says what it says.
        warnings.simplefilter("ignore")
        return rrulestr(text, dtstart=dtstart)


def check_rrule(text: str) -> None:
    """Check that a recurrence rule can be read.

    Raises:
        ValueError: it cannot, or it is too long; in the released server's words.
    """
    try:
        _read(text)
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
        raise ValueError(f'Invalid RRule string "{text}": {error}') from error
    if len(text) > MAX_LENGTH:
        raise ValueError(
            f'Invalid RRule string "{text[:SHOWN]}..."\nMax length is {MAX_LENGTH}, got {len(text)}'
        )


def normalise_rrule(text: str, *, now: datetime, timezone: str | None = "UTC") -> str:
    """A rule with its start written out, as the released server stores it.

    A rule that starts nowhere starts on 2020-01-01. One that occurs every few minutes or seconds,
    without a count, starts at the last moment before now that is in step with that day.

    Args:
        text: the rule.
        now: the time.
        timezone: the schedule's zone; its clock is what a rule's start is told by.
    """
    if "DTSTART" in text.upper():
        return text
    try:
        rule = _read(text, dtstart=ANCHOR)
    except (ValueError, TypeError):
        return text
    start = ANCHOR
    if isinstance(rule, rrule) and _frequency(rule) in OFTEN:
        start = _moved(rule, now.astimezone(_zone(timezone)).replace(tzinfo=None))
    return f"DTSTART:{start:%Y%m%dT%H%M%S}\n{text}"


def _zone(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name or "UTC")
    except (LookupError, ValueError):
        return UTC


def occurrences(text: str, zone: ZoneInfo, start: datetime) -> Iterator[datetime]:
    """When a rule occurs, at or after a time; aware, in UTC.

    A rule runs on what the clock of its zone shows. Of a time that comes twice the first one
    counts, and a time that is skipped counts on the clock that is already set forward.

    Raises:
        ValueError: the rule's parts do not go together, such as an end in UTC and a local start.
    """
    rule = _read(text, dtstart=ANCHOR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shortened = _shortened if isinstance(rule, rrule) else _shortened_set
        found = iter(shortened(rule, start.astimezone(zone)))
    return _from(start, (_moment(wall, zone) for wall in found))


def _from(start: datetime, moments: Iterator[datetime]) -> Iterator[datetime]:
    """The moments from a time on.

    Raises:
        ValueError: so many come before it that it would take too long to get there.
    """
    passed = 0
    for moment in moments:
        if moment >= start:
            yield moment
        elif (passed := passed + 1) > MOST_PASSED:
            raise ValueError("The rule counts from too long ago.")


def _moment(wall: datetime, zone: ZoneInfo) -> datetime:
    first, second = (wall.replace(tzinfo=zone, fold=at) for at in (0, 1))
    skipped = (second.utcoffset() or NOTHING) > (first.utcoffset() or NOTHING)
    return (second if skipped else first).astimezone(UTC)


def _shortened_set(rules: Any, start: datetime) -> Any:
    parts: Any = rruleset()
    for part in rules._rrule:  # noqa: SLF001 - a set does not tell its parts otherwise
        parts.rrule(_shortened(part, start))
    for part in rules._exrule:  # noqa: SLF001
        parts.exrule(_shortened(part, start))
    for date in rules._rdate:  # noqa: SLF001
        parts.rdate(date.replace(tzinfo=None))
    for date in rules._exdate:  # noqa: SLF001
        parts.exdate(date.replace(tzinfo=None))
    return parts


def _shortened(rule: Any, start: datetime) -> Any:
    """The rule without a zone, started shortly before a time where that changes nothing."""
    if rule._interval < 1:  # noqa: SLF001
        raise ValueError("The interval of a rule must be positive.")
    changes: dict[str, Any] = {"dtstart": rule._dtstart.replace(tzinfo=None)}  # noqa: SLF001
    if rule._until:  # noqa: SLF001
        changes["until"] = rule._until.replace(tzinfo=None)  # noqa: SLF001
    elif _frequency(rule) in (WEEKLY, DAILY, *PERIODS) and start.year < LAST_YEAR:
        # A rule that never matches would be followed to the end of the calendar.
        changes["until"] = start.replace(tzinfo=None, day=1) + HORIZON
    if _frequency(rule) in PERIODS or _counts_steps(rule):
        moved = _moved(rule, start.replace(tzinfo=None) - MARGIN - _gained(start))
        if rule._count is not None:  # noqa: SLF001
            passed = (moved - changes["dtstart"]) // _step(rule)
            changes["count"] = max(rule._count - passed, 0)  # noqa: SLF001
        changes["dtstart"] = moved
    return rule.replace(**changes, **_by_day(rule))


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
    if _frequency(rule) not in PERIODS or rule._interval != 1 or rule._bysetpos:  # noqa: SLF001
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


def _frequency(rule: Any) -> int | None:
    """How often a rule occurs; None for one that counts its occurrences, which must not move."""
    frequency: int = rule._freq  # noqa: SLF001 - a rule does not tell it otherwise
    return frequency if rule._count is None else None  # noqa: SLF001


def _moved(rule: Any, until: datetime) -> datetime:
    """The last time at or before another that is whole intervals after the rule's start."""
    start: datetime = rule._dtstart.replace(tzinfo=None)  # noqa: SLF001
    step = _step(rule)
    if until <= start or not step:
        return start
    return start + (until - start) // step * step


def _step(rule: Any) -> timedelta:
    interval: int = rule._interval  # noqa: SLF001
    return PERIODS[rule._freq] * interval  # noqa: SLF001
