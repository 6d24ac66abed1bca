"""Bugs in what requests do: creates, updates, pauses, schedules, runs and deletes."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tests.planted_bugs.kinds import ID, ONE, bodies, recuts, rewrites, swallows
from tests.planted_bugs.plant import SEARCHES, Act, Bug, Request, Response, Server

if TYPE_CHECKING:
    from collections.abc import Callable

CREATE: Final = "/deployments/"
RUN: Final = f"{ONE}/create_flow_run"
POLL: Final = "/deployments/get_scheduled_flow_runs"
SCHEDULE: Final = f"{ONE}/schedules/{ID}"
FINDERS: Final = ("count_deployments", "read_deployments", "paginate_deployments")
READERS: Final = ("read_deployment", "read_deployment_by_name", *FINDERS)
SCHEDULES: Final = (
    "create_deployment_schedules",
    "read_deployment_schedules",
    "update_deployment_schedule",
    "delete_deployment_schedule",
)


def _bug(name: str, act: Act, *operations: str) -> Bug:
    return Bug(name, act, frozenset(operations), checks="lifecycle")


def _created(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Act:
    return rewrites(CREATE, lambda body: change(body) if isinstance(body, dict) else body)


def _patched(change: Callable[[dict[str, Any]], dict[str, Any]], pattern: str = ONE) -> Act:
    def whole(body: Any) -> Any:
        return change(body) if isinstance(body, dict) else body

    return rewrites(pattern, whole, "PATCH")


def _without(*keys: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda body: {key: value for key, value in body.items() if key not in keys}


def _also(**fields: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda body: {**fields, **body}


async def existing(request: Request, server: Server) -> dict[str, Any] | None:
    """The deployment that a create would update."""
    body = request.json
    if (request.method, request.path) != ("POST", CREATE) or not isinstance(body, dict):
        return None
    name, flow = body.get("name"), body.get("flow_id")
    if not isinstance(name, str) or not isinstance(flow, str):
        return None
    filters = {"deployments": {"name": {"any_": [name]}}, "flows": {"id": {"any_": [flow]}}}
    found = (await server(request.at("/deployments/filter", filters))).json
    return found[0] if isinstance(found, list) and found else None


async def _upsert_makes_another(request: Request, server: Server) -> Response:
    """What exists is deleted and made anew, with an id of its own."""
    there = await existing(request, server)
    if there:
        await server(request.at(f"/deployments/{there['id']}", method="DELETE"))
    return await server(request)


async def _upsert_duplicates(request: Request, server: Server) -> Response:
    """The second one is made beside the first; both are shown under the same name."""
    mark = "\u2060"
    if await existing(request, server):
        request = request.having({**request.json, "name": request.json["name"] + mark})
    response = await server(request)
    shown = response.body.replace(mark.encode(), b"").replace(b"\\u2060", b"")
    return replace(response, body=shown)


def _upserts_race() -> Act:
    """Creations of one name at the same moment do not see each other."""
    flying: Counter[bytes] = Counter()

    async def act(request: Request, server: Server) -> Response:
        body = request.json
        if (request.method, request.path) != ("POST", CREATE) or not isinstance(body, dict):
            return await server(request)
        key = repr((body.get("flow_id"), body.get("name"))).encode()
        flying[key] += 1
        mark = "\u2060" * (flying[key] - 1)
        try:
            await asyncio.sleep(0.02)  # between the look and the insertion
            if mark and isinstance(body.get("name"), str):
                request = request.having({**body, "name": body["name"] + mark})
            return await server(request)
        finally:
            flying[key] -= 1

    return act


async def _upsert_resets(request: Request, server: Server) -> Response:
    """An upsert gives back their defaults to fields that were not sent."""
    if await existing(request, server):
        defaults: dict[str, Any] = {
            "tags": [],
            "description": None,
            "version": None,
            "paused": False,
        }
        request = request.having({**defaults, **request.json})
    return await server(request)


async def _upsert_keeps_schedules(request: Request, server: Server) -> Response:
    there = await existing(request, server)
    if there:
        kept = [
            {"schedule": one["schedule"], "active": one["active"]} for one in there["schedules"]
        ]
        sent = request.json.get("schedules") or []
        request = request.having({**request.json, "schedules": [*kept, *sent]})
    return await server(request)


async def _pause_reaches_others(request: Request, server: Server) -> Response:
    """Pausing one pauses another one, too."""
    response = await server(request)
    if response.ok and re.fullmatch(f"{ONE}/pause_deployment", request.path):
        active = {"deployments": {"paused": {"eq_": False}}, "limit": 1}
        for other in (await server(request.at("/deployments/filter", active))).json:
            await server(request.at(f"/deployments/{other['id']}/pause_deployment"))
    return response


async def _pause_keeps_runs(request: Request, server: Server) -> Response:
    """Pausing leaves the runs that schedules made: it only sets the flag."""
    found = re.fullmatch(f"({ONE})/pause_deployment", request.path)
    if not found or request.method != "POST":
        return await server(request)
    one = request.at(found[1], method="GET")
    response = await server(one)
    if not response.ok:
        return await server(request)
    runs = {"flow_runs": {"deployment_id": {"any_": [response.json["id"]]}}, "limit": 200}
    planned = (await server(request.at("/flow_runs/filter", runs))).json
    answer = await server(request)
    if any(run["auto_scheduled"] for run in planned):
        # Planned again, the same runs: as if they had stayed.
        times = sorted(r["expected_start_time"] for r in planned if r["auto_scheduled"])
        again = {"start_time": times[0], "end_time": times[-1]}
        await server(request.at(f"{found[1]}/schedule", again))
    return answer


async def _own_tags_only(request: Request, server: Server) -> Response:
    """A run has the tags of its request, not those of its deployment."""
    response = await server(request)
    if re.fullmatch(RUN, request.path) and response.status == 201:
        sent = request.json.get("tags", [])
        return response.having({**response.json, "tags": sent})
    return response


async def _own_parameters_only(request: Request, server: Server) -> Response:
    """A run has the parameters of its request, not merged over those of its deployment."""
    response = await server(request)
    if re.fullmatch(RUN, request.path) and response.status == 201:
        sent = request.json.get("parameters", {})
        return response.having({**response.json, "parameters": sent})
    return response


def _keys_forgotten() -> Act:
    """An idempotency key is kept and not looked up."""
    numbers = itertools.count()

    async def act(request: Request, server: Server) -> Response:
        body = request.json
        if not re.fullmatch(RUN, request.path) or not isinstance(body, dict):
            return await server(request)
        key = body.get("idempotency_key")
        if not isinstance(key, str):
            return await server(request)
        unique = f"{key} {next(numbers)}"
        response = await server(request.having({**body, "idempotency_key": unique}))
        if not response.ok:
            return response
        return response.having({**response.json, "idempotency_key": key})

    return act


async def _name_without_case(request: Request, server: Server) -> Response:
    """Reading by name finds a name in another case."""
    response = await server(request)
    found = re.fullmatch(r"/deployments/name/([^/]+)/([^/]+)", request.path)
    if response.status != 404 or not found:
        return response
    like = {"flows": {"name": {"like_": found[1]}}, "deployments": {"name": {"like_": found[2]}}}
    near = (await server(request.at("/deployments/filter", like))).json
    same = [row for row in near if row["name"].lower() == found[2].lower()]
    return replace(response, status=200).having(same[0]) if same else response


async def _name_of_any_flow(request: Request, server: Server) -> Response:
    """Reading by name does not look at the flow's name."""
    response = await server(request)
    found = re.fullmatch(r"/deployments/name/([^/]+)/([^/]+)", request.path)
    if response.status != 404 or not found:
        return response
    named = {"deployments": {"name": {"any_": [found[2]]}}}
    others = (await server(request.at("/deployments/filter", named))).json
    return replace(response, status=200).having(others[0]) if others else response


async def _delete_takes_all_runs(request: Request, server: Server) -> Response:
    """Deleting a deployment deletes its finished runs, too."""
    if request.method != "DELETE" or not re.fullmatch(ONE, request.path):
        return await server(request)
    known = await server(request.at(request.path, method="GET"))
    response = await server(request)
    if known.ok:
        runs = {"flow_runs": {"deployment_id": {"any_": [known.json["id"]]}}, "limit": 200}
        for run in (await server(request.at("/flow_runs/filter", runs))).json:
            await server(request.at(f"/flow_runs/{run['id']}", method="DELETE"))
    return response


async def _bulk_delete_spares_one(request: Request, server: Server) -> Response:
    """Bulk deletion tells one more than it deletes."""
    body = request.json
    if request.path != "/deployments/bulk_delete" or not isinstance(body, dict):
        return await server(request)
    wanted = await server(request.at("/deployments/filter", {**body, "limit": body.get("limit")}))
    if not wanted.ok or not wanted.json:
        return await server(request)
    spared = wanted.json[0]["id"]
    ids = [row["id"] for row in wanted.json[1:]]
    response = await server(request.having({"deployments": {"id": {"any_": ids}}}))
    return response.having({"deleted": [spared, *response.json["deleted"]]})


def _stale() -> Act:
    """A search that was answered once is answered the same for the next three times."""
    seen: dict[tuple[str, bytes], tuple[Response, int]] = {}

    async def act(request: Request, server: Server) -> Response:
        key = (request.path, request.body)
        if request.path not in SEARCHES:
            return await server(request)
        response, left = seen.get(key, (None, 0))
        if response is None or left == 0:
            response, left = await server(request), 4
        seen[key] = (response, left - 1)
        return response

    return act


def _stale_totals() -> Act:
    """Pages after the first tell the count and pages that the first one told."""
    told: dict[str, dict[str, Any]] = {}

    async def act(request: Request, server: Server) -> Response:
        body, response = request.json, await server(request)
        page = response.json
        if request.path != "/deployments/paginate" or not isinstance(body, dict):
            return response
        if not response.ok or not isinstance(page, dict):
            return response
        key = repr({name: value for name, value in body.items() if name not in ("page", "sort")})
        totals = {name: page[name] for name in ("count", "pages")}
        if body.get("page", 1) == 1:
            told[key] = totals
        return response.having({**page, **told.get(key, totals)})

    return act


def _stale_reads() -> Act:
    """A deployment is answered as it was when it was first read, also after it is gone."""
    seen: dict[str, Response] = {}

    async def act(request: Request, server: Server) -> Response:
        if request.method != "GET" or not re.fullmatch(ONE, request.path):
            return await server(request)
        response = await server(request)
        if response.ok:
            seen.setdefault(request.path, response)
        return seen.get(request.path, response)

    return act


def _still_listed() -> Act:
    """Searches go on finding deployments that were deleted."""
    gone: list[dict[str, Any]] = []
    listed = recuts(
        lambda found, _: found + gone,
        lambda body: not any(body.get(name) for name in ("flow_runs", "task_runs")),
    )

    async def act(request: Request, server: Server) -> Response:
        if request.method == "DELETE" and re.fullmatch(ONE, request.path):
            known = await server(request.at(request.path, method="GET"))
            if known.ok:
                gone.append(known.json)
        return await listed(request, server)

    return act


def _inactive(body: Any) -> Any:
    return [{**one, "active": False} for one in body] if isinstance(body, list) else body


BUGS: Final = [
    _bug("create loses tags", _created(_without("tags")), "create_deployment"),
    _bug("create loses the description", _created(_without("description")), "create_deployment"),
    _bug("create loses paused", _created(_without("paused")), "create_deployment"),
    _bug("create loses parameters", _created(_without("parameters")), "create_deployment"),
    _bug("create loses schedules", _created(_without("schedules")), "create_deployment"),
    _bug("create loses the limit", _created(_without("concurrency_limit")), "create_deployment"),
    _bug("create loses labels", _created(_without("labels")), "create_deployment"),
    _bug("create loses job variables", _created(_without("job_variables")), "create_deployment"),
    _bug("an upsert makes a new one", _upsert_makes_another, "create_deployment"),
    _bug("upserts at once make several", _upserts_race(), "create_deployment"),
    _bug("totals are those of the first page", _stale_totals(), "paginate_deployments"),
    _bug("an upsert duplicates", _upsert_duplicates, "create_deployment", *FINDERS),
    _bug("an upsert resets what is not sent", _upsert_resets, "create_deployment"),
    _bug("an upsert keeps the schedules", _upsert_keeps_schedules, "create_deployment"),
    _bug("PATCH ignores tags", _patched(_without("tags")), "update_deployment"),
    _bug("PATCH ignores the description", _patched(_without("description")), "update_deployment"),
    _bug("PATCH ignores paused", _patched(_without("paused")), "update_deployment"),
    _bug("PATCH ignores parameters", _patched(_without("parameters")), "update_deployment"),
    _bug("PATCH ignores schedules", _patched(_without("schedules")), "update_deployment"),
    _bug("PATCH ignores job variables", _patched(_without("job_variables")), "update_deployment"),
    _bug("PATCH resets the description", _patched(_also(description=None)), "update_deployment"),
    _bug("PATCH resets tags", _patched(_also(tags=[])), "update_deployment"),
    _bug("PATCH pauses", _patched(_also(paused=True)), "update_deployment"),
    _bug("PATCH does nothing", swallows(ONE, "PATCH", 204), "update_deployment"),
    _bug(
        "pause does nothing",
        swallows(f"{ONE}/pause_deployment", "POST", 200, b"null"),
        "pause_deployment",
    ),
    _bug(
        "resume does nothing",
        swallows(f"{ONE}/resume_deployment", "POST", 200, b"null"),
        "resume_deployment",
    ),
    _bug("pause reaches another one", _pause_reaches_others, "pause_deployment", *READERS),
    _bug("pause keeps planned runs", _pause_keeps_runs, "pause_deployment"),
    _bug("delete does nothing", swallows(ONE, "DELETE", 204), "delete_deployment", *READERS),
    _bug("deleted ones are still listed", _still_listed(), "delete_deployment", *FINDERS),
    _bug("delete takes finished runs", _delete_takes_all_runs, "delete_deployment"),
    _bug("bulk delete spares one", _bulk_delete_spares_one, "bulk_delete_deployments"),
    _bug("searches are stale", _stale(), *FINDERS, "delete_deployment", "bulk_delete_deployments"),
    _bug(
        "reads are stale",
        _stale_reads(),
        "read_deployment",
        "create_deployment",
        "update_deployment",
    ),
    _bug("schedules are created inactive", rewrites(f"{ONE}/schedules", _inactive), *SCHEDULES),
    _bug(
        "a schedule cannot be paused",
        _patched(_without("active"), SCHEDULE),
        *SCHEDULES,
    ),
    _bug(
        "a schedule keeps its timing",
        _patched(_without("schedule"), SCHEDULE),
        *SCHEDULES,
    ),
    _bug("a schedule stays when deleted", swallows(SCHEDULE, "DELETE", 204), *SCHEDULES),
    _bug(
        "scheduling makes no runs",
        swallows(f"{ONE}/schedule", "POST", 200, b"null"),
        "schedule_deployment",
        POLL.rpartition("/")[2] + "_for_deployments",
    ),
    _bug(
        "scheduling ignores its end",
        rewrites(f"{ONE}/schedule", lambda body: {**body, "end_time": "2100-01-01T00:00:00Z"}),
        "schedule_deployment",
    ),
    _bug("runs lose the deployment's tags", _own_tags_only, "create_flow_run_from_deployment"),
    _bug("run parameters are not merged", _own_parameters_only, "create_flow_run_from_deployment"),
    _bug("idempotency keys are ignored", _keys_forgotten(), "create_flow_run_from_deployment"),
    _bug(
        "run parameters are not checked",
        rewrites(RUN, lambda body: {**body, "enforce_parameter_schema": False}),
        "create_flow_run_from_deployment",
    ),
    _bug(
        "run names are lost",
        rewrites(RUN, lambda body: _without("name")(body) if isinstance(body, dict) else body),
        "create_flow_run_from_deployment",
    ),
    _bug(
        "bulk creation makes the first run only",
        rewrites(f"{RUN}/bulk", lambda body: body[:1] if isinstance(body, list) else body),
        "bulk_create_flow_runs_from_deployment",
    ),
    _bug(
        "polling has no time bound",
        rewrites(POLL, _without("scheduled_before")),
        "get_scheduled_flow_runs_for_deployments",
    ),
    _bug(
        "polling has no limit",
        rewrites(POLL, _without("limit")),
        "get_scheduled_flow_runs_for_deployments",
    ),
    _bug(
        "polling answers the latest first",
        bodies(POLL, lambda found: found[::-1]),
        "get_scheduled_flow_runs_for_deployments",
    ),
    _bug("names are read in any case", _name_without_case, "read_deployment_by_name"),
    _bug("the flow's name is not looked at", _name_of_any_flow, "read_deployment_by_name"),
    _bug(
        "created changes",
        bodies(ONE, lambda row: {**row, "created": row["updated"]}, "GET"),
        "read_deployment",
        "create_deployment",
        "update_deployment",
    ),
]
