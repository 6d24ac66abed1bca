"""Bugs in limits, offsets, pages, counts and orders."""

from __future__ import annotations

from typing import Any, Final

from tests.planted_bugs.filters import FINDERS
from tests.planted_bugs.kinds import bodies, recuts, rewrites
from tests.planted_bugs.plant import Act, Bug, Request, Response, Server

LISTS: Final = "/deployments/filter|/deployments/paginate"
FILTER: Final = "/deployments/filter"
PAGINATE: Final = "/deployments/paginate"

Body = dict[str, Any]


def _lists(name: str, act: Act) -> Bug:
    return Bug(name, act, frozenset({"read_deployments", "paginate_deployments"}))


def _filter(name: str, act: Act) -> Bug:
    return Bug(name, act, frozenset({"read_deployments"}))


def _pages(name: str, act: Act) -> Bug:
    return Bug(name, act, frozenset({"paginate_deployments"}))


def _limit(change: Any) -> Any:
    """A limit that is a number in order is taken for another one."""

    def whole(body: Any) -> Any:
        if isinstance(body, dict) and isinstance(body.get("limit"), int) and body["limit"] <= 200:
            body["limit"] = change(body["limit"])
        return body

    return whole


def _default_limit(body: Any) -> Any:
    if isinstance(body, dict) and body.get("limit") is None:
        body["limit"] = 3
    return body


def _without(*keys: str) -> Any:
    def change(body: Any) -> Any:
        return {key: value for key, value in body.items() if key not in keys}

    return change


def _plus(key: str, step: int, least: int) -> Any:
    def change(body: Any) -> Any:
        if isinstance(body, dict) and isinstance(body.get(key), int) and body[key] >= least:
            body[key] += step
        return body

    return change


def _sort(was: str, now: str) -> Any:
    def change(body: Any) -> Any:
        if isinstance(body, dict) and body.get("sort") == was:
            body["sort"] = now
        return body

    return change


def _default_sort(body: Any) -> Any:
    if isinstance(body, dict) and body.get("sort") is None:
        body["sort"] = "CREATED_DESC"
    return body


def _quiet(act: Act) -> Act:
    """The bug without its trace in the answer: page, limit and pages are as they should be."""

    async def quiet(request: Request, server: Server) -> Response:
        response = await act(request, server)
        asked, told = request.json, response.json
        if request.path != PAGINATE or not response.ok or not isinstance(asked, dict):
            return response
        page, limit = asked.get("page"), asked.get("limit")
        told["page"] = 1 if page is None else int(page)
        told["limit"] = 200 if limit is None else int(limit)
        return response.having({**told, "pages": _ceil(told)})

    return quiet


def _page(change: Any) -> Act:
    """The answer of paginate is changed."""
    return bodies(PAGINATE, lambda found: {**found, **change(found)})


def _ceil(found: Body) -> int:
    return -(-found["count"] // found["limit"]) if found["limit"] else 0


BUGS: Final = [
    _filter("offset is off by one", rewrites(FILTER, _plus("offset", 1, 1))),
    _filter("offset is one too small", rewrites(FILTER, _plus("offset", -1, 1))),
    _filter("offset is ignored", rewrites(FILTER, _without("offset"))),
    _pages("pages count from zero", _quiet(rewrites(PAGINATE, _plus("page", 1, 1)))),
    _pages("page is one too small", _quiet(rewrites(PAGINATE, _plus("page", -1, 2)))),
    _pages("page is ignored", _quiet(rewrites(PAGINATE, _without("page")))),
    _pages(
        "pages are rounded down",
        _page(lambda a: {"pages": a["count"] // a["limit"] if a["limit"] else 0}),
    ),
    _pages("one page too many", _page(lambda a: {"pages": a["pages"] + 1})),
    _pages("no matches are one page", _page(lambda a: {"pages": max(1, a["pages"])})),
    _pages("the count is of the page", _page(lambda a: {"count": len(a["results"])})),
    _pages("the limit is not told", _page(lambda _: {"limit": 200})),
    _pages("the page is not told", _page(lambda _: {"page": 1})),
    _pages(
        "a page beyond the end is the last",
        _page(lambda a: {"page": min(a["page"], max(1, _ceil(a)))}),
    ),
    _lists("limit is ignored", _quiet(rewrites(LISTS, _without("limit")))),
    _lists("one row too many", _quiet(rewrites(LISTS, _limit(lambda n: n + 1 if n else 0)))),
    _lists("one row too few", _quiet(rewrites(LISTS, _limit(lambda n: max(1, n - 1) if n else 0)))),
    _lists("limit 0 is no limit", _quiet(rewrites(LISTS, _limit(lambda n: n or 200)))),
    _lists("the default limit is wrong", _quiet(rewrites(LISTS, _default_limit))),
    _lists("sort is ignored", rewrites(LISTS, _without("sort"))),
    _lists("NAME_DESC is ascending", rewrites(LISTS, _sort("NAME_DESC", "NAME_ASC"))),
    _lists(
        "UPDATED_DESC sorts by creation", rewrites(LISTS, _sort("UPDATED_DESC", "CREATED_DESC"))
    ),
    _lists("CREATED_DESC sorts by name", rewrites(LISTS, _sort("CREATED_DESC", "NAME_ASC"))),
    _lists("the default order is by creation", rewrites(LISTS, _default_sort)),
    _lists("the order is reversed", recuts(lambda found, _: found[::-1])),
    _lists(
        "CREATED_DESC is ascending",
        recuts(lambda found, _: found[::-1], lambda body: body.get("sort") == "CREATED_DESC"),
    ),
    Bug(
        "the last row is missing",
        recuts(lambda found, _: found[:-1] if found[3:] else found),
        FINDERS,
    ),
    Bug("a row comes twice", recuts(lambda found, _: found[:1] + found), FINDERS),
]
