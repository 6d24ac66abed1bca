"""The orders in which records are answered, as data.

Text is ordered by its code points, which is the order of its UTF-8 bytes. A null comes before every
value, so it is first when ascending and last when descending. No order breaks ties, so clients may
not count on one among equals; here it is the one that a released server shows on SQLite where it
walks an index: oldest first when ascending, the reverse when descending.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Record = dict[str, Any]
    Key = Callable[[Record], Any]


@dataclass(frozen=True, slots=True)
class Order:
    """One sort order.

    Attributes:
        fields: the first of these that is not null is what records are ordered by.
        descending: the direction.
        indexed: whether the released server walks an index, so that equal records turn around with
            the direction; otherwise they stay oldest first.
    """

    fields: tuple[str, ...]
    descending: bool = False
    indexed: bool = True

    @property
    def key(self) -> Key:
        """The function that gives what a record is ordered by."""
        if self.fields in NEVER_NULL:
            return itemgetter(*self.fields)
        names = self.fields

        def nulls_first(record: Record) -> tuple[bool, Any]:
            value = next((record[name] for name in names if record[name] is not None), None)
            return (value is not None, value)

        return nulls_first


NEVER_NULL: Final = frozenset({("id",), ("name",)})
"""What every record has, so that it can be compared without a thought for nulls."""

_BY_NAME: Final = {"NAME_ASC": Order(("name",)), "NAME_DESC": Order(("name",), descending=True)}
_BY_AGE: Final = {
    "CREATED_DESC": Order(("created",), descending=True),
    "UPDATED_DESC": Order(("updated",), descending=True),
    **_BY_NAME,
}
_BY_PROGRESS: Final = {
    "ID_DESC": Order(("id",), descending=True),
    "EXPECTED_START_TIME_ASC": Order(("expected_start_time",)),
    "EXPECTED_START_TIME_DESC": Order(("expected_start_time",), descending=True),
    "NEXT_SCHEDULED_START_TIME_ASC": Order(("next_scheduled_start_time",)),
    "END_TIME_DESC": Order(("end_time",), descending=True),
    **_BY_NAME,
}
_STARTED: Final = ("start_time", "expected_start_time")

SORTS: Final[Mapping[str, Mapping[str, Order]]] = {
    "flows": _BY_AGE,
    "deployments": _BY_AGE,
    "flow_runs": {
        **_BY_PROGRESS,
        "START_TIME_ASC": Order(_STARTED),
        "START_TIME_DESC": Order(_STARTED, descending=True, indexed=False),
    },
    "task_runs": _BY_PROGRESS,
    "work_pools": _BY_NAME,
    # The queues of one pool are answered by priority, those of the whole server by name.
    "work_queues": {**_BY_NAME, "PRIORITY_ASC": Order(("priority",))},
}

DEFAULT_SORT: Final[Mapping[str, str]] = {
    "flows": "NAME_ASC",
    "deployments": "NAME_ASC",
    "flow_runs": "ID_DESC",
    "task_runs": "ID_DESC",
    "work_pools": "NAME_ASC",
    "work_queues": "NAME_ASC",
}


def in_order(kind: str, sort: str, records: Sequence[Record]) -> list[Record]:
    """The records of a kind in one of its orders.

    Raises:
        KeyError: the kind has no such order.
    """
    order = SORTS[kind][sort]
    if order.descending and order.indexed:
        return sorted(records, key=order.key)[::-1]
    return sorted(records, key=order.key, reverse=order.descending)
