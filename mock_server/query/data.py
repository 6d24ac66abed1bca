"""The records that a query looks at, with indexes that are made when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from mock_server.query.places import Indexes
from mock_server.query.sort import in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mock_server.query.matches import Matches

Record = dict[str, Any]


class Collection(Sequence[Record]):
    """The records of one kind, oldest first, with indexes by id, by field and by sort order.

    An index is made when it is first asked for, and kept: so a collection whose records do not
    change is best kept as well, from one `Data` to the next. A subclass may serve indexes that it
    keeps up to date by itself.

    Args:
        records: the records; they and their number must not change afterwards.
    """

    __slots__ = ("_by_id", "_groups", "_indexes", "_orders", "_places", "_records")

    def __init__(self, records: Sequence[Record] = ()) -> None:
        self._records = records
        self._by_id: Mapping[str, Record] | None = None
        self._groups: dict[str, Mapping[Any, Sequence[Record]]] = {}
        self._orders: dict[tuple[str, str], Sequence[Record]] = {}
        self._places: Mapping[str, int] | None = None
        self._indexes: Indexes | None = None

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        return self._records[index]

    @property
    def records(self) -> Sequence[Record]:
        """The records as they were given, quicker to walk than the collection."""
        return self._records

    def by_id(self) -> Mapping[str, Record]:
        """Each record by its id."""
        if self._by_id is None:
            self._by_id = {record["id"]: record for record in self._records}
        return self._by_id

    def group(self, field: str) -> Mapping[Any, Sequence[Record]]:
        """The records by the value of a field; those without a value are in no group."""
        groups = self._groups.get(field)
        if groups is None:
            made: dict[Any, list[Record]] = {}
            for record in self._records:
                value = record.get(field)
                if value is not None:
                    made.setdefault(value, []).append(record)
            groups = self._groups[field] = made
        return groups

    def places(self) -> Mapping[str, int]:
        """The place of each record in the order of insertion, by its id."""
        if self._places is None:
            self._places = {record["id"]: place for place, record in enumerate(self._records)}
        return self._places

    @property
    def indexes(self) -> Indexes:
        """The indexes by place."""
        if self._indexes is None:
            self._indexes = Indexes(lambda: enumerate(self._records))
        return self._indexes

    def ordered(self, kind: str, sort: str) -> Sequence[Record]:
        """The records in one of the sort orders of their kind."""
        key = (kind, sort)
        if key not in self._orders:
            self._orders[key] = in_order(kind, sort, self._records)
        return self._orders[key]

    def ordered_places(self, kind: str, sort: str) -> Iterator[int]:
        """The places of the records in one of the sort orders of their kind."""
        places = self.places()
        return (places[record["id"]] for record in self.ordered(kind, sort))


@dataclass(frozen=True)
class Data:
    """All records that a query can reach, a sequence per kind, oldest first.

    A plain sequence is made a `Collection`; pass the same collection again and its indexes serve
    again. What matched a request is kept for the next requests, for clients turn pages and ask
    again.
    """

    flows: Sequence[Record] = ()
    flow_runs: Sequence[Record] = ()
    task_runs: Sequence[Record] = ()
    deployments: Sequence[Record] = ()
    work_pools: Sequence[Record] = ()
    work_queues: Sequence[Record] = ()

    def __post_init__(self) -> None:
        for entry in fields(self):
            records = getattr(self, entry.name)
            if not isinstance(records, Collection):
                object.__setattr__(self, entry.name, Collection(records))

    @cached_property
    def answers(self) -> dict[str, Matches]:
        """What matched the last requests, by what they asked for; the oldest first."""
        return {}

    def kind(self, kind: str) -> Collection:
        """The records of a kind.

        Raises:
            AttributeError: there is no such kind.
        """
        records: Collection = getattr(self, kind)
        return records
