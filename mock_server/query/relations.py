"""How the filters of a request hang together, from the viewpoint of what is asked for.

A filter on related records is true when there is a related record that it is true of. Filters below
one another must be true of records that hang together: a task run of that same flow run, the pool
of that same queue. A filter that a kind does not take is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mock_server.query.criteria import compile_filter
from mock_server.query.places import ids_mask
from mock_server.query.predicates import Predicate, all_of, always, narrowed, passing

if TYPE_CHECKING:
    from mock_server.query.data import Collection, Data, Record

Filters = Mapping[str, Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Related:
    """A step from a record to related ones.

    Attributes:
        kind: the kind of the related records.
        field: the field that holds an id.
        many: whether the field stands in the related records, and not in this one.
        filter: the filter on the related records, if the request can have one.
        then: steps from there.
    """

    kind: str
    field: str
    many: bool = False
    filter: str | None = None
    then: tuple[Related, ...] = ()

    def compile(self, filters: Filters, data: Data) -> Predicate | None:
        """Whether a related record matches; None when the request does not ask about any."""
        steps = [step.compile(filters, data) for step in self.then]
        conditions = [step for step in steps if step is not None]
        body = filters.get(self.filter) if self.filter else None
        if self.filter and body is not None:
            conditions.insert(0, compile_filter(self.filter, body, data))
        elif not conditions:
            return None
        matches = all_of(conditions)
        return self._some(matches, data) if self.many else self._one(matches, data)

    def _one(self, matches: Predicate, data: Data) -> Predicate:
        by_id, field = data.kind(self.kind).by_id(), self.field

        def narrow(collection: Collection) -> tuple[int, bool]:
            ids = [record["id"] for record in passing(matches, data.kind(self.kind))]
            return collection.indexes.index(field).mask(ids), True

        if matches is always:
            return narrowed(lambda record: record[field] in by_id, narrow)

        def test(record: Record) -> bool:
            related = by_id.get(record[field])
            return related is not None and matches(related)

        return narrowed(test, narrow)

    def _some(self, matches: Predicate, data: Data) -> Predicate:
        groups, field = data.kind(self.kind).group(self.field), self.field
        if matches is always:
            return narrowed(
                lambda record: record["id"] in groups,
                lambda collection: (ids_mask(collection.places(), groups), True),
            )

        def narrow(collection: Collection) -> tuple[int, bool]:
            ids = {record[field] for record in passing(matches, data.kind(self.kind))}
            return ids_mask(collection.places(), ids), True

        return narrowed(
            lambda record: any(map(matches, groups.get(record["id"], ()))),
            narrow,
        )


_FLOW: Final = Related("flows", "flow_id", filter="flows")
_DEPLOYMENT: Final = Related("deployments", "deployment_id", filter="deployments")
_POOL: Final = Related("work_pools", "work_pool_id", filter="work_pools")
_QUEUE: Final = Related("work_queues", "work_queue_id", filter="work_pool_queues", then=(_POOL,))
_ANY_QUEUE: Final = Related("work_queues", "work_queue_id", then=(_POOL,))
_TASK_RUNS: Final = Related("task_runs", "flow_run_id", many=True, filter="task_runs")

OWN_FILTER: Final[Mapping[str, str]] = {
    "flows": "flows",
    "flow_runs": "flow_runs",
    "task_runs": "task_runs",
    "deployments": "deployments",
    "work_pools": "work_pools",
    "work_queues": "work_pool_queues",
}

RELATED: Final[Mapping[str, tuple[Related, ...]]] = {
    "flows": (
        Related("deployments", "flow_id", many=True, filter="deployments", then=(_ANY_QUEUE,)),
        Related("flow_runs", "flow_id", many=True, filter="flow_runs", then=(_TASK_RUNS,)),
    ),
    "deployments": (
        _FLOW,
        _QUEUE,
        Related("flow_runs", "deployment_id", many=True, filter="flow_runs", then=(_TASK_RUNS,)),
    ),
    "flow_runs": (_FLOW, _DEPLOYMENT, _QUEUE, _TASK_RUNS),
    "task_runs": (
        Related("flow_runs", "flow_run_id", filter="flow_runs", then=(_FLOW, _DEPLOYMENT, _QUEUE)),
    ),
    "work_pools": (),
    "work_queues": (_POOL,),
}


def compile_filters(kind: str, filters: Filters, data: Data) -> Predicate:
    """The predicate of all filters of a request, for records of one kind.

    Args:
        kind: what is asked for, a key of `RELATED`.
        filters: by name; an absent or null filter does not restrict, an empty one may.
        data: where related records are found.
    """
    own = OWN_FILTER[kind]
    body = filters.get(own)
    conditions = [] if body is None else [compile_filter(own, body, data)]
    steps = [step.compile(filters, data) for step in RELATED[kind]]
    return all_of(conditions + [step for step in steps if step is not None])
