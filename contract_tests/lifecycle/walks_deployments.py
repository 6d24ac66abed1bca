"""Walks around a deployment itself: create, upsert, read, update, delete."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from contract_tests.asking.actor import (
    CONSTANT,
    CREATED,
    NO_CONTENT,
    NOT_FOUND,
    OK,
    Actor,
    schedule,
    steady,
    value_of,
)
from contract_tests.lifecycle import judges
from contract_tests.lifecycle.existence import check_found

if TYPE_CHECKING:
    from contract_tests.asking.actor import Record
    from contract_tests.transport.exchange import Exchange

FULL: dict[str, Any] = {
    "tags": ["Red", "blue", "Red"],
    "description": "what it is for",
    "version": "1.2",
    "path": "/srv/flows",
    "entrypoint": "flows/etl.py:etl",
    "paused": True,
    "parameters": {"x": 1, "deep": {"list": [1, None, "é"]}},
    "parameter_openapi_schema": {"type": "object", "properties": {"x": {"type": "integer"}}},
    "enforce_parameter_schema": False,
    "job_variables": {"image": "python:3", "env": {"A": "1"}},
    "pull_steps": [{"some.step": {"directory": "/srv"}}],
    "labels": {"team": "blue", "level": 3},
    "concurrency_limit": 4,
    "concurrency_options": {"collision_strategy": "CANCEL_NEW"},
    "schedules": [schedule("cron", active=False, slug="yearly", parameters={"x": 2})],
}
# Not echoed as they are sent: shown elsewhere, or completed by the server.
_ELSEWHERE = ("concurrency_limit", "concurrency_options", "schedules", "labels")


@judges("create", "found", "read")
def walk_create(actor: Actor) -> None:
    """What is created is answered, read, read by name, found and counted, all alike."""
    flow = actor.flow()
    sent = actor.fit("DeploymentCreate", FULL)
    answer = actor.post_deployment(flow, **sent)
    actor.status(answer, CREATED, rule="lifecycle.create", when="creating a new deployment")
    made = actor.made(answer, "creating a deployment")
    echo = {name: value for name, value in sent.items() if name not in _ELSEWHERE}
    echo["flow_id"] = flow["id"]
    actor.compare("lifecycle.create", answer, echo, made, "the answer is not what was sent")
    _check_completed(actor, answer, sent, made)
    again, reading = actor.read(made["id"])
    want = steady(made)
    actor.compare("lifecycle.read", reading, want, again, "read back otherwise", after=answer)
    by_name = actor.call(
        "read_deployment_by_name", flow_name=flow["name"], deployment_name=made["name"]
    )
    if actor.status(by_name, OK, rule="lifecycle.read", when="reading by name"):
        body = value_of(by_name) or {}
        actor.compare("lifecycle.read", by_name, want, body, "read by name otherwise")
    check_found(actor, again)
    _other_names(actor, flow, made)
    upper = actor.call("read_deployment", id=made["id"].upper())
    actor.status(upper, OK, rule="lifecycle.read", when="reading by an id in upper case")


def _other_names(actor: Actor, flow: Record, made: Record) -> None:
    """Reading by name minds the flow and the case."""
    other = actor.flow()
    names = ((other["name"], made["name"]), (flow["name"], made["name"].upper()))
    for flow_name, name in names:
        answer = actor.call("read_deployment_by_name", flow_name=flow_name, deployment_name=name)
        actor.status(
            answer,
            NOT_FOUND,
            rule="lifecycle.read",
            when="reading by the name of another flow or in another case",
        )


@judges("create", "defaults", "read")
def walk_defaults(actor: Actor) -> None:
    """What is not sent gets its default."""
    flow = actor.flow()
    made = actor.deployment(flow)
    now, reading = actor.read(made["id"])
    want: Record = {
        "paused": False,
        "schedules": [],
        "tags": [],
        "parameters": {},
        "job_variables": {},
        "description": None,
        "version": None,
        "work_pool_name": None,
        "work_queue_name": None,
        "global_concurrency_limit": None,
        "enforce_parameter_schema": True,
    }
    want = actor.fit("DeploymentResponse", want)
    actor.compare("lifecycle.defaults", reading, want, now, "not sent, and not the default")


@judges(
    "bystander",
    "constant",
    "create",
    "read",
    "updated",
    "upsert",
    "upsert-keeps",
    "upsert-replaces",
)
def walk_upsert(actor: Actor) -> None:
    """Creating a deployment of the same flow and name brings the first one up to date."""
    flow = actor.flow()
    first = actor.deployment(flow, **actor.fit("DeploymentCreate", FULL))
    neighbour = actor.deployment(flow, tags=["near"])
    before, _ = actor.read(first["id"])
    # An id has one spelling in answers, whatever its spelling in a request.
    upper = {**flow, "id": flow["id"].upper()}
    answer = actor.post_deployment(upper, name=first["name"], description="anew", schedules=[])
    actor.status(
        answer, OK, rule="lifecycle.upsert", when="creating one that the flow has by that name"
    )
    told = actor.made(answer, "creating a deployment again")
    same_ids = {"id": first["id"], "flow_id": flow["id"]}
    actor.compare("lifecycle.upsert", answer, same_ids, told, "the answer tells another one")
    after, reading = actor.read(first["id"])
    check_constant(actor, before, after, reading, cause=answer)
    actor.expect(
        after["description"] == "anew",
        "lifecycle.upsert",
        reading,
        "what was sent again is not there",
        expected="anew",
        got=after["description"],
        after=answer,
    )
    actor.expect(
        after["schedules"] == [],
        "lifecycle.upsert-replaces",
        reading,
        "schedules are not replaced",
        expected="[]",
        got=after["schedules"],
        after=answer,
    )
    actor.expect(
        after["parameters"] == {},
        "lifecycle.upsert-replaces",
        reading,
        "parameters that are not sent are not emptied",
        expected="{}",
        got=after["parameters"],
        after=answer,
    )
    kept = steady(before, "description", "schedules", "parameters", "labels")
    actor.compare(
        "lifecycle.upsert-keeps",
        reading,
        kept,
        after,
        "not sent, and changed all the same",
        after=answer,
    )
    count_is(actor, flow, 2, "lifecycle.upsert", answer)
    same_as(actor, neighbour, "create_deployment", answer)
    other_flow = actor.flow()
    twin = actor.post_deployment(other_flow, name=first["name"])
    actor.status(
        twin, CREATED, rule="lifecycle.upsert", when="creating the same name for another flow"
    )
    same_as(actor, after, "create_deployment", twin)


# Each ends with a value that is no default: what a later change resets is seen. Before what is
# empty stands something: what is merged by mistake is seen.
CHANGES: dict[str, tuple[Any, ...]] = {
    "description": (None, " changed ", "", "changed"),
    "version": (None, "2.0"),
    "tags": (["green"], [], ["green"]),
    "paused": (True, False, True),
    "parameters": ({"y": [1]}, {}, {"z": None}),
    "path": (None, "/elsewhere"),
    "entrypoint": (None, "other.py:main"),
    "job_variables": ({"image": "other"}, {}, {"image": "third"}),
    "enforce_parameter_schema": (True, False),
    "parameter_openapi_schema": ({"type": "object", "properties": {}},),
    "pull_steps": (None, [], [{"other.step": {}}]),
    "concurrency_options": (
        None,
        {"collision_strategy": "ENQUEUE", "grace_period_seconds": 120},
    ),
}


@judges("bystander", "constant", "create", "read", "update", "update-keeps", "updated")
def walk_update(actor: Actor) -> None:
    """A change changes what it names and nothing else."""
    flow = actor.flow()
    # Not paused, so that a change which pauses by mistake shows.
    made = actor.deployment(flow, **actor.fit("DeploymentCreate", FULL | {"paused": False}))
    # Of the same name, in another flow: what is looked up by the name alone is seen.
    like_it = {**FULL, "name": made["name"]}
    neighbour = actor.deployment(actor.flow(), **actor.fit("DeploymentCreate", like_it))
    before, _ = actor.read(made["id"])
    for field, values in actor.fit("DeploymentUpdate", CHANGES).items():
        for value in values:
            # A value is an object that the version may know less of.
            before = _change(
                actor, before, field, actor.fit("DeploymentUpdate", {field: value})[field]
            )
    answer = actor.call("update_deployment", id=made["id"], json={})
    actor.status(answer, NO_CONTENT, rule="lifecycle.update", when="changing nothing")
    after, reading = actor.read(made["id"])
    actor.compare(
        "lifecycle.update-keeps",
        reading,
        steady(before),
        after,
        "changed by an empty body",
        after=answer,
    )
    same_as(actor, neighbour, "update_deployment", answer)
    _limits(actor, after)


def _change(actor: Actor, before: Record, field: str, value: Any) -> Record:
    answer = actor.call("update_deployment", id=before["id"], json={field: value})
    ok = actor.status(answer, NO_CONTENT, rule="lifecycle.update", when=f"changing {field}")
    after, reading = actor.read(before["id"])
    if not ok:
        return after
    actor.compare(
        "lifecycle.update",
        reading,
        {field: value},
        after,
        "sent, and not there afterwards",
        after=answer,
    )
    actor.compare(
        "lifecycle.update-keeps",
        reading,
        steady(before, field),
        after,
        "not sent, and changed all the same",
        after=answer,
    )
    check_constant(actor, before, after, reading, cause=answer)
    return after


def _limits(actor: Actor, before: Record) -> None:
    first = (before.get("global_concurrency_limit") or {}).get("id")
    # What is taken away stays away, whatever else is changed afterwards.
    for limit, body in (
        (7, {"concurrency_limit": 7}),
        (None, {"concurrency_limit": None}),
        (None, {"version": before.get("version")}),
    ):
        answer = actor.call("update_deployment", id=before["id"], json=body)
        if not actor.status(
            answer, NO_CONTENT, rule="lifecycle.update", when="changing concurrency_limit"
        ):
            return
        after, reading = actor.read(before["id"])
        shown = (after.get("global_concurrency_limit") or {}).get("limit")
        actor.expect(
            shown == limit or not _tells_limits(actor),
            "lifecycle.update",
            reading,
            "concurrency_limit is not as sent",
            expected=limit,
            got=shown,
            after=answer,
        )
        now = (after.get("global_concurrency_limit") or {}).get("id")
        actor.expect(
            limit is None or now == first,
            "lifecycle.update",
            reading,
            "a limit that is changed is another one afterwards",
            expected=first,
            got=now,
            after=answer,
        )
        actor.compare(
            "lifecycle.update-keeps",
            reading,
            steady(before),
            after,
            "not sent, and changed all the same",
            after=answer,
        )


def check_constant(
    actor: Actor,
    before: Record,
    after: Record,
    reading: Exchange,
    *,
    cause: Exchange,
) -> None:
    """Expect id, creation, name and flow to stay and `updated` not to go back."""
    want = {name: before.get(name) for name in CONSTANT}
    actor.compare(
        "lifecycle.constant",
        reading,
        want,
        after,
        "changed, and must not",
        after=cause,
    )
    then, now = (_time(record.get("updated")) for record in (before, after))
    actor.expect(
        then is None or now is None or now > then,
        "lifecycle.updated",
        reading,
        "updated does not move",
        expected=f"later than {then}",
        got=now,
        after=cause,
    )


def _check_completed(actor: Actor, answer: Exchange, sent: Record, made: Record) -> None:
    """The fields that a server completes: what was sent is in them."""
    limit = made.get("global_concurrency_limit") or {}
    actor.expect(
        limit.get("limit") == sent["concurrency_limit"] or not _tells_limits(actor),
        "lifecycle.create",
        answer,
        "the answer is not what was sent: concurrency_limit",
        expected=sent["concurrency_limit"],
        got=limit.get("limit"),
    )
    for name in ("concurrency_options", "labels"):
        if name in sent:
            shown = made.get(name) or {}
            part = {key: shown.get(key) for key in sent[name]}
            actor.compare(
                "lifecycle.create",
                answer,
                {name: sent[name]},
                {name: part},
                "the answer is not what was sent",
            )
    told = sent["schedules"][0].keys()
    actor.compare(
        "lifecycle.create",
        answer,
        {"schedules": sent["schedules"]},
        {"schedules": [{key: item.get(key) for key in told} for item in made["schedules"]]},
        "the answer is not what was sent",
    )


def _tells_limits(actor: Actor) -> bool:
    return actor.knows("DeploymentResponse", "global_concurrency_limit")


def same_as(actor: Actor, before: Record, operation: str, cause: Exchange) -> None:
    """Expect a deployment that was not asked for to be as it was."""
    rule = "lifecycle.bystander"
    answer = actor.call("read_deployment", id=before["id"])
    after = value_of(answer)
    there = actor.expect(
        answer.status == OK and isinstance(after, dict),
        rule,
        answer,
        f"{operation} takes another deployment away",
        expected="the deployment",
        got=answer.status,
        after=cause,
    )
    if there:
        actor.compare(
            rule,
            answer,
            steady(before),
            after,
            f"{operation} changes another deployment",
            after=cause,
        )


def count_is(actor: Actor, flow: Record, want: int, rule: str, cause: Exchange) -> None:
    """Expect a flow to have so many deployments."""
    number, answer = actor.count("count_deployments", {"flows": {"id": {"any_": [flow["id"]]}}})
    actor.expect(
        number in (want, None),
        rule,
        answer,
        "the flow is left with a wrong number of deployments",
        expected=want,
        got=number,
        after=cause,
    )


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
