"""Counts, histories and lateness: what the web UI draws."""

import functools
import time
from datetime import timedelta, timezone
from typing import Any

import pytest

from tests.openapi.supporting.asking import (
    FILTERS,
    LATE,
    LATER,
    NOBODY,
    SOON,
    STARTED,
    Sender,
    ask_detail,
    detail,
    each,
    faults,
    places,
)


@pytest.fixture
def runs(send: Sender, name: str) -> tuple[str, dict[str, str]]:
    """A flow, and its runs by their names: one done, one ten minutes late, two still to come."""
    flow = send("create_flow", 201, {"name": name})["id"]
    times = {"late": LATE, "soon": SOON, "later": LATER}
    made = {}
    for key, at in times.items():
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": at.isoformat()}}
        run = {"flow_id": flow, "name": key, "state": state}
        made[key] = send("create_flow_run", 201, run)["id"]
    done = {"flow_id": flow, "name": "done", "state": {"type": "COMPLETED"}}
    made["done"] = send("create_flow_run", 201, done)["id"]
    return flow, made


def test_figures_beside_flows(send: Sender, name: str, runs: tuple[str, dict[str, str]]) -> None:
    flow, made = runs
    ask = {"flow_ids": [flow, NOBODY, flow.upper()], "more": 1}
    assert send("count_deployments_by_flow", 200, ask) == {flow: 0, NOBODY: 0}
    send("create_deployment", 201, {"flow_id": flow, "name": name})
    assert send("count_deployments_by_flow", 200, ask) == {flow: 1, NOBODY: 0}
    following = send("next_runs_by_flow", 200, ask)
    assert following.keys() == {flow, NOBODY}
    assert following[NOBODY] is None
    assert following[flow] == {
        "id": made["late"],
        "flow_id": flow,
        "name": "late",
        "state_name": "Scheduled",
        "state_type": "SCHEDULED",
        "next_scheduled_start_time": LATE.isoformat().replace("+00:00", "Z"),
    }


def test_figures_beside_flow_runs(send: Sender, runs: tuple[str, dict[str, str]]) -> None:
    flow, made = runs
    run = made["done"]
    for key in ("a", "b"):
        task = {"flow_run_id": run, "task_key": key, "dynamic_key": "0"}
        inside = send("create_task_run", 201, task)["id"]
    ask = {"flow_run_ids": [run, made["soon"], NOBODY, run]}
    counts = send("count_task_runs_by_flow_run", 200, ask)
    assert counts == {run: 2, made["soon"]: 0, NOBODY: 0}
    send("create_flow_run", 201, {"flow_id": flow, "parent_task_run_id": inside})
    assert send("count_task_runs_by_flow_run", 200, ask)[run] == 1


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        ("count_task_runs_by_flow_run", "flow_run_ids"),
        ("count_deployments_by_flow", "flow_ids"),
        ("next_runs_by_flow", "flow_ids"),
    ],
)
def test_ids_of_figures(send: Sender, operation: str, field: str) -> None:
    assert send(operation, 200, {field: []}) == {}
    assert len(send(operation, 200, {field: [NOBODY] * 300})) == 1
    for body in each({}, None, [], {field: None}):
        assert faults(send(operation, 422, body)) == [("missing", ["body", field])]
    assert faults(send(operation, 422, {field: "x"})) == [("list_type", ["body", field])]
    assert faults(send(operation, 422, {field: ["x"]})) == [("uuid_parsing", ["body", field, 0])]


def latest() -> float:
    """How late, in seconds, the run is at most that was ten minutes late when it was made."""
    return 600 + time.monotonic() - STARTED + 1


def test_points(send: Sender, runs: tuple[str, dict[str, str]]) -> None:
    flow, made = runs
    mine = {"flows": {"id": {"any_": [flow]}}}
    points = functools.partial(send, "read_flow_run_history")
    drawn = points(200, mine)
    assert [point["id"] for point in drawn] == [
        made[key] for key in ("later", "soon", "done", "late")
    ]
    by_id = {point["id"]: point for point in drawn}
    assert by_id[made["soon"]]["lateness"] == by_id[made["soon"]]["duration"] == 0
    assert 600 <= by_id[made["late"]]["lateness"] < latest()
    upwards = points(200, {**mine, "sort": "EXPECTED_START_TIME_ASC", "limit": 2, "offset": 1})
    assert [point["id"] for point in upwards] == [made["done"], made["soon"]]
    for body in each({"limit": -1}, {"limit": None, "offset": None, "sort": None}, {"limit": 1000}):
        assert points(200, {**mine, **body}) != []
    assert points(200, {**mine, "limit": 0}) == []
    assert faults(points(422, {"limit": 1001, "offset": -1})) == [
        ("less_than_equal", ["body", "limit"]),
        ("greater_than_equal", ["body", "offset"]),
    ]
    fields = ["sort", "limit", "offset", *FILTERS, "work_pools"]
    assert faults(points(422, [])) == [("missing", ["body", field]) for field in fields]


def test_lateness(send: Sender, runs: tuple[str, dict[str, str]]) -> None:
    flow, made = runs
    ask = functools.partial(send, "average_flow_run_lateness", 200)
    assert 150 <= ask({"flows": {"id": {"any_": [flow]}}}) < latest() / 4 + 1
    assert ask({"flow_runs": {"id": {"any_": [made["done"], made["soon"]]}}}) == 0
    assert ask({"flow_runs": {"id": {"any_": [NOBODY]}}}) is None


def test_flow_runs_over_time(send: Sender, runs: tuple[str, dict[str, str]]) -> None:
    flow, _ = runs
    mine = {"flows": {"id": {"any_": [flow]}}}
    hours = functools.partial(send, "flow_run_history")
    start = LATE.replace(tzinfo=timezone(timedelta(hours=2))) + timedelta(hours=2)
    times = {"history_start": start.isoformat(), "history_end": LATER.isoformat()}
    found = hours(200, {**mine, **times, "history_interval_seconds": 7200.5})
    assert [entry["interval_start"] for entry in found] == [
        (LATE + number * timedelta(seconds=7200.5)).isoformat().replace("+00:00", "Z")
        for number in range(len(found))
    ]
    assert found[0]["interval_end"] == found[1]["interval_start"]
    states = [
        [(row["state_name"], row["count_runs"]) for row in entry["states"]] for entry in found
    ]
    assert states == [[("Completed", 1), ("Scheduled", 2)], [], [("Scheduled", 1)]]
    late = found[0]["states"][1]
    assert 600 <= late["sum_estimated_lateness"] < latest()
    assert late["sum_estimated_run_time"] == 0
    queues = {**mine, **times, "history_interval_seconds": 9000, "work_queues": {}}
    assert [entry["states"] for entry in hours(200, queues)] == [[], [], []]


@pytest.mark.parametrize(
    ("operation", "more"),
    [("flow_run_history", ["work_pools", "work_queues"]), ("task_run_history", [])],
)
def test_stretches_of_time(send: Sender, operation: str, more: list[str]) -> None:
    ask = functools.partial(send, operation)
    required = ["history_start", "history_end", "history_interval_seconds"]
    times = {"history_start": 0, "history_end": "1970-01-02", "history_interval_seconds": 43200}
    assert [row["interval_end"] for row in ask_time(send, operation, times)] == [
        "1970-01-01T12:00:00Z",
        "1970-01-02T00:00:00Z",
    ]
    assert len(ask_time(send, operation, {**times, "history_interval_seconds": 1})) == 500
    assert ask_time(send, operation, {**times, "history_end": "1969-12-31"}) == []
    for body in each({}, None, dict.fromkeys(required)):
        assert faults(ask(422, body)) == [("missing", ["body", field]) for field in required]
    fields = [*required, *FILTERS, *more]
    assert faults(ask(422, [])) == [("missing", ["body", field]) for field in fields]
    for seconds in (0.5, -5):
        short = ask_detail(send, operation, {**times, "history_interval_seconds": seconds})
        assert detail(short) == "History interval must not be less than 1 second."
    wrong = {**times, "history_start": "x", "history_interval_seconds": "PT12H"}
    assert faults(ask(422, wrong)) == [
        ("value_error", ["body", "history_start"]),
        ("float_parsing", ["body", "history_interval_seconds"]),
    ]


def ask_time(send: Sender, operation: str, body: Any) -> Any:
    """What times the server reads besides those that the spec admits."""
    url = f".{places()[operation].removeprefix('/paths/').rpartition('/')[0].replace('~1', '/')}"
    answer = send.client.post(url, json=body)
    assert answer.status_code == 200
    return answer.json()
