"""The scheduler: deployments that are not paused have runs planned ahead by their schedules."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mock_server.operations.deployment_runs import (
    MAX_RUNS,
    MAX_TIME,
    MIN_RUNS,
    MIN_TIME,
    plan_ahead,
)
from mock_server.scheduling import NoNextTimeError
from mock_server.services.service import Service

if TYPE_CHECKING:
    from datetime import datetime

    from mock_server.store import Store
    from mock_server.store.tables import Record

EVERY: Final = timedelta(seconds=60)
EVERY_RECENT: Final = timedelta(seconds=5)
RECENT: Final = EVERY_RECENT + timedelta(seconds=1)
"""A deployment that was changed this short a time ago does not wait for the next round."""

INSTANT: Final = timedelta(microseconds=1)


def due(store: Store, deployment: Record, now: datetime) -> datetime | None:
    """When a round would plan a run that is not there yet.

    Never, if one of the schedules cannot tell when it fires.
    """
    try:
        times = [_due(store, schedule, now) for schedule in _schedules(store, deployment)]
    except NoNextTimeError:
        return None
    return min((time for time in times if time is not None), default=None)


def recently_changed(store: Store, deployment: Record, now: datetime) -> datetime | None:
    """Now, or at its change, if the deployment has been changed just before."""
    updated: datetime = deployment["updated"]
    if updated < now - RECENT or not _schedules(store, deployment):
        return None
    return max(updated, now)


def plan(store: Store, deployment: Record) -> list[Record]:
    """Plan the runs of all active schedules; those that are new."""
    try:
        return plan_ahead(store, deployment, start=store.now())
    except NoNextTimeError:
        return []


def _schedules(store: Store, deployment: Record) -> list[Record]:
    if deployment["paused"]:
        return []
    schedules = store.group("deployment_schedules", deployment_id=deployment["id"])
    return [schedule for schedule in schedules if schedule["active"]]


def _due(store: Store, schedule: Record, now: datetime) -> datetime | None:
    """When a schedule has too few runs ahead of it, and fires again within reach."""
    from mock_server.scheduling.schedules import scheduled_times  # noqa: PLC0415 - croniter is slow to load

    ahead = _ahead(store, schedule, now)
    beyond = ahead[-1] + INSTANT if ahead else now
    following = scheduled_times(schedule["schedule"], start=beyond, max_runs=1)
    if not following:
        return None
    times = [now, following[0] - MAX_TIME]
    if len(ahead) >= MIN_RUNS:
        times.append(min(ahead[-MIN_RUNS], ahead[-1] - MIN_TIME) + INSTANT)
    if len(ahead) >= MAX_RUNS:
        times.append(ahead[-MAX_RUNS] + INSTANT)
    return max(times)


def _ahead(store: Store, schedule: Record, now: datetime) -> list[datetime]:
    """When the runs that the schedule has planned are to start, those that are not over."""
    return sorted(
        run["next_scheduled_start_time"]
        for run in store.group("flow_runs", deployment_id=schedule["deployment_id"])
        if run["state_type"] == "SCHEDULED"
        and run["auto_scheduled"]
        and run["next_scheduled_start_time"] is not None
        and run["next_scheduled_start_time"] >= now
        and run["created_by"] is not None
        and run["created_by"]["id"] == schedule["id"]
    )


ROUNDS: Final = Service(EVERY, "deployments", due, plan)
RECENT_ROUNDS: Final = Service(EVERY_RECENT, "deployments", recently_changed, plan)
