"""The same queries in SQL on SQLite: a second opinion, with SQL's own nulls, LIKE and order."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.mock_server.query.worlds import FIELDS, OWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mock_server.query import Data

Clause = tuple[str, list[Any]]
Step = tuple[str, str, "str | None", "tuple[Step, ...]"]
TRUE: Clause = ("1", [])


def stored(value: Any) -> Any:
    """A value as a column holds it."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def connect(data: Data) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    for entry in fields(data):
        columns = ["id", *FIELDS[entry.name]]
        connection.execute(f"CREATE TABLE {entry.name} ({', '.join(columns)})")
        marks = ", ".join("?" * len(columns))
        connection.executemany(
            f"INSERT INTO {entry.name} VALUES ({marks})",
            ([stored(record[name]) for name in columns] for record in getattr(data, entry.name)),
        )
    return connection


def answer(data: Data, kind: str, bodies: Mapping[str, Any], order: str = "rowid") -> list[str]:
    """The ids that match, in order."""
    where, values = request(kind, bodies)
    with closing(connect(data)) as connection:
        rows = connection.execute(f"SELECT id FROM {kind} WHERE {where} ORDER BY {order}", values)
        return [identity for (identity,) in rows]


# -- clauses


def joined(clauses: list[Clause], operator: str | None = None) -> Clause:
    if not clauses:
        return TRUE
    word = " OR " if operator == "or_" else " AND "
    return f"({word.join(sql for sql, _ in clauses)})", [v for _, vs in clauses for v in vs]


def exists(table: str, link: str, conditions: list[Clause]) -> Clause:
    where, values = joined([(link, []), *conditions])
    return f"EXISTS (SELECT 1 FROM {table} WHERE {where})", values


_POOL = ("work_pools", "work_pools.id = work_queues.work_pool_id", "work_pools", ())


def _queue(of: str, name: str | None = "work_pool_queues") -> Step:
    return ("work_queues", f"work_queues.id = {of}.work_queue_id", name, (_POOL,))


def _flow(of: str) -> Step:
    return ("flows", f"flows.id = {of}.flow_id", "flows", ())


def _runs(link: str) -> Step:
    return ("flow_runs", link, "flow_runs", (_TASK_RUNS,))


_TASK_RUNS: Step = ("task_runs", "task_runs.flow_run_id = flow_runs.id", "task_runs", ())
_PARENT: Step = ("deployments", "deployments.id = flow_runs.deployment_id", "deployments", ())
_CHILD = "deployments.flow_id = flows.id"
VIEWS: dict[str, tuple[Step, ...]] = {
    "deployments": (
        _flow("deployments"),
        _runs("flow_runs.deployment_id = deployments.id"),
        _queue("deployments"),
    ),
    "flows": (
        ("deployments", _CHILD, "deployments", (_queue("deployments", None),)),
        _runs("flow_runs.flow_id = flows.id"),
    ),
    "flow_runs": (_flow("flow_runs"), _PARENT, _queue("flow_runs"), _TASK_RUNS),
    "task_runs": (
        (
            "flow_runs",
            "flow_runs.id = task_runs.flow_run_id",
            "flow_runs",
            (_flow("flow_runs"), _PARENT, _queue("flow_runs")),
        ),
    ),
    "work_pools": (),
    "work_queues": (_POOL,),
}


def request(kind: str, bodies: Mapping[str, Any]) -> Clause:
    """All filters of a request: its own, and an EXISTS for each step to related records."""
    given = {name: own(name, body) for name, body in bodies.items() if body is not None}
    conditions = [given[OWN[kind]]] if OWN[kind] in given else []
    return joined(conditions + [clause for step in VIEWS[kind] for clause in related(step, given)])


def related(step: Step, given: Mapping[str, Clause]) -> list[Clause]:
    table, link, name, then = step
    conditions = [given[name]] if name in given else []
    conditions += [clause for further in then for clause in related(further, given)]
    return [exists(table, link, conditions)] if conditions else []


TABLES = {"work_pool_queues": "work_queues"}


def own(name: str, body: Mapping[str, Any]) -> Clause:
    """One filter: its criteria that count."""
    table = TABLES.get(name, name)
    clauses = [
        clause
        for key, criterion in body.items()
        if key != "operator" and criterion is not None and key != "concurrency_limit"
        for clause in criteria(table, key, criterion)
    ]
    return joined(clauses, body.get("operator"))


def criteria(table: str, key: str, body: Mapping[str, Any]) -> list[Clause]:
    if key == "state":
        parts = []
        for part, operators in body.items():
            if part != "operator" and operators is not None:
                column = f"{table}.state_{part}"
                clauses = [c for item in operators.items() for c in operator(table, column, *item)]
                parts += clauses if len(clauses) == 1 else []
        return [joined(parts, body.get("operator"))]
    if (table, key) == ("task_runs", "flow_run_id"):
        without = body.get("is_null_", False)
        if without or (without is not None and body.get("any_") is None):
            return [(f"task_runs.flow_run_id IS {'' if without else 'NOT'} NULL", [])]
        body = {"any_": body.get("any_")}
    clauses = [
        clause
        for name, value in body.items()
        if name != "operator"
        for clause in operator(table, f"{table}.{key}", name, value)
    ]
    if not clauses and body.get("startswith_") == [] and body.get("any_") is None:
        return []
    return [joined(clauses, body.get("operator"))]


def operator(table: str, column: str, name: str, value: Any) -> list[Clause]:
    if value is None:
        return []
    special = SPECIAL.get(column.partition(".")[2] if table != "flow_runs" else column)
    if special is not None:
        return special(column, name, value)
    return PLAIN[name](column, value)


def _in(column: str, values: list[Any]) -> list[Clause]:
    return [(f"{column} IN ({', '.join('?' * len(values))})", values)]


def _not_in(column: str, values: list[Any]) -> list[Clause]:
    return [(f"{column} NOT IN ({', '.join('?' * len(values))})", values)] if values else []


def _null(column: str, value: object) -> list[Clause]:
    return [(f"{column} IS {'' if value else 'NOT'} NULL", [])]


def _like(column: str, value: str) -> list[Clause]:
    return [like(column, f"%{value}%")] if value else []


def _starts(column: str, values: list[str]) -> list[Clause]:
    return [joined([like(column, f"{value}%") for value in values], "or_")] if values else []


PLAIN: dict[str, Callable[[str, Any], list[Clause]]] = {
    "any_": _in,
    "not_any_": _not_in,
    "is_null_": _null,
    "like_": _like,
    "startswith_": _starts,
    "eq_": lambda column, value: [(f"{column} IS ?", [value])],
    "before_": lambda column, value: [(f"{column} <= ?", [stored(value)])],
    "after_": lambda column, value: [(f"{column} >= ?", [stored(value)])],
}


def like(column: str, pattern: str) -> Clause:
    return f"lower({column}) LIKE lower(?)", [pattern]


def _tags(column: str, name: str, value: Any) -> list[Clause]:
    each = f"(SELECT value FROM json_each({column}))"
    match name:
        case "all_":
            return [joined([(f"? IN {each}", [tag]) for tag in value])] if value else []
        case "any_":
            return [joined([(f"? IN {each}", [tag]) for tag in value], "or_")] if value else [NEVER]
    return [(f"{column} {'=' if value else '!='} '[]'", [])]


NEVER: Clause = ("0", [])


def _started(column: str, name: str, value: Any) -> list[Clause]:
    if name == "is_null_":
        return _null(column, value)
    sign = "<=" if name == "before_" else ">="
    return [(f"coalesce({column}, flow_runs.expected_start_time) {sign} ?", [stored(value)])]


def _creator(column: str, name: str, value: Any) -> list[Clause]:
    if name == "is_null_":
        return _null(column, value)
    marks = ", ".join("?" * len(value))
    return [(f"json_extract({column}, '$.{name.rstrip('_')}') IN ({marks})", value)]


def _either_name(_: str, __: str, value: Any) -> list[Clause]:
    if not value:
        return []
    flow = exists("flows f", "f.id = deployments.flow_id", [like("f.name", f"%{value}%")])
    return [joined([like("deployments.name", f"%{value}%"), flow], "or_")]


def _without_deployment(_: str, __: str, value: Any) -> list[Clause]:
    word = "NOT IN" if value else "IN"
    return [(f"flows.id {word} (SELECT d.flow_id FROM deployments d)", [])]


def _parent(_: str, __: str, value: Any) -> list[Clause]:
    marks = ", ".join("?" * len(value))
    parents = f"SELECT t.id FROM task_runs t WHERE t.flow_run_id IN ({marks})"
    return [(f"flow_runs.parent_task_run_id IN ({parents})", value)]


def _subflow(_: str, __: str, value: Any) -> list[Clause]:
    found = "EXISTS (SELECT 1 FROM flow_runs r WHERE r.parent_task_run_id = task_runs.id)"
    return [(found if value else f"NOT {found}", [])]


SPECIAL = {
    "tags": _tags,
    "flow_runs.tags": _tags,
    "flow_runs.start_time": _started,
    "flow_runs.created_by": _creator,
    "flow_runs.parent_flow_run_id": _parent,
    "flow_or_deployment_name": _either_name,
    "deployment": _without_deployment,
    "subflow_runs": _subflow,
}
