"""Bugs of whoever writes such a server anew: at the edges, where there is little to go by."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any, Final

from tests.planted_bugs.details import Body, after, bug
from tests.planted_bugs.kinds import ID, ONE, bodies, rewrites
from tests.planted_bugs.plant import SEARCHES, Act, Bug, Request, Response, Server
from tests.planted_bugs.states import CREATE, FINDERS

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE: Final = 2000
BULK: Final = f"{ONE}/create_flow_run/bulk"
BULK_DELETE: Final = "/deployments/bulk_delete"
SCHEDULES: Final = f"{ONE}/schedules"
_JSON: Final = ((b"content-type", b"application/json"),)


def _badly_packed(change: Callable[[bytes], bytes]) -> Act:
    """Large answers are packed with gzip, which a client offers, and not as they should be."""

    def pack(request: Request, answer: Response) -> Response:
        if len(answer.body) < LARGE or request.path not in SEARCHES:
            return answer
        headers = (*answer.headers, (b"content-encoding", b"gzip"))
        return Response(answer.status, change(gzip.compress(answer.body)), headers)

    return after(pack)


def refuses(status: int, detail: str, when: Callable[[Request, Response], bool]) -> Act:
    """Some answers are a refusal instead."""

    def change(request: Request, answer: Response) -> Response:
        if not when(request, answer):
            return answer
        return Response(status, json.dumps({"detail": detail}).encode(), _JSON)

    return after(change)


def _is_conflict_of_creation(request: Request, answer: Response) -> bool:
    return request.path == CREATE and answer.status == 409


async def _plan_of_nothing(request: Request, server: Server) -> Response:
    found = re.fullmatch(f"/deployments/({ID})/schedule", request.path)
    if found and not (await server(request.at(f"/deployments/{found[1]}", method="GET"))).ok:
        return Response(404, b'{"detail": "Deployment not found"}', _JSON)
    return await server(request)


def _crons(body: Any) -> list[str]:
    """The cron expressions in a body, wherever they stand."""
    if isinstance(body, dict):
        own = [body["cron"]] if isinstance(body.get("cron"), str) else []
        return own + [cron for value in body.values() for cron in _crons(value)]
    return [cron for item in body for cron in _crons(item)] if isinstance(body, list) else []


async def _five_fields_only(request: Request, server: Server) -> Response:
    body = request.json
    if any(len(cron.split()) == 6 for cron in _crons(body)):
        told: Body = {
            "exception_message": "Invalid request received.",
            "exception_detail": [
                {"type": "value_error", "loc": ["body"], "msg": "cron", "input": 0}
            ],
            "request_body": body,
        }
        return Response(422).having(told)
    return await server(request)


def _seconds_first(body: Any) -> Any:
    if isinstance(body, list):
        return [_seconds_first(item) for item in body]
    if not isinstance(body, dict):
        return body
    told = {key: _seconds_first(value) for key, value in body.items()}
    fields = told["cron"].split() if isinstance(told.get("cron"), str) else []
    return {**told, "cron": " ".join([*fields[1:], fields[0]])} if len(fields) == 6 else told


async def _bulk_deletion_stops(request: Request, server: Server) -> Response:
    """At the first id that nothing has, the rest is left alone."""
    body = request.json
    chosen = body.get("deployments") if isinstance(body, dict) else None
    named = (chosen.get("id") or {}).get("any_") if isinstance(chosen, dict) else None
    if request.path != BULK_DELETE or not isinstance(named, list) or not isinstance(chosen, dict):
        return await server(request)
    there: list[Any] = []
    for one in named:
        if not (await server(request.at(f"/deployments/{one}", method="GET"))).ok:
            break
        there.append(one)
    chosen["id"]["any_"] = there
    return await server(request.having(body))


async def _bulk_creation_stops(request: Request, server: Server) -> Response:
    """After the first run that cannot be made, none is tried."""
    items = request.json
    if not re.fullmatch(BULK, request.path) or not isinstance(items, list):
        return await server(request)
    results: list[Any] = []
    answer = await server(request.having([]))
    for item in items:
        answer = await server(request.having([item]))
        if not answer.ok:
            return answer
        results += answer.json["results"]
        if results[-1]["status"] == "FAILED":
            break
    rest = {"flow_run_id": None, "status": "FAILED", "error": "Aborted."}
    return answer.having({"results": results + [rest] * (len(items) - len(results))})


def _without_system_labels(body: Any) -> Any:
    if isinstance(body, dict) and isinstance(body.get("labels"), dict):
        own = {k: v for k, v in body["labels"].items() if not k.startswith("prefect.")}
        return {**body, "labels": own}
    return body


BUGS: Final[list[Bug]] = [
    bug(
        "large packed answers lack their end",
        _badly_packed(lambda packed: packed[:-8]),
        *FINDERS,
        checks="meaning",
    ),
    bug(
        "large packed answers are damaged",
        _badly_packed(lambda packed: packed[:200] + bytes(4) + packed[204:]),
        *FINDERS,
        checks="meaning",
    ),
    bug(
        "an unknown flow is 404",
        refuses(404, "Flow not found", _is_conflict_of_creation),
        "create_deployment",
        checks="refusals",
    ),
    bug("planning an unknown deployment is 404", _plan_of_nothing, "schedule_deployment"),
    bug("cron has five fields only", _five_fields_only, "create_deployment"),
    bug(
        "the first of six fields is of seconds",
        rewrites(f"{CREATE}|{SCHEDULES}", _seconds_first),
        "create_deployment",
        "schedule_deployment",
    ),
    bug(
        "bulk deletion stops at an unknown id",
        _bulk_deletion_stops,
        "bulk_delete_deployments",
    ),
    bug(
        "bulk creation stops at a run that cannot be made",
        _bulk_creation_stops,
        "bulk_create_flow_runs_from_deployment",
    ),
    bug(
        "paused queues are not in the queue check",
        bodies(
            f"{ONE}/work_queue_check",
            lambda queues: [queue for queue in queues if not queue["is_paused"]],
            "GET",
        ),
        "work_queue_check_for_deployment",
    ),
    bug(
        "labels of the server cannot be overridden",
        rewrites(CREATE, _without_system_labels),
        "create_deployment",
        checks="laws",
    ),
    bug(
        "a run cannot override labels of the server",
        rewrites(f"{ONE}/create_flow_run", _without_system_labels),
        "create_flow_run_from_deployment",
        checks="laws",
    ),
]
