"""What the operations on deployments share: labels, limits, schedules, and planned runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_server.operations.parts import emitted_events
from mock_server.operations.parts.records_and_bodies import newborn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record


def labels(store: Store, flow_id: str, sent: Mapping[str, Any] | None) -> dict[str, Any]:
    """A deployment's labels: its flow's, the system's, then those sent, which win."""
    flow = store.get("flows", flow_id)
    inherited = {} if flow is None else flow["labels"] or {}
    return {**inherited, "prefect.flow.id": flow_id, **(sent or {})}


def run_labels(deployment: Record, sent: Mapping[str, Any] | None) -> dict[str, Any]:
    """The labels of a deployment's flow run: the deployment's, the system's, then those sent."""
    system = {"prefect.flow.id": deployment["flow_id"], "prefect.deployment.id": deployment["id"]}
    return {**(deployment["labels"] or {}), **system, **(sent or {})}


def delete_planned_runs(
    store: Store, deployment_id: str, *, auto_only: bool, future_only: bool = False
) -> None:
    """Delete a deployment's runs that are SCHEDULED and have not started.

    Args:
        store: where from.
        deployment_id: whose runs.
        auto_only: only those that a schedule made.
        future_only: only those planned for a time that is still to come.
    """
    now = store.now()
    for run in store.group("flow_runs", deployment_id=deployment_id):
        if run["state_type"] != "SCHEDULED" or run["run_count"] != 0:
            continue
        if run["state_name"] == "AwaitingConcurrencySlot":
            continue
        if auto_only and not run["auto_scheduled"]:
            continue
        planned = run["next_scheduled_start_time"]
        if future_only and (planned is None or planned <= now):
            continue
        store.delete("flow_runs", run["id"])


def options(sent: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Concurrency options with every key; one that was not sent is null."""
    if sent is None:
        return None
    keys = ("collision_strategy", "grace_period_seconds")
    return {key: sent.get(key) for key in keys}


def with_parameter_schema(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a deployment, an empty parameter schema written out; null stays null."""
    if fields.get("parameter_openapi_schema") == {}:
        return {**fields, "parameter_openapi_schema": {"type": "object", "properties": {}}}
    return fields


def stored_schedule(store: Store, schedule: Mapping[str, Any]) -> dict[str, Any]:
    """A schedule as it is kept: an interval is anchored, a rule has a beginning."""
    kept = dict(schedule)
    if "interval" in kept and kept.get("anchor_date") is None:
        kept["anchor_date"] = store.now()
    if "rrule" in kept:
        from mock_server.scheduling.rrules import normalise_rrule  # noqa: PLC0415 - dateutil is slow to load

        kept["rrule"] = normalise_rrule(
            kept["rrule"], now=store.now(), timezone=kept.get("timezone")
        )
    return kept


def add_schedules(
    store: Store,
    deployment_id: str,
    schedules: Iterable[Mapping[str, Any]],
    *,
    keep_maximum: bool = False,
) -> list[Record]:
    """Insert schedules in the order given.

    Args:
        store: where to.
        deployment_id: whose schedules.
        schedules: what the request says of each, defaults filled in.
        keep_maximum: whether `max_scheduled_runs` is stored. It gets lost on the way through
            create and update of a deployment; only the schedules' own operations keep it.

    Raises:
        DuplicateKey: a slug is taken.
    """
    return [
        store.insert(
            "deployment_schedules",
            {
                **newborn(store),
                "deployment_id": deployment_id,
                "schedule": stored_schedule(store, schedule["schedule"]),
                "active": True if schedule.get("active") is None else schedule["active"],
                "max_scheduled_runs": schedule.get("max_scheduled_runs") if keep_maximum else None,
                "parameters": schedule.get("parameters") or {},
                "slug": schedule.get("slug"),
            },
        )
        for schedule in schedules
    ]


def delete_schedules(store: Store, deployment_id: str) -> None:
    """Delete every schedule of a deployment."""
    for schedule in store.group("deployment_schedules", deployment_id=deployment_id):
        store.delete("deployment_schedules", schedule["id"])


def set_limit(store: Store, deployment_id: str, limit: int | None) -> None:
    """Give a deployment a concurrency limit of its own, change it, or take it away.

    The deployment keeps the number, too, so it is changed by each of them; one that only loses a
    limit shared with others kept none.
    """
    deployment = store.tables["deployments"].records[deployment_id]
    current = store.get("concurrency_limits", deployment["concurrency_limit_id"])
    if limit == (None if current is None else current["limit"]):
        return
    name, now = f"deployment:{deployment_id}", store.tick_coarsely()
    changes: dict[str, Any] = {"updated": now}
    if current is None:
        made = store.insert("concurrency_limits", new_limit(store, name, {"limit": limit}))
        changes["concurrency_limit_id"] = made["id"]
    elif limit is not None:
        store.update("concurrency_limits", current["id"], limit=limit, updated=now)
    else:
        store.delete("concurrency_limits", current["id"])
        if current["name"] != name:
            return
    store.update("deployments", deployment_id, **changes)


def new_limit(store: Store, name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a concurrency limit."""
    return {
        **newborn(store, fields),
        "active": fields.get("active", True),
        "name": name,
        "limit": fields["limit"],
        "active_slots": fields.get("active_slots", 0),
        "denied_slots": fields.get("denied_slots", 0),
        "slot_decay_per_second": float(fields.get("slot_decay_per_second", 0)),
        "avg_slot_occupancy_seconds": 2.0,
    }


def mark_polled(store: Store, ids: Iterable[str]) -> None:
    """Take note that somebody asked for runs of deployments: they are READY."""
    for identity in ids:
        before = store.get("deployments", identity)
        if before is None:
            continue
        # `updated` stays as it is: a poll is no change of the deployment.
        after = store.update("deployments", identity, status="READY", last_polled=store.now())
        if before["status"] != "READY":
            emitted_events.deployment(store, "ready", after)


def delete_deployment(store: Store, deployment_id: str) -> None:
    """Delete a deployment with its schedules, planned runs and limit, even a shared one."""
    deployment = store.tables["deployments"].records[deployment_id]
    emitted_events.deployment(store, "deleted", deployment)
    delete_planned_runs(store, deployment_id, auto_only=False)
    limit = deployment["concurrency_limit_id"]
    if limit is not None:
        store.delete("concurrency_limits", limit)
    store.delete("deployments", deployment_id)
