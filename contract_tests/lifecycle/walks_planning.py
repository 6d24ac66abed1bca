"""Walks around the times for which schedules plan runs, and around polling for these."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from contract_tests.asking.actor import NOBODY, OK, Actor, ids, rows, schedule
from contract_tests.lifecycle import judges
from contract_tests.lifecycle.walks_runs import scheduled

if TYPE_CHECKING:
    from contract_tests.asking.actor import Record

_RULE: Final = "lifecycle.planned-times"
# Two days far ahead, in whose second night clocks go forward in Berlin (not in New York).
_STRETCH: Final = {
    "start_time": "2035-03-24T00:00:00Z",
    "end_time": "2035-03-26T00:00:00Z",
    "min_runs": 50,
}
# What is planned in that stretch, as day and time in UTC. Each row tells apart what looks alike.
PLANS: Final[tuple[tuple[Record, tuple[str, ...]], ...]] = (
    # counted from the anchor, not from the start
    (
        {"interval": 61200, "anchor_date": "2035-03-23T01:30:00Z", "timezone": "UTC"},
        ("24 11:30", "25 04:30", "25 21:30"),
    ),
    # both ends of the stretch are in it
    (
        {"interval": 86400, "anchor_date": "2035-03-20T00:00:00Z", "timezone": "UTC"},
        ("24 00:00", "25 00:00", "26 00:00"),
    ),
    # days are those of the clock in the zone
    (
        {"interval": 86400, "anchor_date": "2035-03-20T06:00:00Z", "timezone": "Europe/Berlin"},
        ("24 06:00", "25 05:00"),
    ),
    ({"cron": "30 7 * * *", "timezone": "America/New_York"}, ("24 11:30", "25 11:30")),
    ({"cron": "30 7 * * *", "timezone": "Europe/Berlin"}, ("24 06:30", "25 05:30")),
    # a sixth field comes last, and is of seconds
    ({"cron": "30 7 * * * 5", "timezone": "UTC"}, ("24 07:30:05", "25 07:30:05")),
    ({"cron": "45 9 24 * 0", "timezone": "UTC", "day_or": True}, ("24 09:45", "25 09:45")),
    ({"cron": "45 9 25 * 0", "timezone": "UTC", "day_or": False}, ("25 09:45",)),
    ({"cron": "45 9 24 * 0", "timezone": "UTC", "day_or": False}, ()),
    (
        {
            "rrule": "DTSTART:20350324T080000\nRRULE:FREQ=HOURLY;COUNT=2",
            "timezone": "Europe/Berlin",
        },
        ("24 07:00", "24 08:00"),
    ),
    (
        {
            "rrule": "DTSTART:20350323T180000\nRRULE:FREQ=HOURLY;INTERVAL=6;UNTIL=20350324T120000",
            "timezone": "UTC",
        },
        ("24 00:00", "24 06:00", "24 12:00"),
    ),
)
# Of an hourly schedule: what is asked for, and how many runs from there on.
_HOURLY: Final[tuple[tuple[Record, int], ...]] = (
    ({"start_time": "2035-01-01T00:00:00Z", "min_runs": 2, "min_time": 18000}, 6),
    ({"start_time": "2035-02-01T00:00:00Z", "min_runs": 7, "min_time": 60}, 7),
    ({"start_time": "2035-03-01T00:00:00Z", "min_runs": 9, "max_runs": 4}, 4),
    ({"start_time": "2035-04-01T00:00:00Z"}, 3),
)


@judges("create", "planned-times")
def walk_planned_times(actor: Actor) -> None:
    """Each schedule plans its runs for its own times, by its own clock."""
    if not actor.knows("DeploymentScheduleCreate", "parameters"):
        actor.session.leave_out("runs do not tell their schedules on this version")
        return
    sent = [
        {"schedule": plan, "active": True, "parameters": {"plan": number}}
        for number, (plan, _) in enumerate(PLANS)
    ]
    idle = {**sent[0], "active": False, "parameters": {"plan": "off"}}
    owner = actor.deployment(actor.flow(), paused=True, schedules=[*sent, idle])
    answer = actor.call("schedule_deployment", id=owner["id"], json=_STRETCH)
    listing = actor.call("read_flow_runs", json=_runs(owner))
    if not actor.status(answer, OK, rule=_RULE, when="scheduling runs") or listing.status != OK:
        return
    found: dict[Any, list[str]] = {}
    for run in rows(listing):
        which = (run.get("parameters") or {}).get("plan")
        found.setdefault(which, []).append(_time(run.get("expected_start_time")))
    for number, (plan, times) in enumerate(PLANS):
        kind = next(key for key in ("interval", "cron", "rrule") if key in plan)
        actor.expect(
            sorted(found.get(number, [])) == [f"2035-03-{time}" for time in times],
            _RULE,
            listing,
            f"runs of {kind} schedules are planned for other times",
            expected=f"{plan}: {times}",
            got=sorted(found.get(number, [])),
            cause=f"times of {kind}",
            after=answer,
        )
    actor.expect(
        "off" not in found,
        _RULE,
        listing,
        "runs are planned of a schedule that is not active",
        expected="none",
        got=found.get("off"),
        after=answer,
    )


@judges("create", "planned-times")
def walk_how_far(actor: Actor) -> None:
    """How many runs are planned is as asked for."""
    hourly = schedule()
    hourly["schedule"]["anchor_date"] = "2035-01-01T00:00:00Z"
    owner = actor.deployment(actor.flow(), paused=True, schedules=[hourly])
    sent = []
    for stretch, _ in _HOURLY:
        sent.append(actor.call("schedule_deployment", id=owner["id"], json=stretch))
    listing = actor.call("read_flow_runs", json=_runs(owner))
    times = [_time(run.get("expected_start_time")) for run in rows(listing)]
    for answer, (stretch, number) in zip(sent, _HOURLY, strict=True):
        month = stretch["start_time"][:7]
        got = sum(time.startswith(month) for time in times)
        told = ", ".join(key for key in stretch if key != "start_time") or "no more than a start"
        actor.expect(
            got == number or listing.status != OK,
            _RULE,
            listing,
            f"asked with {told}, an hourly schedule plans a wrong number of runs",
            expected=number,
            got=got,
            after=answer,
        )


def _runs(owner: Record) -> Record:
    return {
        "deployments": {"id": {"any_": [owner["id"]]}},
        "flow_runs": {
            "tags": {"all_": ["auto-scheduled"]},
            # A live scheduler adds runs of its own, but none so far ahead.
            "expected_start_time": {"after_": "2034-12-01T00:00:00Z"},
        },
    }


def _time(text: Any) -> str:
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
        return f"{moment:%Y-%m-%d %H:%M}" + (f":{moment:%S}" if moment.second else "")
    except (TypeError, ValueError):
        return str(text)


@judges("create", "polling")
def walk_polling_several(actor: Actor) -> None:
    """Polling for several deployments: whoever made the runs, paused or not, late or named."""
    flow = actor.flow()
    plain, paused = actor.deployment(flow), actor.deployment(flow, paused=True)
    now = datetime.now(UTC).replace(microsecond=0)
    # One's runs lie between the other's, so that neither comes first.
    states: tuple[tuple[Record, timedelta, Record], ...] = (
        (paused, timedelta(hours=3), {}),
        (plain, timedelta(hours=2), {"name": "AwaitingRetry"}),
        (paused, timedelta(hours=-2), {}),
        (plain, timedelta(hours=4), {}),
    )
    made = []
    for owner, delay, named in states:
        state = {**scheduled((now + delay).isoformat()), **named}
        body = {"state": state}
        answer = actor.call("create_flow_run_from_deployment", id=owner["id"], json=body)
        made.append(actor.made(answer, "creating a scheduled run"))
    third, second, first, last = ids(made)
    both = [paused["id"].upper(), NOBODY, plain["id"], paused["id"], paused["id"]]
    # The very time of the third run, told by another clock.
    bound = (now + timedelta(hours=8)).replace(tzinfo=None).isoformat() + "+05:00"
    polls: tuple[tuple[Record, list[Any]], ...] = (
        ({}, [first, second, third, last]),
        ({"limit": 3}, [first, second, third]),
        ({"scheduled_before": bound}, [first, second, third]),
    )
    for body, want in polls:
        answer = actor.call(
            "get_scheduled_flow_runs_for_deployments", json={"deployment_ids": both, **body}
        )
        if actor.status(answer, OK, rule="lifecycle.polling", when="polling"):
            actor.expect(
                ids(rows(answer)) == want,
                "lifecycle.polling",
                answer,
                f"polling for two with {', '.join(body) or 'ids alone'} answers other runs",
                expected=want,
                got=ids(rows(answer)),
            )
