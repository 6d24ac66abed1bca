"""What the operators of criteria mean: small functions that make a predicate of a value.

Each takes the name of a field and gives a `Operator`; that takes the value of the request and the
data, and gives the predicate, or None where the operator is ignored. SQL's null is false here: no
filter negates, so a comparison with null that is unknown ends like one that is false.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mock_server.query.data import Data, Record
from mock_server.query.like import contains, starts_with

if TYPE_CHECKING:
    from datetime import datetime

Predicate = Callable[[Record], bool]
Operator = Callable[[Any, Data], Predicate | None]


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
            return lambda record: one(record) and other(record)
    return lambda record: all(part(record) for part in parts)


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
            return lambda record: one(record) or other(record)
    return lambda record: any(part(record) for part in parts)


def any_(field: str) -> Operator:
    """The field's value is in the list; an empty list holds nothing."""

    def make(values: list[Any], _: Data) -> Predicate:
        wanted = frozenset(values)
        return (lambda record: record[field] in wanted) if wanted else never

    return make


def not_any_(field: str) -> Operator:
    """The field has a value, and it is not in the list; an empty list is ignored."""

    def make(values: list[Any], _: Data) -> Predicate | None:
        unwanted = frozenset((*values, None))
        return (lambda record: record[field] not in unwanted) if values else None

    return make


def is_null_(field: str) -> Operator:
    """Whether the field has no value."""

    def make(wanted: bool, _: Data) -> Predicate:  # noqa: FBT001 - the value of the request
        if wanted:
            return lambda record: record[field] is None
        return lambda record: record[field] is not None

    return make


def eq_(field: str) -> Operator:
    """The field is the value."""
    return lambda value, _: lambda record: record[field] == value


def like_(field: str) -> Operator:
    """The text has the value somewhere in it, as LIKE sees it; an empty value is ignored."""

    def make(value: str, _: Data) -> Predicate | None:
        if not value:
            return None
        test = contains(value)
        return lambda record: (text := record[field]) is not None and test(text)

    return make


def startswith_(field: str) -> Operator:
    """The text begins with one of the values, as LIKE sees it.

    An empty list is no restriction, and no alternative either.
    """

    def make(values: list[str], _: Data) -> Predicate:
        tests = [starts_with(value) for value in values]
        return (lambda record: any(test(record[field]) for test in tests)) if tests else absent

    return make


def before_(*fields: str) -> Operator:
    """The first of the fields that has a value is at or before the time."""
    return _bound(fields, lambda value, bound: value <= bound)


def after_(*fields: str) -> Operator:
    """The first of the fields that has a value is at or after the time."""
    return _bound(fields, lambda value, bound: value >= bound)


def _bound(fields: tuple[str, ...], holds: Callable[[datetime, datetime], bool]) -> Operator:
    first, *others = fields

    def make(bound: datetime, _: Data) -> Predicate:
        def test(record: Record) -> bool:
            value = record[first]
            if value is None:
                value = next((record[name] for name in others if record[name] is not None), None)
            return value is not None and holds(value, bound)

        return test

    return make


def tags_all_(values: list[str], _: Data) -> Predicate | None:
    """The tags hold each of the values; an empty list is ignored."""
    wanted = frozenset(values)
    return (lambda record: wanted.issubset(record["tags"])) if wanted else None


def tags_any_(values: list[str], _: Data) -> Predicate:
    """The tags hold one of the values; an empty list holds nothing."""
    wanted = frozenset(values)
    return (lambda record: not wanted.isdisjoint(record["tags"])) if wanted else never


def tags_is_null_(wanted: bool, _: Data) -> Predicate:  # noqa: FBT001 - the value of the request
    """Whether there are no tags."""
    return (lambda record: not record["tags"]) if wanted else (lambda record: bool(record["tags"]))


def creator_(key: str) -> Operator:
    """What `created_by` has under a key is in the list; without a creator nothing is."""

    def make(values: list[str], _: Data) -> Predicate:
        wanted = frozenset(values)
        return lambda record: (record["created_by"] or {}).get(key) in wanted

    return make


def own_or_flow_name_like_(value: str, data: Data) -> Predicate | None:
    """The deployment's name or that of its flow has the value in it; an empty value is ignored."""
    if not value:
        return None
    test = contains(value)
    # Many deployments share a flow, so its name is looked at once.
    flows = {flow["id"] for flow in data.kind("flows").records if test(flow["name"])}
    return lambda record: record["flow_id"] in flows or test(record["name"])


def has_deployment_(without: bool, data: Data) -> Predicate:  # noqa: FBT001 - the request's value
    """Whether the flow has no deployment."""
    deployments = data.kind("deployments").group("flow_id")
    if without:
        return lambda record: record["id"] not in deployments
    return lambda record: record["id"] in deployments


def parent_run_(values: list[str], data: Data) -> Predicate:
    """The flow run was started by a task run of one of the flow runs."""
    wanted = frozenset(values)
    task_runs = data.kind("task_runs").by_id()

    def test(record: Record) -> bool:
        parent = task_runs.get(record["parent_task_run_id"])
        return parent is not None and parent["flow_run_id"] in wanted

    return test if wanted else never


def has_subflow_(wanted: bool, data: Data) -> Predicate:  # noqa: FBT001 - the request's value
    """Whether a flow run was started by the task run."""
    children = data.kind("flow_runs").group("parent_task_run_id")
    if wanted:
        return lambda record: record["id"] in children
    return lambda record: record["id"] not in children


OPERATOR: Final = "operator"
"""The key that says how the criteria beside it are joined."""
