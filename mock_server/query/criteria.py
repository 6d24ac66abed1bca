"""The table of criteria: each filter, each criterion of it, each operator of that.

A new criterion is one row. Observed on a released server, 3.8.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mock_server.query.operators import (
    OPERATOR,
    Operator,
    after_,
    any_,
    before_,
    creator_,
    eq_,
    has_deployment_,
    has_subflow_,
    is_null_,
    like_,
    not_any_,
    own_or_flow_name_like_,
    parent_run_,
    startswith_,
    tags_all_,
    tags_any_,
    tags_is_null_,
)
from mock_server.query.predicates import Predicate, absent, all_of, always, any_of

if TYPE_CHECKING:
    from mock_server.query.data import Data

Body = Mapping[str, Any]
Operators = Mapping[str, Operator]


def acting(operators: Operators, body: Body, data: Data) -> list[Predicate]:
    """The predicates of the operators that are given and not ignored: a null is not given."""
    made = [
        make(body[name], data) for name, make in operators.items() if body.get(name) is not None
    ]
    return [predicate for predicate in made if predicate is not None]


def standing(predicates: list[Predicate]) -> list[Predicate] | None:
    """The predicates without those that do not count; None when that was all there were."""
    left = [predicate for predicate in predicates if predicate is not absent]
    return left if left or not predicates else None


def joined(predicates: list[Predicate], body: Body) -> Predicate:
    """The predicates under the operator of the object that holds them; of none, always."""
    if body.get(OPERATOR) == "or_" and predicates:
        return any_of(predicates)
    return all_of(predicates)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion with its operators, joined by `and_` or by what its `operator` says.

    A criterion that is given but says nothing is true, also as an alternative.
    """

    operators: Operators

    def compile(self, body: Body, data: Data) -> Predicate | None:
        """The predicate of a criterion as given; None when it counts as not given."""
        found = standing(acting(self.operators, body, data))
        return None if found is None else joined(found, body)


@dataclass(frozen=True, slots=True)
class Ignored(Criterion):
    """A criterion that is checked, and then counts as not given."""

    def compile(self, body: Body, data: Data) -> Predicate | None:
        """None, whatever is given."""
        del body, data
        return None


@dataclass(frozen=True, slots=True)
class State(Criterion):
    """A state's type and name. Each counts only when exactly one of its operators acts.

    So both `any_` and `not_any_` together are dropped, and one that says nothing is no alternative.
    """

    operators: Operators = field(default_factory=dict)
    parts: Mapping[str, Operators] = field(default_factory=dict)

    def compile(self, body: Body, data: Data) -> Predicate | None:
        """The predicate of the parts that count; of none, always."""
        found: list[Predicate] = []
        for name, operators in self.parts.items():
            predicates = acting(operators, body.get(name) or {}, data)
            if len(predicates) == 1:
                found += predicates
        return joined(found, body)


@dataclass(frozen=True, slots=True)
class RunOfTask(Criterion):
    """The flow run of a task run: `is_null_` is false unless sent, and true wins over `any_`."""

    def compile(self, body: Body, data: Data) -> Predicate | None:
        """The predicate of the one operator that wins; of none, always."""
        without = body.get("is_null_", False)
        if without or (without is False and body.get("any_") is None):
            return self.operators["is_null_"](without, data)
        given = body.get("any_")
        return always if given is None else self.operators["any_"](given, data)


def _criterion(**operators: Operator) -> Criterion:
    return Criterion(operators)


def _nothing(_: Any, __: Data) -> Predicate:
    return always


_ID: Final = _criterion(any_=any_("id"), not_any_=not_any_("id"))
_ID_ONLY: Final = _criterion(any_=any_("id"))
_NAME: Final = _criterion(any_=any_("name"), like_=like_("name"))
_TAGS: Final = _criterion(all_=tags_all_, any_=tags_any_, is_null_=tags_is_null_)
_TAGS_WITHOUT_ANY: Final = _criterion(all_=tags_all_, is_null_=tags_is_null_)


def _time(*fields: str, null: bool = True) -> Criterion:
    bounds = {"before_": before_(*fields), "after_": after_(*fields)}
    return Criterion({**bounds, "is_null_": is_null_(fields[0])} if null else bounds)


CRITERIA: Final[Mapping[str, Mapping[str, Criterion]]] = {
    "flows": {
        "id": _ID,
        "deployment": _criterion(is_null_=has_deployment_),
        "name": _NAME,
        "tags": _TAGS_WITHOUT_ANY,
    },
    "flow_runs": {
        "id": _ID,
        "name": _NAME,
        "tags": _TAGS,
        "deployment_id": _criterion(any_=any_("deployment_id"), is_null_=is_null_("deployment_id")),
        "work_queue_name": _criterion(
            any_=any_("work_queue_name"), is_null_=is_null_("work_queue_name")
        ),
        "state": State(
            parts={
                "type": {"any_": any_("state_type"), "not_any_": not_any_("state_type")},
                "name": {"any_": any_("state_name"), "not_any_": not_any_("state_name")},
            }
        ),
        "flow_version": _criterion(any_=any_("flow_version")),
        "start_time": _time("start_time", "expected_start_time"),
        "end_time": _time("end_time"),
        "expected_start_time": _time("expected_start_time", null=False),
        "next_scheduled_start_time": _time("next_scheduled_start_time", null=False),
        "parent_flow_run_id": _criterion(any_=parent_run_),
        "parent_task_run_id": _criterion(
            any_=any_("parent_task_run_id"), is_null_=is_null_("parent_task_run_id")
        ),
        "idempotency_key": _criterion(
            any_=any_("idempotency_key"), not_any_=not_any_("idempotency_key")
        ),
        "created_by": _criterion(
            id_=creator_("id"), type_=creator_("type"), is_null_=is_null_("created_by")
        ),
    },
    "task_runs": {
        "id": _ID_ONLY,
        "name": _NAME,
        "tags": _TAGS_WITHOUT_ANY,
        "state": State(
            parts={"type": {"any_": any_("state_type")}, "name": {"any_": any_("state_name")}}
        ),
        "start_time": _time("start_time"),
        "end_time": _time("end_time"),
        "expected_start_time": _time("expected_start_time", null=False),
        "subflow_runs": _criterion(exists_=has_subflow_),
        "flow_run_id": RunOfTask(
            {"any_": any_("flow_run_id"), "is_null_": is_null_("flow_run_id")}
        ),
    },
    "deployments": {
        "id": _ID,
        "name": _NAME,
        "flow_or_deployment_name": _criterion(like_=own_or_flow_name_like_),
        "paused": _criterion(eq_=eq_("paused")),
        "tags": _TAGS,
        "work_queue_name": _criterion(any_=any_("work_queue_name")),
        "concurrency_limit": Ignored({"ge_": _nothing, "le_": _nothing, "is_null_": _nothing}),
    },
    "work_pools": {
        "id": _ID_ONLY,
        "name": _criterion(any_=any_("name")),
        "type": _criterion(any_=any_("type")),
    },
    "work_pool_queues": {
        "id": _ID_ONLY,
        "name": _criterion(any_=any_("name"), startswith_=startswith_("name")),
    },
}


def compile_filter(name: str, body: Body, data: Data) -> Predicate:
    """The predicate of one filter as given: its criteria under its operator; of none, always.

    Args:
        name: which filter, a key of `CRITERIA`.
        body: its criteria, coerced.
        data: where criteria that look at related records find them.
    """
    compiled = [
        criterion.compile(body[key], data)
        for key, criterion in CRITERIA[name].items()
        if body.get(key) is not None
    ]
    return joined([predicate for predicate in compiled if predicate is not None], body)
