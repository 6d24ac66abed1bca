"""Operations on global concurrency limits."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from mock_server.call import Call, Reply
from mock_server.operations.parts import deployment_records, views
from mock_server.operations.parts.orders import in_order
from mock_server.operations.parts.records_and_bodies import NO_CONTENT, found, full, sent, touch
from mock_server.operations.parts.search import window

if TYPE_CHECKING:
    from mock_server.store.tables import Record

NOT_FOUND: Final = "Concurrency Limit not found"


def create_concurrency_limit_v2(call: Call) -> Reply:
    """Insert a concurrency limit."""
    request = full(call)
    record = deployment_records.new_limit(call.store, request["name"], request)
    call.store.insert("concurrency_limits", record)
    return Reply(201, views.pick(record, views.LIMIT))


def _limit(call: Call) -> Record:
    wanted = call.path["id_or_name"]
    try:
        identity = str(uuid.UUID(wanted))
    except ValueError:
        return found(call.store.find("concurrency_limits", name=wanted), NOT_FOUND)
    return found(call.store.get("concurrency_limits", identity), NOT_FOUND)


def read_concurrency_limit_v2(call: Call) -> Reply:
    """One concurrency limit by its id or its name; what reads as an id is one."""
    return Reply(200, views.global_limit(call.store, _limit(call)))


def read_all_concurrency_limits_v2(call: Call) -> Reply:
    """The concurrency limits by name, one stretch of them."""
    store, (limit, offset) = call.store, window(call)
    ordered = in_order(store.all("concurrency_limits"))
    stretch = ordered[offset : offset + limit]
    return Reply(200, [views.global_limit(store, record) for record in stretch])


def update_concurrency_limit_v2(call: Call) -> Reply:
    """Change a concurrency limit."""
    touch(call.store, "concurrency_limits", _limit(call)["id"], **sent(call))
    return NO_CONTENT


def delete_concurrency_limit_v2(call: Call) -> Reply:
    """Delete a concurrency limit; deployments that had it have none then."""
    call.store.delete("concurrency_limits", _limit(call)["id"])
    return NO_CONTENT


def read_concurrency_limits(_: Call) -> Reply:
    """The limits by tag: none, for nothing here runs tasks."""
    return Reply(200, [])
