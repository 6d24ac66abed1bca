"""Kinds of bugs: each function makes the wrong behaviour from what is special about it."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, Final

from tests.planted_bugs.plant import SEARCHES, Act, Request, Response, Server

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[Any], Any]
    Row = dict[str, Any]
    Recut = Callable[[list[Row], dict[str, Any]], list[Row]]

ID: Final = r"[0-9a-fA-F-]{32,36}"
ONE: Final = rf"/deployments/{ID}"
ALL_ROWS: Final = 200


def rewrites(pattern: str, change: Change, method: str = "POST") -> Act:
    """The body of requests to a path is changed before the server sees it."""

    async def act(request: Request, server: Server) -> Response:
        body = request.json
        if _meets(request, pattern, method) and body is not None:
            request = request.having(change(copy.deepcopy(body)))
        return await server(request)

    return act


def answers(pattern: str, change: Callable[[Response], Response], method: str = "POST") -> Act:
    """The answers of a path are changed."""

    async def act(request: Request, server: Server) -> Response:
        response = await server(request)
        return change(response) if _meets(request, pattern, method) else response

    return act


def bodies(pattern: str, change: Change, method: str = "POST") -> Act:
    """The bodies of good answers of a path are changed."""
    return answers(
        pattern,
        lambda response: response.having(change(response.json)) if response.ok else response,
        method,
    )


def rows(change: Change, searches: tuple[str, ...] = SEARCHES[:2]) -> Act:
    """Each deployment in the answers of filter and paginate is changed."""

    def all_of(found: Any) -> Any:
        if isinstance(found, list):
            return [change(row) for row in found]
        return {**found, "results": [change(row) for row in found["results"]]}

    return bodies("|".join(searches), all_of)


def swallows(pattern: str, method: str, status: int, body: bytes = b"") -> Act:
    """Requests about a deployment that is there are answered so, and never carried out."""

    async def act(request: Request, server: Server) -> Response:
        found = re.match(ONE, request.path)
        if not found or not _meets(request, pattern, method):
            return await server(request)
        known = await server(request.at(found[0], method="GET"))
        if not known.ok:
            return await server(request)
        return Response(status, body, () if status == 204 else _JSON)

    return act


_JSON: Final = ((b"content-type", b"application/json"),)


def searches(change: Change) -> Act:
    """The bodies of filter, paginate and count are changed before the server sees them."""
    return rewrites("|".join(SEARCHES), lambda body: _if_object(change, body))


def ignores(place: str) -> Act:
    """A part of the filters is not looked at; `place`: such as "deployments.tags.all_"."""
    *outer, last = place.split(".")

    def change(body: Any) -> Any:
        held = reach(body, *outer)
        if held is None or last not in held:
            return body
        del held[last]
        parent = reach(body, *outer[:-1])
        if parent is not None and len(outer) > 1 and not held:
            # A criterion that has nothing left is as if the client had not sent it.
            del parent[outer[-1]]
        return body

    return searches(change)


def takes_for(place: str, other: str) -> Act:
    """An operator acts as another one of the same criterion."""
    *outer, last = place.split(".")

    def change(body: Any) -> Any:
        held = reach(body, *outer)
        if held is not None and last in held:
            held[other] = held.pop(last)
        return body

    return searches(change)


def changes_value(place: str, change: Change) -> Act:
    """A value in the filters is taken for another one."""
    *outer, last = place.split(".")

    def whole(body: Any) -> Any:
        held = reach(body, *outer) if outer else body
        if held is not None and held.get(last) is not None:
            held[last] = change(held[last])
        return body

    return searches(whole)


def recuts(change: Recut, when: Callable[[dict[str, Any]], bool] = bool) -> Act:
    """Searches answer from all matching rows, changed: filter, paginate and count alike.

    The server is asked for all rows that match, in the order asked for, and `change` says which
    there are; limit, offset and page are then applied as they should be.
    """

    async def act(request: Request, server: Server) -> Response:
        body = request.json if request.body else {}
        if request.path not in SEARCHES or not isinstance(body, dict) or not when(body):
            return await server(request)
        honest = await server(request)
        if not honest.ok:
            return honest
        found = await all_rows(request, server, body)
        return honest.having(recut(request.path, body, change(found, body), honest.json))

    return act


async def all_rows(request: Request, server: Server, body: dict[str, Any]) -> list[Row]:
    """All deployments that a search body matches, in its order."""
    wide = {key: value for key, value in body.items() if key not in {"limit", "offset", "page"}}
    response = await server(request.at("/deployments/filter", {**wide, "limit": ALL_ROWS}))
    found: list[Row] = response.json
    return found


def recut(path: str, body: dict[str, Any], found: list[Row], honest: Any) -> Any:
    """The answer of a search that has these rows."""
    if path.endswith("/count"):
        return len(found)
    given = body.get("limit")
    limit = ALL_ROWS if given is None else int(given)
    if path.endswith("/filter"):
        offset = int(body.get("offset") or 0)
        return found[offset : offset + limit]
    page = honest["page"]
    part = found[(page - 1) * limit : page * limit]
    pages = -(-len(found) // limit) if limit else 0
    return {**honest, "results": part, "count": len(found), "pages": pages}


def reach(body: Any, *keys: str) -> dict[str, Any] | None:
    """The object at a place in a body, if there is one."""
    for key in keys:
        if not isinstance(body, dict):
            return None
        body = body.get(key)
    return body if isinstance(body, dict) else None


def everywhere(change: Callable[[dict[str, Any]], None]) -> Change:
    """A change to every object inside a JSON value."""

    def whole(value: Any) -> Any:
        if isinstance(value, dict):
            change(value)
        for part in value.values() if isinstance(value, dict) else value:
            if isinstance(part, dict | list):
                whole(part)
        return value

    return whole


def _if_object(change: Change, body: Any) -> Any:
    return change(body) if isinstance(body, dict) else body


def _meets(request: Request, pattern: str, method: str) -> bool:
    return request.method == method and re.fullmatch(pattern, request.path) is not None
