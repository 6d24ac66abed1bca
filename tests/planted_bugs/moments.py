"""Bugs that act at one moment only: now and then, at the same time as others, or after a change."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from tests.planted_bugs.details import FILTER, Body, after, bug, owner_of, with_owner
from tests.planted_bugs.kinds import ONE
from tests.planted_bugs.states import FINDERS, POLL, RUN

if TYPE_CHECKING:
    from tests.planted_bugs.plant import Act, Bug, Request, Response, Server


async def _run_touches(request: Request, server: Server, owner: Body) -> Response:
    answer = await server(request)
    touched = request.at(f"/deployments/{owner['id']}", {"version": owner["version"]}, "PATCH")
    await server(touched)
    return answer


async def _poll_touches(request: Request, server: Server) -> Response:
    answer = await server(request)
    if request.path == POLL and answer.ok:
        for identity in request.json["deployment_ids"]:
            await server(request.at(f"/deployments/{identity}", {}, "PATCH"))
    return answer


def _now_and_then(every: int) -> Act:
    numbers = itertools.count(1)

    def change(request: Request, answer: Response) -> Response:
        due = request.path == FILTER and answer.ok and next(numbers) % every == 0
        return answer.having(answer.json[:-1]) if due else answer

    return after(change)


def _crosstalk() -> Act:
    """Of searches at the same moment, all are answered as the last one is."""
    last: dict[str, Request] = {}

    async def act(request: Request, server: Server) -> Response:
        if request.path != FILTER:
            return await server(request)
        last["asked"] = request
        await asyncio.sleep(0.003)
        return await server(last["asked"])

    return act


async def _lost_update(request: Request, server: Server, owner: Body) -> Response:
    """What is not sent is written as it was read before."""
    await asyncio.sleep(0.02)
    body = request.json
    if not isinstance(body, dict) or not body:
        return await server(request)
    read = {key: owner[key] for key in ("description", "tags", "version", "path")}
    answer = await server(request.having({**read, **body}))
    return answer if answer.ok else await server(request)


def _keys_race() -> Act:
    flying: Counter[str] = Counter()

    async def act(request: Request, server: Server) -> Response:
        body = request.json
        key = body.get("idempotency_key") if isinstance(body, dict) else None
        if not isinstance(key, str) or not re.fullmatch(RUN, request.path):
            return await server(request)
        flying[key] += 1
        mark = "\u2060" * (flying[key] - 1)
        try:
            await asyncio.sleep(0.02)  # between the look and the insertion
            return await server(request.having({**body, "idempotency_key": key + mark}))
        finally:
            flying[key] -= 1

    return act


def _late_index() -> Act:
    """Filters see `paused` as it was before it was paused or resumed."""
    before: dict[str, bool] = {}

    async def act(request: Request, server: Server) -> Response:
        if re.fullmatch(f"{ONE}/(pause|resume)_deployment", request.path):
            owner = await owner_of(request, server)
            if owner is not None:
                before.setdefault(owner["id"], owner["paused"])
        answer = await server(request)
        body = request.json
        held = (body.get("deployments") or {}) if isinstance(body, dict) else {}
        wanted = (held.get("paused") or {}).get("eq_") if isinstance(held, dict) else None
        if request.path == FILTER and answer.ok and isinstance(wanted, bool):
            rows = [r for r in answer.json if before.get(r["id"], r["paused"]) is wanted]
            return answer.having(rows)
        return answer

    return act


BUGS: Final[list[Bug]] = [
    bug(
        "updates at once lose one another",
        with_owner("PATCH", ONE, _lost_update),
        "update_deployment",
    ),
    bug(
        "a run changes when its deployment was updated",
        with_owner("POST", RUN, _run_touches),
        "create_flow_run_from_deployment",
    ),
    bug("one key at once makes two runs", _keys_race(), "create_flow_run_from_deployment"),
    bug(
        "polling changes when a deployment was updated",
        _poll_touches,
        "get_scheduled_flow_runs_for_deployments",
    ),
    bug("every 40th answer lacks a row", _now_and_then(40), "read_deployments", checks="meaning"),
    bug("searches at once get one answer", _crosstalk(), "read_deployments"),
    bug(
        "filters see a pause late",
        _late_index(),
        *FINDERS,
        "pause_deployment",
        "resume_deployment",
    ),
]
