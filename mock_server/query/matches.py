"""What matches a request, found in the order of insertion and sorted only as far as asked for.

Records lie in memory in about the order in which they were inserted, so looking at all of them is
several times faster in that order than in any other.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from mock_server.query.operators import always, never
from mock_server.query.relations import Filters, compile_filters
from mock_server.query.sort import DEFAULT_SORT, in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mock_server.query.data import Collection, Data, Record
    from mock_server.query.operators import Predicate

KEPT: Final = 16
LONGEST_KEY: Final = 4096
"""How much of what matched is kept with the data: few answers, none to long questions."""

SORTING: Final = 3
"""What sorting a match costs, where looking at a record on the way through an order costs one."""


class Matches:
    """The records of one kind that match.

    Args:
        kind: their kind.
        collection: all records of the kind.
        predicate: true of those that match.
        records: those that match, oldest first.
    """

    def __init__(
        self,
        kind: str,
        collection: Collection,
        predicate: Predicate,
        records: Sequence[Record],
    ) -> None:
        self._kind = kind
        self._collection = collection
        self._predicate = predicate
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def stretch(self, sort: str | None, offset: int, stop: int | None) -> list[Record]:
        """Those from an offset to a stop, sorted.

        Raises:
            KeyError: the kind has no such order.
        """
        name = sort or DEFAULT_SORT[self._kind]
        stop = len(self) if stop is None else min(stop, len(self))
        if offset >= stop:
            return []
        # Either what matches is sorted, or all are walked through in order until there are enough.
        walked = len(self._collection) * stop / len(self)
        if SORTING * len(self) < walked:
            return in_order(self._kind, name, self._records)[offset:stop]
        ordered = self._collection.ordered(self._kind, name)
        if self._predicate is always:
            return list(ordered[offset:stop])
        return list(islice(filter(self._predicate, ordered), offset, stop))


def matches(data: Data, kind: str, filters: Filters) -> Matches:
    """What matches; kept with the data, for clients count, turn pages and ask again.

    Raises:
        KeyError: there is no such kind.
    """
    kept, key = data.answers, f"{kind} {filters!r}"
    found = kept.get(key)
    if found is None:
        found = _find(data, kind, filters)
        if len(key) <= LONGEST_KEY:
            while len(kept) >= KEPT:
                del kept[next(iter(kept))]
            kept[key] = found
    return found


def _find(data: Data, kind: str, filters: Filters) -> Matches:
    predicate = compile_filters(kind, filters, data)
    collection = data.kind(kind)
    if predicate is never:
        records: Sequence[Record] = ()
    elif predicate is always:
        records = collection.records
    else:
        records = list(filter(predicate, collection.records))
    return Matches(kind, collection, predicate, records)
