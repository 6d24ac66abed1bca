"""Pools and queues as others need them: looked up, and made on demand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from mock_server.errors import Conflict, NotFound
from mock_server.operations.parts.records_and_bodies import newborn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

DEFAULT_AGENT_POOL: Final = "default-agent-pool"
AGENT_TYPE: Final = "prefect-agent"
DEFAULT_QUEUE: Final = "default"
POLLED_LATELY: Final = timedelta(seconds=60)
NO_STORAGE: Final[Mapping[str, Any]] = {
    "bundle_upload_step": None,
    "bundle_execution_step": None,
    "default_result_storage_block_id": None,
}


def pool_named(store: Store, name: str) -> Record:
    """The pool with a name.

    Raises:
        NotFound: there is none.
    """
    pool = store.find("work_pools", name=name)
    if pool is None:
        raise NotFound(f'Work pool "{name}" not found.')
    return pool


def queue_named(store: Store, pool_name: str, name: str) -> Record:
    """The queue with a name in the pool with a name.

    Raises:
        NotFound: there is no such pool, or no such queue in it; the sentence is the same.
    """
    pool = store.find("work_pools", name=pool_name)
    queue = None if pool is None else store.find("work_queues", work_pool_id=pool["id"], name=name)
    if queue is None:
        raise NotFound(f"Work pool queue '{pool_name}/{name}' not found.")
    return queue


def create_pool(store: Store, fields: Mapping[str, Any]) -> Record:
    """Insert a pool and its default queue.

    Args:
        store: where to.
        fields: `name` and `type`, and what else the request gives.

    Raises:
        DuplicateKey: there is a pool with this name.
    """
    paused = bool(fields.get("is_paused", False))
    pool = store.insert(
        "work_pools",
        {
            **newborn(store, fields),
            "name": fields["name"],
            "description": fields.get("description"),
            "type": fields["type"],
            "base_job_template": fields.get("base_job_template") or {},
            "is_paused": paused,
            "concurrency_limit": fields.get("concurrency_limit"),
            "status": pool_status(fields["type"], paused=paused, online=False),
            "default_queue_id": None,
            "storage_configuration": {**NO_STORAGE, **(fields.get("storage_configuration") or {})},
        },
    )
    queue = create_queue(
        store,
        pool["id"],
        {"name": DEFAULT_QUEUE, "description": "The work pool's default queue."},
    )
    return store.update(
        "work_pools", pool["id"], default_queue_id=queue["id"], updated=store.tick_coarsely()
    )


def pool_status(pool_type: str, *, paused: bool, online: bool) -> str | None:
    """The status of a pool; agents report nothing, so their pools have none."""
    if pool_type == AGENT_TYPE:
        return None
    if paused:
        return "PAUSED"
    return "READY" if online else "NOT_READY"


def create_queue(store: Store, pool_id: str, fields: Mapping[str, Any]) -> Record:
    """Insert a queue; without a priority it takes the first that is free.

    Raises:
        DuplicateKey: the pool has a queue with this name.
    """
    wanted = fields.get("priority")
    queue = store.insert(
        "work_queues",
        {
            **newborn(store, fields),
            "name": fields["name"],
            "description": fields.get("description") or "",
            "is_paused": fields.get("is_paused", False),
            "concurrency_limit": fields.get("concurrency_limit"),
            "priority": _free_priority(store, pool_id) if wanted is None else wanted,
            "work_pool_id": pool_id,
            "filter": _filter(fields.get("filter")),
            "last_polled": None,
            "status": "NOT_READY",
        },
    )
    if wanted:
        prioritise(store, queue["id"], wanted)
    return store.get("work_queues", queue["id"]) or queue


def _filter(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What an old agent's queue takes runs by, with both keys."""
    if given is None:
        return None
    return {key: given.get(key) for key in ("tags", "deployment_ids")}


def _free_priority(store: Store, pool_id: str) -> int:
    taken = sorted(queue["priority"] for queue in store.group("work_queues", work_pool_id=pool_id))
    for place, priority in enumerate(taken, start=1):
        if place != priority:
            return place
    return len(taken) + 1


def prioritise(store: Store, queue_id: str, priority: int) -> None:
    """Give a queue a priority; those that stand in its way move down, the fewest that must."""
    queue = store.tables["work_queues"].records[queue_id]
    others = [
        other
        for other in store.group("work_queues", work_pool_id=queue["work_pool_id"])
        if other["id"] != queue_id
    ]
    others.sort(key=lambda record: record["priority"])
    before = [record for record in others if record["priority"] < priority]
    behind = [record for record in others if record["priority"] >= priority]
    last, stamp = 0, store.tick_coarsely()
    for record in (*before, queue, *behind):
        place = priority if record is queue else record["priority"]
        last = place if place > last else last + 1
        if record["priority"] != last:
            store.update("work_queues", record["id"], priority=last, updated=stamp)


def ensure_queue(store: Store, pool_name: str, name: str) -> Record:
    """The queue with a name in a pool, made when it is not there.

    Raises:
        NotFound: there is no such pool.
    """
    pool = pool_named(store, pool_name)
    queue = store.find("work_queues", work_pool_id=pool["id"], name=name)
    return create_queue(store, pool["id"], {"name": name}) if queue is None else queue


def default_agent_pool(store: Store) -> Record:
    """The pool of queues that belong to none, made when it is not there."""
    pool = store.find("work_pools", name=DEFAULT_AGENT_POOL)
    if pool is None:
        pool = create_pool(store, {"name": DEFAULT_AGENT_POOL, "type": AGENT_TYPE})
    return pool


def queue_of_name(store: Store, name: str) -> Record | None:
    """The queue with a name in the default agent pool, or in any pool while there is no such."""
    pool = store.find("work_pools", name=DEFAULT_AGENT_POOL)
    if pool is None:
        return next(iter(store.group("work_queues", name=name)), None)
    return store.find("work_queues", work_pool_id=pool["id"], name=name)


def agent_queue(store: Store, name: str) -> Record:
    """The queue that is meant by a name alone, in the default agent pool when it must be made.

    A queue that is made so is the first of its pool.
    """
    queue = queue_of_name(store, name)
    if queue is None:
        new_pool = store.find("work_pools", name=DEFAULT_AGENT_POOL) is None
        pool = default_agent_pool(store)
        if new_pool and name == DEFAULT_QUEUE:
            return store.tables["work_queues"].records[pool["default_queue_id"]]
        queue = create_queue(store, pool["id"], {"name": name, "priority": 1})
    return queue


def place(store: Store, pool_name: str | None, queue_name: str | None) -> str | None:
    """The queue that a deployment lives in, by the names in its body.

    Returns:
        The id of the queue; None when no name says anything.

    Raises:
        NotFound: the pool does not exist. A queue that does not is made.
    """
    if pool_name:
        # Looked up before any creation: a pool that is not there is refused even so.
        default: str = pool_named(store, pool_name)["default_queue_id"]
        return str(ensure_queue(store, pool_name, queue_name)["id"]) if queue_name else default
    if queue_name:
        return str(agent_queue(store, queue_name)["id"])
    return None


def update_queue(store: Store, queue: Record, changes: Mapping[str, Any]) -> None:
    """Change a queue; pausing and resuming it changes its status.

    Raises:
        DuplicateKey: the pool has a queue with the new name.
    """
    fields = dict(changes)
    if "filter" in fields:
        fields["filter"] = _filter(fields["filter"])
    paused = fields.get("is_paused")
    if paused and queue["status"] != "PAUSED":
        fields["status"] = "PAUSED"
    elif paused is False and queue["status"] == "PAUSED":
        fields["status"] = "READY" if _polled_lately(store, fields, queue) else "NOT_READY"
    store.update("work_queues", queue["id"], **fields, updated=store.tick_coarsely())


def _polled_lately(store: Store, changes: Mapping[str, Any], queue: Record) -> bool:
    polled = changes.get("last_polled", queue["last_polled"])
    return polled is not None and store.now() - polled < POLLED_LATELY


def delete_queue(store: Store, queue: Record) -> None:
    """Delete a queue; runs and deployments in it are in none then.

    Raises:
        Conflict: it is its pool's default queue, which every pool has.
    """
    pool = store.get("work_pools", queue["work_pool_id"])
    if pool is not None and pool["default_queue_id"] == queue["id"]:
        raise Conflict
    store.delete("work_queues", queue["id"])
