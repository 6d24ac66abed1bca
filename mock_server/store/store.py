"""The state of the mock: tables of records, written in transactions, set back in one step.

Records are replaced, never mutated: a snapshot is a shallow copy of each table's dict, and what was
derived of a record stays right for as long as the record is the same object.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from mock_server.call import View
from mock_server.clock import fresh_id, ordered_id, system_clock
from mock_server.query import Data
from mock_server.store.live import LiveCollection
from mock_server.store.tables import KINDS, DuplicateKey, MissingReference, MissingValue, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mock_server.clock import Clock
    from mock_server.store.tables import Record

    # What was written: the table, the id, what was there, and its place if it is gone.
    Change = tuple[Table, str, Record | None, int | None]

EPOCH: Final = datetime.min.replace(tzinfo=UTC)
TICK: Final = timedelta(microseconds=1)
MILLISECOND: Final = timedelta(milliseconds=1)
LEAD: Final = timedelta(milliseconds=50)

MOST_SHOWN: Final = 10_000
"""How many records are kept as answers show them: several kilobytes each."""

QUERIED: Final = tuple(entry.name for entry in fields(Data) if entry.name in KINDS)
"""The kinds that the query engine sees."""

REFERRERS: Final = tuple(
    (name, reference) for name, kind in KINDS.items() for reference in kind.references
)


GIVEN: Final = "a store of the caller's own"
"""Where the data of a store came from that nothing was loaded into."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The records of a store at one time, and their places.

    Attributes:
        records: kind -> the records by id, and the place of each.
        latest: the last stamp; the next one after a rollback is later than that.
    """

    records: Mapping[str, tuple[Mapping[str, Record], Mapping[str, int]]]
    latest: datetime = field(default=EPOCH, compare=False)


def _whole_milliseconds(time: datetime) -> datetime:
    """The first whole millisecond that is not before a time."""
    return time + -timedelta(microseconds=time.microsecond) % MILLISECOND


class Store:
    """Everything that the mock remembers.

    Args:
        clock: tells the time; aware, in UTC.
        rng: makes ids and names; seed it to repeat a run.

    Attributes:
        source: what its data came from, in words for people.
    """

    def __init__(self, *, clock: Clock = system_clock, rng: random.Random | None = None) -> None:
        self.clock = clock
        self.rng = rng if rng is not None else random.Random()
        self.source = GIVEN
        self.tables: dict[str, Table] = {name: Table(name, kind) for name, kind in KINDS.items()}
        self._latest = EPOCH
        self._changes: list[Change] | None = None
        self._views: dict[str, LiveCollection] = {}
        self._data: Data | None = None
        self._shown: dict[tuple[str, str], tuple[Sequence[Any], View, int]] = {}
        self._writes = 0

    # -- time and identity

    def now(self) -> datetime:
        """The time, by the clock that was injected."""
        return self.clock()

    def tick(self) -> datetime:
        """A time to stamp a write with: now, but later than every stamp before.

        So records that were written one after the other can be told apart by their stamps, however
        quick the writes and even if the clock stands still.
        """
        self._latest = max(self.clock(), self._latest + TICK)
        return self._latest

    def tick_coarsely(self) -> datetime:
        """The same, in whole milliseconds, as the server stamps updates.

        Only when so many are asked for at once that the stamps would lead the clock by more than
        `LEAD` are they told apart by microseconds.
        """
        now, next_one = self.clock(), self._latest + TICK
        whole = _whole_milliseconds(max(now, next_one))
        self._latest = whole if whole - now <= LEAD else max(now, next_one)
        return self._latest

    @contextmanager
    def at(self, time: datetime) -> Iterator[None]:
        """Inside, it is another time: fixtures have a past."""
        was = self.clock, self._latest
        self.clock, self._latest = (lambda: time), EPOCH
        try:
            yield
        finally:
            self.clock, self._latest = was

    def new_id(self) -> str:
        """A fresh random id."""
        return fresh_id(self.rng)

    def new_ordered_id(self) -> str:
        """A fresh id that sorts after those made a millisecond earlier."""
        return ordered_id(self.rng, self.now())

    # -- reading

    def get(self, kind: str, identity: str | None) -> Record | None:
        """The record with an id, or None."""
        return None if identity is None else self.tables[kind].records.get(identity)

    def find(self, kind: str, **key: Any) -> Record | None:
        """The record with a natural key, such as `find("deployments", flow_id=..., name=...)`."""
        return self.tables[kind].find(tuple(key), tuple(key.values()))

    def group(self, kind: str, **by: Any) -> list[Record]:
        """The records of which one indexed field has a value, oldest first."""
        ((name, value),) = by.items()
        return self.tables[kind].group(name, value)

    def group_size(self, kind: str, **by: Any) -> int:
        """How many records `group` gives, without making the list."""
        ((name, value),) = by.items()
        return self.tables[kind].group_size(name, value)

    def all(self, kind: str) -> Sequence[Record]:
        """All records of a kind, oldest first: right, and the same object, until one is written."""
        view = self._views.get(kind)
        if view is None:
            view = self._views[kind] = LiveCollection(self.tables[kind])
        return view

    def data(self) -> Data:
        """What the query engine reads; the same object until something that it sees is written."""
        if self._data is None:
            self._data = Data(**{kind: self.all(kind) for kind in QUERIED})
        return self._data

    def still_shown(self, kind: str, record: Record) -> View | None:
        """What an answer showed of a record, if nothing at all was written since; or None."""
        kept = self._shown.get((kind, record["id"]))
        if kept is None or kept[2] != self._writes or kept[0][0] is not record:
            return None
        return kept[1]

    def shown(
        self, kind: str, sources: Sequence[Record | None], make: Callable[[], dict[str, Any]]
    ) -> View:
        """What an answer shows of a record, made anew only when one of its sources was replaced.

        Args:
            kind: the kind of the record.
            sources: the records that it is made of, the record itself first.
            make: makes it.
        """
        record = sources[0]
        key = (kind, "" if record is None else record["id"])
        kept = self._shown.get(key)
        if (
            kept is not None
            and len(kept[0]) == len(sources)
            and all(old is new for old, new in zip(kept[0], sources, strict=True))
        ):
            view = kept[1]
        else:
            view = View(make())
            if len(self._shown) >= MOST_SHOWN:
                for old in [*islice(self._shown, MOST_SHOWN // 2)]:
                    del self._shown[old]
        self._shown[key] = (sources, view, self._writes)
        return view

    # -- writing

    def insert(self, kind: str, record: Record) -> Record:
        """Add a record.

        Raises:
            DuplicateKey: one of its keys is taken.
            MissingReference: it points to a record that does not exist.
            MissingValue: it lacks a value that every record of the kind has.
        """
        self._check(kind, record)
        if record["id"] in self.tables[kind].records:
            raise DuplicateKey(kind, ("id",), record["id"])
        self._put(self.tables[kind], record)
        return record

    def update(self, kind: str, identity: str, /, **changes: Any) -> Record:
        """Replace a record by itself with some fields changed; the new one.

        Raises:
            KeyError: there is no such record.
            DuplicateKey: a changed key is taken.
            MissingReference: a changed field points to a record that does not exist.
            MissingValue: a field that must have a value is set to null.
        """
        self._check(kind, changes)
        record = {**self.tables[kind].records[identity], **changes}
        self._put(self.tables[kind], record)
        return record

    def delete(self, kind: str, identity: str) -> Record | None:
        """Remove a record and what goes with it; what it was, or None."""
        table = self.tables[kind]
        if identity not in table.records:
            return None
        for name, reference in REFERRERS:
            if reference.kind == kind and reference.on_delete != "keep":
                for referrer in self.tables[name].group(reference.field, identity):
                    if reference.on_delete == "delete":
                        self.delete(name, referrer["id"])
                    elif referrer["id"] in self.tables[name].records:
                        self._put(self.tables[name], {**referrer, reference.field: None})
        place = table.places[identity]
        old = table.drop(identity)
        self._shown.pop((kind, identity), None)
        self._changed(table, identity, old, place)
        return old

    def _check(self, kind: str, changes: Mapping[str, Any]) -> None:
        declared = KINDS[kind]
        for name in changes.keys() & declared.required:
            if changes[name] is None:
                raise MissingValue(kind, (name,), None)
        for reference in declared.references:
            target = changes.get(reference.field)
            if (
                target is not None
                and reference.checked
                and target not in self.tables[reference.kind].records
            ):
                raise MissingReference(kind, (reference.field,), target)

    def _put(self, table: Table, record: Record) -> None:
        old = table.put(record)
        self._changed(table, record["id"], old)

    def _changed(
        self, table: Table, identity: str, old: Record | None, place: int | None = None
    ) -> None:
        if self._changes is not None:
            self._changes.append((table, identity, old, place))
        self._writes += 1
        self._views.pop(table.name, None)
        if table.name in QUERIED:
            self._data = None

    # -- all or nothing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is written inside is undone when an exception leaves the block.

        A transaction inside another is part of it.
        """
        if self._changes is not None:
            yield
            return
        self._changes = []
        try:
            yield
        except BaseException:
            self._undo(self._changes)
            raise
        finally:
            self._changes = None

    def _undo(self, changes: list[Change]) -> None:
        returned: dict[str, list[str]] = {}
        for table, identity, old, place in reversed(changes):
            if old is None:
                table.drop(identity)
                continue
            table.put(old, place)
            if place is not None:
                returned.setdefault(table.name, []).append(identity)
        for name, ids in returned.items():
            # What was put back and then undone as well is gone again.
            there = self.tables[name].records
            self.tables[name].tidy([identity for identity in ids if identity in there])
        self._forget_views()

    def snapshot(self) -> Snapshot:
        """The state now, to come back to any number of times."""
        tables = self.tables.items()
        return Snapshot(
            {name: (dict(table.records), dict(table.places)) for name, table in tables},
            self._latest,
        )

    def rollback(self, snapshot: Snapshot) -> None:
        """Set the state back to a snapshot; the cost is a comparison each, and what has changed."""
        for name, table in self.tables.items():
            then, places = snapshot.records[name]
            for identity in [key for key in table.records if key not in then]:
                table.drop(identity)
            differing = [
                record for key, record in then.items() if table.records.get(key) is not record
            ]
            # First all out, then all in: two records may have swapped a unique key since.
            for record in differing:
                table.drop(record["id"])
            for record in differing:
                table.put(record, places[record["id"]])
            if differing:
                table.tidy([record["id"] for record in differing])
        self._latest = snapshot.latest
        self._forget_views()

    def reset(self) -> None:
        """Forget everything."""
        for table in self.tables.values():
            table.clear()
        self._latest = EPOCH
        self._forget_views()

    def _forget_views(self) -> None:
        self._writes += 1
        self._shown.clear()
        self._views.clear()
        self._data = None
