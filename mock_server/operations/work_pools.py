"""Operations on work pools, their queues and their workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from packaging.version import Version

from mock_server import query
from mock_server.call import Call, Reply
from mock_server.errors import ApiError, Conflict
from mock_server.operations.parts import pools_and_queues, views
from mock_server.operations.parts.client_version import client_version
from mock_server.operations.parts.parameter_checks import check_job_variable_defaults
from mock_server.operations.parts.records_and_bodies import NO_CONTENT, full, sent
from mock_server.operations.parts.search import filters, search, window
from mock_server.operations.parts.small_filters import WORKERS, predicate
from mock_server.store.tables import DuplicateKey

if TYPE_CHECKING:
    from datetime import datetime

    from mock_server.operations.parts.search import View
    from mock_server.store import Store
    from mock_server.store.tables import Record

RESERVED: Final = "prefect"
RESERVED_PREFIX: Final = "Work pools starting with 'Prefect' are reserved for internal use"
FORBIDDEN: Final = 403
STUMBLES_LAST: Final = Version("3.3.7")
"""The last client that knows no default storage of results, and fails on it."""


def _refuse_reserved(name: str, ending: str) -> None:
    if name.lower().startswith(RESERVED):
        raise ApiError(FORBIDDEN, {"detail": RESERVED_PREFIX + ending})


def create_work_pool(call: Call) -> Reply:
    """Insert a work pool with its default queue."""
    store = call.store
    # A template that was not sent stays empty, whatever its parts default to.
    request = {**full(call), "base_job_template": sent(call).get("base_job_template", {})}
    _refuse_reserved(request["name"], ".")
    check_job_variable_defaults(store, request["base_job_template"])
    try:
        pool = pools_and_queues.create_pool(store, request)
    except DuplicateKey as error:
        raise Conflict("A work pool with this name already exists.") from error
    return Reply(201, _view(call)(store, pool))


def _view(call: Call) -> View:
    """How a pool is shown: to old clients without what they would stumble over."""
    client = client_version(call.headers)
    return views.work_pool if client is None or client > STUMBLES_LAST else _old_view


def _old_view(store: Store, record: Record) -> dict[str, Any]:
    shown = views.work_pool(store, record)
    storage = dict(shown["storage_configuration"])
    del storage["default_result_storage_block_id"]
    return {**shown, "storage_configuration": storage}


def read_work_pool(call: Call) -> Reply:
    """One work pool by its name."""
    pool = pools_and_queues.pool_named(call.store, call.path["name"])
    return Reply(200, _view(call)(call.store, pool))


def update_work_pool(call: Call) -> Reply:
    """Change a work pool; pausing and resuming it changes its status."""
    store, body, name = call.store, dict(sent(call)), call.path["name"]
    if set(body) - {"is_paused", "concurrency_limit"}:
        _refuse_reserved(name, " and can only be updated to set concurrency limits or pause.")
    pool = pools_and_queues.pool_named(store, name)
    if body.get("storage_configuration") is not None:
        body["storage_configuration"] = {
            **pools_and_queues.NO_STORAGE,
            **body["storage_configuration"],
        }
    paused = body.get("is_paused")
    if paused is not None and pool["type"] != pools_and_queues.AGENT_TYPE:
        online = any(worker["status"] == "ONLINE" for worker in _workers(store, pool))
        body["status"] = pools_and_queues.pool_status(pool["type"], paused=paused, online=online)
    store.update("work_pools", pool["id"], **body, updated=store.tick_coarsely())
    return NO_CONTENT


def delete_work_pool(call: Call) -> Reply:
    """Delete a work pool with its queues."""
    _refuse_reserved(call.path["name"], " and can not be deleted.")
    call.store.delete(
        "work_pools", pools_and_queues.pool_named(call.store, call.path["name"])["id"]
    )
    return NO_CONTENT


def read_work_pools(call: Call) -> Reply:
    """The work pools that match, by name, one stretch of them."""
    return search(call, "work_pools", _view(call))


def count_work_pools(call: Call) -> Reply:
    """How many work pools match."""
    found = query.count(call.store.data(), "work_pools", filters(call, "work_pools"))
    return Reply(200, found)


def create_work_pool_queue(call: Call) -> Reply:
    """Insert a queue into a work pool."""
    store = call.store
    pool = pools_and_queues.pool_named(store, call.path["work_pool_name"])
    try:
        queue = pools_and_queues.create_queue(store, pool["id"], full(call))
    except DuplicateKey as error:
        # The released server forgets to fill in the name; clients show the text as it is.
        raise Conflict(
            "A work queue with this name already exists in work pool {work_pool_name!r}."
        ) from error
    return Reply(201, views.work_queue(store, queue))


def _path_queue(call: Call) -> Record:
    return pools_and_queues.queue_named(call.store, call.path["work_pool_name"], call.path["name"])


def read_work_pool_queue(call: Call) -> Reply:
    """One queue of a work pool by its name."""
    return Reply(200, views.work_queue(call.store, _path_queue(call)))


def read_work_pool_queues(call: Call) -> Reply:
    """The queues of a work pool that match, by priority, one stretch of them."""
    store, (limit, offset) = call.store, window(call)
    pool = pools_and_queues.pool_named(store, call.path["work_pool_name"])
    wanted = sent(call).get("work_queues")
    matching = query.select(store.data(), "work_queues", {"work_pool_queues": wanted})
    own = [queue for queue in matching if queue["work_pool_id"] == pool["id"]]
    own.sort(key=lambda queue: queue["priority"])
    stretch = own[offset : offset + limit]
    return Reply(200, [views.work_queue(store, queue) for queue in stretch])


def update_work_pool_queue(call: Call) -> Reply:
    """Change a queue of a work pool; a priority moves its others."""
    pools_and_queues.pool_named(call.store, call.path["work_pool_name"])
    queue, changes = _path_queue(call), sent(call)
    pools_and_queues.update_queue(call.store, queue, changes)
    if changes.get("priority") is not None:
        pools_and_queues.prioritise(call.store, queue["id"], changes["priority"])
    return NO_CONTENT


def delete_work_pool_queue(call: Call) -> Reply:
    """Delete a queue of a work pool; a pool keeps its default queue."""
    pools_and_queues.pool_named(call.store, call.path["work_pool_name"])
    pools_and_queues.delete_queue(call.store, _path_queue(call))
    return NO_CONTENT


def _workers(store: Store, pool: Record) -> list[Record]:
    return store.group("workers", work_pool_id=pool["id"])


def read_workers(call: Call) -> Reply:
    """The workers of a work pool that match, one stretch of them."""
    store, (limit, offset) = call.store, window(call)
    pool = pools_and_queues.pool_named(store, call.path["work_pool_name"])
    matches = predicate(WORKERS, sent(call).get("workers"))
    # The one that was heard of last comes first.
    matching = sorted(filter(matches, _workers(store, pool)), key=_heartbeat, reverse=True)
    stretch = matching[offset : offset + limit]
    return Reply(200, [views.pick(worker, views.WORKER) for worker in stretch])


def _heartbeat(worker: Record) -> datetime:
    beat: datetime = worker["last_heartbeat_time"]
    return beat
