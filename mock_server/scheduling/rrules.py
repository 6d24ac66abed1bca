"""Recurrence rules: their check, their anchor, and when they occur."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from dateutil.rrule import MINUTELY, SECONDLY, rrule, rrulestr

from mock_server.scheduling.rrule_steps import dates_of, frequency, moved, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LENGTH: Final = 6500
SHOWN: Final = 40
ANCHOR: Final = datetime(2020, 1, 1)  # noqa: DTZ001 - a wall-clock time in the schedule's zone
"""Where a rule starts that does not say so itself."""

OFTEN: Final = (SECONDLY, MINUTELY)
"""The frequencies whose rules are stored with a recent start."""

MOST_PASSED: Final = 500_000
"""Occurrences that are gone through, one by one, before a rule is taken for one without a next."""

NOTHING: Final = timedelta(0)


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
    if isinstance(rule, rrule) and frequency(rule) in OFTEN:
        start = moved(rule, now.astimezone(_zone(timezone)).replace(tzinfo=None))
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
        local = start.astimezone(zone)
        found = iter(shortened(rule, local) if isinstance(rule, rrule) else dates_of(rule, local))
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
