"""Records and filters for the tests of the query engine: small worlds full of coincidences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mock_server.query import CRITERIA, Data

if TYPE_CHECKING:
    from mock_server.query.criteria import Criterion

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = ["", "ALPHA", "Beta", "alpha", "a%b", "a_b", "axb", "é", "É", "日本", "50%", "x\\y", "a\nb"]
TAGS = ["a", "b", "B", "é"]
STATES = ["SCHEDULED", "RUNNING", "COMPLETED", "FAILED"]
STATE_NAMES = ["Scheduled", "Late", "Completed", "completed"]
QUEUES = ["default", "high", "High-2"]
KEYS = ["k1", "k2", "k3"]

names = st.sampled_from(NAMES) | st.text(alphabet="aAbBéÉ%_\\\n\0", max_size=5)
tags = st.lists(st.sampled_from(TAGS), max_size=3)
times = st.integers(0, 6).map(lambda hours: NOON + timedelta(hours=hours))
maybe_times = st.none() | times


def identity(kind: str, number: int) -> str:
    """A canonical id that tells what it is of."""
    return f"{sorted(OWN).index(kind):08x}-0000-4000-8000-{number:012x}"


OWN = {
    "flows": "flows",
    "flow_runs": "flow_runs",
    "task_runs": "task_runs",
    "deployments": "deployments",
    "work_pools": "work_pools",
    "work_queues": "work_pool_queues",
}
FILTER_KINDS = {name: kind for kind, name in OWN.items()}


def ids(kind: str, count: int = 4) -> st.SearchStrategy[str]:
    return st.integers(0, count - 1).map(lambda number: identity(kind, number))


def maybe(kind: str) -> st.SearchStrategy[str | None]:
    return st.none() | ids(kind)


_run_fields: dict[str, st.SearchStrategy[Any]] = {
    "name": names,
    "tags": tags,
    "state_type": st.none() | st.sampled_from(STATES),
    "state_name": st.none() | st.sampled_from(STATE_NAMES),
    "start_time": maybe_times,
    "end_time": maybe_times,
    "expected_start_time": maybe_times,
    "next_scheduled_start_time": maybe_times,
}
_creators = st.none() | st.fixed_dictionaries(
    {"id": st.none() | ids("deployments"), "type": st.sampled_from(["SCHEDULE", "DEPLOYMENT"])}
)
FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "flows": {"name": names, "tags": tags, "created": times, "updated": times},
    "flow_runs": {
        **_run_fields,
        "flow_id": ids("flows"),
        "deployment_id": maybe("deployments"),
        "work_queue_id": maybe("work_queues"),
        "work_queue_name": st.none() | st.sampled_from(QUEUES),
        "parent_task_run_id": maybe("task_runs"),
        "flow_version": st.none() | st.sampled_from(KEYS),
        "idempotency_key": st.none() | st.sampled_from(KEYS),
        "created_by": _creators,
    },
    "task_runs": {**_run_fields, "flow_run_id": maybe("flow_runs")},
    "deployments": {
        "name": names,
        "tags": tags,
        "created": times,
        "updated": times,
        "paused": st.booleans(),
        "flow_id": ids("flows"),
        "work_queue_id": maybe("work_queues"),
        "work_queue_name": st.none() | st.sampled_from(QUEUES),
    },
    "work_pools": {"name": names, "type": st.sampled_from(["process", "docker"])},
    "work_queues": {
        "name": st.sampled_from(QUEUES) | names,
        "work_pool_id": ids("work_pools"),
        "priority": st.integers(1, 3),
    },
}


def records(kind: str, most: int = 4) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Up to a few records of a kind, numbered."""

    def numbered(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{"id": identity(kind, number), **record} for number, record in enumerate(found)]

    return st.lists(st.fixed_dictionaries(FIELDS[kind]), max_size=most).map(numbered)


def worlds(most: int = 4) -> st.SearchStrategy[Data]:
    """Data with up to a few records of each kind, their references often hitting."""
    return st.builds(Data, **{kind: records(kind, most) for kind in FIELDS})


SINGLE = {
    "is_null_": st.booleans(),
    "exists_": st.booleans(),
    "eq_": st.booleans(),
    "ge_": st.integers(0, 3),
    "le_": st.integers(0, 3),
    "like_": names,
    "startswith_": st.lists(names, max_size=2),
    "before_": times,
    "after_": times,
}
ITEMS = {
    "deployment_id": ids("deployments"),
    "parent_flow_run_id": ids("flow_runs"),
    "flow_run_id": ids("flow_runs"),
    "parent_task_run_id": ids("task_runs"),
    "tags": st.sampled_from(TAGS),
    "work_queue_name": st.sampled_from(QUEUES),
    "flow_version": st.sampled_from(KEYS),
    "idempotency_key": st.sampled_from(KEYS),
    "type": st.sampled_from(["process", "docker"]),
    "name": names,
}


def values(name: str, criterion: str, operator: str) -> st.SearchStrategy[Any]:
    """Values of one operator that hit now and then."""
    if operator in SINGLE:
        return SINGLE[operator]
    return st.lists(items(name, criterion, operator), max_size=3)


def items(name: str, criterion: str, operator: str) -> st.SearchStrategy[Any]:
    """Items of the list that an operator takes."""
    if operator == "startswith_":
        return names
    if criterion == "id":
        return ids(FILTER_KINDS[name])
    if criterion == "created_by":
        return ids("deployments") if operator == "id_" else st.sampled_from(["SCHEDULE", "X"])
    return ITEMS[criterion]


OPERATED = {
    "tags",
    "deployment",
    "deployment_id",
    "parent_flow_run_id",
    "parent_task_run_id",
    "created_by",
}
joins = st.sampled_from(["and_", "or_"])


def criteria(name: str, key: str, criterion: Criterion) -> st.SearchStrategy[Any]:
    """A criterion with some of its operators, nulls among their values."""
    if key == "state":
        parts = {
            "type": _state_part(name, st.sampled_from(STATES)),
            "name": _state_part(name, st.sampled_from(STATE_NAMES)),
        }
        return st.fixed_dictionaries({}, optional={**parts, "operator": joins})
    optional = {
        operator: st.none() | values(name, key, operator) for operator in criterion.operators
    }
    if key in OPERATED or (name, key) == ("flow_runs", "work_queue_name"):
        optional["operator"] = joins
    return st.fixed_dictionaries({}, optional=optional)


def _state_part(name: str, item: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    some = st.none() | st.lists(item, max_size=2)
    operators = ["any_", "not_any_"] if name == "flow_runs" else ["any_"]
    return st.fixed_dictionaries({}, optional=dict.fromkeys(operators, some))


def filter_of(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """One filter with up to three of its criteria."""

    def body(keys: list[str]) -> st.SearchStrategy[dict[str, Any]]:
        chosen = {key: st.none() | criteria(name, key, CRITERIA[name][key]) for key in keys}
        return st.fixed_dictionaries(chosen, optional={"operator": joins})

    keys = st.lists(st.sampled_from(list(CRITERIA[name])), max_size=3, unique=True)
    return keys.flatmap(body)


def filters(*filter_names: str) -> st.SearchStrategy[dict[str, Any]]:
    """The filters of a request, of all names unless some are given."""
    wanted = filter_names or tuple(CRITERIA)
    return st.fixed_dictionaries(
        {}, optional={name: st.none() | filter_of(name) for name in wanted}
    )
