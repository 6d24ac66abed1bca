"""What an answer shows of a record: its own fields, and what it takes from the records around it.

The order of the keys is the released server's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from mock_server.operations.parts.limit_slots import in_use

if TYPE_CHECKING:
    from datetime import datetime

    from mock_server.store import Store
    from mock_server.store.tables import Record

TERMINAL_STATES: Final = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
SLOT_STATES: Final = frozenset({"PENDING", "RUNNING"})
"""The states in which a flow run takes one of its pool's or queue's slots."""

FLOW: Final = ("id", "created", "updated", "name", "tags", "labels")
DEPLOYMENT: Final = (
    *("id", "created", "updated", "name", "version", "description", "flow_id", "paused"),
    *("schedules", "concurrency_limit", "global_concurrency_limit", "concurrency_options"),
    *("job_variables", "parameters", "tags", "labels", "work_queue_name", "work_queue_id"),
    *("last_polled", "parameter_openapi_schema", "path", "pull_steps", "entrypoint"),
    *("storage_document_id", "infrastructure_document_id", "created_by", "updated_by"),
    *("work_pool_name", "status", "enforce_parameter_schema"),
)
SCHEDULE: Final = (
    *("id", "created", "updated", "deployment_id", "schedule", "active"),
    *("max_scheduled_runs", "parameters", "slug"),
)
FLOW_RUN: Final = (
    *("id", "created", "updated", "name", "flow_id", "state_id", "deployment_id"),
    *("deployment_version", "work_queue_id", "work_queue_name", "flow_version", "parameters"),
    *("idempotency_key", "context", "empirical_policy", "tags", "labels", "parent_task_run_id"),
    *("state_type", "state_name", "run_count", "expected_start_time", "next_scheduled_start_time"),
    *("start_time", "end_time", "total_run_time", "estimated_run_time"),
    *("estimated_start_time_delta", "auto_scheduled", "infrastructure_document_id"),
    *("infrastructure_pid", "created_by", "work_pool_id", "work_pool_name", "state"),
    "job_variables",
)
TASK_RUN_ON_PAGE: Final = (
    *("id", "created", "updated", "name", "flow_run_id", "task_key", "state_id", "state"),
    *("task_version", "task_inputs", "empirical_policy", "tags", "start_time", "end_time"),
    *("total_run_time", "estimated_run_time", "estimated_start_time_delta"),
)
TASK_RUN: Final = (
    *("id", "created", "updated", "name", "flow_run_id", "task_key", "dynamic_key", "cache_key"),
    *("cache_expiration", "task_version", "empirical_policy", "tags", "labels", "state_id"),
    *("task_inputs", "state_type", "state_name", "run_count", "flow_run_run_count"),
    *("expected_start_time", "next_scheduled_start_time", "start_time", "end_time"),
    *("total_run_time", "estimated_run_time", "estimated_start_time_delta", "state"),
)
WORK_POOL: Final = (
    *("id", "created", "updated", "name", "description", "type", "base_job_template"),
    *("is_paused", "concurrency_limit", "status", "default_queue_id", "storage_configuration"),
    "active_slots",
)
WORK_QUEUE: Final = (
    *("id", "created", "updated", "name", "description", "is_paused", "concurrency_limit"),
    *("priority", "work_pool_id", "filter", "last_polled"),
)
WORKER: Final = (
    *("id", "created", "updated", "name", "work_pool_id", "last_heartbeat_time"),
    *("heartbeat_interval_seconds", "status"),
)
EVENT: Final = (
    *("occurred", "event", "resource", "related", "payload", "id", "follows", "received"),
)
LOG: Final = (
    *("id", "created", "updated", "name", "level", "message", "timestamp", "flow_run_id"),
    "task_run_id",
)
AUTOMATION: Final = (
    *("name", "description", "enabled", "tags", "trigger", "actions", "actions_on_trigger"),
    *("actions_on_resolve", "id", "created", "updated"),
)
BLOCK_TYPE: Final = (
    *("id", "created", "updated", "name", "slug", "logo_url", "documentation_url"),
    *("description", "code_example", "is_protected"),
)
BLOCK_SCHEMA: Final = (
    *("id", "created", "updated", "checksum", "fields", "block_type_id", "block_type"),
    *("capabilities", "version"),
)
BLOCK_DOCUMENT: Final = (
    *("id", "created", "updated", "name", "data", "block_schema_id", "block_schema"),
    *("block_type_id", "block_type_name", "block_type", "block_document_references"),
    "is_anonymous",
)
VARIABLE: Final = ("id", "created", "updated", "name", "value", "tags")
GLOBAL_LIMIT: Final = (
    *("id", "created", "updated", "active", "name", "limit", "active_slots"),
    "slot_decay_per_second",
)
LIMIT: Final = (
    *("id", "created", "updated", "active", "name", "limit", "active_slots", "denied_slots"),
    *("slot_decay_per_second", "avg_slot_occupancy_seconds"),
)


def pick(record: Record, keys: tuple[str, ...]) -> dict[str, Any]:
    """The fields of a record that an answer has, in its order; None for those it computes."""
    return {key: record.get(key) for key in keys}


def deployment(store: Store, record: Record) -> dict[str, Any]:
    """A deployment with its schedules, its limit, and the queue and pool that it lives in."""
    kept = store.still_shown("deployments", record)
    if kept is not None:
        return kept
    queue = store.get("work_queues", record["work_queue_id"])
    pool = None if queue is None else store.get("work_pools", queue["work_pool_id"])
    limit = store.get("concurrency_limits", record["concurrency_limit_id"])
    planned = written_last_first(store, record["id"])

    def make() -> dict[str, Any]:
        shown = pick(record, DEPLOYMENT)
        shown["schedules"] = [pick(schedule, SCHEDULE) for schedule in planned]
        shown["concurrency_limit"] = None
        if limit is not None:
            # With the slots as they were last written: decay only shows in the limit itself.
            shown["global_concurrency_limit"] = pick(limit, GLOBAL_LIMIT)
        place_in_queue(store, shown)
        return shown

    return store.shown("deployments", (record, queue, pool, limit, *planned), make)


def schedules(store: Store, deployment_id: str) -> list[dict[str, Any]]:
    """The schedules of a deployment, the one that was written last first."""
    return [pick(record, SCHEDULE) for record in written_last_first(store, deployment_id)]


def written_last_first(store: Store, deployment_id: str) -> list[Record]:
    """The records of a deployment's schedules, the one that was written last first."""
    found = store.group("deployment_schedules", deployment_id=deployment_id)
    if len(found) > 1:
        # Stable in reverse: of those written in one instant, the one inserted last comes first.
        found.reverse()
        found.sort(key=_updated, reverse=True)
    return found


def _updated(record: Record) -> datetime:
    updated: datetime = record["updated"]
    return updated


def place_in_queue(store: Store, shown: dict[str, Any]) -> None:
    """Show the name of the queue that a deployment or run is in, whatever name was stored."""
    queue = store.get("work_queues", shown["work_queue_id"])
    if queue is None:
        return
    pool = store.get("work_pools", queue["work_pool_id"])
    shown["work_queue_name"] = queue["name"]
    shown["work_pool_name"] = None if pool is None else pool["name"]
    if "work_pool_id" in shown:
        shown["work_pool_id"] = queue["work_pool_id"]


def flow_run(store: Store, record: Record) -> dict[str, Any]:
    """A flow run, with its estimates as of now."""
    shown = pick(record, FLOW_RUN)
    place_in_queue(store, shown)
    _estimate(shown, record, store.now())
    return shown


def bare_flow_run(store: Store, record: Record) -> dict[str, Any]:
    """A flow run as a worker is told it: no pool, no state, its queue's name as kept."""
    shown = {**flow_run(store, record), "state": None}
    tail = {key: shown.pop(key) for key in ("work_queue_id", "state", "job_variables")}
    for name in ("work_pool_id", "work_pool_name"):
        del shown[name]
    return {**shown, "work_queue_name": record["work_queue_name"], **tail}


def as_sent(shown: dict[str, Any], run: Record) -> dict[str, Any]:
    """The first answer of a planned run: times with the offset that they were sent with."""
    if run["state_type"] == "SCHEDULED":
        planned = run["state"]["state_details"]["scheduled_time"]
        return {**shown, "expected_start_time": planned, "next_scheduled_start_time": planned}
    return shown


def task_run(store: Store, record: Record) -> dict[str, Any]:
    """A task run, with its estimates as of now."""
    shown = pick(record, TASK_RUN)
    _estimate(shown, record, store.now())
    return shown


def task_run_on_page(store: Store, record: Record) -> dict[str, Any]:
    """A task run as a page of them shows it: with fewer fields, in an order of their own."""
    shown = task_run(store, record)
    return {key: shown[key] for key in TASK_RUN_ON_PAGE}


def _estimate(shown: dict[str, Any], record: Record, now: datetime) -> None:
    spent, late = estimates(record, now)
    shown["estimated_run_time"] = spent
    shown["estimated_start_time_delta"] = late


def estimates(record: Record, now: datetime) -> tuple[float, float]:
    """For how many seconds a run has run, and by how many it is late, as of now."""
    running = record["state_type"] == "RUNNING"
    spent = (now - record["state"]["timestamp"]).total_seconds() if running else 0.0
    return _seconds(record["total_run_time"] + spent), _lateness(record, now).total_seconds()


def _seconds(value: float) -> float:
    return round(value, 6)


def _lateness(record: Record, now: datetime) -> timedelta:
    expected: datetime | None = record["expected_start_time"]
    started: datetime | None = record["start_time"]
    if expected is not None:
        if started is not None:
            return max(started - expected, timedelta(0))
        if record["state_type"] not in TERMINAL_STATES:
            return max(now - expected, timedelta(0))
    return timedelta(0)


def work_pool(store: Store, record: Record) -> dict[str, Any]:
    """A work pool; its slots in use are counted only when it has a limit."""
    if record["concurrency_limit"] is None:
        return store.shown("work_pools", (record,), lambda: pick(record, WORK_POOL))
    shown = pick(record, WORK_POOL)
    queues = store.group("work_queues", work_pool_id=record["id"])
    shown["active_slots"] = sum(slots(store, queue, SLOT_STATES) for queue in queues)
    return shown


def work_queue(
    store: Store, record: Record, occupying: frozenset[str] = SLOT_STATES
) -> dict[str, Any]:
    """A work queue with its pool's name, its status, and its slots in use when it has a limit.

    Args:
        store: the state of the server.
        record: the queue.
        occupying: the states in which a run takes a slot.
    """
    shown = bare_work_queue(record)
    pool = store.get("work_pools", record["work_pool_id"])
    shown["work_pool_name"] = None if pool is None else pool["name"]
    shown["status"] = record["status"]
    limited = record["concurrency_limit"] is not None
    shown["active_slots"] = slots(store, record, occupying) if limited else None
    return shown


def bare_work_queue(record: Record) -> dict[str, Any]:
    """A work queue as `work_queue_check` shows it: nothing of its pool, and no status."""
    return pick(record, WORK_QUEUE)


def slots(store: Store, queue: Record, states: frozenset[str]) -> int:
    """How many runs of a queue are in such a state."""
    runs = store.group("flow_runs", work_queue_id=queue["id"])
    return sum(run["state_type"] in states for run in runs)


def global_limit(store: Store, record: Record) -> dict[str, Any]:
    """A concurrency limit as read and filter show it: whole slots, after decay."""
    shown = pick(record, GLOBAL_LIMIT)
    shown["active_slots"] = in_use(store, record)
    return shown
