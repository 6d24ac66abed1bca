"""A walk that asks the same before and after each change: no answer is an old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contract_tests.asking.actor import Actor, ids, only, rows, schedule, steady, value_of
from contract_tests.lifecycle import judges

if TYPE_CHECKING:
    from contract_tests.asking.actor import Record
    from contract_tests.transport.exchange import Exchange

_RULE: Final = "lifecycle.fresh"


@judges("create", "fresh", "read")
def walk_fresh(actor: Actor) -> None:
    """Whatever changes a deployment, each way to read it shows the change at once."""
    flow = actor.flow()
    one = actor.deployment(flow, schedules=[schedule(active=False)])
    first = next(iter(ids(one["schedules"])), "")
    names = {"name": one["name"], "flow_id": flow["id"]}
    here = {"id": one["id"]}
    again = actor.spec.creation({**names, "tags": ["b"]})
    at_schedule = {**here, "schedule_id": first}
    changes: tuple[tuple[str, Any, dict[str, str], Record], ...] = (
        ("update_deployment", {"description": "a"}, here, {"description": "a"}),
        ("pause_deployment", {}, here, {"paused": True}),
        ("create_deployment_schedules", [schedule("cron", active=False)], here, {}),
        ("update_deployment_schedule", {"active": True}, at_schedule, {}),
        ("resume_deployment", {}, here, {"paused": False}),
        ("delete_deployment_schedule", {}, at_schedule, {}),
        ("create_deployment", again, {}, {"tags": ["b"], "schedules": []}),
        ("update_deployment", {"schedules": [schedule(active=False)]}, here, {"tags": ["b"]}),
        ("update_deployment", {"tags": ["c"]}, here, {"tags": ["c"]}),
    )
    _look(actor, flow, one, {}, None)
    for operation, body, place, want in changes:
        answer = actor.call(operation, json=body, at=place)
        _look(actor, flow, one, want, answer)


def _look(actor: Actor, flow: Record, one: Record, want: Record, cause: Exchange | None) -> None:
    """Read it in each way, always with the same requests."""
    now, reading = actor.read(one["id"])
    actor.compare(_RULE, reading, want, now, "an answer is older than the change", after=cause)
    by_name = actor.call(
        "read_deployment_by_name", flow_name=flow["name"], deployment_name=one["name"]
    )
    found = actor.call("read_deployments", json={**only(one["id"]), "limit": 1})
    page = actor.call("paginate_deployments", json={**only(one["id"]), "limit": 1})
    told = value_of(page)
    shown = told.get("results") if isinstance(told, dict) else None
    for answer, row in (
        (by_name, value_of(by_name)),
        (found, next(iter(rows(found)), None)),
        (page, next(iter(shown), None) if isinstance(shown, list) else None),
    ):
        if isinstance(row, dict):
            what = "an answer is older than the change"
            actor.compare(_RULE, answer, steady(now), row, what, after=cause)
    listing = actor.call("read_deployment_schedules", id=one["id"])
    listed = {item.get("id"): item.get("active") for item in rows(listing)}
    held = {item.get("id"): item.get("active") for item in now["schedules"]}
    either = {"operator": "or_", "paused": {"eq_": True}, "tags": {"all_": ["c"]}}
    body = {"deployments": either, "flows": {"id": {"any_": [flow["id"]]}}}
    number, counting = actor.count("count_deployments", body)
    matching = actor.call("read_deployments", json={**body, "limit": 1})
    matches = int(now["paused"] is True or "c" in now["tags"])
    for answer, due, got in (
        (listing, held, listed),
        (counting, matches, number),
        (matching, matches, len(rows(matching))),
    ):
        actor.expect(
            due == got or got is None,
            _RULE,
            answer,
            "an answer is older than the change",
            expected=due,
            got=got,
            after=cause,
        )
