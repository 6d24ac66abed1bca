"""Operations on task runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_server import query
from mock_server.call import Call, Reply
from mock_server.operations.parts import views
from mock_server.operations.parts.records_and_bodies import NO_CONTENT, by_id, full, newborn, sent
from mock_server.operations.parts.run_names import run_name
from mock_server.operations.parts.search import filters, page_of, search
from mock_server.operations.parts.states import NO_STATE, enter, requested_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

POLICY: Final[Mapping[str, Any]] = {
    "max_retries": 0,
    "retry_delay_seconds": 0.0,
    "retries": None,
    "retry_delay": None,
    "retry_jitter_factor": None,
}


def create_task_run(call: Call) -> Reply:
    """Make a task run: 201, or 200 with the one of this flow run and these keys."""
    store, request = call.store, full(call)
    existing = _existing(store, request)
    if existing is not None:
        return Reply(200, views.task_run(store, existing))
    run = store.insert("task_runs", new_task_run(store, request))
    state = requested_state(store, sent(call).get("state"), "PENDING")
    entered = enter(store, "task_runs", run, state)
    return Reply(201, views.as_sent(views.task_run(store, entered), entered))


def _existing(store: Store, request: Mapping[str, Any]) -> Record | None:
    keys = {name: request[name] for name in ("flow_run_id", "task_key", "dynamic_key")}
    if keys["flow_run_id"] is not None:
        return store.find("task_runs", **keys)
    same_task = store.group("task_runs", task_key=keys["task_key"])
    return next((run for run in same_task if keys.items() <= run.items()), None)


def new_task_run(store: Store, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a task run that is in no state yet."""
    return {
        **newborn(store, fields),
        "name": fields.get("name") or run_name(store.rng),
        "flow_run_id": fields.get("flow_run_id"),
        "task_key": fields["task_key"],
        "dynamic_key": fields["dynamic_key"],
        "cache_key": fields.get("cache_key"),
        "cache_expiration": fields.get("cache_expiration"),
        "task_version": fields.get("task_version"),
        "empirical_policy": _policy(fields.get("empirical_policy")),
        "tags": fields.get("tags") or [],
        "labels": _labels(store, fields),
        "task_inputs": fields.get("task_inputs") or {},
        "flow_run_run_count": 0,
        **NO_STATE,
    }


def _policy(sent_policy: Mapping[str, Any] | None) -> dict[str, Any]:
    given = {key: value for key, value in (sent_policy or {}).items() if value is not None}
    merged = {**POLICY, **given}
    return {**merged, "retry_delay_seconds": float(merged["retry_delay_seconds"])}


def _labels(store: Store, fields: Mapping[str, Any]) -> dict[str, Any]:
    sent_labels = fields.get("labels") or {}
    flow_run = store.get("flow_runs", fields.get("flow_run_id"))
    if flow_run is None:
        return dict(sent_labels)
    system = {"prefect.flow-run.id": flow_run["id"]}
    return {**(flow_run["labels"] or {}), **system, **sent_labels}


def read_task_run(call: Call) -> Reply:
    """One task run by its id."""
    return Reply(200, views.task_run(call.store, by_id(call, "task_runs", "Task not found")))


def delete_task_run(call: Call) -> Reply:
    """Delete a task run."""
    call.store.delete("task_runs", by_id(call, "task_runs", "Task not found")["id"])
    return NO_CONTENT


def read_task_runs(call: Call) -> Reply:
    """The task runs that match, sorted, one stretch of them."""
    return search(call, "task_runs", views.task_run)


def paginate_task_runs(call: Call) -> Reply:
    """One page of the task runs that match."""
    return page_of(call, "task_runs", views.task_run_on_page)


def count_task_runs(call: Call) -> Reply:
    """How many task runs match."""
    return Reply(200, query.count(call.store.data(), "task_runs", filters(call)))
