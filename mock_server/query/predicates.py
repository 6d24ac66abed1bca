"""What a filter is compiled to: a test of one record, and a way to find those that pass it at once.

The test is the meaning. The way (`narrow`) is there where an index helps: it gives a mask that has
at least the records that pass, and says whether it has just those.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mock_server.query.data import Collection

Record = dict[str, Any]
Predicate = Callable[[Record], bool]
Narrow = Callable[["Collection"], tuple[int, bool]]

SCANNED: Final = 256
"""Up to how many records are looked at one by one: indexes would cost more than they save."""


def always(record: Record) -> bool:
    """True of every record; known by identity, so that it need not be asked."""
    del record
    return True


def never(record: Record) -> bool:
    """True of no record; known by identity, so that it need not be asked."""
    del record
    return False


def absent(record: Record) -> bool:
    """Makes a criterion that says nothing else count as not given; known by identity."""
    del record
    return True


def narrowed(predicate: Predicate, narrow: Narrow) -> Predicate:
    """The predicate, with a way to find at once what passes it."""
    predicate.narrow = narrow  # type: ignore[attr-defined] # functions have room for it
    return predicate


def narrow(predicate: Predicate, collection: Collection) -> tuple[int, bool]:
    """A mask with the records that pass, and whether it has no others."""
    if predicate is always:
        return collection.indexes.everything, True
    if predicate is never:
        return 0, True
    way: Narrow | None = getattr(predicate, "narrow", None)
    return (collection.indexes.everything, False) if way is None else way(collection)


def all_of(predicates: list[Predicate]) -> Predicate:
    """True when each of them is; of none, always."""
    parts = [part for part in predicates if part is not always]
    if never in parts:
        return never
    match parts:
        case []:
            return always
        case [one]:
            return one
        case [one, other]:
            return narrowed(lambda record: one(record) and other(record), _all(parts))
    return narrowed(lambda record: all(part(record) for part in parts), _all(parts))


def _all(parts: Sequence[Predicate]) -> Narrow:
    def way(collection: Collection) -> tuple[int, bool]:
        mask, exact = collection.indexes.everything, True
        for part in parts:
            found, just = narrow(part, collection)
            mask, exact = mask & found, exact and just
            if not mask:
                return 0, True
        return mask, exact

    return way


def any_of(predicates: list[Predicate]) -> Predicate:
    """True when one of them is; of none, never."""
    parts = [part for part in predicates if part is not never]
    if always in parts:
        return always
    match parts:
        case []:
            return never
        case [one]:
            return one
        case [one, other]:
            return narrowed(lambda record: one(record) or other(record), _any(parts))
    return narrowed(lambda record: any(part(record) for part in parts), _any(parts))


def _any(parts: Sequence[Predicate]) -> Narrow:
    def way(collection: Collection) -> tuple[int, bool]:
        mask, exact = 0, True
        for part in parts:
            found, just = narrow(part, collection)
            mask, exact = mask | found, exact and just
        return mask, exact

    return way


def worth_narrowing(collection: Collection) -> bool:
    """Whether a collection is so large that indexes save more than they cost."""
    return len(collection) > SCANNED


def passing(predicate: Predicate, collection: Collection) -> Sequence[Record]:
    """The records of a collection that pass, oldest first."""
    if predicate is always:
        return collection.records
    if predicate is never:
        return ()
    if worth_narrowing(collection):
        mask, exact = narrow(predicate, collection)
        if exact:
            return list(collection.indexes.records(mask))
        if mask != collection.indexes.everything:
            return list(filter(predicate, collection.indexes.records(mask)))
    return list(filter(predicate, collection.records))
