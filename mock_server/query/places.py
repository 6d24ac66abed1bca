"""Which records have what, as bits: what is asked of many records at once costs little each.

Every record of a collection has a place, a number that grows with the order of insertion. A mask
is an integer with a bit for each place, so masks of criteria are joined by `&` and `|`, and
counted, in a few microseconds for many thousands of records.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING, Any, Final

from mock_server.query.like import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    Record = dict[str, Any]
    Keys = Callable[[Record], Iterable[Any]]

DENSE: Final = 64
"""From how many places on a value has a mask of its own; below, a set is smaller and as quick."""

FEW: Final = 8
TO_MARKS: Final = bytes.maketrans(b"01", b"\0\1")

OBJECT: Final = "{}"

TAGS: Final = "tags"
PIECES: Final = "pieces of the name"
"""An index by what names are made of: their single letters, and their pairs of letters."""


def mask_of(places: Collection[int]) -> int:
    """The mask of some places."""
    if len(places) < FEW:
        mask = 0
        for place in places:
            mask |= 1 << place
        return mask
    marks = bytearray(max(places) // 8 + 1)
    for place in places:
        marks[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(marks, "little")


def marks_of(mask: int, size: int) -> bytes:
    """A byte for each place up to a size: 1 where the mask has a bit, else 0."""
    return f"{mask:b}".encode()[::-1].translate(TO_MARKS).ljust(size, b"\0")


def pieces(text: str) -> set[str]:
    """The letters and pairs of letters of a text, as LIKE sees it."""
    folded = fold(text)
    return {*folded, *map(str.__add__, folded, folded[1:])}


def _keys(name: str) -> Keys:
    if name == TAGS:
        return lambda record: record[TAGS] or (None,)
    if name == PIECES:
        return lambda record: pieces(record["name"])
    return lambda record: (_key(record[name]),)


def _key(value: Any) -> Any:
    """A value as a key. Objects are asked for by being there alone, so all of them are one."""
    return OBJECT if isinstance(value, dict) else value


class PlaceIndex:
    """The places of records by a value that they have, or by several.

    Args:
        keys: the values of a record.
        records: pairs of place and record.
    """

    def __init__(self, keys: Keys, records: Iterable[tuple[int, Record]]) -> None:
        self._keys = keys
        found: dict[Any, list[int]] = defaultdict(list)
        for place, record in records:
            for key in set(keys(record)):
                found[key].append(place)
        self._places: dict[Any, int | set[int]] = {
            key: set(places) if len(places) < DENSE else mask_of(places)
            for key, places in found.items()
        }

    def mask(self, values: Iterable[Any]) -> int:
        """The mask of the records that have one of the values."""
        mask = 0
        few: list[int] = []
        for value in values:
            found = self._places.get(value)
            if isinstance(found, int):
                mask |= found
            elif found:
                few += found
        return mask | mask_of(few)

    def change(self, place: int, old: Record | None, new: Record | None) -> None:
        """Take in that the record of a place came, changed or went."""
        before = set() if old is None else set(self._keys(old))
        after = set() if new is None else set(self._keys(new))
        for key in before ^ after:
            found = self._places.get(key, set())
            if isinstance(found, int):
                self._places[key] = found ^ 1 << place
                continue
            found ^= {place}
            if found:
                self._places[key] = found if len(found) < DENSE else mask_of(found)
            else:
                del self._places[key]


class Indexes:
    """The indexes of a collection, each made when it is first asked for, and kept from then on.

    Args:
        pairs: gives place and record of each record there is.
    """

    def __init__(self, pairs: Callable[[], Iterable[tuple[int, Record]]]) -> None:
        self._pairs = pairs
        self._made: dict[str, PlaceIndex] = {}

    @cached_property
    def everything(self) -> int:
        """The mask of all records."""
        return mask_of([place for place, _ in self._pairs()])

    @cached_property
    def slots(self) -> list[Record | None]:
        """The record of each place; None where there is none."""
        pairs = list(self._pairs())
        slots: list[Record | None] = [None] * (max((place for place, _ in pairs), default=-1) + 1)
        for place, record in pairs:
            slots[place] = record
        return slots

    def index(self, name: str) -> PlaceIndex:
        """The index by a field, by the tags that records have, or by the pieces of their names."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = PlaceIndex(_keys(name), self._pairs())
        return made

    def records(self, mask: int) -> Iterable[Record]:
        """The records of a mask, oldest first."""
        # There is a record wherever a mask has a bit.
        return compress(self.slots, marks_of(mask, 0))  # type: ignore[arg-type]

    def change(self, place: int, old: Record | None, new: Record | None) -> None:
        """Take in that the record of a place came, changed or went."""
        for index in self._made.values():
            index.change(place, old, new)
        known = vars(self)
        if "everything" in known and (old is None) != (new is None):
            known["everything"] ^= 1 << place
        if "slots" in known:
            slots = self.slots
            if place >= len(slots):
                slots.extend([None] * (place + 1 - len(slots)))
            slots[place] = new


def ids_mask(places: Mapping[str, int], ids: Iterable[Any]) -> int:
    """The mask of the records with some ids; those that are not there are none."""
    return mask_of([places[identity] for identity in ids if identity in places])
