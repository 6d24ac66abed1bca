"""Checks of several fields of a body at once, where the released server fails on their sum.

It answers 500 to these; so they are errors of our own, which come when there are no others.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from mock_server.errors import RequestInvalid
from mock_server.requests.own_errors import INT64

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mock_server.clock import Clock

    Check = Callable[[Mapping[str, Any], Any, Clock], None]

LAST: Final = datetime.max.replace(tzinfo=UTC)
FIRST: Final = datetime.min.replace(tzinfo=UTC)
HORIZON: Final = 100 * 86400
"""Seconds for which runs are planned when no end is given."""


def check_page(full: Mapping[str, Any], raw: Any, _clock: Clock) -> None:
    """Refuse a page so far out that its first row has no number in 64 bits.

    Raises:
        RequestInvalid: naming the last page that has one.
    """
    page, limit = full["page"], full["limit"]
    if page and limit and (page - 1) * limit > INT64:
        raise RequestInvalid([_beyond("page", page, le=INT64 // limit + 1)], raw)


def check_span(full: Mapping[str, Any], raw: Any, clock: Clock) -> None:
    """Refuse a stretch of time that leaves the calendar.

    Raises:
        RequestInvalid: naming the time or the span that is too large.
    """
    start = full["start_time"] or clock()
    ahead, behind = (LAST - start).total_seconds(), (FIRST - start).total_seconds()
    if full["end_time"] is None and ahead < HORIZON:
        raise RequestInvalid([_beyond("start_time", start, le=LAST)], raw)
    least = full["min_time"]
    # Written so that not-a-number fails it.
    if least is not None and not behind <= least <= ahead:
        bound = {"ge": behind} if least < behind else {"le": ahead}
        raise RequestInvalid([_beyond("min_time", least, **bound)], raw)


def _beyond(name: str, value: Any, **bound: Any) -> dict[str, Any]:
    """The error of a value beyond a bound, as pydantic words it."""
    ((kind, limit),) = bound.items()
    kinds = {"le": ("less_than_equal", "less"), "ge": ("greater_than_equal", "greater")}
    code, word = kinds[kind]
    return {
        "type": code,
        "loc": ("body", name),
        "msg": f"Input should be {word} than or equal to {limit}",
        "input": value,
        "ctx": bound,
    }


BODY_CHECKS: Final[Mapping[str, Check]] = {
    "DeploymentsPaginateBody": check_page,
    "FlowRunsPaginateBody": check_page,
    "FlowsPaginateBody": check_page,
    "TaskRunsPaginateBody": check_page,
    "ScheduleDeploymentBody": check_span,
}
"""Schema of a body -> check of what it holds, once each field is in order."""
