"""Walks around what is refused for what it means, though its form is right: it changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contract_tests.asking.actor import (
    CONFLICT,
    CREATED,
    FAR,
    NOT_FOUND,
    OK,
    UNPROCESSABLE,
    Actor,
    rows,
    schedule,
    steady,
)
from contract_tests.lifecycle import judges
from contract_tests.lifecycle.walks_effects import is_known
from contract_tests.lifecycle.walks_runs import count_runs, scheduled

if TYPE_CHECKING:
    from contract_tests.asking.actor import Record

_RULE: Final = "lifecycle.refused"
_LEAST_ERROR: Final = 400
_NO_POOL: Final = "no-such-pool-5b7e"

# A schema of parameters with one constraint of each kind, and one that lies deeper.
SCHEMA: Final[Record] = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": ["a", "b"]},
        "size": {"type": "integer", "minimum": 1, "maximum": 9},
        "code": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 3},
        "list": {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
        "deep": {
            "type": "object",
            "properties": {"inner": {"type": "boolean"}},
            "required": ["inner"],
        },
    },
    "required": ["kind", "size"],
}
_RIGHT: Final[Record] = {
    "kind": "a",
    "size": 9,
    "code": "abc",
    "list": [1, 2],
    "deep": {"inner": True},
    "more": None,
}
# Each is wrong in one place.
_WRONG: Final[tuple[Record, ...]] = (
    {"kind": "c"},
    {"size": 0},
    {"size": 10},
    {"size": 1.5},
    {"code": "ABC"},
    {"code": "abcd"},
    {"list": [1, "2"]},
    {"list": [1, 2, 3]},
    {"deep": {"inner": "yes"}},
    {"deep": {}},
)
_TEMPLATE: Final[Record] = {
    "job_configuration": {"size": "{{ size }}"},
    "variables": {
        "type": "object",
        "properties": {"size": {"type": "integer"}, "name": {"type": "string", "default": "x"}},
        "required": ["size"],
    },
}


@judges("create", "parameters")
def walk_parameter_schema(actor: Actor) -> None:
    """Whatever a schema says of parameters is enforced: of a run, of a deployment, of a change."""
    if not is_known(actor, "what is enforced"):
        return
    rule = "lifecycle.parameters"
    flow = actor.flow()
    # Its own parameters lack one that is required: a run brings it, or is refused.
    enforcing: Record = {"parameter_openapi_schema": SCHEMA, "enforce_parameter_schema": True}
    owner = actor.deployment(flow, parameters={"size": 1}, parameter_openapi_schema=SCHEMA)
    operation = "create_flow_run_from_deployment"
    state = scheduled(FAR)
    for parameters, status in (
        ({}, CONFLICT),
        ({"code": "abc"}, CONFLICT),
        ({"kind": "a", "size": None}, CONFLICT),
        *(({**_RIGHT, **wrong}, CONFLICT) for wrong in _WRONG),
        (_RIGHT, CREATED),
        ({"kind": "b"}, CREATED),
    ):
        body = {"parameters": parameters, "state": state}
        answer = actor.call(operation, id=owner["id"], json=body)
        _status(actor, answer, status, rule, "a run")
    count_runs(actor, owner, 2, rule, answer)
    # That something is missing, anywhere inside, is told of runs only.
    for wrong in _WRONG[2:-1:5]:
        bad = {**_RIGHT, **wrong}
        name = actor.name("refused")
        answer = actor.post_deployment(flow, name=name, parameters=bad, **enforcing)
        _status(actor, answer, UNPROCESSABLE, rule, "a deployment")
        answer = actor.call("update_deployment", id=owner["id"], json={"parameters": bad})
        _status(actor, answer, CONFLICT, rule, "a change")


def _status(actor: Actor, answer: Any, status: int, rule: str, whose: str) -> None:
    against = "of" if status == CREATED else "against"
    when = f"parameters of {whose}, {against} the schema,"
    actor.status(answer, status, rule=rule, when=when)


@judges("create", "job-variables")
def walk_job_variables(actor: Actor) -> None:
    """Job variables are held to the template of the pool; a run needs those that are required."""
    if not is_known(actor, "what is enforced"):
        return
    rule = "lifecycle.job-variables"
    pool = {"name": actor.name("pool"), "type": "process", "base_job_template": _TEMPLATE}
    actor.made(actor.call("create_work_pool", json=pool), "creating a work pool")
    flow = actor.flow()
    place: Record = {"work_pool_name": pool["name"]}
    bad = {"size": "big"}
    wrong = actor.post_deployment(flow, name=actor.name("refused"), **place, job_variables=bad)
    when = "job variables against the template, of a deployment,"
    actor.status(wrong, UNPROCESSABLE, rule=rule, when=when)
    owner = actor.deployment(flow, **place)
    both: Record = {**place, "job_variables": bad}
    wrong = actor.call("update_deployment", id=owner["id"], json=both)
    when = "job variables against the template, of a change that names the pool,"
    actor.status(wrong, CONFLICT, rule=rule, when=when)
    operation = "create_flow_run_from_deployment"
    for variables, status, what in (
        ({}, UNPROCESSABLE, "without one that is required"),
        (bad, UNPROCESSABLE, "against the template"),
        ({"size": 3}, CREATED, "of the template"),
    ):
        body = {"job_variables": variables, "state": scheduled(FAR)}
        answer = actor.call(operation, id=owner["id"], json=body)
        actor.status(answer, status, rule=rule, when=f"job variables {what}, of a run,")
    count_runs(actor, owner, 1, rule, answer)


@judges("create", "read", "refused")
def walk_refused(actor: Actor) -> None:
    """What is refused, whatever for, leaves the deployment, its schedules and its runs alone."""
    flow = actor.flow()
    there = {
        "parameters": {**_RIGHT},
        "parameter_openapi_schema": SCHEMA,
        "tags": ["there"],
        "schedules": [schedule(slug="a", active=False), schedule("cron", slug="b", active=False)],
        "paused": True,
    }
    owner = actor.deployment(flow, **actor.fit("DeploymentCreate", there))
    actor.call("schedule_deployment", id=owner["id"], json={"start_time": FAR})
    run = {"state": scheduled(FAR), "parameters": _RIGHT}
    actor.call("create_flow_run_from_deployment", id=owner["id"], json=run)
    before, _ = actor.read(owner["id"])
    runs, _ = _runs(actor, owner)
    new: Record = {"description": "half", "tags": ["half"], "version": "half"}
    twins = [schedule(slug="c"), schedule("cron", slug="c")]
    taken = [schedule(slug="c", active=False), schedule("cron", slug="a")]
    names = {"flow_id": flow["id"], "name": owner["name"]}
    first = next((one["id"] for one in before["schedules"] if one.get("slug") == "a"), "")
    own = {"id": owner["id"]}
    wrong = {"parameters": {**_RIGHT, "size": 0}}
    enforced = {**wrong, "parameter_openapi_schema": SCHEMA, "enforce_parameter_schema": True}
    for operation, body, place in (
        ("update_deployment", {**new, **wrong}, own),
        ("update_deployment", {**new, "schedules": [schedule("rrule")]}, own),
        ("create_deployment", {**names, **new, "work_pool_name": _NO_POOL}, {}),
        ("create_deployment", {**names, **new, "paused": "maybe"}, {}),
        ("create_deployment", {**names, **new, "schedules": twins}, {}),
        ("create_deployment", {**names, **new, **enforced}, {}),
        ("create_deployment_schedules", taken, own),
        (
            "update_deployment_schedule",
            {"slug": "b", "active": True, "parameters": {"half": 1}},
            {**own, "schedule_id": first},
        ),
    ):
        answer = actor.call(operation, json=body, at=place)
        if answer.status < _LEAST_ERROR:
            # Another version may take it; whether this one may is told elsewhere.
            return
        after, reading = actor.read(owner["id"])
        what = "a request was refused, and has changed something"
        actor.compare(_RULE, reading, steady(before), after, what, after=answer)
    now, listing = _runs(actor, owner)
    actor.expect(
        now == runs or listing.status != OK,
        _RULE,
        listing,
        "requests were refused, and runs are gone or made",
        expected=f"{len(runs)} runs, as before",
        got=f"{len(now)} runs, {len(now & runs)} of them there before",
        after=answer,
    )
    _not_made(actor, flow, twins, enforced)


def _not_made(actor: Actor, flow: Record, twins: list[Record], enforced: Record) -> None:
    """A deployment whose creation is refused is not there."""
    for body in (
        {"work_pool_name": _NO_POOL},
        {"schedules": twins},
        enforced,
    ):
        name = actor.name("refused")
        sent = actor.fit("DeploymentCreate", {"name": name, "flow_id": flow["id"], **body})
        answer = actor.call("create_deployment", json=sent)
        if answer.status < _LEAST_ERROR:
            continue
        place = {"flow_name": flow["name"], "deployment_name": name}
        reading = actor.call("read_deployment_by_name", **place)
        actor.expect(
            reading.status == NOT_FOUND,
            _RULE,
            reading,
            "a creation was refused, and the deployment is there",
            expected=NOT_FOUND,
            got=reading.status,
            after=answer,
        )


def _runs(actor: Actor, owner: Record) -> tuple[set[str], Any]:
    body = {"deployments": {"id": {"any_": [owner["id"]]}}}
    listing = actor.call("read_flow_runs", json=body)
    return {str(run.get("id")) for run in rows(listing)}, listing
