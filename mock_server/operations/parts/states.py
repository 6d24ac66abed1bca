"""States of runs: how one is made of a request, and what it does to its run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from mock_server.operations.parts import emitted_events
from mock_server.operations.parts.views import TERMINAL_STATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

STATE_DETAILS: Final[Mapping[str, Any]] = {
    "flow_run_id": None,
    "task_run_id": None,
    "child_flow_run_id": None,
    "scheduled_time": None,
    "cache_key": None,
    "cache_expiration": None,
    "deferred": False,
    "untrackable_result": False,
    "pause_timeout": None,
    "pause_reschedule": False,
    "pause_key": None,
    "run_input_keyset": None,
    "refresh_cache": None,
    "retriable": None,
    "transition_id": None,
    "task_parameters_id": None,
    "traceparent": None,
    "deployment_concurrency_lease_id": None,
}

NO_STATE: Final[Mapping[str, Any]] = {
    "state_id": None,
    "state_type": None,
    "state_name": None,
    "run_count": 0,
    "expected_start_time": None,
    "next_scheduled_start_time": None,
    "start_time": None,
    "end_time": None,
    "total_run_time": 0.0,
    "state": None,
}
"""What a run has before its first state."""


def default_name(state_type: str) -> str:
    """The name of a state that was given none: its type, capitalised."""
    return " ".join(word.capitalize() for word in state_type.split("_"))


def new_state(
    store: Store,
    state_type: str,
    *,
    name: str | None = None,
    message: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> Record:
    """A state of now; a SCHEDULED one without a time is scheduled for now."""
    now = store.now()
    state_details = {**STATE_DETAILS, **(details or {})}
    if state_type == "SCHEDULED" and state_details["scheduled_time"] is None:
        state_details["scheduled_time"] = now
    return {
        "id": store.new_ordered_id(),
        "type": state_type,
        "name": default_name(state_type) if name is None else name,
        "timestamp": now,
        "message": message,
        "data": None,
        "state_details": state_details,
    }


def requested_state(store: Store, body: Mapping[str, Any] | None, otherwise: str) -> Record:
    """The state that a request describes, or one of the given type when it describes none."""
    if not body:
        return new_state(store, otherwise)
    details = body.get("state_details") or {}
    state = new_state(
        store,
        body["type"],
        name=body.get("name"),
        message=body.get("message"),
        details={key: value for key, value in details.items() if key in STATE_DETAILS},
    )
    return {**state, "data": body.get("data")}


def utc(value: datetime | None) -> datetime | None:
    """A time as the store keeps it: in UTC, whatever its offset was."""
    return None if value is None else value.astimezone(UTC)


def entered(run: Record, state: Record, *, resuming: bool = False) -> dict[str, Any]:
    """What changes in a run that enters a state.

    Args:
        run: the run as it is.
        state: the state that it enters.
        resuming: the run comes out of a pause, which is no further attempt.

    Returns:
        The changed fields: state, times, counts. `expected_start_time` and
        `next_scheduled_start_time` are in UTC.
    """
    before, at = run["state"], state["timestamp"]
    scheduled = state["type"] == "SCHEDULED"
    planned = utc(state["state_details"]["scheduled_time"]) if scheduled else None
    changes: dict[str, Any] = {
        "state": state,
        "state_id": state["id"],
        "state_type": state["type"],
        "state_name": state["name"],
        "next_scheduled_start_time": planned,
    }
    if not scheduled and (before is None or before["type"] != "SCHEDULED"):
        changes["next_scheduled_start_time"] = run["next_scheduled_start_time"]
    if run["expected_start_time"] is None:
        changes["expected_start_time"] = planned if scheduled else at
    changes |= _times(run, state["type"], at)
    if before is not None and before["type"] == "RUNNING":
        spent = (at - before["timestamp"]).total_seconds()
        changes["total_run_time"] = round(run["total_run_time"] + spent, 6)
    if state["type"] == "RUNNING" and not resuming:
        changes["run_count"] = run["run_count"] + 1
    return changes


def _times(run: Record, state_type: str, at: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if state_type == "RUNNING" and run["start_time"] is None:
        changes["start_time"] = at
    if state_type in TERMINAL_STATES:
        if run["end_time"] is None:
            changes["end_time"] = at
            if run["start_time"] is None:
                changes["start_time"] = at
    elif run["state_type"] in TERMINAL_STATES:
        changes["end_time"] = None
    return changes


def after(run: Record, state: Record) -> Record:
    """The state, a microsecond later when the run's last one bears the same time."""
    before = run["state"]
    if before is not None and before["timestamp"] == state["timestamp"]:
        return {**state, "timestamp": state["timestamp"] + timedelta(microseconds=1)}
    return state


def enter(
    store: Store,
    kind: str,
    run: Record,
    state: Record,
    *,
    resuming: bool = False,
    named: bool = True,
) -> Record:
    """Let a stored run enter a state; the run as it is then.

    The task run that a subflow stands for enters the same state.

    Args:
        store: the state of the server.
        kind: `flow_runs` or `task_runs`.
        run: the run.
        state: the state that it enters.
        resuming: the run comes out of a pause, which is no further attempt.
        named: whether the state tells which run it is of, and the run when it was updated;
            who plans many runs stamps them together.
    """
    flow_run = kind == "flow_runs"
    references = (
        {"flow_run_id": run["id"]}
        if flow_run
        else {"flow_run_id": run["flow_run_id"], "task_run_id": run["id"]}
    )
    parent = run["parent_task_run_id"] if flow_run else None
    if parent is not None:
        references["task_run_id"] = parent
    if not named:
        references = {}
    state = after(run, {**state, "state_details": {**state["state_details"], **references}})
    changes = entered(run, state, resuming=resuming)
    if named:
        changes["updated"] = store.tick_coarsely()
    changed = store.update(kind, run["id"], **changes)
    if flow_run and named:
        emitted_events.flow_run_state(store, changed, run["state"])
    parent_run = store.get("task_runs", parent)
    if parent_run is not None:
        details = {**state["state_details"], "child_flow_run_id": run["id"]}
        copy = {**state, "id": store.new_ordered_id(), "state_details": details}
        enter(store, "task_runs", parent_run, copy)
    return changed
