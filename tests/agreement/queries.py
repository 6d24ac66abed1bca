"""Random queries over every criterion of the six filters.

The table below is written by hand from the API's facts, apart from the spec and from the suite's
generators: each checks the others (a test holds it against the spec).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from random import Random
from typing import Any, Final

from tests.agreement import world as words
from tests.agreement.wire import Request, ref
from tests.agreement.world import World

Draw = Callable[[Random, World], Any]
OPERATOR: Final = "operator"


def _ids(*kinds: str) -> Draw:
    def draw(rng: Random, world: World) -> list[str]:
        keys = [
            key
            for kind in kinds
            for key in (world.deployments if kind == "d" else world.keys(kind))
        ]
        found = [
            ref(key, rng.choice(["", "", "", "upper", "hex"]))
            for key in rng.sample(keys, min(len(keys), rng.choice([0, 1, 1, 2, 5])))
        ]
        if rng.random() < 0.1:
            found.append(str(uuid.UUID(int=rng.getrandbits(128))))
        if found and rng.random() < 0.1:
            found.append(found[0])
        return found

    return draw


def _words(*lists: list[str]) -> Draw:
    pool = [word for one in lists for word in one]

    def draw(rng: Random, _: World) -> list[str]:
        unknown = ["nothing like it"] if rng.random() < 0.15 else []
        return rng.sample(pool, min(len(pool), rng.choice([0, 1, 1, 2, 4]))) + unknown

    return draw


def _types(rng: Random, _: World) -> list[str]:
    """State types are an enum: an unknown one belongs to the invalid requests."""
    return rng.sample(words.STATES, rng.choice([0, 1, 1, 2, 4]))


def _names(rng: Random, world: World) -> list[str]:
    return rng.sample(list(world.names.values()), rng.choice([0, 1, 1, 3]))


def _like(rng: Random, _: World) -> str:
    return rng.choice(
        [
            *("a", "A", "et", "ET", "é", "É", "_", "%", "a_b", "a%b", "a\\_b", "run", "load-"),
            *("", "zz t", "alpha", "nothing like it", " ", "2", "%a%b%", "__", "'", '"'),
        ]
    )


def _run_like(rng: Random, _: World) -> str:
    """Patterns that no random run name ("brave-otter") decides: servers invent their own."""
    return rng.choice(
        ["run ", "n A", "RUN B", "% %", "y_2", "é", "É", "_", "%", "", "nothing like it", "2"]
    )


def _flag(rng: Random, _: World) -> Any:
    return rng.choice([True, True, False, False, "true", 0, 1, "no"])


def _moment(rng: Random, world: World) -> Any:
    return rng.choice([*world.moments(), "2030-01-01", "2030-06-15T12:00:00", 1893456000])


def _number(rng: Random, _: World) -> int:
    return rng.choice([0, 1, 5, 100])


CRITERIA: Final[dict[str, dict[str, Any]]] = {
    "flows": {
        OPERATOR: None,
        "id": {"any_": _ids("flow"), "not_any_": _ids("flow")},
        "deployment": {OPERATOR: None, "is_null_": _flag},
        "name": {"any_": _words(words.FLOW_NAMES), "like_": _like},
        "tags": {OPERATOR: None, "all_": _words(words.TAGS), "is_null_": _flag},
    },
    "flow_runs": {
        OPERATOR: None,
        "id": {"any_": _ids("run"), "not_any_": _ids("run")},
        "name": {"any_": _words(words.RUN_NAMES), "like_": _run_like},
        "tags": {
            OPERATOR: None,
            "all_": _words(words.TAGS, ["auto-scheduled"]),
            "any_": _words(words.TAGS, ["auto-scheduled"]),
            "is_null_": _flag,
        },
        "deployment_id": {OPERATOR: None, "any_": _ids("d"), "is_null_": _flag},
        "work_queue_name": {
            OPERATOR: None,
            "any_": _words(words.QUEUES, words.LOOSE_QUEUES, ["default"]),
            "is_null_": _flag,
        },
        "state": {
            OPERATOR: None,
            "type": {"any_": _types, "not_any_": _types},
            "name": {"any_": _words(words.STATE_NAMES), "not_any_": _words(words.STATE_NAMES)},
        },
        "flow_version": {"any_": _words(words.VERSIONS)},
        "start_time": {"before_": _moment, "after_": _moment, "is_null_": _flag},
        "end_time": {"before_": _moment, "after_": _moment, "is_null_": _flag},
        "expected_start_time": {"before_": _moment, "after_": _moment},
        "next_scheduled_start_time": {"before_": _moment, "after_": _moment},
        "parent_flow_run_id": {OPERATOR: None, "any_": _ids("run")},
        "parent_task_run_id": {OPERATOR: None, "any_": _ids("task"), "is_null_": _flag},
        "idempotency_key": {
            "any_": _words([f"key {number}" for number in range(words.RUNS)]),
            "not_any_": _words([f"key {number}" for number in range(words.RUNS)]),
        },
        "created_by": {
            OPERATOR: None,
            "id_": _ids("d"),
            "type_": _words(["SCHEDULE", "USER"]),
            "is_null_": _flag,
        },
    },
    "task_runs": {
        OPERATOR: None,
        "id": {"any_": _ids("task")},
        "name": {"any_": _words(words.TASK_NAMES), "like_": _like},
        "tags": {OPERATOR: None, "all_": _words(words.TAGS), "is_null_": _flag},
        "state": {
            OPERATOR: None,
            "type": {"any_": _types},
            "name": {"any_": _words(words.STATE_NAMES)},
        },
        "start_time": {"before_": _moment, "after_": _moment, "is_null_": _flag},
        "end_time": {"before_": _moment, "after_": _moment, "is_null_": _flag},
        "expected_start_time": {"before_": _moment, "after_": _moment},
        "subflow_runs": {"exists_": _flag},
        "flow_run_id": {OPERATOR: None, "any_": _ids("run"), "is_null_": _flag},
    },
    "deployments": {
        OPERATOR: None,
        "id": {"any_": _ids("d"), "not_any_": _ids("d")},
        "name": {"any_": _names, "like_": _like},
        "flow_or_deployment_name": {"like_": _like},
        "paused": {"eq_": _flag},
        "tags": {
            OPERATOR: None,
            "all_": _words(words.TAGS),
            "any_": _words(words.TAGS),
            "is_null_": _flag,
        },
        "work_queue_name": {"any_": _words(words.QUEUES, words.LOOSE_QUEUES, ["default"])},
        "concurrency_limit": {"ge_": _number, "le_": _number, "is_null_": _flag},
    },
    "work_pools": {
        OPERATOR: None,
        "id": {"any_": _ids("pool")},
        "name": {"any_": _words(words.POOLS, ["default-agent-pool"])},
        "type": {"any_": _words(words.POOL_TYPES, ["prefect-agent"])},
    },
    "work_pool_queues": {
        OPERATOR: None,
        "id": {"any_": _ids("queue", "loose")},
        "name": {
            "any_": _words(words.QUEUES, words.LOOSE_QUEUES, ["default"]),
            "startswith_": _words(["h", "H", "a_", "leg", "%b", ""]),
        },
    },
}
SORTS: Final = ["NAME_ASC", "NAME_DESC", "CREATED_DESC", "UPDATED_DESC"]
_WEIGHTS: Final = {"deployments": 5, "flow_runs": 4, "flows": 2, "task_runs": 2}
NULL_SHARE: Final = 0.06
EMPTY_SHARE: Final = 0.06


def filters(rng: Random, world: World) -> dict[str, Any]:
    """Up to three of the six filters."""
    names = list(CRITERIA)
    weights = [_WEIGHTS.get(name, 1) for name in names]
    chosen = set(rng.choices(names, weights, k=rng.choice([0, 1, 1, 1, 2, 2, 3])))
    return {name: a_filter(rng, world, name) for name in names if name in chosen}


def a_filter(rng: Random, world: World, name: str) -> Any:
    """One filter: an object of criteria, at times null or empty."""
    if rng.random() < NULL_SHARE:
        return None
    table = CRITERIA[name]
    criteria = [key for key in table if key != OPERATOR]
    count = 0 if rng.random() < EMPTY_SHARE else rng.choice([1, 1, 1, 2, 2, 3, 4])
    chosen = rng.sample(criteria, min(count, len(criteria)))
    return _object(rng, world, table, chosen, operator_share=0.6)


def _object(
    rng: Random, world: World, table: dict[str, Any], chosen: list[str], operator_share: float
) -> dict[str, Any]:
    found = {key: _criterion(rng, world, table[key]) for key in chosen}
    if OPERATOR in table and rng.random() < operator_share:
        found[OPERATOR] = rng.choice(["and_", "or_", "or_"])
    return found


def _criterion(rng: Random, world: World, table: Any) -> Any:
    if rng.random() < NULL_SHARE:
        return None
    if not isinstance(table, dict):
        return table(rng, world)
    keys = [key for key in table if key != OPERATOR]
    count = 0 if rng.random() < EMPTY_SHARE else rng.choice([1, 1, 1, 2, 2])
    chosen = rng.sample(keys, min(count, len(keys)))
    return _object(rng, world, table, chosen, operator_share=0.4)


def query(rng: Random, world: World) -> Request:
    """A count, filter or paginate of deployments; counts are cheap for a server, so they lead."""
    kind = rng.choices(["count", "filter", "paginate"], [5, 2, 3])[0]
    body = filters(rng, world)
    if kind != "count":
        body |= _window(rng, kind)
    return Request(kind, "POST", f"/deployments/{kind}", body)


def _window(rng: Random, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {"limit": rng.choice([0, 1, 1, 2, 2, 3, 3, 5, "2", 1.0, True])}
    if rng.random() < 0.03:
        found["limit"] = rng.choice([None, 200])
    if rng.random() < 0.6:
        place = rng.choice([0, 1, 2, 3, 5, 11, 40, None])
        if kind == "filter":
            found["offset"] = place
        else:
            found["page"] = None if place is None else place + 1
    if rng.random() < 0.7:
        found["sort"] = rng.choice([*SORTS, None])
    return found


# Sorts that decide an order among runs that share times would be open: these are compared as sets.
def supporting_query(rng: Random, world: World) -> Request:
    """A query of the objects around the deployments."""
    kind = "supporting query"
    body = filters(rng, world)
    path = rng.choice(
        [
            "/flows/count",
            "/flows/filter",
            "/flow_runs/filter",
            "/task_runs/filter",
            "/work_pools/filter",
            f"/work_pools/{rng.choice(words.POOLS)}/queues/filter",
        ]
    )
    if path.startswith("/work_pools"):
        body = {"work_pools": a_filter(rng, world, "work_pools")} if path.count("/") == 2 else {}
    if path.endswith("/filter"):
        body["limit"] = 200
    return Request(kind, "POST", path, body, unordered=True)
