"""A table as the query engine sees it, by the indexes that the table keeps up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from mock_server.query import SORTS, Collection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_server.query.places import Indexes
    from mock_server.store.tables import Record, Table


class LiveGroups(Mapping[Any, Sequence["Record"]]):
    """The records of a table by the value of an indexed field.

    Args:
        table: the table.
        field: a field that it keeps an index of.
    """

    __slots__ = ("_field", "_table")

    def __init__(self, table: Table, field: str) -> None:
        self._table = table
        self._field = field

    def __getitem__(self, value: Any) -> Sequence[Record]:
        records = self._table.group(self._field, value)
        if not records:
            raise KeyError(value)
        return records

    def __contains__(self, value: object) -> bool:
        return self._table.group_size(self._field, value) > 0

    def __iter__(self) -> Iterator[Any]:
        return iter(self._table.values(self._field))

    def __len__(self) -> int:
        return len(self._table.values(self._field))


class LiveCollection(Collection):
    """The records of a table; right until the next write.

    Args:
        table: the table.
    """

    __slots__ = ("_listed", "_table")

    def __init__(self, table: Table) -> None:
        super().__init__()
        self._table = table
        self._listed: tuple[Record, ...] | None = None

    def __len__(self) -> int:
        return len(self._table)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        return self.records[index]

    @property
    def records(self) -> Sequence[Record]:
        """The records, oldest first."""
        if self._listed is None:
            self._listed = tuple(self._table)
        return self._listed

    def by_id(self) -> Mapping[str, Record]:
        """Each record by its id."""
        return self._table.records

    def places(self) -> Mapping[str, int]:
        """The place of each record in the order of insertion, by its id."""
        return self._table.places

    @property
    def indexes(self) -> Indexes:
        """The indexes by place, which the table keeps up to date."""
        return self._table.indexes

    def group(self, field: str) -> Mapping[Any, Sequence[Record]]:
        """The records by the value of a field; those without a value are in no group."""
        if field in self._table.kind.indexed:
            return LiveGroups(self._table, field)
        self._records = self.records
        return super().group(field)

    def ordered(self, kind: str, sort: str) -> Sequence[Record]:
        """The records in one of the sort orders of their kind, equal ones oldest first."""
        order = SORTS[kind][sort]
        if order.descending and not order.indexed:
            self._records = self.records
            return super().ordered(kind, sort)
        ascending = self._table.in_order(order.fields, order.key).records
        if not order.descending:
            return ascending
        made = self._orders.get((kind, sort))
        if made is None:
            made = self._orders[kind, sort] = ascending[::-1]
        return made

    def ordered_places(self, kind: str, sort: str) -> Iterator[int]:
        """The places of the records in one of the sort orders of their kind."""
        order = SORTS[kind][sort]
        if order.descending and not order.indexed:
            return super().ordered_places(kind, sort)
        places = self._table.in_order(order.fields, order.key).places
        return reversed(places) if order.descending else iter(places)
