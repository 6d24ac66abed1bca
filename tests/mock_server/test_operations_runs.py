from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mock_server.errors import DATA_INTEGRITY_CONFLICT

if TYPE_CHECKING:
    from tests.mock_server.conftest import Api

NOBODY = "00000000-0000-0000-0000-000000000001"
HOURLY = {"interval": 3600, "anchor_date": "2030-01-01T00:00:00Z"}
FINAL = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")


def test_a_run_takes_from_its_deployment_what_the_request_leaves_open(api: Api) -> None:
    flow = api.flow("labelled", labels={"team": "a"})
    body = {
        "name": "d",
        "flow_id": flow,
        "version": "7",
        "tags": ["t", "u"],
        "parameters": {"a": 1, "b": 2},
        "labels": {"own": True},
    }
    made = api("create_deployment", body)
    status, run = api.ask(
        "create_flow_run_from_deployment",
        {"parameters": {"b": 3}, "tags": ["u", "v"], "labels": {"team": "b"}},
        id=made["id"],
    )
    assert status == 201
    assert run["parameters"] == {"a": 1, "b": 3}
    assert sorted(run["tags"]) == ["t", "u", "v"]
    assert run["deployment_version"] == "7"
    assert run["labels"] == {
        "team": "b",
        "prefect.flow.id": flow,
        "own": True,
        "prefect.deployment.id": made["id"],
    }
    assert (run["state_type"], run["state_name"], run["created_by"]) == (
        "SCHEDULED",
        "Scheduled",
        None,
    )
    assert api.read(made)["parameters"] == {"a": 1, "b": 2}
    assert api("read_flow_run", id=run["id"])["id"] == run["id"]


@pytest.mark.parametrize("name", [None, ""])
def test_a_run_without_a_name_is_named(api: Api, name: str | None) -> None:
    first, second = api.run(api.deployment(), name=name), api.run(api.deployment(), name=name)
    assert first["name"].count("-") >= 1
    assert first["name"] != second["name"]


def test_an_idempotency_key_gives_the_run_of_the_first_time(api: Api) -> None:
    made, other = api.deployment(), api.deployment("other")
    first = api.run(made, idempotency_key="k")
    for deployment in (made, other):
        status, again = api.ask(
            "create_flow_run_from_deployment",
            {"idempotency_key": "k", "name": "x"},
            id=deployment["id"],
        )
        assert status == 200
        assert again["id"] == first["id"]
        assert again["deployment_id"] == made["id"]
    elsewhere = api.deployment(flow="second")
    assert api.run(elsewhere, idempotency_key="k")["id"] != first["id"]


@pytest.mark.parametrize("state", [*FINAL, "PENDING", "RUNNING", "PAUSED", "CANCELLING"])
def test_the_first_state_sets_times_and_counts(api: Api, state: str) -> None:
    run = api.run(api.deployment(), state={"type": state})
    assert run["state_name"] == state.capitalize()
    assert run["expected_start_time"] is not None
    assert run["next_scheduled_start_time"] is None
    assert (run["start_time"] is not None) == (state in {*FINAL, "RUNNING"})
    assert (run["end_time"] is not None) == (state in FINAL)
    assert run["run_count"] == (state == "RUNNING")


def test_a_time_keeps_its_offset_in_the_first_answer_and_in_the_state(api: Api) -> None:
    local = "2030-01-01T00:00:00+05:00"
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": local}}
    run = api.run(api.deployment(), state=state)
    assert run["expected_start_time"] == run["next_scheduled_start_time"] == local
    read = api("read_flow_run", id=run["id"])
    assert read["expected_start_time"] == read["next_scheduled_start_time"]
    assert read["expected_start_time"] == "2029-12-31T19:00:00Z"
    assert read["state"]["state_details"]["scheduled_time"] == local


def test_lateness_grows_until_a_run_starts(api: Api) -> None:
    run = api.run(api.deployment())
    api.clock.move(minutes=5)
    late = api("read_flow_run", id=run["id"])["estimated_start_time_delta"]
    assert 300 <= late < 301
    assert api.run(api.deployment(), state={"type": "COMPLETED"})["estimated_start_time_delta"] == 0


def test_a_queue_of_the_pool_is_made_on_demand(api: Api) -> None:
    api("create_work_pool", {"name": "pool", "type": "process"})
    made = api.deployment(work_pool_name="pool")
    run = api.run(made, work_queue_name="new")
    assert (run["work_pool_name"], run["work_queue_name"]) == ("pool", "new")
    assert run["work_queue_id"] != made["work_queue_id"]
    assert api.run(made)["work_queue_name"] == "default"
    homeless = api.deployment("homeless")
    status, detail = api.refusal(
        "create_flow_run_from_deployment", {"work_queue_name": "q"}, id=homeless["id"]
    )
    assert status == 400
    assert detail == (
        f"Cannot create flow run in work queue q because deployment {homeless['id']} is not"
        " associated with a work pool. Please remove work_pool_name and try again."
    )


@pytest.mark.parametrize("field", ["parent_task_run_id", "infrastructure_document_id"])
def test_a_reference_to_nothing_is_a_conflict(api: Api, field: str) -> None:
    made = api.deployment()
    answer = api.refusal("create_flow_run_from_deployment", {field: NOBODY}, id=made["id"])
    assert answer == (409, DATA_INTEGRITY_CONFLICT)


@pytest.mark.parametrize(
    ("identity", "name", "made"),
    [
        ("11111111111141118111111111111111", "bXkgYXV0byDDqQ==", "my auto é"),
        ("11111111-1111-4111-8111-111111111111", "!!", None),
        ("11111111-1111-4111-8111-111111111111", "//4=", None),
        ("11111111-1111-4111-8111-111111111111", "", None),
    ],
)
def test_an_automation_leaves_its_name_on_runs(
    api: Api, identity: str, name: str, made: str | None
) -> None:
    api.headers = {"prefect-automation-id": identity, "prefect-automation-name": name}
    deployment = api.deployment()
    assert deployment["created_by"] is None
    flow_run = api("create_flow_run", {"flow_id": deployment["flow_id"]})
    for run in (api.run(deployment), flow_run):
        creator = run["created_by"]
        if made is None:
            assert creator is None
        else:
            assert creator == {
                "id": "11111111-1111-4111-8111-111111111111",
                "type": "AUTOMATION",
                "display_value": made,
            }


# -- in bulk


def test_each_item_of_a_bulk_is_told_by_itself(api: Api) -> None:
    made = api.deployment()
    items = [{"name": "one"}, {"work_queue_name": "q"}, {"parent_task_run_id": NOBODY}, {}]
    results = api("bulk_create_flow_runs_from_deployment", items, id=made["id"])["results"]
    assert [item["status"] for item in results] == ["CREATED", "FAILED", "FAILED", "CREATED"]
    assert api("read_flow_run", id=results[0]["flow_run_id"])["name"] == "one"
    assert results[0]["error"] is None
    assert results[1]["flow_run_id"] is None
    assert "not associated with a work pool" in results[1]["error"]
    assert results[2]["error"] == DATA_INTEGRITY_CONFLICT
    assert len(api.runs(made)) == 2


def test_a_bulk_is_limited(api: Api) -> None:
    made = api.deployment()
    answer = api.refusal("bulk_create_flow_runs_from_deployment", [{}] * 101, id=made["id"])
    assert answer == (400, "Cannot create more than 100 flow runs at once.")
    assert api("bulk_create_flow_runs_from_deployment", [], id=made["id"]) == {"results": []}


# -- planned and polled


def test_planning_makes_runs_of_active_schedules_once(api: Api) -> None:
    made = api.deployment(
        tags=["t"],
        parameters={"a": 1, "b": 2},
        paused=True,
        schedules=[
            {"schedule": HOURLY, "slug": "hourly", "parameters": {"b": 3}},
            {"schedule": HOURLY, "active": False},
        ],
    )
    body = {"start_time": "2030-01-01T00:00:00Z"}
    assert api.ask("schedule_deployment", body, id=made["id"]) == (200, None)
    api("schedule_deployment", body, id=made["id"])
    runs = api.runs(made)
    assert [run["expected_start_time"] for run in runs] == [
        f"2030-01-01T0{hour}:00:00Z" for hour in range(3)
    ]
    schedule = next(item for item in made["schedules"] if item["slug"])
    run = runs[0]
    assert run["tags"] == ["auto-scheduled", "t"]
    assert run["auto_scheduled"] is True
    assert run["parameters"] == {"a": 1, "b": 3}
    assert run["state"]["message"] == "Flow run scheduled"
    assert run["created_by"] == {
        "id": schedule["id"],
        "type": "SCHEDULE",
        "display_value": "hourly",
    }
    assert run["idempotency_key"] == (
        f"scheduled {made['id']} {schedule['id']} 2030-01-01 00:00:00+00:00"
    )


def test_a_schedule_without_a_slug_is_named_by_its_kind(api: Api) -> None:
    made = api.deployment(schedules=[{"schedule": {"cron": "0 * * * *"}}])
    api("schedule_deployment", {}, id=made["id"])
    assert {run["created_by"]["display_value"] for run in api.runs(made)} == {"CronSchedule"}


def test_an_end_before_the_start_plans_nothing(api: Api) -> None:
    made = api.deployment(schedules=[{"schedule": HOURLY}])
    body = {"start_time": "2030-01-02T00:00:00Z", "end_time": "2030-01-01T00:00:00Z"}
    assert api.ask("schedule_deployment", body, id=made["id"]) == (200, None)
    assert not api.runs(made)


def test_polling_gives_what_is_due_and_makes_deployments_ready(api: Api) -> None:
    made, other = api.deployment(schedules=[{"schedule": HOURLY}]), api.deployment("other")
    api("schedule_deployment", {"start_time": "2030-01-01T00:00:00Z"}, id=made["id"])
    api.run(made, state={"type": "RUNNING"})
    due = api.run(made)

    def poll(**body: Any) -> list[str]:
        answer = api("get_scheduled_flow_runs_for_deployments", body)
        return [run["expected_start_time"][:13] for run in answer]

    assert poll(deployment_ids=[]) == []
    assert poll(deployment_ids=[NOBODY, other["id"]]) == []
    assert api.read(made)["status"] == "NOT_READY"
    ids = [made["id"]]
    assert poll(deployment_ids=ids, limit=2) == [due["expected_start_time"][:13], "2030-01-01T00"]
    assert len(poll(deployment_ids=ids, scheduled_before="2030-01-01T01:00:00")) == 3
    assert len(poll(deployment_ids=ids, scheduled_before=None)) == 4
    polled = api.read(made)
    assert polled["status"] == "READY"
    assert polled["last_polled"] is not None
    assert polled["updated"] == made["updated"]
    assert api.read(other)["status"] == "READY"


# -- runs of flows


def test_a_run_of_a_flow_begins_pending(api: Api) -> None:
    flow = api.flow("labelled", labels={"team": "a"})
    status, run = api.ask("create_flow_run", {"flow_id": flow, "idempotency_key": "k"})
    assert (status, run["state_type"], run["deployment_id"]) == (201, "PENDING", None)
    assert run["labels"] == {"team": "a", "prefect.flow.id": flow}
    status, again = api.ask("create_flow_run", {"flow_id": flow, "idempotency_key": "k"})
    assert (status, again["id"]) == (200, run["id"])
    assert api.refusal("create_flow_run", {"flow_id": NOBODY}) == (409, DATA_INTEGRITY_CONFLICT)


def test_a_run_of_a_flow_in_a_pool(api: Api) -> None:
    api("create_work_pool", {"name": "pool", "type": "process"})
    flow = api.flow()
    run = api("create_flow_run", {"flow_id": flow, "work_pool_name": "pool"})
    assert (run["work_pool_name"], run["work_queue_name"]) == ("pool", "default")
    body = {"flow_id": flow, "work_pool_name": "pool", "work_queue_name": "nope"}
    answer = api.refusal("create_flow_run", body)
    assert answer == (404, "Work pool queue 'pool/nope' not found.")


def test_changing_a_run(api: Api) -> None:
    made = api.deployment()
    run = api.run(made, state={"type": "RUNNING"})

    def change(run: Any, **body: Any) -> Any:
        assert api.ask("update_flow_run", body, id=run["id"]) == (204, None)
        return api("read_flow_run", id=run["id"])

    assert change(run, name="new", tags=["x"])["tags"] == ["x"]
    assert change(run, name=None)["name"] not in {"new", None, ""}
    policy = change(run, empirical_policy={"retries": 3})["empirical_policy"]
    assert (policy["retries"], policy["pause_keys"]) == (3, [])
    body = {"job_variables": {"a": 1}}
    status, detail = api.refusal("update_flow_run", body, id=run["id"])
    assert (status, detail) == (
        400,
        "Job variables for a flow run in state RUNNING cannot be updated",
    )
    assert change(api.run(made), **body)["job_variables"] == {"a": 1}
    free = api("create_flow_run", {"flow_id": made["flow_id"], "state": {"type": "SCHEDULED"}})
    status, detail = api.refusal("update_flow_run", body, id=free["id"])
    assert (status, detail) == (400, "A deployment for the flow run could not be found")
    assert api.refusal("update_flow_run", {}, id=NOBODY) == (404, "Flow run not found")


def test_deleting_a_run_deletes_its_task_runs(api: Api) -> None:
    run = api.run(api.deployment())
    task = {"flow_run_id": run["id"], "task_key": "t", "dynamic_key": "0"}
    made = api("create_task_run", task)
    assert api.ask("delete_flow_run", id=run["id"]) == (204, None)
    assert api.refusal("delete_flow_run", id=run["id"]) == (404, "Flow run not found")
    assert api.refusal("read_task_run", id=made["id"]) == (404, "Task not found")


# -- task runs


def test_a_task_run_is_one_per_run_and_keys(api: Api) -> None:
    run = api.run(api.deployment(tags=["t"]), labels={"x": 1})
    task = {"flow_run_id": run["id"], "task_key": "t", "dynamic_key": "0"}
    status, first = api.ask("create_task_run", task)
    assert (status, first["state_type"]) == (201, "PENDING")
    assert first["labels"]["prefect.flow-run.id"] == run["id"]
    assert first["labels"]["x"] == 1
    status, again = api.ask("create_task_run", task)
    assert (status, again["id"]) == (200, first["id"])
    free = {**task, "flow_run_id": None}
    assert api.ask("create_task_run", free)[0] == 201
    assert api.ask("create_task_run", free)[0] == 200
    assert api("count_task_runs", {}) == 2
    answer = api.refusal("create_task_run", {**task, "flow_run_id": NOBODY})
    assert answer == (409, DATA_INTEGRITY_CONFLICT)


def test_an_id_that_a_task_run_brings_along_is_its_own(api: Api) -> None:
    task = {"flow_run_id": None, "task_key": "t", "dynamic_key": "0", "id": NOBODY}
    assert api("create_task_run", task)["id"] == NOBODY
    answer = api.refusal("create_task_run", {**task, "dynamic_key": "1"})
    assert answer == (409, DATA_INTEGRITY_CONFLICT)


def test_a_subflow_leads_its_task_run_along(api: Api) -> None:
    run = api.run(api.deployment())
    task = api("create_task_run", {"flow_run_id": run["id"], "task_key": "t", "dynamic_key": "0"})
    body = {
        "flow_id": run["flow_id"],
        "parent_task_run_id": task["id"],
        "state": {"type": "RUNNING"},
    }
    child = api("create_flow_run", body)
    parent = api("read_task_run", id=task["id"])
    assert parent["state_type"] == "RUNNING"
    assert parent["state"]["state_details"]["child_flow_run_id"] == child["id"]
    assert child["state"]["state_details"]["task_run_id"] == task["id"]
    api("delete_task_run", id=task["id"])
    assert api("read_flow_run", id=child["id"])["parent_task_run_id"] is None
