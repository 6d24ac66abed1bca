"""Operations on flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_server import query
from mock_server.call import Call, Reply
from mock_server.operations.parts import emitted_events, views
from mock_server.operations.parts.records_and_bodies import (
    NO_CONTENT,
    by_id,
    found,
    newborn,
    sent,
    touch,
)
from mock_server.operations.parts.search import filters, page_of, search

if TYPE_CHECKING:
    from mock_server.store import Store
    from mock_server.store.tables import Record

NOT_FOUND: Final = "Flow not found"


def view(store: Store, record: Record) -> dict[str, Any]:
    """A flow as an answer shows it."""
    return store.shown("flows", (record,), lambda: views.pick(record, views.FLOW))


def create_flow(call: Call) -> Reply:
    """Insert a flow: 201; a flow with this name is answered as it is: 200."""
    store, body = call.store, sent(call)
    existing = store.find("flows", name=body["name"])
    if existing is not None:
        return Reply(200, view(store, existing))
    flow = {
        **newborn(store, body),
        "name": body["name"],
        "tags": body.get("tags") or [],
        "labels": body.get("labels", {}),
    }
    store.insert("flows", flow)
    emitted_events.flow(store, "created", flow)
    return Reply(201, view(store, flow))


def read_flow(call: Call) -> Reply:
    """One flow by its id."""
    return Reply(200, view(call.store, by_id(call, "flows", NOT_FOUND)))


def read_flow_by_name(call: Call) -> Reply:
    """One flow by its name."""
    flow = call.store.find("flows", name=call.path["name"])
    return Reply(200, view(call.store, found(flow, NOT_FOUND)))


def update_flow(call: Call) -> Reply:
    """Change a flow's tags."""
    flow = by_id(call, "flows", NOT_FOUND)
    changed = touch(call.store, "flows", flow["id"], **sent(call))
    emitted_events.flow(call.store, "updated", changed)
    return NO_CONTENT


def delete_flow(call: Call) -> Reply:
    """Delete a flow with its deployments and its runs."""
    flow = by_id(call, "flows", NOT_FOUND)
    call.store.delete("flows", flow["id"])
    emitted_events.flow(call.store, "deleted", flow)
    return NO_CONTENT


def read_flows(call: Call) -> Reply:
    """The flows that match, sorted, one stretch of them."""
    return search(call, "flows", view)


def paginate_flows(call: Call) -> Reply:
    """One page of the flows that match."""
    return page_of(call, "flows", view)


def count_flows(call: Call) -> Reply:
    """How many flows match."""
    return Reply(200, query.count(call.store.data(), "flows", filters(call)))
