"""Bugs of a server that is written anew in a language with other habits, such as Go.

There a list that was never filled is null, what is zero counts as not sent, keys of JSON have no
case, and what comes after the first JSON value is not looked at.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from tests.planted_bugs.details import Body, _patch, _sent, _upsert, after, bug, with_owner
from tests.planted_bugs.edges import _JSON, SCHEDULES
from tests.planted_bugs.kinds import (
    ID,
    ONE,
    bodies,
    everywhere,
    recuts,
    rewrites,
    searches,
)
from tests.planted_bugs.plant import SEARCHES, Act, Bug, Request, Response, Server
from tests.planted_bugs.states import CREATE, FINDERS, POLL, READERS, RUN

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEDULE: Final = f"{SCHEDULES}/{ID}"
_OFFSET: Final = re.compile(r"(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)[+-]\d\d:\d\d$")
WRITERS: Final = ("create_deployment", "update_deployment")


def _null_for_none(request: Request, answer: Response) -> Response:
    if request.path == SEARCHES[0] and answer.ok and answer.json == []:
        return answer.having(None)
    return answer


def _upper_path(request: Request, answer: Response) -> Response:
    if answer.ok and re.search(ID, request.path) and request.path != request.path.lower():
        found = re.fullmatch(f"/deployments/({ID})(/.*)?", request.path)
        if found and found[1] != found[1].lower():
            return Response(404, b'{"detail": "Deployment not found"}', _JSON)
    return answer


def _without_nulls(body: Body, _: Body) -> Body:
    return {key: value for key, value in body.items() if value is not None}


def _without_false(body: Body, _: Body) -> Body:
    return {key: value for key, value in body.items() if value is not False}


def _lower_keys(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    return {key.lower(): value for key, value in body.items()}


def _first_value(request: Request, _: Response | None = None) -> Request:
    try:
        value, end = json.JSONDecoder().raw_decode(request.body.decode().lstrip())
    except (ValueError, UnicodeDecodeError):
        return request
    return request.having(value) if request.body.decode().lstrip()[end:].strip() else request


async def _ignores_the_rest(request: Request, server: Server) -> Response:
    return await server(_first_value(request) if request.body else request)


def _content_type(request: Request) -> str | None:
    told = [value.decode() for name, value in request.headers if name.lower() == b"content-type"]
    return told[0] if told else None


async def _wants_a_bare_content_type(request: Request, server: Server) -> Response:
    if request.body and ";" in (_content_type(request) or ""):
        return Response(415, b'{"detail": "Unsupported Media Type"}', _JSON)
    return await server(request)


def _without_allow(_: Request, answer: Response) -> Response:
    if answer.status != 405:
        return answer
    headers = tuple((name, value) for name, value in answer.headers if name.lower() != b"allow")
    return Response(405, answer.body, headers)


def _plain_404(_: Request, answer: Response) -> Response:
    if answer.status != 404 or answer.json != {"detail": "Not Found"}:
        return answer
    return Response(404, b"404 page not found\n", ((b"content-type", b"text/plain"),))


def _moved(_: Request, answer: Response) -> Response:
    return Response(301, answer.body, answer.headers) if answer.status == 307 else answer


def _like(compiled: Callable[[str], str]) -> Act:
    """`deployments.name.like_` by a pattern of another make."""

    def change(found: list[dict[str, Any]], body: dict[str, Any]) -> list[dict[str, Any]]:
        pattern = re.compile(compiled(_pattern(body)), re.IGNORECASE)
        return [row for row in found if pattern.search(row["name"])]

    return recuts(change, lambda body: bool(_pattern(body)))


def _pattern(body: dict[str, Any]) -> str:
    held = body.get("deployments")
    if not isinstance(held, dict) or held.get("operator") == "or_":
        return ""
    name = held.get("name")
    like = name.get("like_") if isinstance(name, dict) else None
    return like if isinstance(like, str) else ""


def _any_case(key: str, of: Callable[[dict[str, Any]], list[str]]) -> Act:
    """`any_` of a criterion of deployments also finds what is spelled in another case."""

    async def act(request: Request, server: Server) -> Response:
        body = request.json
        held = body.get("deployments") if isinstance(body, dict) else None
        wanted = (held.get(key) or {}).get("any_") if isinstance(held, dict) else None
        if request.path not in SEARCHES or not isinstance(wanted, list) or held is None:
            return await server(request)
        every = await server(request.at("/deployments/filter", {"limit": 200}))
        lower = {str(one).lower() for one in wanted}
        spelled = {one for row in every.json for one in of(row) if one.lower() in lower}
        held[key]["any_"] = [*wanted, *sorted(spelled - set(map(str, wanted)))]
        return await server(request.having(body))

    return act


def _repeated_tags(run: Body) -> Body:
    return {**run, "tags": [*run["tags"], *run["tags"][:1]]}


def _of_run(change: Callable[[Body], Body]) -> Act:
    return rewrites(RUN, lambda body: change(body) if isinstance(body, dict) else body)


def _state_without(*keys: str) -> Act:
    def change(body: Body) -> Body:
        state = body.get("state")
        if not isinstance(state, dict):
            return body
        return {**body, "state": {k: v for k, v in state.items() if k not in keys}}

    return _of_run(change)


def _schedules_without(key: str) -> Act:
    def change(held: dict[str, Any]) -> None:
        if isinstance(held.get("schedule"), dict):
            held["schedule"].pop(key, None)

    return rewrites(
        f"{CREATE}|{SCHEDULES}",
        lambda body: everywhere(change)(body) if isinstance(body, dict | list) else body,
    )


async def _pause_switches_schedules_off(request: Request, server: Server, owner: Body) -> Response:
    for item in owner["schedules"]:
        path = f"/deployments/{owner['id']}/schedules/{item['id']}"
        await server(request.at(path, {"active": False}, "PATCH"))
    return await server(request)


def _spelled_as_sent(request: Request, answer: Response) -> Response:
    sent = request.json
    told = answer.json
    if request.path == CREATE and answer.ok and isinstance(sent, dict):
        return answer.having({**told, "flow_id": sent["flow_id"]})
    return answer


def _times(change: Callable[[str], str]) -> Act:
    """Times in filters are read otherwise."""

    def whole(held: dict[str, Any]) -> None:
        for key in ("before_", "after_"):
            if isinstance(held.get(key), str):
                held[key] = change(held[key])

    return searches(everywhere(whole))


BUGS: Final[list[Bug]] = [
    bug("filter answers null for no rows", after(_null_for_none), *FINDERS, checks="meaning"),
    bug("ids in upper case have no path", after(_upper_path), *READERS, checks="conformance"),
    bug("PATCH ignores null", _patch(_without_nulls), "update_deployment"),
    bug("PATCH ignores false", _patch(_without_false), "update_deployment"),
    bug("an upsert ignores false", _upsert(_without_false), "create_deployment"),
    bug("create ignores false", _sent(CREATE, lambda b: _without_false(b, b)), *WRITERS),
    bug("keys of a search have no case", searches(_lower_keys), *FINDERS, checks="refusals"),
    bug("keys of a creation have no case", _sent(CREATE, _lower_keys), "create_deployment"),
    bug("what comes after the JSON is ignored", _ignores_the_rest, *FINDERS, *WRITERS),
    bug("a content type has no parameters", _wants_a_bare_content_type, *FINDERS, *WRITERS),
    bug("405 does not say what is allowed", after(_without_allow), *FINDERS, *WRITERS),
    bug("404 of a bad id is plain text", after(_plain_404), *READERS, *WRITERS),
    bug("paths without a slash are moved for good", after(_moved), *FINDERS, *WRITERS),
    bug("like_ is a regular expression", _like(lambda text: text.replace("%", ".*")), *FINDERS),
    bug(
        "_ in like_ is a plain character",
        _like(lambda t: re.escape(t).replace("%", ".*")),
        *FINDERS,
    ),
    bug("tags.any_ has no case", _any_case("tags", lambda row: row["tags"]), *FINDERS),
    bug("name.any_ has no case", _any_case("name", lambda row: [row["name"]]), *FINDERS),
    bug(
        "tags of a run are repeated", bodies(RUN, _repeated_tags), "create_flow_run_from_deployment"
    ),
    bug(
        "a run's own queue is ignored",
        _of_run(lambda body: {k: v for k, v in body.items() if k != "work_queue_name"}),
        "create_flow_run_from_deployment",
    ),
    bug("names of states are lost", _state_without("name"), "create_flow_run_from_deployment"),
    bug(
        "messages of states are lost", _state_without("message"), "create_flow_run_from_deployment"
    ),
    bug("schedules lose their zone", _schedules_without("timezone"), "create_deployment"),
    bug("intervals lose their anchor", _schedules_without("anchor_date"), "create_deployment"),
    bug("cron loses day_or", _schedules_without("day_or"), "create_deployment"),
    bug(
        "an update of a schedule switches it on",
        rewrites(SCHEDULE, lambda b: {"active": True, **b} if isinstance(b, dict) else b, "PATCH"),
        "update_deployment_schedule",
    ),
    bug(
        "pausing switches schedules off",
        with_owner("POST", f"{ONE}/pause_deployment", _pause_switches_schedules_off),
        "pause_deployment",
    ),
    bug("flow_id is told as it was spelled", after(_spelled_as_sent), "create_deployment"),
    bug("offsets of times are dropped", _times(lambda t: _OFFSET.sub(r"\1Z", t)), *FINDERS),
    bug(
        "polling drops offsets",
        rewrites(
            POLL,
            lambda b: (
                {**b, "scheduled_before": _OFFSET.sub(r"\1Z", b["scheduled_before"])}
                if isinstance(b, dict) and isinstance(b.get("scheduled_before"), str)
                else b
            ),
        ),
        "get_scheduled_flow_runs_for_deployments",
    ),
]
