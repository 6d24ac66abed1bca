"""Walks around what an operation does besides: to runs, to times, to what has a like name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from contract_tests.asking.actor import (
    CREATED,
    FAR,
    NO_CONTENT,
    NOT_FOUND,
    OK,
    Actor,
    ids,
    rows,
    schedule,
    steady,
    value_of,
)
from contract_tests.lifecycle import judges
from contract_tests.lifecycle.walks_deployments import FULL
from contract_tests.lifecycle.walks_runs import scheduled

if TYPE_CHECKING:
    from contract_tests.asking.actor import Record
    from contract_tests.transport.exchange import Exchange

_PAST: Final = "2020-01-01T00:00:00Z"
_STRETCHES: Final = (
    {"start_time": FAR, "end_time": "2090-01-01T01:30:00Z", "min_runs": 5},
    {"start_time": _PAST, "end_time": "2020-01-01T01:30:00Z", "min_runs": 5},
)
_BY_HAND: Final = {
    "manual": scheduled(FAR),
    "manual and late": scheduled(_PAST),
    "running": {"type": "RUNNING"},
    "pending": {"type": "PENDING"},
    "held": {"type": "PAUSED"},
    "ending": {"type": "CANCELLING"},
    "done": {"type": "COMPLETED"},
}
_UNPLANNED: Final = {
    state["type"]: label for label, state in _BY_HAND.items() if state["type"] != "SCHEDULED"
}
_WAIT: Final = 1.1
"""Seconds after which the clock of every server has moved on."""
_PATIENCE: Final = 5.0


def is_recent(actor: Actor) -> bool:
    """Whether the target is of a release whose side effects are known."""
    return actor.spec.does("has the side effects that were seen")


def is_known(actor: Actor, what: str) -> bool:
    """Whether something is known of the target's release; if not, the walk judges nothing."""
    if is_recent(actor):
        return True
    actor.session.leave_out(f"{what} is not known of this version")
    return False


@judges("create", "read", "runs-stay", "scheduled-runs-go")
def walk_effects_on_runs(actor: Actor) -> None:
    """Which runs an operation on their deployment takes away, and that it leaves the others."""
    flow = actor.flow()
    sent: Record = {"schedules": [schedule(slug="hourly")], "paused": True}
    owner = actor.deployment(flow, **sent)
    for state in _BY_HAND.values():
        actor.call("create_flow_run_from_deployment", id=owner["id"], json={"state": state})
    again = {"name": owner["name"], "flow_id": flow["id"], **sent}
    steps: tuple[tuple[str, Record, set[str]], ...] = (
        ("update_deployment", {}, {"planned"}),
        ("create_deployment", again, {"planned"}),
        ("update_deployment_schedule", {}, {"planned"}),
        ("resume_deployment", {}, set()),
        ("pause_deployment", {}, {"planned", "planned and late"}),
        ("delete_deployment_schedule", {}, {"planned", "planned and late"}),
    )
    for operation, body, goes in steps:
        for stretch in _STRETCHES:
            actor.call("schedule_deployment", id=owner["id"], json=stretch)
        before = _kinds(actor, owner)
        place = {} if operation == "create_deployment" else {"id": owner["id"]}
        if operation.endswith("_schedule"):
            now, _ = actor.read(owner["id"])
            place["schedule_id"] = next(iter(ids(now["schedules"])), "")
        answer = actor.call(operation, json=body, **place)
        _gone(actor, owner, before, goes, answer)
    before = _kinds(actor, owner)
    answer = actor.call("delete_deployment", id=owner["id"])
    _gone(actor, owner, before, {"manual", "manual and late"}, answer)


def _kinds(actor: Actor, owner: Record) -> dict[str, str]:
    """The id of each run of the deployment, and of which kind it is."""
    body = {"flow_runs": {"deployment_id": {"any_": [owner["id"]]}}}
    return {str(run.get("id")): _kind(run) for run in rows(actor.call("read_flow_runs", json=body))}


def _kind(run: Record) -> str:
    label = _UNPLANNED.get(str(run.get("state_type")))
    if label:
        return label
    whose = "planned" if run.get("auto_scheduled") else "manual"
    late = str(run.get("expected_start_time")) < FAR
    return f"{whose} and late" if late else whose


def _gone(
    actor: Actor, owner: Record, before: dict[str, str], goes: set[str], answer: Exchange
) -> None:
    body = {"flow_runs": {"deployment_id": {"any_": [owner["id"]]}}}
    listing = actor.call("read_flow_runs", json=body)
    if listing.status != OK or answer.status not in (OK, CREATED, NO_CONTENT):
        return
    left = set(map(str, ids(rows(listing))))
    for kind in dict.fromkeys(before.values()):
        if kind == "planned and late" and not is_recent(actor):
            continue
        runs = {run for run, of in before.items() if of == kind}
        want = set() if kind in goes else runs
        actor.expect(
            runs & left == want,
            "lifecycle.scheduled-runs-go" if kind in goes else "lifecycle.runs-stay",
            listing,
            f"runs that are {kind} {'outlive it' if kind in goes else 'are taken away'}",
            expected=f"{len(want)} of {len(runs)} left",
            got=f"{len(runs & left)} of {len(runs)} left",
            after=answer,
        )


# What a creation of the same name brings: everything that `FULL` has, otherwise.
_OTHER: Final[Record] = {
    "tags": ["green", "red"],
    "description": "other",
    "version": "2.0",
    "path": "/other",
    "entrypoint": "other.py:main",
    "paused": False,
    "parameters": {"y": 2},
    "parameter_openapi_schema": {"type": "object", "properties": {"y": {}}},
    "enforce_parameter_schema": True,
    "job_variables": {"cpu": 1},
    "pull_steps": [{"other.step": {}}],
}


@judges("create", "read", "upsert")
def walk_upsert_all(actor: Actor) -> None:
    """Creating once more replaces whatever is sent; nothing of it is merged with what was there."""
    flow = actor.flow()
    first = actor.deployment(flow, **actor.fit("DeploymentCreate", FULL))
    other = actor.fit("DeploymentCreate", _OTHER)
    labels = {"other": True}
    new = [schedule("interval", active=False, parameters={"y": 3})]
    answer = actor.post_deployment(
        flow, name=first["name"], **other, labels=labels, concurrency_limit=9, schedules=new
    )
    if not actor.status(answer, OK, rule="lifecycle.upsert", when="creating a deployment again"):
        return
    after, reading = actor.read(first["id"])
    for exchange, shown in ((answer, value_of(answer)), (reading, after)):
        told: Record = shown if isinstance(shown, dict) else {}
        what = "created again with other values, and these are not there"
        actor.compare("lifecycle.upsert", exchange, other, told, what, after=answer)
        kept = {
            "labels": set(told.get("labels") or ()) - {"prefect.flow.id"},
            "limit": (told.get("global_concurrency_limit") or {}).get("limit"),
            "schedules": [item.get("parameters") for item in told.get("schedules") or ()],
        }
        want = {"labels": {"other"}, "limit": 9, "schedules": [{"y": 3}]}
        if is_recent(actor):
            actor.compare("lifecycle.upsert", exchange, want, kept, what, after=answer)


@judges("create", "polled", "read", "touched", "untouched")
def walk_updated(actor: Actor) -> None:
    """A change moves `updated`; what is no change of the deployment does not."""
    flow = actor.flow()
    off: Record = {"description": "first", "schedules": [schedule(active=False)]}
    changed, again, paused, idle = (actor.deployment(flow, **off) for _ in range(4))
    time.sleep(_WAIT)
    for one, operation, body in (
        (changed, "update_deployment", {"description": "second"}),
        (again, "create_deployment", {"name": again["name"], "flow_id": flow["id"]}),
        (paused, "pause_deployment", {}),
    ):
        place = {} if operation == "create_deployment" else {"id": one["id"]}
        answer = actor.call(operation, json=body, **place)
        now, reading = actor.read(one["id"])
        actor.expect(
            now.get("updated") != one.get("updated"),
            "lifecycle.touched",
            reading,
            "a deployment was changed, and its `updated` is what it was a second before",
            expected=f"later than {one.get('updated')}",
            got=now.get("updated"),
            after=answer,
        )
    if not is_recent(actor):
        return
    held, _ = actor.read(paused["id"])
    poll = {"deployment_ids": [idle["id"]]}
    made = {"state": scheduled(FAR)}
    for operation, body, one in (
        ("pause_deployment", {}, held),
        ("resume_deployment", {}, idle),
        ("create_flow_run_from_deployment", made, idle),
        ("schedule_deployment", {}, idle),
        ("get_scheduled_flow_runs_for_deployments", poll, idle),
    ):
        polling = operation.startswith("get_")
        answer = actor.call(operation, json=body, **({} if polling else {"id": one["id"]}))
        now, reading = _polled(actor, one, answer) if polling else actor.read(one["id"])
        want = {**steady(one), "updated": one.get("updated")}
        what = f"{operation} is no change of the deployment"
        actor.compare("lifecycle.untouched", reading, want, now, what, after=answer)


@judges("create", "polled", "read", "update-keeps")
def walk_polled(actor: Actor) -> None:
    """Whoever is polled for is ready, with runs or without, and a change does not undo that."""
    if not is_known(actor, "what a poll leaves behind"):
        return
    flow = actor.flow()
    # Only the second one has a run.
    several = [actor.deployment(flow) for _ in range(2)]
    body = {"state": scheduled(FAR)}
    actor.call("create_flow_run_from_deployment", id=several[1]["id"], json=body)
    poll = {"deployment_ids": ids(several)}
    answer = actor.call("get_scheduled_flow_runs_for_deployments", json=poll)
    ready = [_polled(actor, one, answer)[0] for one in several]
    first = ready[0]
    names = {"name": first["name"], "flow_id": flow["id"]}
    for operation, change, place in (
        ("update_deployment", {"tags": ["changed"]}, {"id": first["id"]}),
        ("pause_deployment", {}, {"id": first["id"]}),
        ("create_deployment", {**names, "description": "changed"}, {}),
    ):
        answer = actor.call(operation, json=change, at=place)
        now, reading = actor.read(first["id"])
        kept = {key: first.get(key) for key in ("status", "last_polled")}
        what = f"{operation} undoes that a deployment was polled"
        actor.compare("lifecycle.update-keeps", reading, kept, now, what, after=answer)


def _polled(actor: Actor, one: Record, poll: Exchange) -> tuple[Record, Exchange]:
    """The deployment once it shows that it was polled, which may take a moment."""
    end = time.monotonic() + _PATIENCE
    while True:
        now, reading = actor.read(one["id"])
        seen = {key: now.get(key) for key in ("status", "last_polled")}
        if (seen["status"] == "READY" and seen["last_polled"]) or time.monotonic() > end:
            break
        time.sleep(0.1)
    actor.expect(
        seen["status"] == "READY" and seen["last_polled"] is not None,
        "lifecycle.polled",
        reading,
        "a deployment that was polled is not ready, or does not show when",
        expected="status READY, and a time in last_polled",
        got=seen,
        after=poll,
    )
    return now, reading


@judges("bystander", "create", "read", "upsert")
def walk_names(actor: Actor) -> None:
    """Reading by name takes a name as it is: nothing is trimmed, folded, or a pattern."""
    flow = actor.flow()
    name = actor.name("a Name.x+y")
    made = actor.deployment(flow, name=name)
    answer = actor.call("read_deployment_by_name", flow_name=flow["name"], deployment_name=name)
    actor.status(answer, OK, rule="lifecycle.read", when="reading by name")
    for flow_name, other in (
        (flow["name"], name.lower()),
        (flow["name"], f"{name} "),
        (flow["name"], name.replace(" ", "_")),
        (flow["name"], name.replace("+", " ")),
        (flow["name"], name.rpartition(".")[0]),
        (f"{flow['name']} ", name),
        (flow["name"].swapcase(), name),
    ):
        answer = actor.call("read_deployment_by_name", flow_name=flow_name, deployment_name=other)
        actor.status(
            answer, NOT_FOUND, rule="lifecycle.read", when="reading by a name that is almost right"
        )
    for twin in (name.swapcase(), f"{name} "):
        answer = actor.post_deployment(flow, name=twin)
        actor.status(
            answer, CREATED, rule="lifecycle.upsert", when="creating a name that is almost taken"
        )
    now, reading = actor.read(made["id"])
    actor.compare("lifecycle.bystander", reading, {"name": name}, now, "another one is changed")


@judges("create", "queues", "read", "update", "upsert")
def walk_place(actor: Actor) -> None:
    """A deployment lives where it was last told to, and a queue that is not there is made."""
    flow, pool, other = actor.flow(), actor.pool(), actor.pool()
    owner = actor.deployment(flow, work_pool_name=pool["name"])
    names = {"name": owner["name"], "flow_id": flow["id"]}
    for operation, body, queue in (
        ("update_deployment", {"work_pool_name": pool["name"], "work_queue_name": "one"}, "one"),
        ("create_deployment", {"work_pool_name": other["name"], "work_queue_name": "two"}, "two"),
        ("create_deployment", {"description": "here"}, "two"),
        ("update_deployment", {"description": "still here"}, "two"),
    ):
        creating = operation == "create_deployment"
        answer = (
            actor.call(operation, json={**names, **body})
            if creating
            else actor.call(operation, json=body, id=owner["id"])
        )
        now, reading = actor.read(owner["id"])
        pool = other if creating else pool
        want = {"work_queue_name": queue}
        if "work_pool_name" in body:
            want["work_pool_name"] = body["work_pool_name"]
        rule = "lifecycle.upsert" if creating else "lifecycle.update"
        actor.compare(rule, reading, want, now, "lives elsewhere than told", after=answer)
    check_queues(actor, owner, other)
    if is_recent(actor):
        answer = actor.call("update_deployment", id=owner["id"], json={"work_pool_name": None})
        now, reading = actor.read(owner["id"])
        want_none: Record = {"work_pool_name": None}
        actor.compare(
            "lifecycle.update", reading, want_none, now, "lives elsewhere than told", after=answer
        )


def check_queues(actor: Actor, owner: Record, pool: Record) -> None:
    """Expect the queue check to tell of all queues, one that is paused among them."""
    halted = actor.name("halted")
    body = {"name": halted, "is_paused": True}
    making = actor.call("create_work_pool_queue", work_pool_name=pool["name"], json=body)
    actor.made(making, "creating a paused queue")
    check = actor.call("work_queue_check_for_deployment", id=owner["id"])
    seen = {queue.get("name") for queue in rows(check)}
    names = ["default", "one", "two", halted]
    if check.status == OK and not seen & set(names):
        # So do released servers on PostgreSQL: to it, no filter contains nothing.
        actor.session.cannot_judge("the queue check, where it tells of no queue without a filter")
        return
    for told, which in ((names[:3], ""), (names[3:], " that are paused")):
        actor.expect(
            check.status != OK or set(told) <= seen,
            "lifecycle.queues",
            check,
            f"the work queue check leaves out queues{which}",
            expected=f"every queue, {', '.join(told)} among them",
            got=sorted(map(str, seen))[:10],
        )


@judges("create", "idempotency")
def walk_keys(actor: Actor) -> None:
    """An idempotency key is of the flow: exactly as spelled, for good, for all its deployments."""
    flow, other = actor.flow(), actor.flow()
    owner, neighbour, stranger = (actor.deployment(one) for one in (flow, flow, other))
    key = actor.name("Key")
    first = _keyed(actor, owner, key, {"type": "COMPLETED"}, x=1)
    run = actor.made(first, "creating a flow run")
    for one, spelled, status in (
        (neighbour, key, OK),
        (owner, key, OK),
        (owner, key.swapcase(), CREATED),
        (owner, f"{key} ", CREATED),
        (stranger, key, CREATED),
    ):
        answer = _keyed(actor, one, spelled, scheduled(FAR), x=2)
        rule = "lifecycle.idempotency"
        when = "a key that is in use" if status == OK else "a key that is not in use"
        actor.status(answer, status, rule=rule, when=f"creating a run of {when}")
        told = value_of(answer) or {}
        actor.expect(
            (told.get("id") == run["id"]) is (status == OK),
            rule,
            answer,
            f"{when} answers {'another' if status == OK else 'that'} run",
            expected=run["id"] if status == OK else "a new run",
            got=told.get("id"),
            after=first,
        )
    reading = actor.call("read_flow_run", id=run["id"])
    want = {key: run[key] for key in ("parameters", "deployment_id", "state_type", "name")}
    actor.compare(
        "lifecycle.idempotency", reading, want, value_of(reading) or {}, "the first run is changed"
    )


def _keyed(actor: Actor, one: Record, key: str, state: Record, **parameters: Any) -> Exchange:
    body = {"idempotency_key": key, "state": state, "parameters": parameters}
    return actor.call("create_flow_run_from_deployment", id=one["id"], json=body)
