"""Operations of workers: they tell that they live, and ask for runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_server.call import Call, Reply
from mock_server.operations.parts import deployment_records, pools_and_queues, views
from mock_server.operations.parts.records_and_bodies import NO_CONTENT, found, full, newborn, sent
from mock_server.operations.parts.search import window

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mock_server.store import Store
    from mock_server.store.tables import Record


def worker_heartbeat(call: Call) -> Reply:
    """Take note that a worker lives; its pool is ready then."""
    store, body = call.store, full(call)
    pool = pools_and_queues.pool_named(store, call.path["work_pool_name"])
    others = store.group("workers", work_pool_id=pool["id"])
    known = store.find("workers", work_pool_id=pool["id"], name=body["name"])
    told: dict[str, Any] = {"last_heartbeat_time": store.now(), "status": "ONLINE"}
    interval = body.get("heartbeat_interval_seconds")
    if known is not None:
        changes = told if interval is None else {**told, "heartbeat_interval_seconds": interval}
        store.update("workers", known["id"], **changes)
    else:
        names = {"name": body["name"], "work_pool_id": pool["id"]}
        told["heartbeat_interval_seconds"] = interval
        store.insert("workers", {**newborn(store), **names, **told})
    if pool["status"] == "NOT_READY":
        store.update("work_pools", pool["id"], status="READY", updated=store.tick_coarsely())
    elif pool["status"] is None and not others:
        # A pool of agents gets ready as well, though nobody is told.
        store.update("work_pools", pool["id"], updated=store.tick_coarsely())
    return NO_CONTENT


def delete_worker(call: Call) -> Reply:
    """Forget a worker, until its next heartbeat."""
    store = call.store
    pool = pools_and_queues.pool_named(store, call.path["work_pool_name"])
    worker = store.find("workers", work_pool_id=pool["id"], name=call.path["name"])
    store.delete("workers", found(worker, "Worker not found.")["id"])
    return NO_CONTENT


def get_scheduled_flow_runs(call: Call) -> Reply:
    """The due runs of a pool's queues, the first queue first; who asks makes them READY."""
    store, (limit, _) = call.store, window(call)
    pool = pools_and_queues.pool_named(store, call.path["name"])
    queues = _wanted_queues(store, pool, sent(call).get("work_queue_names"))
    due = _due(store, pool, queues, sent(call))[:limit]
    answer = [
        {
            "work_pool_id": pool["id"],
            "work_queue_id": run["work_queue_id"],
            "flow_run": views.bare_flow_run(store, run),
        }
        for run in due
    ]
    _mark_polled(store, queues)
    return Reply(200, answer)


def _wanted_queues(store: Store, pool: Record, names: list[str] | None) -> list[Record]:
    if not names:
        return store.group("work_queues", work_pool_id=pool["id"])
    return [pools_and_queues.queue_named(store, pool["name"], name) for name in names]


def _due(
    store: Store, pool: Record, queues: list[Record], bounds: Mapping[str, Any]
) -> list[Record]:
    """The scheduled runs that pool and queues have room for."""
    if pool["is_paused"]:
        return []
    waiting: list[Record] = []
    for queue in sorted(queues, key=lambda queue: int(queue["priority"])):
        if not queue["is_paused"]:
            waiting += _waiting(store, queue, bounds)[: _room(store, queue, [queue])]
    every = store.group("work_queues", work_pool_id=pool["id"])
    return waiting[: _room(store, pool, every)]


def _waiting(store: Store, queue: Record, bounds: Mapping[str, Any]) -> list[Record]:
    before, after = bounds.get("scheduled_before"), bounds.get("scheduled_after")

    def due(run: Record) -> bool:
        time: datetime | None = run["next_scheduled_start_time"]
        if run["state_type"] != "SCHEDULED" or time is None:
            return False
        if run["empirical_policy"]["retry_type"] == "in_process":
            return False
        return (before is None or time <= before) and (after is None or time >= after)

    runs = filter(due, store.group("flow_runs", work_queue_id=queue["id"]))
    return sorted(runs, key=lambda run: run["next_scheduled_start_time"])


def _room(store: Store, limited: Record, queues: list[Record]) -> int | None:
    """How many runs more a pool or queue may have; None if it has no limit."""
    if limited["concurrency_limit"] is None:
        return None
    taken = sum(views.slots(store, queue, views.SLOT_STATES) for queue in queues)
    limit: int = limited["concurrency_limit"]
    return max(limit - taken, 0)


def _mark_polled(store: Store, queues: list[Record]) -> None:
    now, stamp = store.now(), store.tick_coarsely()
    for queue in queues:
        status = "READY" if queue["status"] == "NOT_READY" else queue["status"]
        store.update("work_queues", queue["id"], last_polled=now, status=status, updated=stamp)
        deployments = store.group("deployments", work_queue_id=queue["id"])
        deployment_records.mark_polled(store, [record["id"] for record in deployments])
