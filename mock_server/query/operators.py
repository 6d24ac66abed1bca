"""What the operators of criteria mean: small functions that make a predicate of a value.

Each takes the name of a field and gives a `Operator`; that takes the value of the request and the
data, and gives the predicate, or None where the operator is ignored. SQL's null is false here: no
filter negates, so a comparison with null that is unknown ends like one that is false.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mock_server.query.data import Data, Record
from mock_server.query.like import contains, fold, starts_with
from mock_server.query.places import PIECES, TAGS, ids_mask, pieces
from mock_server.query.predicates import Predicate, absent, always, narrowed, never, passing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mock_server.query.data import Collection

PAIR: Final = 2
"""How many letters the longest pieces of names have."""

Operator = Callable[[Any, Data], Predicate | None]


def any_(field: str) -> Operator:
    """The field's value is in the list; an empty list holds nothing."""

    def make(values: list[Any], _: Data) -> Predicate:
        wanted = frozenset(values)
        if not wanted:
            return never
        return narrowed(
            lambda record: record[field] in wanted,
            lambda collection: (_having(collection, field, wanted), True),
        )

    return make


def _having(collection: Collection, field: str, values: Iterable[Any]) -> int:
    """The mask of the records whose field has one of the values."""
    if field == "id":
        return ids_mask(collection.places(), values)
    return collection.indexes.index(field).mask(values)


def _but(collection: Collection, mask: int) -> int:
    """The mask of all other records."""
    return collection.indexes.everything & ~mask


def not_any_(field: str) -> Operator:
    """The field has a value, and it is not in the list; an empty list is ignored."""

    def make(values: list[Any], _: Data) -> Predicate | None:
        if not values:
            return None
        unwanted = frozenset((*values, None))
        return narrowed(
            lambda record: record[field] not in unwanted,
            lambda collection: (_but(collection, _having(collection, field, unwanted)), True),
        )

    return make


def is_null_(field: str) -> Operator:
    """Whether the field has no value."""

    def make(wanted: bool, _: Data) -> Predicate:  # noqa: FBT001 - the value of the request
        if wanted:
            return narrowed(
                lambda record: record[field] is None,
                lambda collection: (_having(collection, field, (None,)), True),
            )
        return narrowed(
            lambda record: record[field] is not None,
            lambda collection: (_but(collection, _having(collection, field, (None,))), True),
        )

    return make


def eq_(field: str) -> Operator:
    """The field is the value."""
    return lambda value, _: narrowed(
        lambda record: record[field] == value,
        lambda collection: (_having(collection, field, (value,)), True),
    )


def like_(field: str) -> Operator:
    """The text has the value somewhere in it, as LIKE sees it; an empty value is ignored."""

    def make(value: str, _: Data) -> Predicate | None:
        if not value:
            return None
        test = contains(value)

        def matches(record: Record) -> bool:
            return (text := record[field]) is not None and test(text)

        if field != "name":
            return matches
        return narrowed(matches, lambda collection: _with_pieces(collection, value))

    return make


def _with_pieces(collection: Collection, part: str) -> tuple[int, bool]:
    """The mask of the records whose name has all pieces of a part, and whether that is all."""
    runs = re.split("[%_]", fold(part))
    mask, index = collection.indexes.everything, collection.indexes.index(PIECES)
    for run in runs:
        for piece in pieces(run):
            if len(piece) > 1 or len(run) == 1:
                mask &= index.mask((piece,))
    plain = len(runs) == 1 and 1 <= len(runs[0]) <= PAIR and "\0" not in part
    return mask, plain


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
    if not wanted:
        return None

    def narrow(collection: Collection) -> tuple[int, bool]:
        mask, index = collection.indexes.everything, collection.indexes.index(TAGS)
        for tag in wanted:
            mask &= index.mask((tag,))
        return mask, True

    return narrowed(lambda record: wanted.issubset(record["tags"]), narrow)


def tags_any_(values: list[str], _: Data) -> Predicate:
    """The tags hold one of the values; an empty list holds nothing."""
    wanted = frozenset(values)
    if not wanted:
        return never
    return narrowed(
        lambda record: not wanted.isdisjoint(record["tags"]),
        lambda collection: (collection.indexes.index(TAGS).mask(wanted), True),
    )


def tags_is_null_(wanted: bool, _: Data) -> Predicate:  # noqa: FBT001 - the value of the request
    """Whether there are no tags."""
    if wanted:
        return narrowed(
            lambda record: not record["tags"],
            lambda collection: (_having(collection, TAGS, (None,)), True),
        )
    return narrowed(
        lambda record: bool(record["tags"]),
        lambda collection: (_but(collection, _having(collection, TAGS, (None,))), True),
    )


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
    test, named = contains(value), like_("name")(value, data)
    # Many deployments share a flow, so its name is looked at once.
    flows = {flow["id"] for flow in passing(named or always, data.kind("flows"))}

    def narrow(collection: Collection) -> tuple[int, bool]:
        own, exact = _with_pieces(collection, value)
        return own | _having(collection, "flow_id", flows), exact

    return narrowed(lambda record: record["flow_id"] in flows or test(record["name"]), narrow)


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
