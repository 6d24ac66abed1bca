"""What the operations of the control API do; each is named by its operation id."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final

from mock_server.call import Reply
from mock_server.clock import MockClock, parse_time
from mock_server.control import data_operations as data
from mock_server.control.asked import Answer, Asked, Text
from mock_server.control.controls import FixedClockError
from mock_server.control.page import page
from mock_server.control.status import clock as clock_now
from mock_server.control.status import status as read_status
from mock_server.errors import Conflict, NotFound, Unprocessable
from mock_server.faults.declared_answers import declared_answers
from mock_server.faults.syntax import FaultError, read_fault
from mock_server.fixtures.times import step
from mock_server.journal.har import archive
from mock_server.journal.wanted import Wanted
from mock_server.operation_names import UnknownOperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

EXPECTATIONS: Final[tuple[tuple[str, str, Callable[[int, int], bool]], ...]] = (
    ("exactly", "", operator.eq),
    ("at_least", "at least ", operator.ge),
    ("at_most", "at most ", operator.le),
)
"""Query parameter, how it is told, and whether a count meets it."""

FILTERS: Final = (
    *("method", "path", "operation", "status", "after", "since", "contains", "broke", "fault"),
)


# -- the mock as a whole


def show_page(_: Asked) -> Answer:
    """The page."""
    shown = page()
    return Text(shown.content, "text/html; charset=utf-8", shown.headers)


def reset(asked: Asked) -> Answer:
    """Back to the start."""
    asked.controls.reset()
    return read_status(asked)


# -- faults


def list_faults(asked: Asked) -> Answer:
    """The faults."""
    return Reply(200, [rule.as_json() for rule in asked.controls.faults])


def list_operations(_: Asked) -> Answer:
    """What can go wrong."""
    answers = declared_answers().items()
    return Reply(200, {operation: sorted(statuses) for operation, statuses in sorted(answers)})


def add_fault(asked: Asked) -> Answer:
    """Add a fault."""
    try:
        rule = asked.controls.faults.add(read_fault(asked.body))
    except FaultError as error:
        raise Unprocessable(str(error)) from None
    return Reply(201, rule.as_json())


def remove_faults(asked: Asked) -> Answer:
    """Remove all faults."""
    asked.controls.faults.clear()
    return Reply(204)


def remove_fault(asked: Asked) -> Answer:
    """Remove a fault."""
    number = asked.path["number"]
    if not _is_number(number) or not asked.controls.faults.remove(int(number)):
        raise NotFound(f"There is no fault {number}")
    return Reply(204)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19  # noqa: PLR2004 - 64 bits


# -- clock


def read_clock(asked: Asked) -> Answer:
    """What time it is."""
    return Reply(200, clock_now(asked.controls))


def freeze_clock(asked: Asked) -> Answer:
    """Stop the clock."""
    return _set_clock(asked, lambda clock: clock.freeze(_time(asked)))


def advance_clock(asked: Asked) -> Answer:
    """Move the clock."""
    return _set_clock(asked, lambda clock: clock.advance(step(asked.body["by"])))


def release_clock(asked: Asked) -> Answer:
    """Let the clock run."""
    return _set_clock(asked, lambda clock: clock.release(_time(asked)))


def follow_clock(asked: Asked) -> Answer:
    """Real time."""
    return _set_clock(asked, MockClock.follow)


def _time(asked: Asked) -> datetime | None:
    text = (asked.body or {}).get("at")
    return None if text is None else parse_time(text)


def _set_clock(asked: Asked, change: Callable[[MockClock], None]) -> Answer:
    try:
        change(asked.controls.clock)
    except FixedClockError as error:
        raise Conflict(str(error)) from None
    except (ValueError, OverflowError) as error:
        raise Unprocessable(str(error)) from None
    asked.controls.catch_up()
    return read_clock(asked)


# -- journal


def list_exchanges(asked: Asked) -> Answer:
    """What was asked and answered."""
    found = asked.controls.journal.page(_wanted(asked), asked.query["limit"])
    whole = asked.query["whole"]
    return Reply(200, [item.whole() if whole else item.summary() for item in found])


def read_exchange(asked: Asked) -> Answer:
    """An exchange."""
    number = asked.path["number"]
    found = asked.controls.journal.get(int(number)) if _is_number(number) else None
    if found is None:
        raise NotFound(f"There is no exchange {number}, or it is kept no more")
    return Reply(200, found.whole())


def count_exchanges(asked: Asked) -> Answer:
    """How often it was asked."""
    count = asked.controls.journal.count(_wanted(asked))
    for name, words, met in EXPECTATIONS:
        expected = asked.query[name]
        if expected is not None and not met(count, expected):
            told = f"Expected {words}{expected} exchanges that fit, and there are {count}"
            return Reply(409, {"count": count, "detail": told})
    return Reply(200, {"count": count})


def export_journal(asked: Asked) -> Answer:
    """The journal as an HTTP archive."""
    return Reply(200, archive(asked.controls.journal.find(_wanted(asked))))


def clear_journal(asked: Asked) -> Answer:
    """Empty the journal."""
    asked.controls.journal.clear()
    return Reply(204)


def _wanted(asked: Asked) -> Wanted:
    try:
        return Wanted(**{name: asked.query[name] for name in FILTERS})
    except UnknownOperationError as error:
        raise Unprocessable(str(error)) from None


OPERATIONS: Final[Mapping[str, Callable[[Asked], Answer]]] = {
    "show_page": show_page,
    "read_status": read_status,
    "reset": reset,
    **{
        function.__name__: function
        for function in (
            *(data.list_snapshots, data.take_snapshot, data.remove_snapshot),
            *(data.restore_snapshot, data.dump_fixture, data.load_fixture, data.load_fixture_set),
            *(data.count_records, data.list_records, data.read_record, data.put_record),
            *(
                data.remove_record,
                list_faults,
                list_operations,
                add_fault,
                remove_faults,
                remove_fault,
            ),
            *(read_clock, freeze_clock, advance_clock, release_clock, follow_clock),
            *(list_exchanges, read_exchange, count_exchanges, export_journal),
            clear_journal,
        )
    },
}
"""Operation id -> function; `read_control_document` is answered by the application."""
