"""Bugs in statuses, bodies, errors, and in what is let in."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tests.planted_bugs.kinds import ONE, answers, bodies, rewrites, rows
from tests.planted_bugs.plant import SEARCHES, Act, Bug, Request, Response, Server

if TYPE_CHECKING:
    from collections.abc import Callable

ANY: Final = ".*"
FINDERS: Final = ("count_deployments", "read_deployments", "paginate_deployments")
LISTS: Final = ("read_deployments", "paginate_deployments")
READS: Final = (*LISTS, "read_deployment", "read_deployment_by_name")
ON_ONE: Final = (
    "read_deployment",
    "read_deployment_by_name",
    "update_deployment",
    "delete_deployment",
    "pause_deployment",
    "resume_deployment",
    "create_flow_run_from_deployment",
    "bulk_create_flow_runs_from_deployment",
    "work_queue_check_for_deployment",
    "read_deployment_schedules",
    "create_deployment_schedules",
    "update_deployment_schedule",
    "delete_deployment_schedule",
    "schedule_deployment",
)
BODIES: Final = (
    *FINDERS,
    "create_deployment",
    "update_deployment",
    "create_deployment_schedules",
    "update_deployment_schedule",
    "create_flow_run_from_deployment",
    "bulk_create_flow_runs_from_deployment",
    "schedule_deployment",
    "get_scheduled_flow_runs_for_deployments",
    "bulk_delete_deployments",
)


def _answer(name: str, act: Act, *operations: str) -> Bug:
    return Bug(name, act, frozenset(operations), checks="lifecycle")


def _refusal(name: str, act: Act, *operations: str) -> Bug:
    return Bug(name, act, frozenset(operations), checks="refusals")


def _status(was: int, now: int, pattern: str = ANY, method: str = "POST") -> Act:
    def change(response: Response) -> Response:
        return replace(response, status=now) if response.status == was else response

    return answers(pattern, change, method)


def _failed(was: int, change: Callable[[Response], Response]) -> Act:
    """Every answer of a status is changed, whatever the path."""

    async def act(request: Request, server: Server) -> Response:
        response = await server(request)
        return change(response) if response.status == was else response

    return act


def _lenient(*types: str, searches_only: bool = False) -> Act:
    """What is refused for errors of these types is tried once more without its faulty parts."""

    async def act(request: Request, server: Server) -> Response:
        response = await server(request)
        if searches_only and request.path not in SEARCHES:
            return response
        told = response.json if response.status == 422 else None
        errors = told.get("exception_detail") if isinstance(told, dict) else None
        if not errors or any(error["type"] not in types for error in errors):
            return response
        body = request.json
        for error in errors:
            _drop(body, error["loc"][1:])
        return await server(request.having(body))

    return act


def _drop(body: Any, place: list[Any]) -> None:
    for key in place[:-1]:
        try:
            body = body[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(body, dict):
        body.pop(place[-1], None)


def _any_limit(body: Any) -> Any:
    if isinstance(body, dict) and isinstance(body.get("limit"), int):
        body["limit"] = min(200, max(0, body["limit"]))
    return body


def _field(name: str, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda row: {**row, name: change(row[name])}


def _lacking(name: str) -> Callable[[Any], Any]:
    return lambda row: {key: value for key, value in row.items() if key != name}


def _interval_as_text(row: Any) -> Any:
    schedules = [
        {**one, "schedule": {**one["schedule"], "interval": f"{one['schedule']['interval']}s"}}
        if "interval" in one["schedule"]
        else one
        for one in row["schedules"]
    ]
    return {**row, "schedules": schedules}


async def _invalid_is_empty(request: Request, server: Server) -> Response:
    """A search whose body is refused is answered as if nothing had been asked."""
    response = await server(request)
    if request.path in SEARCHES and response.status == 422:
        return await server(request.having({}))
    return response


async def _bad_ids_are_422(request: Request, server: Server) -> Response:
    response = await server(request)
    unreadable = re.match(r"/deployments/[^/]*[^0-9a-fA-F/-][^/]*(/schedules)?$", request.path)
    if response.status == 404 and unreadable and response.json == {"detail": "Not Found"}:
        return replace(response, status=422)
    return response


async def _version_unchecked(request: Request, server: Server) -> Response:
    kept = tuple(
        (name, value) for name, value in request.headers if name.lower() != b"x-prefect-api-version"
    )
    return await server(replace(request, headers=kept))


async def _unnamed_is_accepted(request: Request, server: Server) -> Response:
    body = request.json
    if request.path == "/deployments/" and isinstance(body, dict) and "name" not in body:
        request = request.having({**body, "name": "unnamed"})
    return await server(request)


async def _refused_but_done(request: Request, server: Server) -> Response:
    """A PATCH with an unknown key is refused, and carried out all the same."""
    response = await server(request)
    body = request.json
    if request.method == "PATCH" and response.status == 422 and isinstance(body, dict):
        await server(request.having({"description": "done all the same"}))
    return response


BUGS: Final = [
    _answer("flow_id is missing in lists", rows(_lacking("flow_id")), *LISTS),
    _answer("id is missing in lists", rows(_lacking("id")), *FINDERS),
    _refusal("name is missing", bodies(ONE, _lacking("name"), "GET"), "read_deployment"),
    _answer("updated is missing", bodies(ONE, _lacking("updated"), "GET"), "read_deployment"),
    _answer("paused is a string", rows(_field("paused", str)), *LISTS),
    _answer("tags are null", rows(_field("tags", lambda _: None)), *LISTS),
    _answer("created is a number", rows(_field("created", lambda _: 1.5)), *LISTS),
    _answer("schedules are an object", rows(_field("schedules", lambda _: {})), *LISTS),
    _answer("intervals are strings", rows(_interval_as_text), *READS),
    _answer("the count is an object", bodies(SEARCHES[2], lambda n: {"count": n}), FINDERS[0]),
    _answer("the count is a string", bodies(SEARCHES[2], str), FINDERS[0]),
    _answer("create answers 200", _status(201, 200, "/deployments/"), "create_deployment"),
    _answer("an upsert answers 201", _status(200, 201, "/deployments/"), "create_deployment"),
    _answer("PATCH answers 200", _status(204, 200, ONE, "PATCH"), "update_deployment"),
    _answer("DELETE answers 200", _status(204, 200, ONE, "DELETE"), "delete_deployment"),
    _answer("a new run answers 200", _status(201, 200, f"{ONE}/create_flow_run"), ON_ONE[6]),
    _answer("500 for 404", _failed(404, lambda answer: replace(answer, status=500)), *ON_ONE),
    _answer("404 without detail", _failed(404, lambda answer: answer.having({})), *ON_ONE),
    _answer(
        "an unknown deployment is null",
        answers(
            ONE,
            lambda a: replace(a, status=200, body=b"null") if a.status == 404 else a,
            "GET",
        ),
        "read_deployment",
    ),
    _refusal(
        "422 in another envelope",
        _failed(422, lambda answer: answer.having({"detail": [{"msg": "invalid"}]})),
        *BODIES,
    ),
    _refusal(
        "422 as text",
        _failed(422, lambda answer: replace(answer, headers=((b"content-type", b"text/html"),))),
        *BODIES,
    ),
    _refusal("400 for 422", _failed(422, lambda answer: replace(answer, status=400)), *BODIES),
    _refusal("an invalid search is an empty one", _invalid_is_empty, *FINDERS),
    _refusal(
        "unknown keys in filters are accepted",
        _lenient("extra_forbidden", searches_only=True),
        *FINDERS,
    ),
    _refusal("unknown keys are accepted", _lenient("extra_forbidden"), *BODIES),
    _refusal("an unknown sort is accepted", _lenient("enum", searches_only=True), *FINDERS),
    _refusal(
        "bad types are dropped", _lenient("list_type", "string_type", "bool_parsing"), *BODIES
    ),
    _refusal("any limit is accepted", rewrites("|".join(SEARCHES[:2]), _any_limit), *LISTS),
    _refusal("a bad id is 422", _bad_ids_are_422, *ON_ONE),
    _refusal("the API version is not checked", _version_unchecked, *BODIES, *ON_ONE),
    _refusal("a deployment needs no name", _unnamed_is_accepted, "create_deployment"),
    _refusal("refused but done", _refused_but_done, "update_deployment"),
]
