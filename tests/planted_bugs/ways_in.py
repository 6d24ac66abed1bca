"""Bugs of one way in: what creation keeps, a change, a run, a bulk or a schedule loses or takes.

And of what is refused: a part of it is carried out, or what only its meaning forbids is taken.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from tests.planted_bugs.details import Body, _patch, _sent, _upsert, after, bug, with_owner
from tests.planted_bugs.edges import SCHEDULES
from tests.planted_bugs.kinds import (
    ID,
    ONE,
    all_rows,
    bodies,
    changes_value,
    reach,
    recut,
    rewrites,
    searches,
)
from tests.planted_bugs.plant import SEARCHES, Act, Bug, Request, Response, Server
from tests.planted_bugs.states import CREATE, FINDERS, POLL, READERS, RUN

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[Any], Any]

SCHEDULE: Final = f"{SCHEDULES}/{ID}"
BULK_DELETION: Final = "/deployments/bulk_delete"
_EXACT: Final = 2**53
_LONG: Final = 10
_MOST: Final = 5
_CONFLICT: Final = 409
_UNPROCESSABLE: Final = 422
_NOT_FOUND: Final = 404
MAKES_RUNS: Final = "create_flow_run_from_deployment"
MAKES_MANY: Final = "bulk_create_flow_runs_from_deployment"
POLLS: Final = "get_scheduled_flow_runs_for_deployments"


def _deep(change: Change, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _deep(change, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_deep(change, item) for item in value]
    return change(value)


def _as_double(value: Any) -> Any:
    exact = isinstance(value, bool) or not isinstance(value, int) or abs(value) < _EXACT
    return value if exact else int(float(value))


def _no_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _no_nulls(item) for key, item in value.items() if item is not None}
    return [_no_nulls(item) for item in value] if isinstance(value, list) else value


def _field(name: str, change: Change, pattern: str, method: str) -> Act:
    """A field of a body is changed on its way in."""

    def whole(body: Body) -> Body:
        held = body.get(name)
        right = isinstance(held, (str, list, dict)) and not (
            isinstance(held, list) and not all(isinstance(item, str) for item in held)
        )
        return {**body, name: change(held)} if right else body

    return _sent(pattern, whole, method)


def _plans(change: Callable[[Body], Body], pattern: str, method: str) -> Act:
    """Schedules are changed on their way in: one, a list of them, or those of a deployment."""

    def item(value: Any) -> Any:
        return change(value) if isinstance(value, dict) else value

    def whole(body: Any) -> Any:
        if isinstance(body, list):
            return [item(one) for one in body]
        if isinstance(body, dict) and isinstance(body.get("schedules"), list):
            return {**body, "schedules": [item(one) for one in body["schedules"]]}
        return item(body)

    return rewrites(pattern, whole, method)


def _plan_without(*keys: str) -> Callable[[Body], Body]:
    def change(item: Body) -> Body:
        plan = item.get("schedule")
        if not isinstance(plan, dict):
            return item
        return {**item, "schedule": {k: v for k, v in plan.items() if k not in keys}}

    return change


def _whole_seconds(item: Body) -> Body:
    plan = item.get("schedule")
    if isinstance(plan, dict) and isinstance(plan.get("interval"), float) and plan["interval"] > 1:
        return {**item, "schedule": {**plan, "interval": int(plan["interval"])}}
    return item


def _items_without(key: str) -> Act:
    def whole(body: Any) -> Any:
        if not isinstance(body, list):
            return body
        return [
            {k: v for k, v in one.items() if k != key} if isinstance(one, dict) else one
            for one in body
        ]

    return rewrites(f"{RUN}/bulk", whole)


async def _merges_deep(request: Request, server: Server, owner: Body) -> Response:
    body = request.json
    if not isinstance(body, dict) or not isinstance(body.get("parameters"), dict):
        return await server(request)
    there = owner["parameters"]
    merged = {
        key: {**there[key], **value}
        if isinstance(value, dict) and isinstance(there.get(key), dict)
        else value
        for key, value in body["parameters"].items()
    }
    return await server(request.having({**body, "parameters": merged}))


def _answers_the_new_name(request: Request, answer: Response) -> Response:
    sent = request.json
    again = request.method == "POST" and re.fullmatch(RUN, request.path) and answer.status == 200
    if again and isinstance(sent, dict) and sent.get("name"):
        return answer.having({**answer.json, "name": sent["name"]})
    return answer


async def _keeps_half(request: Request, server: Server, _: Body) -> Response:
    """A change that is refused for its parameters writes the rest."""
    answer = await server(request)
    if answer.status == _CONFLICT:
        rest = {k: v for k, v in request.json.items() if "parameter" not in k}
        await server(request.having(rest))
    return answer


async def _makes_the_first(request: Request, server: Server, _: Body) -> Response:
    answer = await server(request)
    if answer.status == _CONFLICT:
        await server(request.having(request.json[:1]))
    return answer


async def _makes_without_pool(request: Request, server: Server) -> Response:
    answer = await server(request)
    body = request.json
    if request.path == CREATE and answer.status == _NOT_FOUND and body.get("work_pool_name"):
        await server(request.having({k: v for k, v in body.items() if "work_" not in k}))
    return answer


def _once_only() -> Act:
    """The plan of a schedule is changed the first time only."""
    changed: set[str] = set()

    async def act(request: Request, server: Server) -> Response:
        body, path = request.json, request.path.lower()
        here = request.method == "PATCH" and re.fullmatch(SCHEDULE, request.path)
        if not here or not isinstance(body, dict) or "schedule" not in body:
            return await server(request)
        if path in changed:
            return await server(request.having({k: v for k, v in body.items() if k != "schedule"}))
        answer = await server(request)
        if answer.ok:
            changed.add(path)
        return answer

    return act


def _unpolled(forgets: Callable[[Request, set[str]], None]) -> Act:
    """Some deployments are told as never polled."""
    forgotten: set[str] = set()

    async def act(request: Request, server: Server) -> Response:
        answer = await server(request)
        if answer.ok:
            forgets(request, forgotten)
        row = answer.json if re.fullmatch(ONE, request.path) and answer.ok else None
        if isinstance(row, dict) and row.get("id") in forgotten:
            return answer.having({**row, "status": "NOT_READY", "last_polled": None})
        return answer

    return act


def _all_but_the_first(request: Request, forgotten: set[str]) -> None:
    if request.path == POLL:
        forgotten.update(str(one).lower() for one in request.json["deployment_ids"][1:])


def _what_is_changed(request: Request, forgotten: set[str]) -> None:
    if request.path == POLL:
        forgotten.difference_update(str(one).lower() for one in request.json["deployment_ids"])
    elif request.method == "PATCH" and re.fullmatch(ONE, request.path):
        forgotten.add(request.path.rpartition("/")[2].lower())


def _chosen_by_ids_alone(body: Any) -> Any:
    held = reach(body, "deployments")
    if held is not None and held.get("id") and held.get("operator") != "or_":
        for key in ("tags", "paused", "name"):
            held.pop(key, None)
    return body


def _without_not_any(body: Any) -> Any:
    held = reach(body, "deployments", "id")
    if held is not None and held.get("any_"):
        held.pop("not_any_", None)
    return body


def _and_for_or(body: Any) -> Any:
    held = reach(body, "deployments")
    if held is not None and held.get("operator") == "or_":
        held["operator"] = "and_"
    return body


def _takes(pattern: str, status: int, words: bytes, change: Callable[[Body], Body]) -> Act:
    """What is refused in certain words is taken, without what is wrong with it."""

    async def act(request: Request, server: Server) -> Response:
        answer = await server(request)
        here = re.fullmatch(pattern, request.path) and answer.status == status
        if here and re.search(words, answer.body) and isinstance(request.json, dict):
            return await server(request.having(change(request.json)))
        return answer

    return act


def _unenforced(body: Body) -> Body:
    return {**body, "enforce_parameter_schema": False}


def _without(*keys: str) -> Callable[[Body], Body]:
    return lambda body: {key: value for key, value in body.items() if key not in keys}


async def _in_the_order_of_ids(request: Request, server: Server) -> Response:
    body = request.json
    held = reach(body, "deployments", "id") if request.path in SEARCHES[:2] else None
    answer = await server(request)
    if held is None or not held.get("any_") or body.get("sort") or not answer.ok:
        return answer
    order = [str(one).lower() for one in held["any_"]]
    found = await all_rows(request, server, body)
    found.sort(key=lambda row: order.index(row["id"]) if row["id"] in order else len(order))
    return answer.having(recut(request.path, body, found, answer.json))


def _bare_rows(request: Request, answer: Response) -> Response:
    if request.path == SEARCHES[0] and answer.ok and len(answer.json) > _LONG:
        return answer.having([{**row, "labels": {}} for row in answer.json])
    return answer


def _no_pool_behind(request: Request, answer: Response) -> Response:
    if request.path != SEARCHES[1] or not answer.ok or answer.json["page"] == 1:
        return answer
    shown = [{**row, "work_pool_name": None} for row in answer.json["results"]]
    return answer.having({**answer.json, "results": shown})


def _zoneless(text: Any) -> Any:
    naive = isinstance(text, str) and re.search(r"[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$", text)
    return f"{text}+05:00" if naive else text


def _naive_elsewhere(body: Body) -> Body:
    for key in ("start_time", "end_time", "expected_start_time", "next_scheduled_start_time"):
        held = reach(body, "flow_runs", key)
        for operator in ("before_", "after_") if held else ():
            if held is not None and operator in held:
                held[operator] = _zoneless(held[operator])
    return body


def _both_forms(values: Any) -> Any:
    if not isinstance(values, list):
        return values
    forms = [unicodedata.normalize(f, v) for v in values for f in ("NFC", "NFD")]
    return [*values, *forms]


BUGS: Final[list[Bug]] = [
    bug(
        "PATCH: big integers lose digits",
        _field("parameters", lambda v: _deep(_as_double, v), ONE, "PATCH"),
        "update_deployment",
    ),
    bug(
        "PATCH: tags are trimmed",
        _field("tags", lambda v: [t.strip() for t in v], ONE, "PATCH"),
        "update_deployment",
    ),
    bug(
        "PATCH: tags are composed",
        _field("tags", lambda v: [unicodedata.normalize("NFC", t) for t in v], ONE, "PATCH"),
        "update_deployment",
    ),
    bug(
        "PATCH: nulls in job_variables are dropped",
        _field("job_variables", _no_nulls, ONE, "PATCH"),
        "update_deployment",
    ),
    bug(
        "PATCH: a description has the lines of unix",
        _field("description", lambda v: v.replace("\r\n", "\n"), ONE, "PATCH"),
        "update_deployment",
    ),
    bug(
        "PATCH: a description is cut at 255",
        _field("description", lambda v: v[:255], ONE, "PATCH"),
        "update_deployment",
    ),
    bug(
        "an upsert drops nulls in parameters",
        _upsert(lambda b, _: {**b, "parameters": _no_nulls(b.get("parameters", {}))}),
        "create_deployment",
    ),
    bug(
        "an upsert keeps the labels",
        _upsert(lambda b, there: {"labels": there["labels"], **b}),
        "create_deployment",
        checks="laws",
    ),
    bug(
        "a run loses nulls deep inside",
        _field("parameters", lambda v: {k: _no_nulls(i) for k, i in v.items()}, RUN, "POST"),
        MAKES_RUNS,
    ),
    bug(
        "a run trims tags",
        _field("tags", lambda v: [t.strip() for t in v], RUN, "POST"),
        MAKES_RUNS,
    ),
    bug("a run's name is cut at 40", _field("name", lambda v: v[:40], RUN, "POST"), MAKES_RUNS),
    bug("a run merges parameters deeply", with_owner("POST", RUN, _merges_deep), MAKES_RUNS),
    bug("a key in use answers the new name", after(_answers_the_new_name), MAKES_RUNS),
    bug("bulk runs have no idempotency keys", _items_without("idempotency_key"), MAKES_MANY),
    bug("bulk runs have no labels", _items_without("labels"), MAKES_MANY),
    bug(
        "POST schedules: whole seconds only",
        _plans(_whole_seconds, SCHEDULES, "POST"),
        "create_deployment_schedules",
    ),
    bug(
        "POST schedules: slugs are trimmed",
        _plans(
            lambda s: {**s, "slug": s["slug"].strip()} if s.get("slug") else s, SCHEDULES, "POST"
        ),
        "create_deployment_schedules",
    ),
    bug(
        "POST schedules: not active unless sent",
        _plans(lambda s: {"active": False, **s}, SCHEDULES, "POST"),
        "create_deployment_schedules",
    ),
    bug(
        "PATCH schedule: whole seconds only",
        _plans(_whole_seconds, SCHEDULE, "PATCH"),
        "update_deployment_schedule",
    ),
    bug(
        "PATCH schedule: day_or is lost",
        _plans(_plan_without("day_or"), SCHEDULE, "PATCH"),
        "update_deployment_schedule",
    ),
    bug(
        "PATCH schedule: the zone is lost",
        _plans(_plan_without("timezone"), SCHEDULE, "PATCH"),
        "update_deployment_schedule",
    ),
    bug(
        "PATCH schedule: the anchor is lost",
        _plans(_plan_without("anchor_date"), SCHEDULE, "PATCH"),
        "update_deployment_schedule",
    ),
    bug("a schedule's plan changes once only", _once_only(), "update_deployment_schedule"),
    bug(
        "PATCH: schedules lose their zone",
        _plans(_plan_without("timezone"), ONE, "PATCH"),
        "update_deployment",
        "read_deployment_schedules",
    ),
    bug(
        "PATCH: schedules are active",
        _plans(lambda s: {**s, "active": True} if "schedule" in s else s, ONE, "PATCH"),
        "update_deployment",
        "read_deployment_schedules",
    ),
    bug(
        "five schedules are listed",
        bodies(SCHEDULES, lambda v: v[:_MOST], "GET"),
        "read_deployment_schedules",
        "create_deployment_schedules",
    ),
    bug(
        "a limit drops the options beside it",
        _patch(
            lambda b, _: {**b, "concurrency_options": None} if b.get("concurrency_limit") else b
        ),
        "update_deployment",
    ),
    bug(
        "a refused change is half there", with_owner("PATCH", ONE, _keeps_half), "update_deployment"
    ),
    bug(
        "the first of refused schedules is made",
        with_owner("POST", SCHEDULES, _makes_the_first),
        "create_deployment_schedules",
    ),
    bug(
        "a deployment for an unknown pool is made elsewhere",
        _makes_without_pool,
        "create_deployment",
    ),
    bug(
        "constraints of parameters are not enforced",
        _takes(
            RUN,
            _CONFLICT,
            rb"is not one of|less than|greater than|too long|does not match",
            _unenforced,
        ),
        MAKES_RUNS,
    ),
    bug(
        "parameters deep inside are not enforced",
        _takes(RUN, _CONFLICT, rb"Validation failed for field '[^']*[.\[]", _unenforced),
        MAKES_RUNS,
    ),
    bug(
        "required parameters are asked for only of those who send none",
        _takes(
            RUN, _CONFLICT, rb"required", lambda b: _unenforced(b) if b.get("parameters") else b
        ),
        MAKES_RUNS,
    ),
    bug(
        "create: parameters against the schema are dropped",
        _takes(CREATE, _UNPROCESSABLE, rb"Validation failed for field", _without("parameters")),
        "create_deployment",
    ),
    bug(
        "PATCH: parameters against the schema are dropped",
        _takes(ONE, _CONFLICT, rb"Validation failed for field", _without("parameters")),
        "update_deployment",
    ),
    bug(
        "create: job variables against the template are dropped",
        _takes(CREATE, _UNPROCESSABLE, rb"Error creating deployment", _without("job_variables")),
        "create_deployment",
    ),
    bug("the first of those polled is ready", _unpolled(_all_but_the_first), POLLS),
    bug("a change undoes a poll", _unpolled(_what_is_changed), "update_deployment"),
    bug(
        "bulk deletion looks at ids alone",
        rewrites(BULK_DELETION, _chosen_by_ids_alone),
        "bulk_delete_deployments",
    ),
    bug(
        "bulk deletion ignores not_any_",
        rewrites(BULK_DELETION, _without_not_any),
        "bulk_delete_deployments",
    ),
    bug(
        "bulk deletion takes or_ for and_",
        rewrites(BULK_DELETION, _and_for_or),
        "bulk_delete_deployments",
    ),
    bug("ids that are asked for are the order", _in_the_order_of_ids, *FINDERS, checks="meaning"),
    bug("a long answer has no labels", after(_bare_rows), *FINDERS, checks="laws"),
    bug(
        "rows of later pages have no pool",
        after(_no_pool_behind),
        *FINDERS,
        *READERS,
        checks="laws",
    ),
    bug(
        "text for false is true",
        changes_value(
            "deployments.paused.eq_",
            lambda v: True if isinstance(v, str) and v.lower() == "false" else v,
        ),
        *FINDERS,
        checks="laws",
    ),
    bug(
        "times without a zone are of another one",
        searches(_naive_elsewhere),
        *FINDERS,
        checks="laws",
    ),
    bug(
        "accents are of one form",
        changes_value("deployments.name.any_", _both_forms),
        *FINDERS,
        checks="meaning",
    ),
    bug(
        "patterns are cut",
        changes_value(
            "deployments.flow_or_deployment_name.like_",
            lambda v: v[:25] if isinstance(v, str) else v,
        ),
        *FINDERS,
        checks="meaning",
    ),
]
