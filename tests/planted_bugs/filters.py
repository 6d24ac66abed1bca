"""Bugs in what filters mean."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from tests.planted_bugs.kinds import (
    all_rows,
    changes_value,
    everywhere,
    ignores,
    reach,
    recut,
    recuts,
    rewrites,
    searches,
    takes_for,
)
from tests.planted_bugs.plant import SEARCHES, Act, Bug, Request, Response, Server

FINDERS: Final = frozenset({"count_deployments", "read_deployments", "paginate_deployments"})


def _bug(name: str, act: Act) -> Bug:
    return Bug(name, act, FINDERS)


def _operator(was: str, now: str, *places: str) -> Act:
    """An object's operator is taken for the other one."""

    def change(body: Any) -> Any:
        held = reach(body, *places)
        if held is not None and held.get("operator", "and_") == was:
            held["operator"] = now
        return body

    return searches(change)


def _emptied(word: str) -> Act:
    """An empty list is as if it was not there."""

    def change(held: dict[str, Any]) -> None:
        if held.get(word) == []:
            del held[word]

    return searches(everywhere(change))


def _flipped(place: str) -> Act:
    return changes_value(place, lambda value: value in {False, "false", "no"})


def _shifted(place: str, **step: int) -> Act:
    """A bound is not at the instant that it names."""

    def change(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return (datetime.fromisoformat(value) + timedelta(**step)).isoformat()

    return changes_value(place, change)


def _swapped(filter_name: str, criterion: str) -> Act:
    def change(body: Any) -> Any:
        held = reach(body, filter_name, criterion)
        if held is not None:
            before, after = held.pop("before_", None), held.pop("after_", None)
            held |= {"before_": after, "after_": before}
        return body

    return searches(change)


def _like(keeps: Any) -> Act:
    """`deployments.name.like_` is a test of its own making on top of the right one."""

    def change(found: list[dict[str, Any]], body: dict[str, Any]) -> list[dict[str, Any]]:
        pattern = _pattern(body)
        return [row for row in found if keeps(row["name"], pattern)]

    return recuts(change, lambda body: bool(_pattern(body)))


def _pattern(body: dict[str, Any]) -> str:
    """The pattern, where it alone decides: no alternative beside it."""
    held = reach(body, "deployments") or {}
    if held.get("operator") == "or_":
        return ""
    return (held.get("name") or {}).get("like_") or ""


def _null_matches_nothing(body: Any) -> Any:
    held = reach(body, "deployments")
    if held is not None and any(value is None for value in held.values()):
        held.clear()
        held["id"] = {"any_": []}
    return body


def _empty_related_is_none(body: Any) -> Any:
    """`{}` for related models is taken for no filter at all."""
    for name in ("flow_runs", "task_runs", "work_pools", "work_pool_queues"):
        if body.get(name) == {}:
            del body[name]
    return body


def _one_name_only(body: Any) -> Any:
    """`flow_or_deployment_name` looks at the deployment's name only."""
    held = reach(body, "deployments")
    if held is not None and isinstance(held.get("flow_or_deployment_name"), dict):
        like = held.pop("flow_or_deployment_name")
        held.setdefault("name", like)
    return body


async def _runs_apart(request: Request, server: Server) -> Response:
    """Filters of runs and of task runs may hold for different runs of a deployment."""
    body = request.json
    if request.path not in SEARCHES or not isinstance(body, dict):
        return await server(request)
    honest = await server(request)
    if not honest.ok or body.get("flow_runs") is None or body.get("task_runs") is None:
        return honest
    ones = await all_rows(request, server, {**body, "task_runs": None})
    others = await all_rows(request, server, {**body, "flow_runs": None})
    ids = {row["id"] for row in others}
    both = [row for row in ones if row["id"] in ids]
    return honest.having(recut(request.path, body, both, honest.json))


def _upper_ids_unknown(body: Any) -> Any:
    """Ids are compared as text: upper case matches nothing."""
    held = reach(body, "deployments", "id")
    if held is not None and isinstance(held.get("any_"), list):
        held["any_"] = [one for one in held["any_"] if one == one.lower()]
    return body


IGNORED: Final = [
    "deployments.id.any_",
    "deployments.id.not_any_",
    "deployments.name.any_",
    "deployments.name.like_",
    "deployments.flow_or_deployment_name",
    "deployments.paused",
    "deployments.tags.all_",
    "deployments.tags.any_",
    "deployments.tags.is_null_",
    "deployments.work_queue_name",
    "flows.id.any_",
    "flows.id.not_any_",
    "flows.name.any_",
    "flows.name.like_",
    "flows.tags.all_",
    "flows.tags.is_null_",
    "flow_runs.id.any_",
    "flow_runs.id.not_any_",
    "flow_runs.name.any_",
    "flow_runs.name.like_",
    "flow_runs.tags.all_",
    "flow_runs.tags.any_",
    "flow_runs.tags.is_null_",
    "flow_runs.deployment_id.any_",
    "flow_runs.work_queue_name.any_",
    "flow_runs.work_queue_name.is_null_",
    "flow_runs.state.type.any_",
    "flow_runs.state.type.not_any_",
    "flow_runs.state.name.any_",
    "flow_runs.state.name.not_any_",
    "flow_runs.flow_version.any_",
    "flow_runs.start_time.before_",
    "flow_runs.start_time.after_",
    "flow_runs.start_time.is_null_",
    "flow_runs.end_time.before_",
    "flow_runs.end_time.is_null_",
    "flow_runs.expected_start_time.before_",
    "flow_runs.expected_start_time.after_",
    "flow_runs.next_scheduled_start_time.before_",
    "flow_runs.next_scheduled_start_time.after_",
    "flow_runs.parent_flow_run_id.any_",
    "flow_runs.parent_task_run_id.any_",
    "flow_runs.parent_task_run_id.is_null_",
    "flow_runs.idempotency_key.any_",
    "flow_runs.idempotency_key.not_any_",
    "flow_runs.created_by.type_",
    "flow_runs.created_by.is_null_",
    "task_runs.id.any_",
    "task_runs.name.any_",
    "task_runs.name.like_",
    "task_runs.tags.all_",
    "task_runs.tags.is_null_",
    "task_runs.state.type.any_",
    "task_runs.state.name.any_",
    "task_runs.start_time.before_",
    "task_runs.start_time.is_null_",
    "task_runs.end_time.after_",
    "task_runs.expected_start_time.before_",
    "task_runs.subflow_runs",
    "task_runs.flow_run_id.any_",
    "work_pools.id.any_",
    "work_pools.name.any_",
    "work_pools.type.any_",
    "work_pool_queues.id.any_",
    "work_pool_queues.name.any_",
    "work_pool_queues.name.startswith_",
]

BUGS: Final = [
    *(_bug(f"{place} is ignored", ignores(place)) for place in IGNORED),
    _bug("the filter of flows is ignored", ignores("flows")),
    _bug("the filter of flow runs is ignored", ignores("flow_runs")),
    _bug("the filter of work pools is ignored", ignores("work_pools")),
    _bug("tags.all_ acts as any_", takes_for("deployments.tags.all_", "any_")),
    _bug("tags.any_ acts as all_", takes_for("deployments.tags.any_", "all_")),
    _bug("id.not_any_ acts as any_", takes_for("deployments.id.not_any_", "any_")),
    _bug(
        "state.type.not_any_ acts as any_",
        takes_for("flow_runs.state.type.not_any_", "any_"),
    ),
    _bug("name.any_ takes the first only", changes_value("deployments.name.any_", lambda v: v[:1])),
    _bug("tags.all_ takes the last only", changes_value("deployments.tags.all_", lambda v: v[-1:])),
    _bug("like_ minds the case", _like(lambda name, pattern: pattern.strip("%_") in name)),
    _bug(
        "like_ is a prefix",
        _like(lambda name, pattern: name.lower().startswith(pattern.strip("%").lower())),
    ),
    _bug("like_ wants the whole name", _like(lambda name, pattern: len(name) <= len(pattern))),
    _bug(
        "% in like_ is a plain character", _like(lambda name, like: "%" not in like or "%" in name)
    ),
    _bug("and_ acts as or_", _operator("and_", "or_", "deployments")),
    _bug("or_ acts as and_", _operator("or_", "and_", "deployments")),
    _bug("or_ inside tags acts as and_", _operator("or_", "and_", "deployments", "tags")),
    _bug("or_ among flow runs acts as and_", _operator("or_", "and_", "flow_runs")),
    _bug("or_ among flows acts as and_", _operator("or_", "and_", "flows")),
    _bug("an empty any_ matches all", _emptied("any_")),
    _bug("a null criterion matches nothing", searches(_null_matches_nothing)),
    _bug("an empty related filter is none", searches(_empty_related_is_none)),
    _bug("tags.is_null_ is inverted", _flipped("deployments.tags.is_null_")),
    _bug("paused is inverted", _flipped("deployments.paused.eq_")),
    _bug("start_time.is_null_ is inverted", _flipped("flow_runs.start_time.is_null_")),
    _bug("before_ and after_ are swapped", _swapped("flow_runs", "expected_start_time")),
    _bug("task runs: before_ and after_ are swapped", _swapped("task_runs", "expected_start_time")),
    _bug(
        "before_ is exclusive",
        _shifted("flow_runs.expected_start_time.before_", microseconds=-1),
    ),
    _bug(
        "after_ is exclusive",
        _shifted("flow_runs.next_scheduled_start_time.after_", microseconds=1),
    ),
    _bug("times are off by an hour", _shifted("flow_runs.expected_start_time.before_", hours=-1)),
    _bug("run and task run need not belong together", _runs_apart),
    _bug("flow_or_deployment_name looks at one name", searches(_one_name_only)),
    _bug("an id in upper case is unknown", searches(_upper_ids_unknown)),
    Bug(
        "count is not filtered",
        rewrites("/deployments/count", lambda _: {}),
        frozenset({"count_deployments"}),
    ),
    Bug(
        "count looks at the filter of deployments only",
        rewrites("/deployments/count", lambda body: {"deployments": body.get("deployments")}),
        frozenset({"count_deployments"}),
    ),
]
