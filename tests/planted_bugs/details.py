"""Bugs that act for one value or one way round only."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tests.planted_bugs.kinds import ID, ONE, bodies, changes_value, recuts, rewrites, searches
from tests.planted_bugs.plant import SEARCHES, Act, Bug, Request, Response, Server
from tests.planted_bugs.states import CREATE, FINDERS, POLL, READERS, RUN, existing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Body = dict[str, Any]
PLAN: Final = f"{ONE}/schedule"
FILTER, PAGINATE, _ = SEARCHES
OWNER: Final = re.compile(rf"/deployments/({ID})")


def bug(name: str, act: Act, *operations: str, checks: str = "lifecycle") -> Bug:
    """A bug that a check of the lifecycle finds, unless said otherwise."""
    return Bug(name, act, frozenset(operations), checks=checks)


def _sent(pattern: str, change: Callable[[Body], Body], method: str = "POST") -> Act:
    return rewrites(pattern, lambda body: change(body) if isinstance(body, dict) else body, method)


def _text(field: str, change: Callable[[str], Any], pattern: str = CREATE) -> Act:
    """A text of a body is changed on its way into the store."""

    def whole(body: Body) -> Body:
        return {**body, field: change(body[field])} if isinstance(body.get(field), str) else body

    return _sent(pattern, whole, "POST" if pattern == CREATE else "PATCH")


def _deep(change: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _deep(change, item) for key, item in value.items()}
    return [_deep(change, item) for item in value] if isinstance(value, list) else change(value)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _parameters(change: Callable[[Any], Any]) -> Act:
    def whole(body: Body) -> Body:
        return {**body, "parameters": change(body["parameters"])} if "parameters" in body else body

    return _sent(CREATE, whole)


def _upsert(change: Callable[[Body, Body], Body]) -> Act:
    """What an upsert sends is changed by what is there."""

    async def act(request: Request, server: Server) -> Response:
        there = await existing(request, server)
        return await server(request.having(change(request.json, there)) if there else request)

    return act


async def owner_of(request: Request, server: Server) -> Body | None:
    """The deployment that the path of a request names."""
    found = OWNER.match(request.path)
    answer = await server(request.at(f"/deployments/{found[1]}", method="GET")) if found else None
    return answer.json if answer is not None and answer.ok else None


def with_owner(
    method: str, pattern: str, act: Callable[[Request, Server, Body], Awaitable[Response]]
) -> Act:
    """A bug that knows the deployment that a request is about."""

    async def whole(request: Request, server: Server) -> Response:
        if request.method == method and re.fullmatch(pattern, request.path):
            owner = await owner_of(request, server)
            if owner is not None:
                return await act(request, server, owner)
        return await server(request)

    return whole


def _patch(change: Callable[[Body, Body], Body]) -> Act:
    """What an update sends is changed by what is there."""

    async def act(request: Request, server: Server, owner: Body) -> Response:
        body = request.json
        return await server(
            request.having(change(body, owner)) if isinstance(body, dict) else request
        )

    return with_owner("PATCH", ONE, act)


async def _patch_of_nothing(request: Request, server: Server, _: Body) -> Response:
    return Response(204) if request.json == {} else await server(request)


async def _patch_takes_manual_runs(request: Request, server: Server, owner: Body) -> Response:
    answer = await server(request)
    if answer.ok:
        waiting = {
            "deployment_id": {"any_": [owner["id"]]},
            "state": {"name": {"any_": ["Scheduled"]}},
        }
        for run in (await server(request.at("/flow_runs/filter", {"flow_runs": waiting}))).json:
            if not run["auto_scheduled"]:
                await server(request.at(f"/flow_runs/{run['id']}", method="DELETE"))
    return answer


def _merged(field: str) -> Callable[[Body, Body], Body]:
    """Objects are merged, and lists joined, with what is there."""

    def change(body: Body, there: Body) -> Body:
        new, old = body.get(field), there.get(field)
        if isinstance(new, dict):
            return {**body, field: {**(old or {}), **new}}
        if isinstance(new, list):
            return {**body, field: list(dict.fromkeys([*(old or ()), *new]))}
        return body

    return change


async def _unplanned_when_paused(request: Request, server: Server, owner: Body) -> Response:
    return Response(200, b"null") if owner["paused"] else await server(request)


async def _deeply(request: Request, server: Server, owner: Body) -> Response:
    body = request.json
    if isinstance(body, dict) and isinstance(body.get("parameters"), dict):
        parameters = _joined(owner["parameters"], body["parameters"])
        request = request.having({**body, "parameters": parameters})
    return await server(request)


def _joined(old: Body, new: Body) -> Body:
    both = {
        key: _joined(old[key], new[key]) for key in old.keys() & new.keys() if _both(old, new, key)
    }
    return {**old, **new, **both}


def _both(old: Body, new: Body, key: str) -> bool:
    return isinstance(old[key], dict) and isinstance(new[key], dict)


async def _poll_spares_paused(request: Request, server: Server) -> Response:
    answer = await server(request)
    if request.path != POLL or not answer.ok:
        return answer
    paused: Body = {
        "deployments": {"paused": {"eq_": True}, "id": {"any_": request.json["deployment_ids"]}}
    }
    held = {row["id"] for row in (await server(request.at(FILTER, paused))).json}
    return answer.having([run for run in answer.json if run["deployment_id"] not in held])


def _shifted(key: str, seconds: int) -> Act:
    """A bound of a plan is a second off, so that it is exclusive."""

    def change(body: Body) -> Body:
        if not isinstance(body.get(key), str):
            return body
        moved = datetime.fromisoformat(body[key]) + timedelta(seconds=seconds)
        return {**body, key: moved.isoformat()}

    return _sent(PLAN, change)


def _offset_lost(body: Body) -> Body:
    details = (body.get("state") or {}).get("state_details") or {}
    if isinstance(details.get("scheduled_time"), str):
        naive = re.sub(r"[+-]\d\d:\d\d$", "Z", details["scheduled_time"])
        state = {**body["state"], "state_details": {**details, "scheduled_time": naive}}
        return {**body, "state": state}
    return body


def _read_by_name(spelling: Callable[[str], str]) -> Act:
    """Where nothing has the name, another spelling of it is tried."""

    async def act(request: Request, server: Server) -> Response:
        answer = await server(request)
        found = re.fullmatch("/deployments/name/([^/]+)/([^/]+)", request.path)
        if found is None or answer.status != 404:
            return answer
        body: Body = {"flows": {"name": {"any_": [found[1]]}}, "limit": 200}
        wanted = re.compile(spelling(found[2]))
        for row in (await server(request.at(FILTER, body))).json:
            if wanted.fullmatch(row["name"]):
                return Response(200).having(row)
        return answer

    return act


def _without_filter(name: str, when: Callable[[Body], bool]) -> Act:
    def change(body: Any) -> Any:
        if isinstance(body, dict) and when(body):
            return {key: value for key, value in body.items() if key != name}
        return body

    return searches(change)


def _outer_operator(body: Any) -> Any:
    held = body.get("deployments") if isinstance(body, dict) else None
    if isinstance(held, dict) and isinstance(held.get("tags"), dict) and "operator" in held:
        held["tags"]["operator"] = held["operator"]
    return body


def _page_with_offset(request: Request, answer: Response) -> Response:
    body = request.json
    if request.path == PAGINATE and answer.ok and isinstance(body, dict) and body.get("offset"):
        told = answer.json
        return answer.having({**told, "results": told["results"][body["offset"] :]})
    return answer


def after(change: Callable[[Request, Response], Response]) -> Act:
    """An answer is changed, by what was asked."""

    async def act(request: Request, server: Server) -> Response:
        return change(request, await server(request))

    return act


def _null_limit(body: Any) -> Any:
    null = isinstance(body, dict) and "limit" in body and body["limit"] is None
    return {**body, "limit": 10} if null else body


def _like(name: str) -> str:
    return re.escape(name).replace("_", ".").replace("%", ".*")


BUGS: Final[list[Bug]] = [
    bug(
        "names are trimmed", _text("name", str.strip), "create_deployment", *READERS, checks="laws"
    ),
    bug(
        "names are normalised",
        _text("name", lambda name: unicodedata.normalize("NFKC", name)),
        "create_deployment",
        *READERS,
        checks="laws",
    ),
    bug(
        "descriptions are cut at 255",
        _text("description", lambda text: text[:255]),
        "create_deployment",
        checks="laws",
    ),
    bug(
        "line ends are made one",
        _text("description", lambda text: text.replace("\r\n", "\n")),
        "create_deployment",
        checks="laws",
    ),
    bug(
        "an empty version is none",
        _text("version", lambda text: text or None),
        "create_deployment",
        checks="laws",
    ),
    bug(
        "large whole numbers lose digits",
        _parameters(lambda value: _deep(lambda v: int(float(v)) if type(v) is int else v, value)),
        "create_deployment",
        checks="laws",
    ),
    bug(
        "null parameters are dropped",
        _parameters(_without_nulls),
        "create_deployment",
        checks="laws",
    ),
    bug("an upsert adds to the tags", _upsert(_merged("tags")), "create_deployment", *FINDERS),
    bug("an upsert merges job variables", _upsert(_merged("job_variables")), "create_deployment"),
    bug("an update adds to the tags", _patch(_merged("tags")), "update_deployment"),
    bug("an update merges parameters", _patch(_merged("parameters")), "update_deployment"),
    bug(
        "an update ignores an empty description",
        _patch(lambda body, _: {k: v for k, v in body.items() if (k, v) != ("description", "")}),
        "update_deployment",
    ),
    bug(
        "an update cannot take off a pool",
        _patch(
            lambda body, _: {k: v for k, v in body.items() if (k, v) != ("work_pool_name", None)}
        ),
        "update_deployment",
    ),
    bug(
        "an update of nothing leaves planned runs",
        with_owner("PATCH", ONE, _patch_of_nothing),
        "update_deployment",
    ),
    bug(
        "an update takes runs made by hand",
        with_owner("PATCH", ONE, _patch_takes_manual_runs),
        "update_deployment",
    ),
    bug("the end of a plan is not in it", _shifted("end_time", -1), "schedule_deployment"),
    bug("the start of a plan is not in it", _shifted("start_time", 1), "schedule_deployment"),
    bug(
        "a plan does not reach as far as told",
        _sent(PLAN, lambda body: {k: v for k, v in body.items() if k != "min_time"}),
        "schedule_deployment",
    ),
    bug(
        "what is paused is not planned",
        with_owner("POST", PLAN, _unplanned_when_paused),
        "schedule_deployment",
    ),
    bug(
        "a run loses its own labels",
        _sent(RUN, lambda body: {k: v for k, v in body.items() if k != "labels"}),
        "create_flow_run_from_deployment",
        checks="laws",
    ),
    bug(
        "parameters of a run are merged deeply",
        with_owner("POST", RUN, _deeply),
        "create_flow_run_from_deployment",
        checks="laws",
    ),
    bug(
        "a scheduled time loses its offset",
        _sent(RUN, _offset_lost),
        "create_flow_run_from_deployment",
        checks="laws",
    ),
    bug(
        "the answer of a new run lacks its pool",
        bodies(RUN, lambda run: {**run, "work_pool_name": None}),
        "create_flow_run_from_deployment",
        checks="laws",
    ),
    bug(
        "polling leaves out what is paused",
        _poll_spares_paused,
        "get_scheduled_flow_runs_for_deployments",
    ),
    bug("reading by name is a pattern", _read_by_name(_like), "read_deployment_by_name"),
    bug(
        "reading by name trims",
        _read_by_name(lambda name: re.escape(name.strip())),
        "read_deployment_by_name",
    ),
    bug(
        "reading by name forgives a plus",
        _read_by_name(lambda name: re.escape(name).replace(r"\ ", "[ +]")),
        "read_deployment_by_name",
    ),
    bug(
        "id.any_ knows ten values",
        changes_value(
            "deployments.id.any_", lambda ids: ids[:10] if isinstance(ids, list) else ids
        ),
        *FINDERS,
        checks="meaning",
    ),
    bug(
        "work_pools is ignored beside work_pool_queues",
        _without_filter(
            "work_pools", lambda body: bool(body.get("work_pool_queues") and body.get("work_pools"))
        ),
        *FINDERS,
        checks="meaning",
    ),
    bug(
        "tags are joined as their filter is",
        searches(_outer_operator),
        *FINDERS,
        checks="meaning",
    ),
    bug(
        "paginate takes an offset", after(_page_with_offset), "paginate_deployments", checks="laws"
    ),
    bug("a null limit is ten", searches(_null_limit), *FINDERS, checks="laws"),
    bug(
        "downwards, names have no case",
        recuts(
            lambda rows, _: sorted(rows, key=lambda row: str(row["name"]).lower(), reverse=True),
            when=lambda body: body.get("sort") == "NAME_DESC",
        ),
        *FINDERS,
    ),
]
