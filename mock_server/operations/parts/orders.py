"""Orders of records that have a name and no engine of their own."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mock_server.store.tables import Record


def by_name(record: Record) -> bytes:
    """What records are sorted by when it is by name."""
    name: str = record["name"]
    return name.encode()


SORTS: Final[Mapping[str, tuple[Callable[[Record], Any], bool]]] = {
    "NAME_ASC": (by_name, False),
    "NAME_DESC": (by_name, True),
    "CREATED_DESC": (itemgetter("created"), True),
    "UPDATED_DESC": (itemgetter("updated"), True),
}
"""The key of an order, and whether the greatest comes first."""


def in_order(records: Iterable[Record], sort: str | None = None) -> list[Record]:
    """The records in an order of SORTS; by name when none is told."""
    key, descending = SORTS[sort or "NAME_ASC"]
    return sorted(records, key=key, reverse=descending)
