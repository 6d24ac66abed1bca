"""Records kept in an order while they come, change and go."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Record = dict[str, Any]


class OrderedRecords:
    """Records in ascending order, equal ones oldest first.

    A change costs a search and a shift, where sorting anew would look at every record.

    Args:
        key: gives what a record is ordered by.
        records: pairs of a record's place in the order of insertion, and the record.

    Attributes:
        records: the records in order; to be read, not to be kept across a write.
        places: the place of each of them.
    """

    def __init__(self, key: Callable[[Record], Any], records: Iterable[tuple[int, Record]]) -> None:
        self._key = key
        entries = sorted(((key(record), place), record) for place, record in records)
        self._keys = [entry[0] for entry in entries]
        self.records = [entry[1] for entry in entries]
        self.places = [place for _, place in self._keys]

    def change(self, place: int, old: Record | None, new: Record | None) -> None:
        """Take in that a record came, changed or went.

        Args:
            place: its place in the order of insertion.
            old: what it was; None if it came.
            new: what it is; None if it went.
        """
        before = None if old is None else (self._key(old), place)
        after = None if new is None else (self._key(new), place)
        if before is not None:
            at = bisect_left(self._keys, before)
            if before == after and new is not None:
                self.records[at] = new
                return
            del self._keys[at], self.records[at], self.places[at]
        if after is not None and new is not None:
            at = bisect_left(self._keys, after)
            self._keys.insert(at, after)
            self.records.insert(at, new)
            self.places.insert(at, place)
