"""Operations that tell of runs over time: what charts are drawn of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import floor
from typing import TYPE_CHECKING, Any, Final

from mock_server import query
from mock_server.call import Call, Reply
from mock_server.errors import Unprocessable
from mock_server.operations.parts import views
from mock_server.operations.parts.records_and_bodies import full
from mock_server.operations.parts.search import filters
from mock_server.operations.parts.views import TERMINAL_STATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

MOST_INTERVALS: Final = 500
MOST_POINTS: Final = 1000
SHORTEST: Final = timedelta(seconds=1)


def flow_run_history(call: Call) -> Reply:
    """The flow runs of a stretch of time, by interval and state."""
    return _history(call, "flow_runs")


def task_run_history(call: Call) -> Reply:
    """The task runs of a stretch of time, by interval and state."""
    return _history(call, "task_runs")


def _history(call: Call, kind: str) -> Reply:
    body = full(call)
    start, length = body["history_start"], timedelta(seconds=body["history_interval_seconds"])
    if length < SHORTEST:
        raise Unprocessable("History interval must not be less than 1 second.")
    intervals = max(0, min(-((start - body["history_end"]) // length), MOST_INTERVALS))
    try:
        bounds = [(start + number * length).astimezone(UTC) for number in range(intervals + 1)]
    except OverflowError:
        raise Unprocessable("The history leads beyond the year 9999.") from None
    by_interval: dict[int, list[Record]] = {}
    for run in query.select(call.store.data(), kind, _filters(call)):
        expected = run["expected_start_time"]
        if expected is not None and bounds[0] <= expected < bounds[-1]:
            by_interval.setdefault((expected - bounds[0]) // length, []).append(run)
    answer = [
        {
            "interval_start": bounds[number],
            "interval_end": bounds[number + 1],
            "states": _states(by_interval.get(number, ()), call.store.now()),
        }
        for number in range(intervals)
    ]
    return Reply(200, answer)


def _filters(call: Call) -> Mapping[str, Mapping[str, Any] | None]:
    """The filters; the one of work queues has another name here than elsewhere."""
    named = filters(call, "flows", "flow_runs", "task_runs", "deployments", "work_pools")
    queues = filters(call, "work_queues")
    return {**named, "work_pool_queues": queues["work_queues"]} if queues else named


def _states(runs: Iterable[Record], now: datetime) -> list[dict[str, Any]]:
    """What states runs are in, with sums of whole seconds."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for run in runs:
        if run["state_type"] is None:
            continue
        key = run["state_type"], run["state_name"]
        entry = found.setdefault(
            key,
            {
                "state_type": key[0],
                "state_name": key[1],
                "count_runs": 0,
                "sum_estimated_run_time": 0.0,
                "sum_estimated_lateness": 0.0,
            },
        )
        spent, late = views.estimates(run, now)
        entry["count_runs"] += 1
        entry["sum_estimated_run_time"] += floor(spent)
        entry["sum_estimated_lateness"] += floor(late)
    return [found[key] for key in sorted(found)]


def read_flow_run_history(call: Call) -> Reply:
    """The flow runs that match, as points in time."""
    body, store = full(call), call.store
    limit, offset = body.get("limit"), body.get("offset")
    if limit is None:
        limit = MOST_POINTS
    runs = query.select(
        store.data(),
        "flow_runs",
        filters(call),
        sort=body.get("sort") or "EXPECTED_START_TIME_DESC",
        limit=None if limit < 0 else limit,
        offset=offset or 0,
    )
    return Reply(200, [_point(store, run) for run in runs])


def _point(store: Store, run: Record) -> dict[str, Any]:
    spent, late = views.estimates(run, store.now())
    return {
        "id": run["id"],
        "state_type": run["state_type"],
        "timestamp": run["start_time"] or run["expected_start_time"],
        "duration": spent,
        "lateness": late,
    }


def average_flow_run_lateness(call: Call) -> Reply:
    """By how many seconds the flow runs that match are late, on the average."""
    now = call.store.now()
    runs = query.select(call.store.data(), "flow_runs", filters(call))
    if not runs:
        return Reply(200, None)
    return Reply(200, sum(_late_seconds(run, now) for run in runs) / len(runs))


def _late_seconds(run: Record, now: datetime) -> int:
    """By how many seconds a run is late, as clocks without fractions tell it."""
    expected: datetime | None = run["expected_start_time"]
    started: datetime | None = run["start_time"]
    if expected is None or (started is None and run["state_type"] in TERMINAL_STATES):
        return 0
    begun = now if started is None else started
    return max(0, floor(begun.timestamp()) - floor(expected.timestamp()))
