"""Tables of records: what the kinds are, how they hang together, and one table with its indexes.

A record is a plain dict that is never mutated; a table replaces it. Unique keys and groups are kept
as indexes, so no lookup scans.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from mock_server.query.places import Indexes
from mock_server.store.ordered import OrderedRecords

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    Record = dict[str, Any]
    Key = tuple[Any, ...]


class IntegrityError(Exception):
    """A write that would break the state.

    A key that is taken, a reference to nothing, a null where there must be a value.
    """

    def __init__(self, kind: str, fields: tuple[str, ...], value: object) -> None:
        super().__init__(f"{kind}: {', '.join(fields)} = {value!r}")
        self.kind = kind
        self.fields = fields
        self.value = value


class DuplicateKey(IntegrityError):  # noqa: N818 - reads as what happened
    """Another record of this kind has this key."""


class MissingReference(IntegrityError):  # noqa: N818 - reads as what happened
    """The record that a field points to does not exist."""


class MissingValue(IntegrityError):  # noqa: N818 - reads as what happened
    """A field that every record has a value for is null."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that holds the id of another record.

    Attributes:
        field: the field.
        kind: the kind that it points to.
        on_delete: what becomes of the record when its target goes: it goes too, forgets it, or
            keeps the id of what is gone.
        checked: whether the target must exist when the field is written.
    """

    field: str
    kind: str
    on_delete: Literal["delete", "clear", "keep"]
    checked: bool = True


@dataclass(frozen=True)
class Kind:
    """One kind of record.

    Attributes:
        unique: field tuples that no two records share. A key with a null in it is no key.
        groups: fields to find several records by; every reference is one besides.
        references: fields that point to other records.
        required: fields that are never null.
    """

    unique: tuple[tuple[str, ...], ...] = ()
    groups: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    required: frozenset[str] = frozenset()

    @cached_property
    def indexed(self) -> frozenset[str]:
        """The fields that `Table.group` knows."""
        return frozenset((*self.groups, *(reference.field for reference in self.references)))


def _required(names: str) -> frozenset[str]:
    return frozenset(names.split())


# What goes with what, seen by deleting on a released server: runs and deployments go with their
# flow, task runs with their flow run, queues with their pool; a run outlives its deployment.
KINDS: Final[Mapping[str, Kind]] = {
    "flows": Kind(unique=(("name",),), required=_required("name tags")),
    "deployments": Kind(
        unique=(("flow_id", "name"),),
        references=(
            Reference("flow_id", "flows", "delete"),
            Reference("work_queue_id", "work_queues", "clear"),
            Reference("concurrency_limit_id", "concurrency_limits", "clear"),
            Reference("storage_document_id", "block_documents", "delete"),
            Reference("infrastructure_document_id", "block_documents", "delete"),
        ),
        required=_required(
            "name flow_id paused tags parameters job_variables status enforce_parameter_schema"
        ),
    ),
    "deployment_schedules": Kind(
        unique=(("deployment_id", "slug"),),
        references=(Reference("deployment_id", "deployments", "delete"),),
        required=_required("schedule active parameters"),
    ),
    "flow_runs": Kind(
        unique=(("flow_id", "idempotency_key"),),
        references=(
            Reference("flow_id", "flows", "delete"),
            Reference("deployment_id", "deployments", "keep", checked=False),
            Reference("work_queue_id", "work_queues", "clear"),
            Reference("parent_task_run_id", "task_runs", "clear"),
            Reference("infrastructure_document_id", "block_documents", "delete"),
        ),
        required=_required("flow_id name parameters context empirical_policy tags auto_scheduled"),
    ),
    "flow_run_inputs": Kind(
        unique=(("flow_run_id", "key"),),
        references=(Reference("flow_run_id", "flow_runs", "delete"),),
        required=_required("key value"),
    ),
    "task_runs": Kind(
        unique=(("flow_run_id", "task_key", "dynamic_key"),),
        groups=("task_key",),
        references=(Reference("flow_run_id", "flow_runs", "delete"),),
        required=_required("name task_key dynamic_key empirical_policy task_inputs tags"),
    ),
    "work_pools": Kind(
        unique=(("name",),),
        required=_required("name type base_job_template is_paused storage_configuration"),
    ),
    "work_queues": Kind(
        unique=(("work_pool_id", "name"),),
        groups=("name",),
        references=(Reference("work_pool_id", "work_pools", "delete"),),
        required=_required("name description is_paused priority"),
    ),
    "workers": Kind(
        unique=(("work_pool_id", "name"),),
        references=(Reference("work_pool_id", "work_pools", "delete"),),
    ),
    "variables": Kind(unique=(("name",),), required=_required("name tags")),
    "concurrency_limits": Kind(
        unique=(("name",),),
        required=_required("active name limit active_slots denied_slots slot_decay_per_second"),
    ),
    "leases": Kind(required=_required("limit_ids slots expires")),
    "block_types": Kind(unique=(("name",), ("slug",))),
    "block_schemas": Kind(
        unique=(("checksum", "version"),),
        references=(Reference("block_type_id", "block_types", "delete"),),
    ),
    "block_documents": Kind(
        unique=(("block_type_id", "name"),),
        references=(
            Reference("block_type_id", "block_types", "delete"),
            Reference("block_schema_id", "block_schemas", "delete"),
        ),
    ),
    "automations": Kind(groups=("owner",)),
    "artifacts": Kind(groups=("key",)),
    "artifact_keys": Kind(unique=(("key",),), groups=("latest_id",)),
    "logs": Kind(groups=("flow_run_id",)),
    "events": Kind(),
}


@dataclass(slots=True)
class Table:
    """The records of one kind, with its indexes.

    Attributes:
        name: of the kind.
        kind: what is known of the kind.
        records: the records by id, oldest first.
        places: the place of each in the order of insertion.
        indexes: the places of records by what they have, for the query engine.
        touched: the ids of what was put, dropped or cleared, for one who asked for it by setting
            it: who writes changes down empties it, too.
    """

    name: str
    kind: Kind
    records: dict[str, Record] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    touched: set[str] | None = None
    indexes: Indexes = field(init=False)
    _next: int = 0
    _unique: dict[tuple[str, ...], dict[Key, str]] = field(default_factory=dict)
    _groups: dict[str, dict[Any, dict[str, None]]] = field(default_factory=dict)
    _orders: dict[tuple[str, ...], OrderedRecords] = field(default_factory=dict)
    _unsorted: set[tuple[str, Any]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.clear()

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records.values())

    def clear(self) -> None:
        """Forget every record."""
        if self.touched is not None:
            self.touched.update(self.records)
        self.records, self.places = {}, {}
        self.indexes = Indexes(self._pairs)
        self._orders = {}
        self._unsorted = set()
        self._unique = {fields: {} for fields in self.kind.unique}
        self._groups = {name: defaultdict(dict) for name in self.kind.indexed}

    def find(self, fields: tuple[str, ...], key: Key) -> Record | None:
        """The record with a natural key, or None."""
        found = self._unique[fields].get(key)
        return None if found is None else self.records[found]

    def group(self, name: str, value: object) -> list[Record]:
        """The records whose field has a value, in the order of their insertion."""
        if (name, value) in self._unsorted:
            self._sort(name, value)
        ids = self._groups[name].get(value)
        return [] if ids is None else [self.records[found] for found in ids]

    def group_size(self, name: str, value: object) -> int:
        """How many records `group` would give."""
        ids = self._groups[name].get(value)
        return 0 if ids is None else len(ids)

    def values(self, name: str) -> Collection[Any]:
        """The values that an indexed field has."""
        return self._groups[name].keys()

    def in_order(self, fields: tuple[str, ...], key: Callable[[Record], Any]) -> OrderedRecords:
        """The records in ascending order, equal ones oldest first; not to be changed or kept.

        Args:
            fields: the name of the order.
            key: gives what a record is ordered by.
        """
        order = self._orders.get(fields)
        if order is None:
            order = self._orders[fields] = OrderedRecords(key, self._pairs())
        return order

    def _pairs(self) -> Iterator[tuple[int, Record]]:
        """Place and record of each."""
        return ((self.places[identity], record) for identity, record in self.records.items())

    def put(self, record: Record, place: int | None = None) -> Record | None:
        """Insert a record, or replace the one with its id.

        Args:
            record: the record.
            place: its place in the order of insertion, if it had one before.

        Returns:
            The record that was replaced.

        Raises:
            DuplicateKey: another record has one of its keys; nothing has changed then.
        """
        identity = record["id"]
        for fields, index in self._unique.items():
            key = _key(record, fields)
            if key is not None and index.get(key, identity) != identity:
                raise DuplicateKey(self.name, fields, key)
        old = self.records.get(identity)
        self.records[identity] = record
        if old is None:
            # A place that comes from outside is never given a second time.
            self._next = max(self._next + 1, place or 0)
            self.places[identity] = self._next if place is None else place
        if self.touched is not None:
            self.touched.add(identity)
        self._reindex(identity, old, record)
        return old

    def drop(self, identity: str) -> Record | None:
        """Remove a record; what it was, or None."""
        old = self.records.pop(identity, None)
        if old is not None:
            self._reindex(identity, old, None)
            del self.places[identity]
            if self.touched is not None:
                self.touched.add(identity)
        return old

    def tidy(self, returned: Iterable[str]) -> None:
        """Bring everything back into the order of the places, after records were put back.

        Args:
            returned: the ids of the records that were put back.
        """
        place = self.places.__getitem__
        self.records = {key: self.records[key] for key in sorted(self.places, key=place)}
        for name, groups in self._groups.items():
            for value in {self.records[key][name] for key in returned} - {None}:
                groups[value] = dict.fromkeys(sorted(groups[value], key=place))

    def _reindex(self, identity: str, old: Record | None, new: Record | None) -> None:
        self.indexes.change(self.places[identity], old, new)
        for order in self._orders.values():
            order.change(self.places[identity], old, new)
        for fields, index in self._unique.items():
            before = None if old is None else _key(old, fields)
            after = None if new is None else _key(new, fields)
            if before != after:
                if before is not None and index.get(before) == identity:
                    del index[before]
                if after is not None:
                    index[after] = identity
        for name in self._groups:
            was = None if old is None else old[name]
            now = None if new is None else new[name]
            if was != now:
                self._regroup(name, identity, was, now)

    def _regroup(self, name: str, identity: str, was: object, now: object) -> None:
        groups = self._groups[name]
        if was is not None:
            members = groups[was]
            members.pop(identity, None)
            if not members:
                del groups[was]
                self._unsorted.discard((name, was))
        if now is not None:
            members = groups[now]
            if members and self.places[next(reversed(members))] > self.places[identity]:
                self._unsorted.add((name, now))  # until somebody asks for them
            members[identity] = None

    def _sort(self, name: str, value: object) -> None:
        groups = self._groups[name]
        groups[value] = dict.fromkeys(sorted(groups[value], key=self.places.__getitem__))
        self._unsorted.discard((name, value))


def _key(record: Record, fields: tuple[str, ...]) -> Key | None:
    key = tuple(record[name] for name in fields)
    return None if None in key else key
