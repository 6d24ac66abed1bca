"""Operations on work queues by themselves; those of no pool live in the default agent pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_server import query
from mock_server.call import Call, Reply
from mock_server.errors import ApiError, Conflict
from mock_server.operations.parts import limit_slots, pools_and_queues, views
from mock_server.operations.parts.orders import in_order
from mock_server.operations.parts.records_and_bodies import NO_CONTENT, by_id, found, full, sent
from mock_server.operations.parts.search import window
from mock_server.store.tables import DuplicateKey

if TYPE_CHECKING:
    from mock_server.store import Store
    from mock_server.store.tables import Record

NOT_FOUND: Final = "work queue not found"
LATE: Final = "Late"
TAKEN: Final = "A work queue with this name already exists."


def _view(store: Store, queue: Record) -> dict[str, Any]:
    """A queue as these operations show it: they count slots as agents did."""
    shown = views.work_queue(store, queue, limit_slots.HOLDING)
    legacy = queue["filter"]
    if legacy is not None and queue["concurrency_limit"] is not None:
        wanted = {
            "tags": {"all_": legacy["tags"]},
            "deployment_id": {"any_": legacy["deployment_ids"], "is_null_": False},
            "state": {"type": {"any_": sorted(views.SLOT_STATES)}},
        }
        runs = query.count(store.data(), "flow_runs", {"flow_runs": wanted})
        return {**shown, "active_slots": runs}
    return shown


def create_work_queue(call: Call) -> Reply:
    """Insert a queue into the default agent pool, which is made when it is not there."""
    store, request = call.store, full(call)
    new_pool = store.find("work_pools", name=pools_and_queues.DEFAULT_AGENT_POOL) is None
    pool = pools_and_queues.default_agent_pool(store)
    if new_pool and request["name"] == pools_and_queues.DEFAULT_QUEUE:
        queue = found(store.get("work_queues", pool["default_queue_id"]), NOT_FOUND)
        return Reply(201, _view(store, queue))
    try:
        queue = pools_and_queues.create_queue(store, pool["id"], request)
    except DuplicateKey as error:
        raise Conflict(TAKEN) from error
    return Reply(201, _view(store, queue))


def read_work_queue(call: Call) -> Reply:
    """One queue by its id."""
    return Reply(200, _view(call.store, by_id(call, "work_queues", NOT_FOUND)))


def read_work_queue_by_name(call: Call) -> Reply:
    """One queue of the default agent pool by its name, or of any pool while there is no such."""
    queue = pools_and_queues.queue_of_name(call.store, call.path["name"])
    return Reply(200, _view(call.store, found(queue, NOT_FOUND)))


def read_work_queues(call: Call) -> Reply:
    """The queues of all pools that match, by name, one stretch of them."""
    store, (limit, offset) = call.store, window(call)
    wanted = {"work_pool_queues": sent(call).get("work_queues")}
    matching = query.select(store.data(), "work_queues", wanted)
    ordered = in_order(matching)
    stretch = ordered[offset : offset + limit]
    return Reply(200, [_view(store, queue) for queue in stretch])


def update_work_queue(call: Call) -> Reply:
    """Change a queue; a priority moves no others, as it does by way of the pool."""
    queue = by_id(call, "work_queues", f"Work Queue {call.path['id']} not found")
    pools_and_queues.update_queue(call.store, queue, sent(call))
    return NO_CONTENT


def delete_work_queue(call: Call) -> Reply:
    """Delete a queue; a pool keeps its default queue."""
    pools_and_queues.delete_queue(call.store, by_id(call, "work_queues", NOT_FOUND))
    return NO_CONTENT


def read_work_queue_status(call: Call) -> Reply:
    """How a queue is doing: whether it is polled, and how many of its runs are late.

    Raises:
        ApiError: 404, worded unlike that of the others.
    """
    store, identity = call.store, call.path["id"]
    queue = store.get("work_queues", identity)
    if queue is None:
        raise ApiError(404, {"exception_message": f"Work queue with id {identity} not found"})
    runs = store.group("flow_runs", work_queue_id=identity)
    late = sum(run["state_name"] == LATE for run in runs)
    polled = queue["last_polled"]
    fresh = polled is not None and store.now() - polled <= pools_and_queues.POLLED_LATELY
    policy = {
        "maximum_late_runs": 0,
        "maximum_seconds_since_last_polled": int(pools_and_queues.POLLED_LATELY.total_seconds()),
    }
    detail = {"healthy": fresh and not late, "late_runs_count": late, "last_polled": polled}
    return Reply(200, {**detail, "health_check_policy": policy})
