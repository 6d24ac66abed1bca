"""Operations that make flow runs of deployments, and the one that polls for them."""

from __future__ import annotations

from datetime import timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from mock_server import query
from mock_server.call import Call, Reply
from mock_server.errors import DATA_INTEGRITY_CONFLICT, ApiError, BadRequest, RequestInvalid
from mock_server.operations.parts import deployment_records, new_flow_runs, pools_and_queues, views
from mock_server.operations.parts.parameter_checks import (
    MANY_RUNS,
    ONE_RUN,
    Words,
    check_job_variables_of_run,
    check_parameters_of_run,
    hydrated_for_run,
)
from mock_server.operations.parts.records_and_bodies import by_id, full, sent
from mock_server.operations.parts.run_creator import creator
from mock_server.operations.parts.search import window
from mock_server.requests.formats import has_no_offset
from mock_server.scheduling import NoNextTimeError
from mock_server.store.tables import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from mock_server.store import Store
    from mock_server.store.tables import Record

NOT_FOUND: Final = "Deployment not found"
BULK_LIMIT: Final = 100
AUTO_SCHEDULED: Final = "auto-scheduled"

MIN_RUNS: Final = 3
MAX_RUNS: Final = 100
MIN_TIME: Final = timedelta(hours=1)
MAX_TIME: Final = timedelta(days=100)
"""How far the released server plans, unless told otherwise."""

SCHEDULE_KINDS: Final = {
    "interval": "IntervalSchedule",
    "cron": "CronSchedule",
    "rrule": "RRuleSchedule",
}


def create_flow_run_from_deployment(call: Call) -> Reply:
    """Make a flow run: 201, or 200 with the one that has this idempotency key."""
    deployment = by_id(call, "deployments", NOT_FOUND)
    run, created = _create(call, deployment, sent(call), full(call))
    shown = views.flow_run(call.store, run)
    return Reply(201, views.as_sent(shown, run)) if created else Reply(200, shown)


def _create(
    call: Call,
    deployment: Record,
    body: Mapping[str, Any],
    request: Mapping[str, Any],
    words: Words = ONE_RUN,
) -> tuple[Record, bool]:
    store = call.store
    given = {**(deployment["parameters"] or {}), **(request.get("parameters") or {})}
    parameters = hydrated_for_run(store, given, words)
    check_parameters_of_run(deployment, request, parameters, words)
    check_job_variables_of_run(store, deployment, request.get("job_variables"))
    queue_name, queue_id = deployment["work_queue_name"], deployment["work_queue_id"]
    if request.get("work_queue_name"):
        queue_name = request["work_queue_name"]
        queue_id = _other_queue(store, deployment, queue_name, words)
    fields = {
        "flow_id": deployment["flow_id"],
        "deployment_id": deployment["id"],
        "deployment_version": deployment["version"],
        "parameters": parameters,
        "tags": list(dict.fromkeys((*deployment["tags"], *(request.get("tags") or ())))),
        "labels": deployment_records.run_labels(deployment, request.get("labels")),
        "infrastructure_document_id": request.get("infrastructure_document_id")
        or deployment["infrastructure_document_id"],
        "work_queue_name": queue_name,
        "work_queue_id": queue_id,
        "job_variables": body.get("job_variables", {}),
        "empirical_policy": body.get("empirical_policy"),
        "created_by": creator(call),
    }
    return new_flow_runs.create(store, {**request, **fields}, state=body.get("state"))


def _other_queue(store: Store, deployment: Record, name: str, words: Words) -> str:
    queue = store.get("work_queues", deployment["work_queue_id"])
    pool = None if queue is None else store.get("work_pools", queue["work_pool_id"])
    if pool is None:
        raise BadRequest(words.no_pool.format(queue=name, deployment=deployment["id"]))
    return str(pools_and_queues.ensure_queue(store, pool["name"], name)["id"])


def bulk_create_flow_runs_from_deployment(call: Call) -> Reply:
    """Make several flow runs; each item is told by itself whether it was made."""
    store, items = call.store, call.full
    if len(items) > BULK_LIMIT:
        raise BadRequest(f"Cannot create more than {BULK_LIMIT} flow runs at once.")
    deployment = by_id(call, "deployments", NOT_FOUND)
    _make_queues(store, deployment, items)
    results = [
        _bulk_item(call, deployment, body, request)
        for body, request in zip(call.body, items, strict=True)
    ]
    return Reply(200, {"results": results})


def _make_queues(store: Store, deployment: Record, items: Sequence[Mapping[str, Any]]) -> None:
    # Before any run is made, and whether or not its run will be.
    queue = store.get("work_queues", deployment["work_queue_id"])
    pool = None if queue is None else store.get("work_pools", queue["work_pool_id"])
    if pool is None:
        return
    for item in items:
        name = item.get("work_queue_name")
        if name and name != deployment["work_queue_name"]:
            pools_and_queues.ensure_queue(store, pool["name"], name)


def _bulk_item(
    call: Call, deployment: Record, body: Mapping[str, Any], request: Mapping[str, Any]
) -> dict[str, Any]:
    try:
        run, _ = _create(call, deployment, body, request, MANY_RUNS)
    except ApiError as error:
        return {"flow_run_id": None, "status": "FAILED", "error": error.body["detail"]}
    except IntegrityError:
        return {"flow_run_id": None, "status": "FAILED", "error": DATA_INTEGRITY_CONFLICT}
    return {"flow_run_id": run["id"], "status": "CREATED", "error": None}


def schedule_deployment(call: Call) -> Reply:
    """Plan runs for each active schedule; an unknown deployment plans nothing."""
    store, body = call.store, full(call)
    deployment = store.get("deployments", call.path["id"])
    if deployment is not None:
        seconds = body.get("min_time")
        asked: dict[str, Any] = {
            "min_time": None if seconds is None else timedelta(seconds=seconds),
            **{name: body.get(name) for name in ("min_runs", "max_runs")},
        }
        try:
            plan_ahead(
                store,
                deployment,
                start=body.get("start_time") or store.now(),
                end=body.get("end_time"),
                compared=partial(_check_offset, call.raw),
                **{name: value for name, value in asked.items() if value is not None},
            )
        except NoNextTimeError as error:
            raise RequestInvalid([_no_next_time(deployment)], call.raw) from error
    return Reply(200, None)


def _no_next_time(deployment: Record) -> dict[str, Any]:
    return {
        "type": "no_next_time",
        "loc": ("path", "id"),
        "msg": "The deployment has a schedule that cannot tell when it fires next",
        "input": deployment["id"],
    }


def plan_ahead(
    store: Store,
    deployment: Record,
    *,
    start: datetime,
    end: datetime | None = None,
    min_time: timedelta = MIN_TIME,
    min_runs: int = MIN_RUNS,
    max_runs: int = MAX_RUNS,
    compared: Callable[[], None] = lambda: None,
) -> list[Record]:
    """Plan runs for each active schedule of a deployment; those that are new.

    Args:
        store: where to.
        deployment: whose schedules.
        start: no run before that.
        end: no run after that; as far as the released server plans, unless told.
        min_time: how far the plan is to reach.
        min_runs: how many runs it is to have.
        max_runs: how many it may have.
        compared: called where a planned time is to be compared with the start.

    Raises:
        NoNextTimeError: one of the schedules cannot tell when it fires; nothing is planned, then.
    """
    from mock_server.scheduling.schedules import scheduled_times  # noqa: PLC0415 - croniter is slow to load

    wanted = []
    for schedule in views.written_last_first(store, deployment["id"]):
        if schedule["active"]:
            times = scheduled_times(
                schedule["schedule"],
                start=start,
                end=end or start + MAX_TIME,
                min_time=min_time,
                min_runs=min_runs,
                max_runs=max_runs,
            )
            if len(times) >= max(min_runs, 1):
                compared()
            wanted.append((schedule, times))
    return [
        run for schedule, times in wanted for run in plan_runs(store, deployment, schedule, times)
    ]


def _check_offset(body: Any) -> None:
    """Refuse a start without an offset, now that a planned time is to be compared with it.

    Raises:
        RequestInvalid: the start has no offset.
    """
    given = body.get("start_time") if isinstance(body, dict) else None
    if given is not None and has_no_offset(given):
        error = {
            "type": "timezone_aware",
            "loc": ("body", "start_time"),
            "msg": "Input should have timezone info",
            "input": given,
        }
        raise RequestInvalid([error], body)


def plan_runs(
    store: Store,
    deployment: Record,
    schedule: Record,
    times: Iterable[datetime],
    extra: Mapping[str, Any] | None = None,
) -> list[Record]:
    """Insert a planned run for each time that has none yet; the runs that were inserted.

    Args:
        store: where to.
        deployment: whose runs.
        schedule: the schedule that plans them.
        times: when they are to start.
        extra: fields that a fixture fixes.
    """
    kind = next(name for key, name in SCHEDULE_KINDS.items() if key in schedule["schedule"])
    fields = {
        "flow_id": deployment["flow_id"],
        "deployment_id": deployment["id"],
        "deployment_version": deployment["version"],
        "parameters": {**(deployment["parameters"] or {}), **schedule["parameters"]},
        "tags": [AUTO_SCHEDULED, *deployment["tags"]],
        "labels": deployment_records.run_labels(deployment, None),
        "infrastructure_document_id": deployment["infrastructure_document_id"],
        "work_queue_name": deployment["work_queue_name"],
        "work_queue_id": deployment["work_queue_id"],
        "auto_scheduled": True,
        "created_by": {
            "id": schedule["id"],
            "type": "SCHEDULE",
            "display_value": schedule["slug"] or kind,
        },
        **(extra or {}),
    }
    planned = []
    zone = ZoneInfo(schedule["schedule"].get("timezone") or "UTC")
    for time in times:
        # Key and state tell the time by the clock of the schedule's zone.
        local = time.astimezone(zone)
        due = local.replace(tzinfo=timezone(local.utcoffset() or timedelta(0)))
        key = f"scheduled {deployment['id']} {schedule['id']} {due}"
        state = {
            "type": "SCHEDULED",
            "message": "Flow run scheduled",
            "state_details": {"scheduled_time": due},
        }
        run, created = new_flow_runs.create(
            store, {**fields, "idempotency_key": key}, state=state, in_bulk=True
        )
        if created:
            planned.append(run)
    stamp = store.tick_coarsely()
    return [store.update("flow_runs", run["id"], updated=stamp) for run in planned]


def get_scheduled_flow_runs_for_deployments(call: Call) -> Reply:
    """The SCHEDULED runs of some deployments, the next first; polling makes them READY."""
    store, body = call.store, full(call)
    ids = body["deployment_ids"]
    due: dict[str, Any] = {"state": {"type": {"any_": ["SCHEDULED"]}}}
    if body.get("scheduled_before") is not None:
        due["next_scheduled_start_time"] = {"before_": body["scheduled_before"]}
    limit, _ = window(call)
    runs = query.select(
        store.data(),
        "flow_runs",
        {"flow_runs": due, "deployments": {"id": {"any_": list(ids)}}},
        sort="NEXT_SCHEDULED_START_TIME_ASC",
        limit=limit,
    )
    answer = [views.flow_run(store, run) for run in runs]
    deployment_records.mark_polled(store, dict.fromkeys(ids))
    return Reply(200, answer)
