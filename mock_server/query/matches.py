"""What matches a request, found in the order of insertion and sorted only as far as asked for.

Where indexes know what matches, it is counted and found without a look at the records. Otherwise
all are looked at, in the order of insertion: they lie in memory in about that order, so it is
several times faster than any other.
"""

from __future__ import annotations

from itertools import compress, islice
from typing import TYPE_CHECKING, Final

from mock_server.query.places import ids_mask, marks_of
from mock_server.query.predicates import always, narrow, never, passing, worth_narrowing
from mock_server.query.relations import Filters, compile_filters
from mock_server.query.sort import DEFAULT_SORT, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mock_server.query.data import Collection, Data, Record
    from mock_server.query.predicates import Predicate

TRIVIAL: Final = (always, never)
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
        self, kind: str, collection: Collection, predicate: Predicate, records: Sequence[Record]
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
            return in_order(self._kind, name, self._all())[offset:stop]
        ordered = self._collection.ordered(self._kind, name)
        if len(self) == len(self._collection):
            return list(ordered[offset:stop])
        return list(islice(self._walk(name, ordered), offset, stop))

    def _all(self) -> Sequence[Record]:
        return self._records

    def _walk(self, sort: str, ordered: Sequence[Record]) -> Iterator[Record]:
        del sort
        return filter(self._predicate, ordered)


class MarkedMatches(Matches):
    """The same, where a mask tells which they are: they are looked up only as far as asked for.

    Args:
        kind: their kind.
        collection: all records of the kind.
        mask: of those that match.
    """

    def __init__(self, kind: str, collection: Collection, mask: int) -> None:
        super().__init__(kind, collection, always, ())
        self._mask = mask
        self._count = mask.bit_count()

    def __len__(self) -> int:
        return self._count

    def _all(self) -> Sequence[Record]:
        return list(self._collection.indexes.records(self._mask))

    def _walk(self, sort: str, ordered: Sequence[Record]) -> Iterator[Record]:
        marks = marks_of(self._mask, len(self._collection.indexes.slots))
        places = self._collection.ordered_places(self._kind, sort)
        return compress(ordered, map(marks.__getitem__, places))


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
    if predicate in TRIVIAL or not worth_narrowing(collection):
        return Matches(kind, collection, predicate, passing(predicate, collection))
    mask, exact = narrow(predicate, collection)
    if not exact:
        candidates = collection.indexes.records(mask)
        ids = [record["id"] for record in candidates if predicate(record)]
        mask = ids_mask(collection.places(), ids)
    return MarkedMatches(kind, collection, mask)
