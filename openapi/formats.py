"""Checks of the formats that JSON Schema does not know by itself."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import available_timezones

from croniter import croniter
from dateutil.rrule import rrulestr

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FIELDS: Final = (5, 6)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_time_zone(text: str) -> bool:
    """Whether it is the name of a time zone, in its own spelling."""
    return text in _zones()


def is_cron(text: str) -> bool:
    """Whether it is a cron expression of five or six fields, without random or hashed values."""
    if len(text.split()) not in _FIELDS or any(letter in text for letter in "RrHh@"):
        return False
    return bool(croniter.is_valid(text))


def is_rrule(text: str) -> bool:
    """Whether it is a recurrence rule of RFC 5545."""
    try:
        rrulestr(text)
    # The parser raises whatever the malformed text makes its inside stumble over.
    except Exception:  # noqa: BLE001
        return False
    return True


CHECKS: Final[Mapping[str, Callable[[str], bool]]] = {
    "time-zone": is_time_zone,
    "cron": is_cron,
    "rrule": is_rrule,
}
