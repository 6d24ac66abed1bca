"""Walks around values: whatever way one comes in, it is read as it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contract_tests.asking.actor import (
    CREATED,
    FAR,
    NO_CONTENT,
    OK,
    Actor,
    ids,
    rows,
    value_of,
)
from contract_tests.lifecycle import judges
from contract_tests.lifecycle.walks_effects import is_known
from contract_tests.lifecycle.walks_runs import scheduled
from contract_tests.rules.rows import is_as

if TYPE_CHECKING:
    from contract_tests.asking.actor import Record
    from contract_tests.transport.exchange import Exchange

_SCHEDULES: Final = "lifecycle.schedules"
_RUN: Final = "lifecycle.flow-run"

# What is lost where a value is trimmed, cut, escaped, normalised, sorted, or put in another form.
# The last letter of the first line is two characters; JSON's numbers are no doubles.
_TEXT: Final = (
    '  One line, 🚀 "quoted" <b>&amp;</b> {{ x }} 100 % caf\u0065\u0301\r\nAnother line, café\n\t'
    + "and so on, " * 30
    + "\n"
)
_TAGS: Final = [" padded ", "", "b", "a", "B", "b", "caf\u0065\u0301", "café", "a, b"]
_DEEP: Final[Record] = {"none": None, "list": [1, 2.5, None, True, "", {}, []], "more": {"x": None}}
_VALUES: Final[Record] = {
    "text": _TEXT,
    "deep": _DEEP,
    "none": None,
    "number": 9007199254740993,
    "no": False,
    "nothing": {},
    "Z": 0,
    " a ": "1",
}
_FIELDS: Final[Record] = {
    "description": _TEXT,
    "version": " 1.10 ",
    "tags": _TAGS,
    "parameters": _VALUES,
    "job_variables": _VALUES,
    "path": " /srv/caf\u0065\u0301 ",
    "entrypoint": " a b.py:c ",
    "pull_steps": [{"some.step": {"values": _VALUES}}, {}],
    "enforce_parameter_schema": False,
    "concurrency_options": {"collision_strategy": "CANCEL_NEW", "grace_period_seconds": 61},
}
# Each differs from the defaults, and from the one before it, in all that it says.
_PLANS: Final[tuple[Record, ...]] = (
    {"interval": 12.25, "anchor_date": "2099-01-01T12:34:56Z", "timezone": "Europe/Berlin"},
    {"cron": "30 2 1 * 1", "timezone": "America/New_York", "day_or": False},
    {"rrule": "DTSTART:20900101T070000\nRRULE:FREQ=DAILY;COUNT=9", "timezone": "Asia/Tokyo"},
    {"interval": 86400.5, "anchor_date": "2098-07-02T03:04:05Z", "timezone": "Asia/Kolkata"},
    {"cron": "5 5 5 5 *", "timezone": None, "day_or": True},
)
_SLUGS: Final = (" Mixed Case ", "", "mixed case", "caf\u0065\u0301", "café", "x" * 70, "last")


@judges("create", "read", "update", "upsert")
def walk_values(actor: Actor) -> None:
    """What a change and a second creation bring is kept to the letter, all of it at once."""
    flow = actor.flow()
    for operation, rule, schema in (
        ("update_deployment", "lifecycle.update", "DeploymentUpdate"),
        ("create_deployment", "lifecycle.upsert", "DeploymentCreate"),
    ):
        # What is there already is of the same kind: what is merged by mistake is seen.
        there = {"parameters": {"deep": {"kept": 1}}, "job_variables": {"deep": {"kept": 1}}}
        owner = actor.deployment(flow, **there)
        body = actor.fit(schema, _FIELDS)
        if operation == "update_deployment":
            answer = actor.call(operation, id=owner["id"], json=body)
            if not actor.status(answer, NO_CONTENT, rule=rule, when="changing many fields"):
                continue
        else:
            answer = actor.post_deployment(flow, name=owner["name"], **body)
            if not actor.status(answer, OK, rule=rule, when="creating a deployment again"):
                continue
        after, reading = actor.read(owner["id"])
        what = f"{operation} brings a value that is read otherwise"
        want = actor.fit("DeploymentResponse", body)
        actor.compare(rule, reading, want, after, what, after=answer)


@judges("bulk-runs", "create", "flow-run", "idempotency")
def walk_run_values(actor: Actor) -> None:
    """What a run is asked for with is kept to the letter, one by one and in bulk."""
    there = {"parameters": {"deep": {"kept": 1}, "more": 1}, "tags": ["base"]}
    owner = actor.deployment(actor.flow(), **there, enforce_parameter_schema=False)
    body: Record = {
        "name": actor.name("a Run " + "x" * 60),
        "parameters": _VALUES,
        "context": _VALUES,
        "job_variables": _VALUES,
        "idempotency_key": f" {actor.name('Key')} é",
        "labels": {"who": "é", "on": True, "size": 2.5},
        "tags": _TAGS,
        "state": {**scheduled(FAR), "name": "AwaitingRetry", "message": _TEXT},
    }
    body = actor.fit("DeploymentFlowRunCreate", body)
    answer = actor.call("create_flow_run_from_deployment", id=owner["id"], json=body)
    run = actor.made(answer, "creating a flow run")
    again = actor.call(
        "create_flow_run_from_deployment",
        id=owner["id"],
        json={**body, "name": "other", "tags": ["other"], "parameters": {"other": 1}},
    )
    for one in (answer, again):
        rule = _RUN if one is answer else "lifecycle.idempotency"
        told = value_of(one)
        _compare_run(actor, rule, one, body, told if isinstance(told, dict) else {})
    reading = actor.call("read_flow_run", id=run["id"])
    _compare_run(actor, _RUN, reading, body, value_of(reading) or {}, after=answer)
    if actor.has("bulk_create_flow_runs_from_deployment"):
        _in_bulk(actor, owner, body, run)


def _compare_run(
    actor: Actor,
    rule: str,
    exchange: Exchange,
    body: Record,
    run: Record,
    *,
    after: Exchange | None = None,
) -> None:
    what = "the run is not what was asked for" if after is None else "the run is read otherwise"
    same = ("name", "context", "job_variables", "idempotency_key")
    want = {key: body[key] for key in same if key in body}
    want["parameters"] = {"more": 1, **body["parameters"]}
    want["state_name"] = body["state"]["name"]
    actor.compare(rule, exchange, want, run, what, after=after)
    got = run.get("tags")
    due = sorted({"base", *body["tags"]})
    shown = {
        "tags": (due, sorted(map(str, got)) if isinstance(got, list) else got),
        "message": (_TEXT, (run.get("state") or {}).get("message")),
        **{
            f"label {key}": (value, (run.get("labels") or {}).get(key))
            for key, value in body.get("labels", {}).items()
        },
    }
    for name, (wanted, found) in shown.items():
        actor.expect(
            is_as(found, wanted),
            rule,
            exchange,
            f"{what}: {name}",
            expected=wanted,
            got=found,
            after=after,
        )


def _in_bulk(actor: Actor, owner: Record, body: Record, first: Record) -> None:
    """The same in bulk: a key in use finds its run, another one makes a run of the same values."""
    rule = "lifecycle.bulk-runs"
    other = {**body, "name": actor.name("bulk"), "idempotency_key": actor.name("other key")}
    sent = [{**body, "name": actor.name("again")}, other]
    answer = actor.call("bulk_create_flow_runs_from_deployment", id=owner["id"], json=sent)
    if not actor.status(answer, OK, CREATED, rule=rule, when="creating runs in bulk"):
        return
    told = [one.get("flow_run_id") for one in (value_of(answer) or {}).get("results", ())]
    found, made = [*told, None, None][:2]
    actor.expect(
        found == first["id"],
        rule,
        answer,
        "a key that is in use makes another run in bulk",
        expected=first["id"],
        got=found,
    )
    reading = actor.call("read_flow_run", id=str(made))
    _compare_run(actor, rule, reading, other, value_of(reading) or {}, after=answer)


@judges("create", "read", "schedules", "update")
def walk_schedule_values(actor: Actor) -> None:
    """A schedule says what was sent, whatever it was made by and however often it is changed."""
    if not is_known(actor, "what schedules keep"):
        return
    flow = actor.flow()
    owner = actor.deployment(flow, paused=True)
    sent: list[Record] = [
        {
            "schedule": _PLANS[number % len(_PLANS)],
            "slug": slug,
            # Not sent: active.
            **({} if number % 2 else {"active": False, "parameters": _VALUES}),
        }
        for number, slug in enumerate(_SLUGS)
    ]
    answer = actor.call("create_deployment_schedules", id=owner["id"], json=sent)
    if not actor.status(answer, CREATED, rule=_SCHEDULES, when="creating schedules"):
        return
    due = [{"active": True, "parameters": {}, **item} for item in sent]
    what = "a schedule is not as sent"
    _expect(actor, what, due, rows(answer), exchange=answer, cause=answer)
    _expect_listed(actor, owner, due, answer)
    by_slug = {item.get("slug"): item for item in rows(answer)}
    _change_often(actor, owner, due, by_slug.get(_SLUGS[0], {}))
    # The schedules of another one are replaced by what a change brings.
    other = actor.deployment(
        flow, paused=True, schedules=[{"schedule": _PLANS[4], "active": False}]
    )
    bare = [{key: value for key, value in item.items() if key != "slug"} for item in due]
    change = actor.call("update_deployment", id=other["id"], json={"schedules": bare})
    when = "replacing the schedules"
    if actor.status(change, NO_CONTENT, rule="lifecycle.update", when=when):
        _expect_listed(actor, other, bare, change)


def _change_often(actor: Actor, owner: Record, due: list[Record], made: Record) -> None:
    for plan in _PLANS[1:]:
        body = {"schedule": plan, "parameters": _VALUES}
        place = {"id": owner["id"], "schedule_id": str(made.get("id"))}
        answer = actor.call("update_deployment_schedule", json=body, **place)
        if actor.status(answer, NO_CONTENT, rule=_SCHEDULES, when="changing a schedule"):
            due[0] = {**due[0], **body}
        listing = actor.call("read_deployment_schedules", id=owner["id"])
        got = [one for one in rows(listing) if one.get("id") == made.get("id")]
        what = "a change of a schedule is read otherwise"
        _expect(actor, what, due[:1], got, exchange=listing, cause=answer)


def _expect_listed(actor: Actor, owner: Record, due: list[Record], cause: Exchange) -> None:
    listing = actor.call("read_deployment_schedules", id=owner["id"])
    what = "the list of schedules is not what was sent"
    _expect(actor, what, due, rows(listing), exchange=listing, cause=cause)
    now, reading = actor.read(owner["id"])
    what = "the deployment's schedules are not what was sent"
    _expect(actor, what, due, now["schedules"], exchange=reading, cause=cause)


def _expect(
    actor: Actor, what: str, due: list[Record], got: Any, *, exchange: Exchange, cause: Exchange
) -> None:
    """Expect the schedules, in any order, and no others."""
    if exchange.status not in (OK, CREATED):
        return
    shown = [one for one in got if isinstance(one, dict)] if isinstance(got, list) else []
    actor.expect(
        is_as(shown, due),
        _SCHEDULES,
        exchange,
        what,
        expected=due,
        got=[one for one in shown if not any(is_as(one, item) for item in due)] or ids(shown),
        after=None if cause is exchange else cause,
    )
