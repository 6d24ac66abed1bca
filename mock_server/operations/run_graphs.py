"""Operations that tell what a flow run consists of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from mock_server import query
from mock_server.call import Call, Reply
from mock_server.errors import ApiError, BadRequest
from mock_server.operations.parts.event_filters import RESOURCE_ID
from mock_server.operations.parts.search import filters
from openapi import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mock_server.store import Store
    from mock_server.store.tables import Record

MOST_NODES: Final = 10_000
AROUND: Final = "__parents__"
"""Among the inputs of a task run: not what it took, but the task runs that it was started in."""


def read_task_run_counts_by_state(call: Call) -> Reply:
    """How many task runs that match are in a state of each type."""
    matching = query.select(call.store.data(), "task_runs", filters(call))
    found = Counter(run["state_type"] for run in matching)
    types = load()["components"]["schemas"]["CountByState"]["required"]
    return Reply(200, {name: found[name] for name in types})


def read_flow_run_graph_v2(call: Call) -> Reply:
    """The task runs and flow runs within a flow run, who took what of whom, and its states.

    Raises:
        ApiError: 404, there is no such run.
        BadRequest: there are too many nodes.
    """
    store, identity, since = call.store, call.path["id"], call.query.get("since")
    run = store.get("flow_runs", identity)
    if run is None:
        raise ApiError(404, {"exception_message": f"Flow run {identity} not found"})
    nodes = [
        node
        for node in _shown(list(_nodes(store, identity)))
        if since is None or node["end_time"] is None or node["end_time"] >= since
    ]
    if len(nodes) > MOST_NODES:
        raise BadRequest(f"The graph of flow run {identity} has more than {MOST_NODES} nodes.")
    answer = {
        "start_time": run["start_time"] or run["expected_start_time"],
        "end_time": run["end_time"],
        "root_node_ids": [node["id"] for node in nodes if not node["parents"]],
        "nodes": [(node["id"], node) for node in nodes],
        "artifacts": [],
        "states": _states(store, run),
    }
    return Reply(200, answer)


@dataclass(frozen=True, slots=True)
class _Node:
    """A task run, or a flow run in the place of the task run that stands for it.

    Attributes:
        fields: what is shown of it, besides its edges.
        inputs: the ids that the task run has among its inputs, None for what is no run's; each
            with whether it is what the task run was started in. At least one.
    """

    fields: Mapping[str, Any]
    inputs: Sequence[tuple[str | None, bool]]


def _nodes(store: Store, flow_run_id: str) -> Iterator[_Node]:
    for task in store.group("task_runs", flow_run_id=flow_run_id):
        inputs = list(_inputs(task)) or [(None, False)]
        within = store.group("flow_runs", parent_task_run_id=task["id"])
        for fields in [_within(store, run, task) for run in within] or [_task(task)]:
            if fields["start_time"] is not None:
                yield _Node(fields, inputs)


def _inputs(task: Record) -> Iterator[tuple[str | None, bool]]:
    for name, values in task["task_inputs"].items():
        ids = [value.get("id") for value in values] or [None]
        for identity in ids:
            yield identity, name == AROUND


def _task(task: Record) -> dict[str, Any]:
    end = task["end_time"]
    if end is None and task["state_type"] == "COMPLETED":
        end = task["expected_start_time"]
    return {
        "kind": "task-run",
        "id": task["id"],
        "label": task["name"],
        "state_type": task["state_type"],
        "start_time": task["start_time"] or task["expected_start_time"],
        "end_time": end,
    }


def _within(store: Store, run: Record, task: Record) -> dict[str, Any]:
    otherwise = _task(task)
    flow = store.tables["flows"].records[run["flow_id"]]
    return {
        "kind": "flow-run",
        "id": run["id"],
        "label": f"{flow['name']} / {run['name']}",
        "state_type": run["state_type"] or otherwise["state_type"],
        "start_time": run["start_time"] or run["expected_start_time"] or otherwise["start_time"],
        "end_time": run["end_time"] or otherwise["end_time"],
    }


def _shown(nodes: Sequence[_Node]) -> list[dict[str, Any]]:
    """The nodes as they are answered, the earliest first.

    The server joins inputs with inputs: a run that took something stands with each who took of it
    as often as it has inputs itself.
    """
    times = {node.fields["id"]: len(node.inputs) for node in nodes}
    children: dict[str, list[str]] = {identity: [] for identity in times}
    parents: dict[str, list[str]] = {identity: [] for identity in times}
    around: dict[str, dict[str, None]] = {identity: {} for identity in times}
    for node in nodes:
        own = node.fields["id"]
        for other, encloses in node.inputs:
            if other is None or other not in times:
                continue
            if encloses:
                around[own][other] = None
            else:
                parents[own] += [other] * times[other]
                children[other] += [own] * times[other]
    shown = [
        {
            **node.fields,
            "parents": _edges(parents[node.fields["id"]]),
            "children": _edges(children[node.fields["id"]]),
            "encapsulating": _edges(around[node.fields["id"]]),
            "artifacts": [],
        }
        for node in nodes
    ]
    # What has not ended comes before what has.
    shown.sort(key=lambda node: (node["start_time"], node["end_time"] or node["start_time"]))
    return shown


def _edges(ids: Sequence[str] | Mapping[str, None]) -> list[dict[str, str]]:
    return [{"id": identity} for identity in ids]


def _states(store: Store, run: Record) -> list[dict[str, Any]]:
    """The states of a run, the earliest first.

    Those that it has left stand in the events that told of them, as far as those are kept.
    """
    resource = f"prefect.flow-run.{run['id']}"
    found = {
        event["id"]: {
            "id": event["id"],
            "timestamp": datetime.fromisoformat(told["prefect.state-timestamp"]),
            "type": told["prefect.state-type"],
            "name": told["prefect.state-name"],
        }
        for event in store.all("events")
        if (told := event["resource"]).get(RESOURCE_ID) == resource
        and "prefect.state-timestamp" in told
    }
    state = run["state"]
    if state is not None:
        found[state["id"]] = {key: state[key] for key in ("id", "timestamp", "type", "name")}
    return sorted(found.values(), key=lambda shown: shown["timestamp"])
