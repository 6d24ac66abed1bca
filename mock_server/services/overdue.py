"""Runs whose time is over: late ones are marked, pauses that nobody has ended fail."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from mock_server.operations.parts import limit_slots
from mock_server.operations.parts.orchestration import propose
from mock_server.operations.parts.states import enter, new_state
from mock_server.operations.parts.transition_rules import LIMIT_REACHED
from mock_server.services.service import Service

if TYPE_CHECKING:
    from datetime import datetime

    from mock_server.store import Store
    from mock_server.store.tables import Record

EVERY: Final = timedelta(seconds=5)
LATE_AFTER: Final = timedelta(seconds=15)
INSTANT: Final = timedelta(microseconds=1)


def late(_: Store, run: Record, now: datetime) -> datetime | None:
    """When a run that should have started is late; one that waits for something else never is."""
    planned: datetime | None = run["next_scheduled_start_time"]
    if planned is None or run["state_name"] != "Scheduled" or run["state_type"] != "SCHEDULED":
        return None
    return max(planned + LATE_AFTER, now)


def mark_late(store: Store, run: Record) -> list[Record]:
    """Mark a run as late, or cancel it if its deployment wants that while it has no free slot."""
    deployment = store.get("deployments", run["deployment_id"])
    limit = limit_slots.limit_of(store, deployment)
    options: dict[str, Any] = (deployment or {}).get("concurrency_options") or {}
    full = limit is not None and limit["active_slots"] >= limit["limit"]
    if full and options.get("collision_strategy") == "CANCEL_NEW":
        state = new_state(store, "CANCELLED", message=LIMIT_REACHED)
    else:
        planned = {"scheduled_time": run["next_scheduled_start_time"]}
        state = new_state(store, "SCHEDULED", name="Late", details=planned)
    enter(store, "flow_runs", run, state)
    return []


def pause_over(_: Store, run: Record, now: datetime) -> datetime | None:
    """When a pause has lasted longer than it may."""
    if run["state_type"] != "PAUSED":
        return None
    end: datetime | None = run["state"]["state_details"]["pause_timeout"]
    return None if end is None else max(end + INSTANT, now)


def fail_pause(store: Store, run: Record) -> list[Record]:
    """Let a paused run fail."""
    state = {"type": "FAILED", "message": "The flow was paused and never resumed."}
    propose(store, run, state, force=True)
    return []


def lease_over(_: Store, lease: Record, now: datetime) -> datetime | None:
    """When a lease runs out that nobody has renewed."""
    end: datetime = lease["expires"]
    return max(end, now)


def end_lease(store: Store, lease: Record) -> list[Record]:
    """Give back the slots of a lease."""
    limit_slots.end_lease(store, lease)
    return []


LATE_RUNS: Final = Service(EVERY, "flow_runs", late, mark_late)
PAUSES: Final = Service(EVERY, "flow_runs", pause_over, fail_pause)
LEASES: Final = Service(timedelta(seconds=15), "leases", lease_over, end_lease)
