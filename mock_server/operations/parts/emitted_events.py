"""Events: what the server tells of changes to deployments, flows and flow runs.

Which changes are told, and what is told of them, is the released server's way: an update that
changes nothing says nothing, pausing and resuming by their own operations neither.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

    Resource = dict[str, str | None]

KEPT: Final = 5_000
"""How many events are kept; older ones are forgotten, so that memory has a bound."""

LONGEST_MESSAGE: Final = 100_000
REMEMBERED: Final = timedelta(minutes=5)
"""For how long what is around a run is told as it was told first, whatever has changed since."""

CHANGES: Final[Mapping[str, str]] = {
    "description": "description",
    "tags": "tags",
    "parameters": "parameters",
    "parameter_openapi_schema": "parameter_openapi_schema",
    "enforce_parameter_schema": "enforce_parameter_schema",
    "entrypoint": "entrypoint",
    "path": "path",
    "pull_steps": "pull_steps",
    "work_queue_id": "work_queue_id",
    "job_variables": "infra_overrides",
    "paused": "paused",
    "labels": "labels",
    "version": "version",
    "concurrency_limit_id": "concurrency_limit_id",
    "concurrency_options": "concurrency_options",
}
"""Field of a deployment -> its name in the event that tells of its change; no others are told."""


def emit(
    store: Store,
    name: str,
    resource: Resource,
    *,
    related: Iterable[Resource] = (),
    payload: Mapping[str, Any] | None = None,
    identity: str | None = None,
    follows: str | None = None,
) -> None:
    """Keep an event that occurs now.

    Args:
        store: where to.
        name: what happened, such as `prefect.deployment.created`.
        resource: labels of what it happened to.
        related: labels of what else has to do with it.
        payload: more about it.
        identity: its id; a fresh one unless told.
        follows: the id of the event before it.
    """
    now = store.now()
    add(
        store,
        {
            "id": identity or store.new_ordered_id(),
            "occurred": now,
            "event": name,
            "resource": resource,
            "related": list(related),
            "payload": dict(payload or {}),
            "follows": follows,
            "received": now,
        },
    )


def add(store: Store, event: Record) -> None:
    """Keep an event, and forget the oldest if there are too many; one that is known is left."""
    if store.get("events", event["id"]) is not None:
        return
    store.insert("events", event)
    records = store.tables["events"].records
    if len(records) > KEPT:
        store.delete("events", next(iter(records)))


# -- deployments


def deployment(
    store: Store, what: str, record: Record, payload: Mapping[str, Any] | None = None
) -> None:
    """Tell that a deployment was `created` or `deleted`, or that it is `ready`."""
    emit(
        store,
        f"prefect.deployment.{what}",
        _resource("deployment", record),
        related=_around(store, record),
        payload=payload,
    )


def deployment_update(store: Store, before: Record, after: Record) -> None:
    """Tell what has changed of a deployment, if anything has that is told."""
    updates = {
        shown: {"from": before[field], "to": after[field]}
        for field, shown in CHANGES.items()
        if before[field] != after[field]
    }
    if updates:
        payload = {"updated_fields": list(updates), "updates": updates}
        deployment(store, "updated", after, payload)


def _around(store: Store, record: Record) -> list[Resource]:
    """The flow, the queue and the pool of a deployment, its documents and its limit."""
    around = []
    flow = store.get("flows", record["flow_id"])
    if flow is not None:
        around.append(_resource("flow", flow, role="flow"))
    queue = store.get("work_queues", record["work_queue_id"])
    pool = None if queue is None else store.get("work_pools", queue["work_pool_id"])
    if queue is not None:
        around.append(_resource("work-queue", queue, role="work-queue"))
    if pool is not None:
        around.append(_pool(pool))
    for field, kind, role in (
        ("storage_document_id", "block-document", "storage"),
        ("infrastructure_document_id", "block-document", "infrastructure"),
        ("concurrency_limit_id", "concurrency-limit", "concurrency-limit"),
    ):
        if record[field] is not None:
            around.append(_labels(kind, record[field], role=role))
    return around


# -- flows


def flow(store: Store, what: str, record: Record) -> None:
    """Tell that a flow was `created`, `updated` or `deleted`."""
    payload = {key: record[key] for key in ("name", "tags", "labels")}
    emit(store, f"prefect.flow.{what}", _resource("flow", record), payload=payload)


# -- flow runs


def flow_run_state(store: Store, run: Record, before: Record | None) -> None:
    """Tell of the state that a flow run has entered; the event has the id of the state."""
    state = run["state"]
    message = (state["message"] or "")[:LONGEST_MESSAGE]
    resource: Resource = {
        **_resource("flow-run", run),
        "prefect.run-count": str(run["run_count"]),
        "prefect.state-message": message,
        "prefect.state-name": state["name"] or "",
        "prefect.state-timestamp": state["timestamp"].isoformat(),
        "prefect.state-type": state["type"],
    }
    payload = {
        "intended": {"from": before and before["type"], "to": state["type"]},
        "initial_state": _state(before),
        "validated_state": _state(state),
    }
    emit(
        store,
        f"prefect.flow-run.{state['name']}",
        resource,
        related=_remembered(store, before) or _around_run(store, run),
        payload=payload,
        identity=state["id"],
        follows=before["id"] if before is not None and _is_recent(store, before) else None,
    )


def _is_recent(store: Store, state: Record) -> bool:
    return bool(abs(store.now() - state["timestamp"]) < REMEMBERED)


def _remembered(store: Store, before: Record | None) -> list[Resource] | None:
    """What was told to be around a run, from the first time on for as long as that is remembered.

    Events follow each other only for as long: before the first of them, all is forgotten.
    """
    told: list[Record] = []
    identity: str | None = None if before is None else before["id"]
    while event := store.get("events", identity):
        told.append(event)
        identity = event["follows"]
    first: Record | None = None
    for event in reversed(told):
        if first is None or event["occurred"] - first["occurred"] >= REMEMBERED:
            first = event
    if first is None or store.now() - first["occurred"] >= REMEMBERED:
        return None
    return list(first["related"])


def _state(state: Record | None) -> dict[str, str] | None:
    if state is None:
        return None
    told = {"type": state["type"], "name": state["name"], "message": state["message"]}
    if state["message"]:
        told["message"] = state["message"][:LONGEST_MESSAGE]
    if state["type"] == "PAUSED":
        told["pause_reschedule"] = str(state["state_details"]["pause_reschedule"]).lower()
    return {key: value for key, value in told.items() if value}


def _around_run(store: Store, run: Record) -> list[Resource]:
    """The flow, deployment, queue, pool and parent of a run, and the tags of all of them."""
    queue = store.get("work_queues", run["work_queue_id"])
    pool = None if queue is None else store.get("work_pools", queue["work_pool_id"])
    kinds = {
        "flow": store.get("flows", run["flow_id"]),
        "deployment": store.get("deployments", run["deployment_id"]),
        "work-queue": queue,
        "work-pool": pool,
        "task-run": store.get("task_runs", run["parent_task_run_id"]),
    }
    around: list[Resource] = []
    tags = set(run["tags"])
    for kind, record in kinds.items():
        if record is not None:
            made = _pool(record) if kind == "work-pool" else _resource(kind, record, role=kind)
            around.append(made)
            tags |= set(record.get("tags") or ())
    around += [_labels("tag", tag, role="tag") for tag in sorted(tags)]
    creator = run["created_by"]
    if creator and creator["type"] in {"DEPLOYMENT", "AUTOMATION"}:
        labels = _labels(creator["type"].lower(), creator["id"], role="creator")
        if creator["display_value"]:
            labels["prefect.resource.name"] = creator["display_value"]
        around.append(labels)
    return around


# -- labels of resources


def _labels(kind: str, identity: str, *, role: str | None = None) -> Resource:
    labels: Resource = {"prefect.resource.id": f"prefect.{kind}.{identity}"}
    if role is not None:
        labels["prefect.resource.role"] = role
    return labels


def _resource(kind: str, record: Record, *, role: str | None = None) -> Resource:
    return {
        **_labels(kind, record["id"], role=role),
        "prefect.resource.name": record["name"],
    }


def _pool(pool: Record) -> Resource:
    return {
        **_resource("work-pool", pool, role="work-pool"),
        "prefect.work-pool.type": pool["type"],
    }
