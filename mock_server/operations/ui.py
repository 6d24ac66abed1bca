"""Operations that the user interfaces ask: for their forms, and for figures in their lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_server.call import Call, Reply
from mock_server.errors import NotFound
from mock_server.operations.parts.parameter_checks import schema_errors
from mock_server.operations.parts.records_and_bodies import full

if TYPE_CHECKING:
    from mock_server.store import Store
    from mock_server.store.tables import Record

VIEWS: Final = frozenset(
    {
        *("aggregate-block-metadata", "aggregate-flow-metadata", "aggregate-worker-metadata"),
        "demo-flows",
    }
)
NEXT_RUN: Final = (
    *("id", "flow_id", "name", "state_name", "state_type"),
    "next_scheduled_start_time",
)


def validate_obj(call: Call) -> Reply:
    """Check values against a schema; values that do not fit are no error of the request."""
    body = full(call)
    return Reply(200, schema_errors(call.store, body["schema"], body["values"]))


def count_task_runs_by_flow_run(call: Call) -> Reply:
    """How many task runs each flow run has, without those that stand for a flow run."""
    ids = full(call)["flow_run_ids"]
    return Reply(200, {identity: _task_runs(call.store, identity) for identity in ids})


def _task_runs(store: Store, flow_run_id: str) -> int:
    runs = store.group("task_runs", flow_run_id=flow_run_id)
    return sum(not store.group_size("flow_runs", parent_task_run_id=run["id"]) for run in runs)


def count_deployments_by_flow(call: Call) -> Reply:
    """How many deployments each flow has."""
    ids, store = full(call)["flow_ids"], call.store
    return Reply(200, {flow: store.group_size("deployments", flow_id=flow) for flow in ids})


def next_runs_by_flow(call: Call) -> Reply:
    """The scheduled run of each flow that is due first; of several of one time, the newest."""
    return Reply(200, {flow: _next_run(call.store, flow) for flow in full(call)["flow_ids"]})


def _next_run(store: Store, flow_id: str) -> dict[str, Any] | None:
    waiting = [
        run
        for run in store.group("flow_runs", flow_id=flow_id)
        if run["state_type"] == "SCHEDULED" and run["next_scheduled_start_time"] is not None
    ]
    if not waiting:
        return None
    # The server keeps the last of several rows, in the order of their insertion.
    first: Record = min(reversed(waiting), key=lambda run: run["next_scheduled_start_time"])
    return {key: first[key] for key in NEXT_RUN}


def read_saved_searches(_: Call) -> Reply:
    """The searches that users kept: the mock keeps none."""
    return Reply(200, [])


def read_view_content(call: Call) -> Reply:
    """What the registry of packages says in one of its views; the mock has no such registry.

    Where it serves the web UI, that of the same prefect stands in its place (`web/registry.py`).

    Raises:
        NotFound: there is no such view.
    """
    check_view(call.path["view"])
    return Reply(200, {})


def check_view(view: str) -> None:
    """See that the registry has a view.

    Raises:
        NotFound: it has not.
    """
    if view not in VIEWS:
        raise NotFound(f"View {view} not found in registry")
