from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mock_server.errors import DATA_INTEGRITY_CONFLICT

if TYPE_CHECKING:
    from tests.mock_server.conftest import Api

NOBODY = "00000000-0000-0000-0000-000000000001"
HOURLY = {"interval": 3600.0, "anchor_date": "2026-01-01T00:00:00Z", "timezone": "UTC"}
CRON = {"cron": "0 0 * * *", "timezone": None, "day_or": True}


def patch(api: Api, deployment: Any, **body: Any) -> Any:
    """The deployment after an update that is accepted."""
    assert api.ask("update_deployment", body, id=deployment["id"]) == (204, None)
    return api.read(deployment)


def slugs(deployment: Any) -> dict[str, Any]:
    return {schedule["slug"]: schedule for schedule in deployment["schedules"]}


def test_an_update_changes_what_it_names(api: Api) -> None:
    made = api.deployment(tags=["a"], description="old", schedules=[{"schedule": HOURLY}])
    changed = patch(api, made, tags=["b"], description=None, paused=True, version="2")
    assert changed["updated"] > made["updated"]
    new = {"tags": ["b"], "description": None, "paused": True, "version": "2"}
    assert changed == {**made, **new, "updated": changed["updated"]}


def test_an_empty_update_changes_only_the_time_and_the_plan(api: Api) -> None:
    made = api.deployment(schedules=[{"schedule": HOURLY}])
    api("schedule_deployment", {}, id=made["id"])
    manual = api.run(made)
    assert len(api.runs(made)) > 1
    changed = patch(api, made)
    assert changed == {**made, "updated": changed["updated"]}
    assert [run["id"] for run in api.runs(made)] == [manual["id"]]


def test_an_update_keeps_planned_runs_of_the_past(api: Api) -> None:
    made = api.deployment(schedules=[{"schedule": HOURLY}])
    past = {"start_time": "2026-02-01T00:00:00Z", "end_time": "2026-02-01T01:00:00Z"}
    api("schedule_deployment", past, id=made["id"])
    planned = [run["id"] for run in api.runs(made)]
    patch(api, made)
    assert [run["id"] for run in api.runs(made)] == planned


@pytest.mark.parametrize("field", ["parameters", "enforce_parameter_schema"])
def test_a_null_that_the_database_refuses(api: Api, field: str) -> None:
    made = api.deployment()
    answer = api.refusal("update_deployment", {field: None}, id=made["id"])
    assert answer == (409, DATA_INTEGRITY_CONFLICT)


def test_null_job_variables_change_nothing(api: Api) -> None:
    made = api.deployment(job_variables={"a": 1})
    assert patch(api, made, job_variables=None)["job_variables"] == {"a": 1}
    assert patch(api, made, job_variables={"b": 2})["job_variables"] == {"b": 2}


@pytest.mark.parametrize("field", ["storage_document_id", "infrastructure_document_id"])
def test_an_unknown_document_is_a_conflict_of_the_database(api: Api, field: str) -> None:
    made = api.deployment()
    answer = api.refusal("update_deployment", {field: NOBODY}, id=made["id"])
    assert answer == (409, DATA_INTEGRITY_CONFLICT)


def test_limits_are_given_changed_and_taken(api: Api) -> None:
    made = api.deployment()
    limit = patch(api, made, concurrency_limit=3)["global_concurrency_limit"]
    assert limit["limit"] == 3
    changed = patch(api, made, concurrency_limit=4)["global_concurrency_limit"]
    assert (changed["id"], changed["limit"]) == (limit["id"], 4)
    assert patch(api, made, concurrency_limit=None)["global_concurrency_limit"] is None
    shared = api("create_concurrency_limit_v2", {"name": "shared", "limit": 7})["id"]
    assigned = patch(api, made, global_concurrency_limit_id=shared)
    assert assigned["global_concurrency_limit"]["name"] == "shared"
    answer = api.refusal(
        "update_deployment", {"global_concurrency_limit_id": NOBODY}, id=made["id"]
    )
    assert answer == (404, "Concurrency limit not found")
    freed = patch(api, made, global_concurrency_limit_id=None)
    assert freed["global_concurrency_limit"] is None
    assert api("read_concurrency_limit_v2", id_or_name="shared")["limit"] == 7


def test_moving_to_another_pool_and_queue(api: Api) -> None:
    api("create_work_pool", {"name": "pool", "type": "process"})
    made = api.deployment()

    def place(**body: Any) -> tuple[str | None, str | None]:
        moved = patch(api, made, **body)
        return moved["work_pool_name"], moved["work_queue_name"]

    assert place(work_pool_name="pool") == ("pool", "default")
    assert place(work_pool_name="pool", work_queue_name="new") == ("pool", "new")
    assert place(tags=[]) == ("pool", "new")
    assert place(work_queue_name="lonely") == ("default-agent-pool", "lonely")
    assert place(work_pool_name=None) == (None, "lonely")
    answer = api.refusal("update_deployment", {"work_pool_name": "nope"}, id=made["id"])
    assert answer == (404, 'Work pool "nope" not found.')


# -- schedules in an update


def test_schedules_without_slugs_are_replaced(api: Api) -> None:
    made = api.deployment(schedules=[{"schedule": HOURLY}, {"schedule": CRON, "slug": "a"}])
    items = [{"schedule": CRON, "active": False, "max_scheduled_runs": 3}, {"active": False}]
    (schedule,) = patch(api, made, schedules=items)["schedules"]
    assert schedule["schedule"] == CRON
    assert (schedule["active"], schedule["max_scheduled_runs"]) == (False, None)
    assert patch(api, made, schedules=[])["schedules"] == []


def with_slugs(api: Api, *names: str) -> Any:
    return api.deployment(
        schedules=[{"schedule": HOURLY, "slug": name, "parameters": {"of": name}} for name in names]
    )


def test_schedules_with_slugs_are_matched_and_none_is_removed(api: Api) -> None:
    made = with_slugs(api, "a", "b")
    assert slugs(patch(api, made, schedules=[])) == slugs(made)
    items = [{"slug": "a", "active": False}, {"slug": "c", "schedule": CRON}]
    changed = slugs(patch(api, made, schedules=items))
    assert set(changed) == {"a", "b", "c"}
    assert changed["a"]["id"] == slugs(made)["a"]["id"]
    assert changed["a"]["active"] is False
    assert changed["a"]["schedule"] == HOURLY
    assert changed["a"]["parameters"] == {}
    assert changed["b"] == slugs(made)["b"]
    assert changed["c"]["active"] is True


def test_the_schedule_that_was_changed_last_is_listed_first(api: Api) -> None:
    made = with_slugs(api, "a", "b", "c")
    assert [*slugs(made)] == ["c", "b", "a"]
    assert [*slugs(patch(api, made, schedules=[{"slug": "b"}]))] == ["b", "c", "a"]


def test_replaces_renames_and_can_swap(api: Api) -> None:
    made = with_slugs(api, "a", "b")
    ids = {name: schedule["id"] for name, schedule in slugs(made).items()}
    swap = [{"slug": "a", "replaces": "b"}, {"slug": "b", "replaces": "a"}]
    swapped = slugs(patch(api, made, schedules=swap))
    assert {name: schedule["id"] for name, schedule in swapped.items()} == {
        "a": ids["b"],
        "b": ids["a"],
    }
    renamed = slugs(patch(api, made, schedules=[{"slug": "z", "replaces": "a"}]))
    assert renamed["z"]["id"] == ids["b"]


def test_two_items_for_one_schedule_are_applied_in_turn(api: Api) -> None:
    made = with_slugs(api, "a")
    items = [{"slug": "a", "active": True}, {"slug": "a", "active": False}]
    assert slugs(patch(api, made, schedules=items))["a"]["active"] is False


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        ([{"active": False}], "Please provide a slug for each schedule in your request to ensure"),
        ([{"slug": "new"}], "Unable to create new deployment schedules without a schedule"),
        ([{"slug": "n", "replaces": "gone"}], "Unable to create new deployment schedules without"),
        (
            [{"slug": "x", "replaces": "a"}, {"slug": "y", "replaces": "a"}],
            "Multiple schedules have 'replaces' targeting the same slug: a",
        ),
        (
            [{"slug": "b", "replaces": "a"}],
            "Cannot rename schedule from 'a' to 'b': a schedule with slug 'b' already exists.",
        ),
    ],
)
def test_schedules_that_are_refused(api: Api, items: list[dict[str, Any]], sentence: str) -> None:
    made = with_slugs(api, "a", "b")
    status, detail = api.refusal("update_deployment", {"schedules": items}, id=made["id"])
    assert status == 422
    assert detail.startswith(sentence)


def test_two_new_schedules_of_one_slug_conflict_and_nothing_stays(api: Api) -> None:
    made = with_slugs(api, "a")
    items = [{"slug": "n", "schedule": CRON}, {"slug": "n", "schedule": CRON}]
    answer = api.refusal("update_deployment", {"tags": ["x"], "schedules": items}, id=made["id"])
    assert answer == (409, DATA_INTEGRITY_CONFLICT)


# -- the schedule operations


def test_new_schedules_are_answered_in_order_and_listed_newest_first(api: Api) -> None:
    made = api.deployment()
    items = [{"schedule": HOURLY, "max_scheduled_runs": 5}, {"schedule": CRON, "slug": ""}]
    status, answer = api.ask("create_deployment_schedules", items, id=made["id"])
    assert status == 201
    assert [item["schedule"] for item in answer] == [HOURLY, CRON]
    assert [item["max_scheduled_runs"] for item in answer] == [5, None]
    assert api("read_deployment_schedules", id=made["id"]) == answer[::-1]
    assert api.ask("create_deployment_schedules", [], id=made["id"]) == (201, [])


def test_a_slug_that_is_taken_is_a_conflict(api: Api) -> None:
    made = with_slugs(api, "a")
    items = [{"schedule": CRON}, {"schedule": CRON, "slug": "a"}]
    answer = api.refusal("create_deployment_schedules", items, id=made["id"])
    assert answer == (409, DATA_INTEGRITY_CONFLICT)


def test_changing_a_schedule_ignores_nulls_and_resets_parameters(api: Api) -> None:
    made = with_slugs(api, "a", "b")
    path = {"id": made["id"], "schedule_id": slugs(made)["a"]["id"]}

    def change(**body: Any) -> Any:
        assert api.ask("update_deployment_schedule", body, **path) == (204, None)
        return next(
            item
            for item in api("read_deployment_schedules", id=made["id"])
            if item["id"] == path["schedule_id"]
        )

    assert change()["parameters"] == {}
    assert change(slug=None, active=None, schedule=None)["slug"] == "a"
    assert change(parameters={"x": 1}, max_scheduled_runs=9)["max_scheduled_runs"] == 9
    assert change(max_scheduled_runs=None)["max_scheduled_runs"] == 9
    assert change(schedule={"interval": 60})["schedule"]["anchor_date"].startswith("2026-03-01T12")
    answer = api.refusal("update_deployment_schedule", {"slug": "b"}, **path)
    assert answer == (409, DATA_INTEGRITY_CONFLICT)


def test_a_schedule_of_another_deployment_is_not_found(api: Api) -> None:
    mine, other = with_slugs(api, "a"), api.deployment("other")
    path = {"id": other["id"], "schedule_id": slugs(mine)["a"]["id"]}
    assert api.refusal("update_deployment_schedule", {}, **path) == (404, "Schedule not found.")
    assert api.refusal("delete_deployment_schedule", **path) == (404, "Schedule not found.")


def test_deleting_a_schedule_deletes_every_planned_run(api: Api) -> None:
    made = with_slugs(api, "a", "b")
    past = {"start_time": "2026-02-01T00:00:00Z", "end_time": "2026-02-01T01:00:00Z"}
    api("schedule_deployment", past, id=made["id"])
    manual = api.run(made)
    path = {"id": made["id"], "schedule_id": slugs(made)["a"]["id"]}
    assert api.ask("delete_deployment_schedule", **path) == (204, None)
    assert [run["id"] for run in api.runs(made)] == [manual["id"]]
    assert api.refusal("delete_deployment_schedule", **path)[0] == 404
    assert [*slugs(api.read(made))] == ["b"]


def test_changing_a_schedule_deletes_planned_runs_of_the_future(api: Api) -> None:
    made = with_slugs(api, "a")
    api("schedule_deployment", {}, id=made["id"])
    assert api.runs(made)
    path = {"id": made["id"], "schedule_id": slugs(made)["a"]["id"]}
    api("update_deployment_schedule", {}, **path)
    assert not api.runs(made)
