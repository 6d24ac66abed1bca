"""Walks around schedules: their own operations, slugs, pausing, and the runs that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contract_tests.asking.actor import (
    CONFLICT,
    CREATED,
    FAR,
    NO_CONTENT,
    NOBODY,
    NOT_FOUND,
    OK,
    UNPROCESSABLE,
    Actor,
    ids,
    only,
    rows,
    schedule,
    steady,
    value_of,
)
from contract_tests.lifecycle import judges
from contract_tests.transport.target import UNSET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contract_tests.asking.actor import Record
    from contract_tests.transport.exchange import Exchange

_RULE = "lifecycle.schedules"
# A stretch of time far ahead, with exactly so many runs of an hourly schedule asked for.
_RUNS = 3
_STRETCH = {
    "start_time": FAR,
    "end_time": "2090-01-02T00:00:00Z",
    "min_runs": _RUNS,
    "max_runs": _RUNS,
}


@judges("bystander", "create", "gone", "read", "schedule-order", "schedules", "slugs")
def walk_schedules(actor: Actor) -> None:
    """Schedules are created, listed, changed and deleted one by one."""
    flow = actor.flow()
    owner = actor.deployment(flow, paused=True)
    neighbour = actor.deployment(flow, schedules=[schedule(active=False)])
    sent = [
        actor.fit("DeploymentScheduleCreate", item)
        for item in (
            schedule("interval", active=False, parameters={"n": 1}, slug="one"),
            schedule("cron", active=True, max_scheduled_runs=7, slug="two"),
            schedule("rrule", active=False),
        )
    ]
    answer = actor.call("create_deployment_schedules", id=owner["id"], json=sent)
    actor.status(answer, CREATED, rule=_RULE, when="creating schedules")
    made = rows(answer)
    if not actor.expect(
        len(made) == len(sent),
        _RULE,
        answer,
        "not as many schedules as were sent",
        expected=len(sent),
        got=len(made),
    ):
        return
    for item, got in zip(sent, made, strict=True):
        want = {**item, "deployment_id": owner["id"]}
        actor.compare(
            "lifecycle.schedule-order" if _is_among(item, made) else _RULE,
            answer,
            _shown(want),
            _shown(got),
            "a schedule is not as sent",
        )
    _listed(actor, owner, made, answer)
    _other_schedules(actor, neighbour, answer)
    _change(actor, owner, neighbour, made)
    _delete(actor, owner, neighbour, made)


def _listed(actor: Actor, owner: Record, want: list[Record], cause: Exchange) -> None:
    """Expect the schedules in their own list and in the deployment, in any order."""
    listing = actor.call("read_deployment_schedules", id=owner["id"])
    if actor.status(listing, OK, rule=_RULE, when="listing schedules"):
        _same_set(actor, listing, want, "the list of schedules", cause)
    _, reading = actor.read(owner["id"])
    _same_set(actor, reading, want, "the deployment's list of schedules", cause)


def _same_set(
    actor: Actor, exchange: Exchange, want: list[Record], what: str, cause: Exchange
) -> None:
    """Expect the schedules that an answer holds, itself a list or a deployment."""
    body = value_of(exchange)
    shown = body.get("schedules") if isinstance(body, dict) else body
    got = [item for item in shown if isinstance(item, dict)] if isinstance(shown, list) else []
    if not actor.expect(
        sorted(map(str, ids(want))) == sorted(map(str, ids(got))),
        _RULE,
        exchange,
        f"{what} is not what it must be",
        expected=ids(want),
        got=ids(got),
        after=cause,
    ):
        return
    by_id = {item["id"]: item for item in got}
    for item in want:
        shown_as = _shown(by_id[item["id"]])
        actor.compare(
            _RULE, exchange, _shown(item), shown_as, f"{what} shows it otherwise", after=cause
        )


def _change(actor: Actor, owner: Record, neighbour: Record, made: list[Record]) -> None:
    first = made[0]
    for changes in (
        # Not active yet, and in a zone: what such a change resets or keeps by mistake is seen.
        {"schedule": {"cron": "15 3 1 1 *", "day_or": True}, "parameters": {"n": 2}},
        {"active": True, "parameters": {"n": 2}},
        {"parameters": {"n": 2}, "active": False, "slug": "other", "max_scheduled_runs": 9},
    ):
        body = actor.fit("DeploymentScheduleUpdate", changes)
        answer = actor.call(
            "update_deployment_schedule", id=owner["id"], schedule_id=first["id"], json=body
        )
        if actor.status(answer, NO_CONTENT, rule=_RULE, when="changing a schedule"):
            first.update(body)
            first["schedule"] = {"timezone": None, **first["schedule"]}
        _listed(actor, owner, made, answer)
    theirs = next(iter(ids(neighbour["schedules"])), NOBODY)
    for unknown in (
        {"id": NOBODY, "schedule_id": first["id"]},
        {"id": owner["id"], "schedule_id": NOBODY},
        {"id": owner["id"], "schedule_id": theirs},
    ):
        answer = actor.call("update_deployment_schedule", json={"active": False}, **unknown)
        actor.status(answer, NOT_FOUND, rule=_RULE, when="changing an unknown schedule")
    if actor.knows("DeploymentScheduleCreate", "slug"):
        again = [{**schedule("rrule"), "slug": "two"}]
        answer = actor.call("create_deployment_schedules", id=owner["id"], json=again)
        actor.status(
            answer, CONFLICT, rule="lifecycle.slugs", when="creating a schedule of a slug in use"
        )


def _delete(actor: Actor, owner: Record, neighbour: Record, made: list[Record]) -> None:
    theirs = neighbour["schedules"][0]["id"] if neighbour["schedules"] else NOBODY
    for schedule_id in (theirs, NOBODY):
        answer = actor.call("delete_deployment_schedule", id=owner["id"], schedule_id=schedule_id)
        actor.status(
            answer, NOT_FOUND, rule=_RULE, when="deleting a schedule that is not the deployment's"
        )
        _other_schedules(actor, neighbour, answer)
    gone, *left = made
    place = {"id": owner["id"], "schedule_id": gone["id"]}
    answer = actor.call("delete_deployment_schedule", **place)
    if actor.status(answer, NO_CONTENT, rule=_RULE, when="deleting a schedule"):
        _listed(actor, owner, left, answer)
        for operation, body in (
            ("delete_deployment_schedule", UNSET),
            ("update_deployment_schedule", {"active": True}),
        ):
            again = actor.call(operation, json=body, **place)
            actor.status(
                again, NOT_FOUND, rule="lifecycle.gone", when=f"{operation} of a deleted schedule"
            )
    # One of those left has no slug, so they are replaced by what an update brings.
    for new in ([schedule("cron", active=False)], []):
        answer = actor.call("update_deployment", id=owner["id"], json={"schedules": new})
        if actor.status(answer, NO_CONTENT, rule=_RULE, when="replacing the schedules"):
            after, reading = actor.read(owner["id"])
            got = [item.get("schedule", {}).get("cron") for item in after["schedules"]]
            actor.expect(
                got == [item["schedule"]["cron"] for item in new],
                _RULE,
                reading,
                "an update does not replace schedules without slugs",
                expected=new,
                got=after["schedules"],
                after=answer,
            )


def _other_schedules(actor: Actor, neighbour: Record, cause: Exchange) -> None:
    after, reading = actor.read(neighbour["id"])
    actor.compare(
        "lifecycle.bystander",
        reading,
        steady(neighbour),
        after,
        "another deployment is changed",
        after=cause,
    )


@judges("create", "read", "slugs")
def walk_slugs(actor: Actor) -> None:
    """An update of a deployment whose schedules have slugs matches them by these."""
    if not actor.knows("DeploymentScheduleUpdate", "slug"):
        actor.session.leave_out("schedules have no slugs on this version")
        return
    flow = actor.flow()
    owner = actor.deployment(
        flow,
        paused=True,
        schedules=[
            schedule("cron", slug="a"),
            schedule("rrule", slug="b", active=False),
            schedule("cron", slug="d", active=False),
        ],
    )
    replaces = actor.knows("DeploymentScheduleUpdate", "replaces")
    renamed, new_name = ({"slug": "e", "replaces": "d"}, "e") if replaces else ({"slug": "d"}, "d")
    body: Any = {
        "schedules": [
            {"slug": "a", "active": False},
            {**schedule("interval"), "slug": "c"},
            actor.fit("DeploymentScheduleUpdate", {**renamed, "parameters": {"changed": 1}}),
        ]
    }
    answer = actor.call("update_deployment", id=owner["id"], json=body)
    if not actor.status(answer, NO_CONTENT, rule="lifecycle.slugs", when="changing by slug"):
        return
    after, reading = actor.read(owner["id"])
    before = {item["slug"]: item for item in owner["schedules"]}
    now = {item["slug"]: item for item in after["schedules"]}
    actor.expect(
        sorted(now) == ["a", "b", "c", new_name],
        "lifecycle.slugs",
        reading,
        "the slugs are not what they must be",
        expected=f"a, b, c, {new_name}",
        got=sorted(now),
        after=answer,
    )
    for slug, want in (
        ("a", {"id": before["a"]["id"], "active": False}),
        ("b", {"id": before["b"]["id"], "active": False}),
        (new_name, _known(actor, id=before["d"]["id"], parameters={"changed": 1})),
    ):
        actor.compare(
            "lifecycle.slugs",
            reading,
            want,
            now.get(slug, {}),
            "a schedule was not matched",
            after=answer,
        )
    refused = actor.call(
        "update_deployment", id=owner["id"], json={"schedules": [schedule("interval")]}
    )
    actor.status(
        refused,
        UNPROCESSABLE,
        rule="lifecycle.slugs",
        when="a schedule without a slug, where all have one,",
    )
    taken = actor.call(
        "update_deployment_schedule",
        id=owner["id"],
        schedule_id=before["a"]["id"],
        json={"slug": "b"},
    )
    actor.status(
        taken, CONFLICT, rule="lifecycle.slugs", when="giving a schedule the slug of another one"
    )


def _known(actor: Actor, **fields: Any) -> Record:
    return {key: value for key, value in fields.items() if actor.knows("DeploymentSchedule", key)}


@judges("bystander", "create", "pause", "pause-runs", "read", "update-keeps")
def walk_pause(actor: Actor) -> None:
    """Pausing holds a deployment back and takes away what its schedules have made."""
    flow = actor.flow()
    subject = actor.deployment(flow, schedules=[schedule()])
    neighbour = actor.deployment(flow, schedules=[schedule()])
    by_hand = actor.made(_run(actor, subject), "creating a flow run")
    for one in (subject, neighbour):
        actor.call("schedule_deployment", id=one["id"], json=_STRETCH)
    before = {one["id"]: _count_runs(actor, one)[0] for one in (subject, neighbour)}
    answer = actor.call("pause_deployment", id=subject["id"])
    actor.status(answer, OK, rule="lifecycle.pause", when="pausing a deployment")
    _paused(actor, subject, want=True, cause=answer)
    left, counting = _count_runs(actor, subject)
    actor.expect(
        left in (0, None),
        "lifecycle.pause-runs",
        counting,
        "runs of schedules outlive a pause",
        expected=0,
        got=left,
        after=answer,
    )
    run = actor.call("read_flow_run", id=by_hand["id"])
    actor.expect(
        run.status != NOT_FOUND,
        "lifecycle.pause-runs",
        run,
        "a pause deletes a run made by hand",
        expected=OK,
        got=run.status,
        after=answer,
    )
    _paused(actor, neighbour, want=False, cause=answer)
    theirs, counting = _count_runs(actor, neighbour)
    mine = before[neighbour["id"]]
    actor.expect(
        theirs is None or mine is None or theirs >= mine,
        "lifecycle.bystander",
        counting,
        "a pause deletes runs of another deployment",
        expected=mine,
        got=theirs,
        after=answer,
    )
    again = actor.call("pause_deployment", id=subject["id"])
    actor.status(again, OK, rule="lifecycle.pause", when="pausing a paused deployment")
    _paused(actor, subject, want=True, cause=again)
    answer = actor.call("resume_deployment", id=subject["id"])
    actor.status(answer, OK, rule="lifecycle.pause", when="resuming a deployment")
    _paused(actor, subject, want=False, cause=answer)


def _paused(actor: Actor, one: Record, *, want: bool, cause: Exchange) -> None:
    after, reading = actor.read(one["id"])
    mine = one["id"] in cause.path
    whose = "the deployment" if mine else "another deployment"
    actor.expect(
        after["paused"] is want,
        "lifecycle.pause" if mine else "lifecycle.bystander",
        reading,
        f"`paused` of {whose} is {after.get('paused')}",
        expected=want,
        got=after["paused"],
        after=cause,
    )
    actor.compare(
        "lifecycle.update-keeps" if mine else "lifecycle.bystander",
        reading,
        steady(one, "paused"),
        after,
        f"{whose} is changed",
        after=cause,
    )


@judges("bystander", "create")
def walk_pause_alone(actor: Actor) -> None:
    """Pausing one deployment pauses no other one, of whatever flow."""
    flow = actor.flow()
    subject = actor.deployment(flow)
    actor.deployment(flow)  # at least one that could be paused by mistake
    # Others may pause theirs meanwhile: only what this run made is counted.
    ours = {"like_": actor.session.prefix}
    others: Record = {
        "deployments": {
            "paused": {"eq_": True},
            "id": {"not_any_": [subject["id"]]},
            "name": ours,
        }
    }
    before, _ = actor.count("count_deployments", others)
    answer = actor.call("pause_deployment", id=subject["id"])
    after, counting = actor.count("count_deployments", others)
    actor.expect(
        before is None or after is None or before == after,
        "lifecycle.bystander",
        counting,
        "pausing one deployment pauses others",
        expected=before,
        got=after,
        after=answer,
    )


@judges("bystander", "create", "schedule-runs")
def walk_schedule_runs(actor: Actor) -> None:
    """Scheduling makes runs for the active schedules of one deployment, once."""
    flow = actor.flow()
    subject = actor.deployment(
        flow,
        paused=True,
        tags=["mine"],
        schedules=[schedule(slug="on"), schedule("cron", active=False, slug="off")],
    )
    neighbour = actor.deployment(flow, paused=True, schedules=[schedule()])
    nothing = actor.call("schedule_deployment", id=NOBODY, json=_STRETCH)
    of_none = "scheduling runs of a deployment that is not there"
    actor.status(nothing, OK, rule="lifecycle.schedule-runs", when=of_none)
    for when in ("scheduling runs", "scheduling them again"):
        answer = actor.call("schedule_deployment", id=subject["id"], json=_STRETCH)
        actor.status(answer, OK, rule="lifecycle.schedule-runs", when=when)
        number, counting = _count_runs(actor, subject)
        actor.expect(
            number in (_RUNS, None),
            "lifecycle.schedule-runs",
            counting,
            f"{when} leaves a wrong number of runs",
            expected=_RUNS,
            got=number,
            after=answer,
        )
    number, counting = _count_runs(actor, neighbour)
    actor.expect(
        number in (0, None),
        "lifecycle.bystander",
        counting,
        "scheduling makes runs of another deployment",
        expected=0,
        got=number,
        after=answer,
    )
    _check_runs(actor, subject, answer)


def _check_runs(actor: Actor, subject: Record, cause: Exchange) -> None:
    """The runs that schedules made are of the deployment, scheduled, and marked as such."""
    answer = actor.call("read_flow_runs", json={**_scheduled(subject), "limit": 2})
    for run in rows(answer):
        want: Mapping[str, Any] = {
            "deployment_id": subject["id"],
            "flow_id": subject["flow_id"],
            "auto_scheduled": True,
            "state_type": "SCHEDULED",
        }
        actor.compare(
            "lifecycle.schedule-runs",
            answer,
            want,
            run,
            "a scheduled run is wrong",
            after=cause,
        )
        tags = run.get("tags", [])
        actor.expect(
            set(subject["tags"]) <= set(tags),
            "lifecycle.schedule-runs",
            answer,
            "a scheduled run lacks the deployment's tags",
            expected=subject["tags"],
            got=tags,
            after=cause,
        )


def _run(actor: Actor, one: Record) -> Exchange:
    body = {"state": {"type": "SCHEDULED", "state_details": {"scheduled_time": FAR}}}
    return actor.call("create_flow_run_from_deployment", id=one["id"], json=body)


def _scheduled(one: Record) -> Record:
    # By their tag and time: a live scheduler adds runs of active schedules, but none so far ahead.
    return {
        **only(one["id"]),
        "flow_runs": {
            "tags": {"all_": ["auto-scheduled"]},
            "expected_start_time": {"after_": "2089-01-01T00:00:00Z"},
        },
    }


def _count_runs(actor: Actor, one: Record) -> tuple[int | None, Exchange]:
    return actor.count("count_flow_runs", _scheduled(one))


def _is_among(item: Record, made: list[Record]) -> bool:
    return any(
        all(_shown(one).get(key) == value for key, value in _shown(item).items()) for one in made
    )


def _shown(item: Mapping[str, Any]) -> Record:
    """What an answer must repeat of a schedule: times as they are spelled differ."""
    kept = {
        key: item[key]
        for key in ("id", "deployment_id", "active", "slug", "parameters", "max_scheduled_runs")
        if key in item
    }
    for key in ("interval", "cron", "rrule", "timezone"):
        if key in item.get("schedule", {}):
            kept[f"schedule.{key}"] = item["schedule"][key]
    return kept
