"""Filter, paginate and count, alike for every kind that the query engine knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_server import query
from mock_server.call import Call, Reply
from mock_server.operations.parts.records_and_bodies import full

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

    View = Callable[[Store, Record], dict[str, Any]]

FILTERS: Final = (
    "flows",
    "flow_runs",
    "task_runs",
    "deployments",
    "work_pools",
    "work_pool_queues",
)
DEFAULT_LIMIT: Final = 200


def filters(call: Call, *names: str) -> Mapping[str, Mapping[str, Any] | None]:
    """The filters of a request's body, as far as the client sent them."""
    body = call.body if isinstance(call.body, dict) else {}
    return {name: body[name] for name in (names or FILTERS) if name in body}


def window(call: Call) -> tuple[int, int]:
    """The limit and the offset of a request, null meaning the default."""
    body = full(call)
    limit, offset = body.get("limit"), body.get("offset")
    return (DEFAULT_LIMIT if limit is None else limit, offset or 0)


def search(call: Call, kind: str, view: View) -> Reply:
    """Answer with the records that match, sorted, one stretch of them."""
    store, (limit, offset) = call.store, window(call)
    sort = full(call).get("sort")
    records = query.select(store.data(), kind, filters(call), sort=sort, limit=limit, offset=offset)
    return Reply(200, [view(store, record) for record in records])


def page_of(call: Call, kind: str, view: View) -> Reply:
    """Answer with one page of the records that match, their count, and the number of pages."""
    store, (limit, _) = call.store, window(call)
    body = full(call)
    number = body.get("page")
    page = query.paginate(
        store.data(),
        kind,
        filters(call),
        sort=body.get("sort"),
        limit=limit,
        page=1 if number is None else number,
    )
    answer = {
        "results": [view(store, record) for record in page.results],
        "count": page.count,
        "limit": page.limit,
        "pages": page.pages,
        "page": page.page,
    }
    return Reply(200, answer)
