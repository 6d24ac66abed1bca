from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import openapi
from mock_server.errors import DATA_INTEGRITY_CONFLICT
from mock_server.operations import OPERATIONS

if TYPE_CHECKING:
    from tests.mock_server.conftest import Api

NOBODY = "00000000-0000-0000-0000-000000000001"
HOURLY = {"interval": 3600, "anchor_date": "2026-01-01T00:00:00Z"}


def test_every_operation_of_the_spec_has_a_function_and_no_other_has() -> None:
    declared = {
        operation["operationId"]
        for item in openapi.load()["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and "operationId" in operation
    }
    assert set(OPERATIONS) == declared


# -- create


def test_a_new_deployment_is_201_and_the_same_again_is_200(api: Api) -> None:
    body = {"name": "daily", "flow_id": api.flow()}
    status, first = api.ask("create_deployment", body)
    assert status == 201
    status, second = api.ask("create_deployment", body)
    assert status == 200
    assert second["id"] == first["id"]
    assert second["created"] == first["created"]
    assert second["updated"] > first["updated"]
    assert api("count_deployments", {}) == 1


def test_defaults_of_a_new_deployment(api: Api) -> None:
    made = api.deployment()
    assert made["parameter_openapi_schema"] == {}
    assert made["pull_steps"] == []
    assert made["enforce_parameter_schema"] is True
    assert made["status"] == "NOT_READY"
    assert made["tags"] == made["schedules"] == []
    assert made["parameters"] == made["job_variables"] == {}
    assert made["updated"] < made["created"]
    nulls = {"parameter_openapi_schema": None, "pull_steps": None}
    made = api.deployment("nulls", **nulls)
    assert {key: made[key] for key in nulls} == nulls


def test_an_upsert_keeps_what_it_does_not_name_but_schedules_and_parameters(api: Api) -> None:
    given = {
        "tags": ["b", "a", "b"],
        "description": "about",
        "version": "1",
        "paused": True,
        "job_variables": {"size": 1},
        "concurrency_limit": 3,
    }
    schedule = {"schedule": HOURLY}
    api.deployment(**given, parameters={"a": 1}, schedules=[schedule], labels={"x": 1})
    again = api.deployment()
    shown = {key: again[key] for key in given if key != "concurrency_limit"}
    assert shown == {key: value for key, value in given.items() if key != "concurrency_limit"}
    assert again["concurrency_limit"] is None
    assert again["global_concurrency_limit"]["limit"] == 3
    assert again["parameters"] == {}
    assert again["schedules"] == []
    assert again["labels"] == {"prefect.flow.id": again["flow_id"]}


def test_labels_come_from_the_flow_the_system_and_the_request(api: Api) -> None:
    flow = api.flow("labelled", labels={"team": "a", "tier": 1})
    body = {"name": "d", "flow_id": flow, "labels": {"tier": 2, "prefect.flow.id": "mine"}}
    made = api("create_deployment", body)
    assert made["labels"] == {"team": "a", "tier": 2, "prefect.flow.id": "mine"}
    assert list(made["labels"]) == ["team", "tier", "prefect.flow.id"]


def test_the_limit_of_a_deployment_is_a_global_one(api: Api) -> None:
    made = api.deployment(concurrency_limit=2)
    limit = made["global_concurrency_limit"]
    assert limit["name"] == f"deployment:{made['id']}"
    assert (limit["limit"], limit["active_slots"], limit["active"]) == (2, 0, True)
    assert api("read_concurrency_limit_v2", id_or_name=limit["id"]) == limit
    changed = api.deployment(concurrency_limit=5)["global_concurrency_limit"]
    assert (changed["id"], changed["limit"]) == (limit["id"], 5)
    assert api.deployment(concurrency_limit=None)["global_concurrency_limit"] is None
    assert api.ask("read_concurrency_limit_v2", id_or_name=limit["id"])[0] == 404


def test_concurrency_options_have_both_keys(api: Api) -> None:
    made = api.deployment(concurrency_options={"collision_strategy": "ENQUEUE", "other": 1})
    assert made["concurrency_options"] == {
        "collision_strategy": "ENQUEUE",
        "grace_period_seconds": None,
    }


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"flow_id": NOBODY}, 409, DATA_INTEGRITY_CONFLICT),
        ({"work_pool_name": "nope"}, 404, 'Work pool "nope" not found.'),
        ({"global_concurrency_limit_id": NOBODY}, 404, "Concurrency limit not found"),
        (
            {"schedules": [{"schedule": HOURLY, "slug": "a"}, {"schedule": HOURLY, "slug": "a"}]},
            409,
            DATA_INTEGRITY_CONFLICT,
        ),
        ({"storage_document_id": NOBODY}, 409, "Could not find storage block with id: 0000"),
        ({"infrastructure_document_id": NOBODY}, 409, "Could not find infrastructure block"),
    ],
)
def test_a_deployment_that_is_refused(
    api: Api, fields: dict[str, Any], status: int, sentence: str
) -> None:
    body = {"name": "d", "flow_id": api.flow(), **fields}
    answer, detail = api.refusal("create_deployment", body)
    assert answer == status
    assert sentence in detail


def test_where_a_deployment_lives(api: Api) -> None:
    api("create_work_pool", {"name": "pool", "type": "process"})
    default = api("read_work_pool", name="pool")["default_queue_id"]
    made = api.deployment("pool-only", work_pool_name="pool")
    assert (made["work_pool_name"], made["work_queue_name"]) == ("pool", "default")
    assert made["work_queue_id"] == default
    stored = api.store.get("deployments", made["id"])
    assert stored is not None
    assert stored["work_queue_name"] is None
    made = api.deployment("own-queue", work_pool_name="pool", work_queue_name="new")
    assert (made["work_pool_name"], made["work_queue_name"]) == ("pool", "new")
    made = api.deployment("queue-only", work_queue_name="lonely")
    assert (made["work_pool_name"], made["work_queue_name"]) == ("default-agent-pool", "lonely")
    made = api.deployment("agent", work_pool_name="default-agent-pool")
    assert made["work_pool_name"] == "default-agent-pool"
    for name in ("", None):
        made = api.deployment(f"nowhere {name}", work_pool_name=name)
        assert (made["work_pool_name"], made["work_queue_id"]) == (None, None)
    made = api.deployment("blank queue", work_queue_name="")
    assert (made["work_queue_name"], made["work_queue_id"]) == ("", None)


def test_the_default_agent_pool_is_of_its_own_type(api: Api) -> None:
    api.deployment(work_queue_name="lonely")
    pool = api("read_work_pool", name="default-agent-pool")
    assert (pool["type"], pool["status"]) == ("prefect-agent", None)


def test_schedules_are_listed_newest_first_and_normalised(api: Api) -> None:
    api.clock.move(hours=1)
    made = api.deployment(
        schedules=[
            {"schedule": {"interval": "PT1H"}, "max_scheduled_runs": 5},
            {"schedule": {"cron": "0 0 * * *"}, "slug": "midnight", "active": False},
            {"schedule": {"rrule": "FREQ=DAILY"}, "parameters": {"a": 1}},
        ]
    )
    rule, cron, interval = made["schedules"]
    assert rule["schedule"] == {
        "rrule": "DTSTART:20200101T000000\nFREQ=DAILY",
        "timezone": "UTC",
    }
    assert cron["schedule"] == {"cron": "0 0 * * *", "timezone": None, "day_or": True}
    assert interval["schedule"]["interval"] == 3600.0
    assert interval["schedule"]["anchor_date"].startswith("2026-03-01T13:00")
    assert interval["max_scheduled_runs"] is None
    assert (cron["slug"], cron["active"], rule["parameters"]) == ("midnight", False, {"a": 1})
    assert api("read_deployment_schedules", id=made["id"]) == made["schedules"]


# -- read


def test_a_deployment_is_read_by_id_and_by_name(api: Api) -> None:
    made = api.deployment()
    assert api.read(made) == made
    names = {"flow_name": "etl", "deployment_name": "daily"}
    assert api("read_deployment_by_name", **names) == made


def test_an_unknown_deployment_is_told_in_the_words_of_each_operation(api: Api) -> None:
    plain, stopped = (404, "Deployment not found"), (404, "Deployment not found.")
    for operation in (
        "read_deployment",
        "delete_deployment",
        "pause_deployment",
        "resume_deployment",
        "work_queue_check_for_deployment",
    ):
        assert api.refusal(operation, id=NOBODY) == plain
    assert api.refusal("create_flow_run_from_deployment", {}, id=NOBODY) == plain
    assert api.refusal("bulk_create_flow_runs_from_deployment", [], id=NOBODY) == plain
    assert api.refusal("update_deployment", {}, id=NOBODY) == stopped
    assert api.refusal("read_deployment_schedules", id=NOBODY) == stopped
    assert api.refusal("create_deployment_schedules", [], id=NOBODY) == stopped
    path = {"id": NOBODY, "schedule_id": NOBODY}
    assert api.refusal("update_deployment_schedule", {}, **path) == stopped
    assert api.refusal("delete_deployment_schedule", **path) == stopped
    for names in (("etl", "nope"), ("nope", "daily")):
        flow, deployment = names
        path = {"flow_name": flow, "deployment_name": deployment}
        assert api.refusal("read_deployment_by_name", **path) == plain
    assert api("schedule_deployment", {}, id=NOBODY) is None


def test_an_answer_is_made_anew_when_anything_it_shows_changes(api: Api) -> None:
    api("create_work_pool", {"name": "pool", "type": "process"})
    made = api.deployment(work_pool_name="pool", work_queue_name="old", concurrency_limit=1)
    path = {"work_pool_name": "pool", "name": "old"}
    api("update_work_pool_queue", {"name": "new"}, **path)
    assert api.read(made)["work_queue_name"] == "new"
    limit = made["global_concurrency_limit"]["id"]
    api("update_concurrency_limit_v2", {"limit": 9}, id_or_name=limit)
    assert api.read(made)["global_concurrency_limit"]["limit"] == 9
    api("create_deployment_schedules", [{"schedule": HOURLY}], id=made["id"])
    assert len(api.read(made)["schedules"]) == 1
    api("delete_work_pool", name="pool")
    moved = api.read(made)
    assert (moved["work_queue_id"], moved["work_pool_name"]) == (None, None)
    assert moved["work_queue_name"] == "old"


def test_filter_count_and_paginate_agree(api: Api) -> None:
    for name in "abcde":
        api.deployment(name, tags=[name])
    assert [item["name"] for item in api("read_deployments", {"limit": 2, "offset": 1})] == [*"bc"]
    assert api("count_deployments", {"deployments": {"tags": {"all_": ["c"]}}}) == 1
    page = api("paginate_deployments", {"limit": 2, "page": 3, "sort": "NAME_DESC"})
    assert [item["name"] for item in page.pop("results")] == ["a"]
    assert page == {"count": 5, "limit": 2, "pages": 3, "page": 3}
    page = api("paginate_deployments", {"limit": 0})
    assert page == {"results": [], "count": 5, "limit": 0, "pages": 0, "page": 1}
    page = api("paginate_deployments", {"limit": None, "page": None, "sort": None})
    assert (page["limit"], page["pages"]) == (200, 1)


# -- delete, pause, resume


def test_deleting_takes_plans_schedules_and_limit_along_and_leaves_other_runs(api: Api) -> None:
    made = api.deployment(schedules=[{"schedule": HOURLY}], concurrency_limit=1)
    planned = api.run(made)
    finished = api.run(made, state={"type": "COMPLETED"})
    assert api.ask("delete_deployment", id=made["id"]) == (204, None)
    assert api.refusal("delete_deployment", id=made["id"])[0] == 404
    assert api.ask("read_flow_run", id=planned["id"])[0] == 404
    assert api("read_flow_run", id=finished["id"])["deployment_id"] == made["id"]
    assert not list(api.store.all("deployment_schedules"))
    assert not list(api.store.all("concurrency_limits"))


def test_deleting_takes_even_a_shared_limit_along(api: Api) -> None:
    limit = api("create_concurrency_limit_v2", {"name": "shared", "limit": 1})["id"]
    first = api.deployment("first", global_concurrency_limit_id=limit)
    second = api.deployment("second", global_concurrency_limit_id=limit)
    assert second["global_concurrency_limit"]["name"] == "shared"
    api("delete_deployment", id=first["id"])
    assert api.read(second)["global_concurrency_limit"] is None


def test_bulk_delete_deletes_what_matches_up_to_its_limit(api: Api) -> None:
    ids = {name: api.deployment(name)["id"] for name in "abc"}
    wanted = {"deployments": {"name": {"any_": ["a", "b", "x"]}}}
    assert api("bulk_delete_deployments", {**wanted, "limit": 1}) == {"deleted": [ids["a"]]}
    assert api("bulk_delete_deployments", wanted) == {"deleted": [ids["b"]]}
    assert api("bulk_delete_deployments", wanted) == {"deleted": []}
    assert api("bulk_delete_deployments", {}) == {"deleted": [ids["c"]]}


def test_pausing_deletes_planned_runs_and_keeps_manual_ones(api: Api) -> None:
    made = api.deployment(schedules=[{"schedule": HOURLY}])
    api("schedule_deployment", {"start_time": "2020-01-01T00:00:00Z"}, id=made["id"])
    manual = api.run(made)
    assert api.ask("pause_deployment", id=made["id"]) == (200, None)
    assert [run["id"] for run in api.runs(made)] == [manual["id"]]
    paused = api.read(made)
    assert paused["paused"] is True
    api("pause_deployment", id=made["id"])
    assert api.read(made) == paused
    assert api.ask("resume_deployment", id=made["id"]) == (200, None)
    resumed = api.read(made)
    assert resumed["paused"] is False
    assert resumed["updated"] > paused["updated"]
    api("resume_deployment", id=made["id"])
    assert api.read(made) == resumed


def test_every_queue_could_take_every_deployment(api: Api) -> None:
    made = api.deployment()
    assert api("work_queue_check_for_deployment", id=made["id"]) == []
    api("create_work_pool", {"name": "pool", "type": "process"})
    api("create_work_queue", {"name": "other"})
    queues = api("work_queue_check_for_deployment", id=made["id"])
    assert [queue["name"] for queue in queues] == ["default", "default", "other"]
    assert {"status", "work_pool_name"}.isdisjoint(queues[0])


def test_deleting_a_flow_deletes_all_that_is_of_it(api: Api) -> None:
    made = api.deployment(schedules=[{"schedule": HOURLY}])
    run = api.run(made, state={"type": "RUNNING"})
    api("create_task_run", {"flow_run_id": run["id"], "task_key": "t", "dynamic_key": "0"})
    api("delete_flow", id=made["flow_id"])
    kinds = ("flows", "deployments", "deployment_schedules", "flow_runs", "task_runs")
    assert not any(list(api.store.all(kind)) for kind in kinds)


def test_answers_are_no_part_of_the_state(api: Api) -> None:
    made = api.deployment(tags=["a"], parameters={"deep": [1]})
    kept = json.dumps(api.read(made), sort_keys=True)
    answer = api.read(made)
    answer["tags"].append("b")
    answer["parameters"]["deep"].append(2)
    assert json.dumps(api.read(made), sort_keys=True) == kept


def test_an_empty_parameter_schema_is_written_out_when_it_is_sent(api: Api) -> None:
    written = {"type": "object", "properties": {}}
    assert api.deployment(parameter_openapi_schema={})["parameter_openapi_schema"] == written
    made = api.deployment("other")
    assert made["parameter_openapi_schema"] == {}
    api("update_deployment", {"parameter_openapi_schema": {}}, id=made["id"])
    assert api.read(made)["parameter_openapi_schema"] == written


def test_a_queue_by_name_alone_is_any_pools_while_there_is_no_agent_pool(api: Api) -> None:
    api("create_work_pool", {"name": "pool", "type": "process"})
    api("create_work_pool_queue", {"name": "q"}, work_pool_name="pool")
    assert api.deployment("first", work_queue_name="q")["work_pool_name"] == "pool"
    assert api.deployment("second", work_queue_name="r")["work_pool_name"] == "default-agent-pool"
    assert api.deployment("third", work_queue_name="q")["work_pool_name"] == "default-agent-pool"
