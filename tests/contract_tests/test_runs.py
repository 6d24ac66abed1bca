"""What must be read of a run, by what asked for it."""

from __future__ import annotations

from typing import Any

from contract_tests.rules.runs import expected, planned

OWNER: dict[str, Any] = {
    "id": "d",
    "flow_id": "f",
    "version": "1",
    "parameters": {"a": 1, "b": {"c": 1}},
    "tags": ["red"],
    "labels": {"prefect.flow.id": "f", "team": "x"},
    "work_pool_name": "pool",
    "work_queue_name": "default",
    "schedules": [{"schedule": {"interval": 60}, "parameters": {"b": 2}}],
}


def test_a_run_adds_to_its_deployment() -> None:
    sent = {"parameters": {"b": {}}, "tags": ["blue"], "labels": {"team": "y"}}
    run = expected(sent, OWNER)
    assert run["parameters"] == {"a": 1, "b": {}}
    assert run["tags"] == ["red", "blue"]
    assert run["labels"] == {"prefect.flow.id": "f", "team": "y", "prefect.deployment.id": "d"}
    assert (run["work_pool_name"], run["deployment_version"]) == ("pool", "1")
    assert (run["state_type"], run["start_time"], run["end_time"]) == ("SCHEDULED", None, None)


def test_a_state_says_which_times_there_are() -> None:
    ended, running = (expected({"state": {"type": kind}}, OWNER) for kind in ("FAILED", "RUNNING"))
    assert ended["start_time"] is not None
    assert ended["end_time"] is not None
    assert ended["next_scheduled_start_time"] is None
    assert (running["end_time"], running["run_count"]) == (None, 1)


def test_a_planned_run_takes_over_what_its_schedule_says() -> None:
    run = planned({"expected_start_time": "2090-01-01T00:00:00Z"}, OWNER)
    assert run["parameters"] == {"a": 1, "b": 2}
    assert run["tags"] == ["auto-scheduled", "red"]
    assert run["next_scheduled_start_time"] == "2090-01-01T00:00:00Z"


def test_of_several_schedules_it_is_not_known_which_planned_a_run() -> None:
    assert not planned({}, {**OWNER, "schedules": OWNER["schedules"] * 2})
