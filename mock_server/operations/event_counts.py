"""Events counted by what they have in common."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from mock_server.call import Call, Reply
from mock_server.errors import Unprocessable
from mock_server.operations.parts import event_filters
from mock_server.operations.parts.records_and_bodies import full, sent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mock_server.store.tables import Record

PIVOT: Final = datetime(2024, 4, 1, tzinfo=UTC)
"""A Monday. Each stretch of time begins so many stretches after it, or before."""

UNITS: Final[Mapping[str, timedelta]] = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}
MOST_STRETCHES: Final = 1000
BEYOND_THE_CALENDAR: Final = "The interval leads beyond the year 9999."
LEAST: Final = timedelta(microseconds=1)
NAMES: Final = ("prefect.resource.name", "prefect.name", event_filters.RESOURCE_ID)


def count_account_events(call: Call) -> Reply:
    """How many events that match are of each stretch of time, name or resource.

    Raises:
        Unprocessable: there would be too many stretches, or they leave the calendar.
    """
    body, now, countable = full(call), call.store.now(), call.path["countable"]
    wanted = sent(call)["filter"]
    since, until = event_filters.span(wanted.get("occurred") or {}, now)
    unit, interval = body.get("time_unit") or "day", body.get("time_interval") or 1.0
    try:
        length = UNITS[unit] * interval
    except OverflowError:
        raise Unprocessable(BEYOND_THE_CALENDAR) from None
    number = math.ceil((until - since) / length)
    if number > MOST_STRETCHES:
        raise Unprocessable(
            f"The given interval would create {number} buckets, which is too many. Please increase"
            f" the interval or reduce the time range to produce {MOST_STRETCHES} buckets or fewer."
        )
    matches = event_filters.events(wanted, now)
    found = [event for event in call.store.all("events") if matches(event)]
    if countable in {"event", "resource"}:
        return Reply(200, _by_kind(found, countable))
    end = until if until <= now else _end(now, unit)
    try:
        return Reply(200, list(_by_time(found, since, end, length)))
    except OverflowError:
        raise Unprocessable(BEYOND_THE_CALENDAR) from None


def _end(now: datetime, unit: str) -> datetime:
    """The last moment of the week, day ... that it is."""
    length = UNITS[unit]
    return PIVOT + length * ((now - PIVOT) // length + 1) - LEAST


def _by_time(
    events: Sequence[Record], since: datetime, end: datetime, length: timedelta
) -> Iterator[dict[str, Any]]:
    counts: dict[int, int] = {}
    for event in events:
        place = (event["occurred"] - PIVOT) // length
        counts[place] = counts.get(place, 0) + 1
    first = place = (since - PIVOT) // length
    while PIVOT + length * place < end:
        start = (PIVOT + length * place).astimezone(UTC)
        yield {
            "value": str(place - first),
            "label": start.isoformat(),
            "count": counts.get(place, 0),
            "start_time": start,
            "end_time": start + length - LEAST,
        }
        place += 1


def _by_kind(events: Sequence[Record], countable: str) -> list[dict[str, Any]]:
    """Those of each name or resource, the most first; a resource is called as it was last."""
    found: dict[str, dict[str, Any]] = {}
    for event in sorted(events, key=lambda event: event["occurred"]):
        resource, at = event["resource"], event["occurred"]
        if countable == "event":
            value = label = event["event"]
        else:
            value = resource[event_filters.RESOURCE_ID]
            label = next(resource[name] for name in NAMES if resource.get(name) is not None)
        before = found.get(value, {"count": 0, "start_time": at})
        found[value] = {
            "value": value,
            "label": label,
            "count": before["count"] + 1,
            "start_time": before["start_time"],
            "end_time": at,
        }
    return sorted(found.values(), key=lambda entry: (-entry["count"], entry["label"].encode()))
