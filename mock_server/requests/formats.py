"""The types that the formats of the spec stand for.

Each is pydantic's, so that what is accepted, how it is coerced and how an error is worded is what
the released server does, which is built on pydantic too. What leaves a type is what records hold:
ids as canonical strings, times as aware `datetime`s, spans as seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, TypeAdapter, WrapValidator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import simple_ser_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import GetCoreSchemaHandler, ValidatorFunctionWrapHandler
    from pydantic_core import CoreSchema

NOT_A_TIME: Final = "value is not a valid datetime"


def aware(value: datetime) -> datetime:
    """A time with its offset, as the standard library writes it; a naive one is in UTC.

    Raises:
        ValueError: it lies outside of the years 1 to 9999 in UTC.
    """
    offset = value.utcoffset()
    if not offset:
        return value.replace(tzinfo=UTC)
    made = value.replace(tzinfo=timezone(offset))
    try:
        made.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range in UTC") from None
    return made


PlainTime = Annotated[datetime, AfterValidator(aware)]
"""A time in a query: what pydantic reads as one, and nothing else."""


def _lenient_time(value: Any, handler: ValidatorFunctionWrapHandler) -> datetime:
    """Read what pydantic reads as a time, or else what pendulum does (`2026-W05`, `2026/01/02`).

    Raises:
        ValueError: in pendulum's words, when neither can.
    """
    try:
        return aware(handler(value))
    except ValueError:
        return _pendulum_time(value)


def _pendulum_time(value: Any) -> datetime:
    # Imported here: 50 ms that only a time that pydantic cannot read should cost.
    import pendulum  # noqa: PLC0415

    try:
        parsed: object = pendulum.parse(value, strict=True)
    except ValueError:
        raise
    except Exception as error:
        raise PydanticCustomError("value_error", NOT_A_TIME) from error
    if not isinstance(parsed, datetime):
        raise ValueError(  # noqa: TRY004 - a TypeError would not be an error of the request
            f"value is not a valid datetime it is a {type(parsed)}"
        )
    plain = (parsed.year, parsed.month, parsed.day, parsed.hour, parsed.minute, parsed.second)
    return aware(datetime(*plain, parsed.microsecond, tzinfo=parsed.tzinfo))


def _positive(value: timedelta) -> timedelta:
    if value.total_seconds() <= 0:
        raise ValueError("interval must be positive")
    return value


def _cron(value: str) -> str:
    from mock_server.scheduling.schedules import check_cron  # noqa: PLC0415 - croniter is slow to import

    check_cron(value)
    return value


def _rrule(value: str) -> str:
    from mock_server.scheduling.schedules import check_rrule  # noqa: PLC0415 - dateutil is slow to import

    check_rrule(value)
    return value


@cache
def time_zone_pattern() -> str:
    """The pattern of a recurrence rule's time zone: any zone's name, anywhere in the string."""
    return "|".join(zone for zone in sorted(available_timezones()) if "localtime" not in zone)


def zone_by_pattern() -> Any:
    """A time zone as recurrence rules take it."""
    return Annotated[str, Field(pattern=time_zone_pattern())]


_TIME: Final = TypeAdapter(datetime)


def has_no_offset(value: Any) -> bool:
    """Whether a time, which pydantic can read, says no offset from UTC."""
    return _TIME.validate_python(value).tzinfo is None


class AsIs:
    """Marks a type whose validator leaves another type than pydantic would expect to dump."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return {**handler(source), "serialization": simple_ser_schema("any")}


AS_IS: Final = AsIs()
Identifier = Annotated[UUID, AfterValidator(str), AS_IS]
LenientTime = Annotated[datetime, WrapValidator(_lenient_time), AS_IS]
StandardTime = Annotated[datetime, AfterValidator(aware), AS_IS]
"""A time that pydantic reads; in UTC if it is naive."""
PositiveSeconds = Annotated[
    timedelta, AfterValidator(_positive), AfterValidator(timedelta.total_seconds), AS_IS
]
"""The distance of an interval schedule: a number of seconds or an ISO 8601 duration."""

Seconds = Annotated[timedelta, AfterValidator(timedelta.total_seconds), AS_IS]
"""A span of time: a number of seconds or an ISO 8601 duration."""
SecondsFromNone = Annotated[
    timedelta, Field(ge=timedelta(0)), AfterValidator(timedelta.total_seconds), AS_IS
]
"""The same, and not below 0."""

FORMATS: Final[Mapping[str, Any]] = {
    "uuid": Identifier,
    "date-time": LenientTime,
    "cron": Annotated[str, AfterValidator(_cron)],
    "rrule": Annotated[str, AfterValidator(_rrule)],
}
"""Format -> annotated type. A format that is not here leaves its type as it is: a time zone is
checked by the schedule that it belongs to, a span of seconds is a number."""
