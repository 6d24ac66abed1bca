"""Behaviours that take more than comparing one answer: orders, clocks, what all of a server has."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.behaviours.conftest import unique

if TYPE_CHECKING:
    from tests.behaviours.client import Client

PHASE = datetime(2020, 1, 1, tzinfo=UTC)


def deployment(client: Client, ground: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"name": unique(), "flow_id": ground["flow"], **fields}
    made: dict[str, Any] = client.made("POST /deployments/", body)
    return made


def test_the_check_of_queues_tells_of_all_queues(client: Client, ground: dict[str, Any]) -> None:
    elsewhere = deployment(client, ground, work_queue_name=unique())
    inside = deployment(client, ground, work_pool_name=ground["work_pool"])

    def unrestricted(owner: str) -> list[dict[str, Any]]:
        found = client.made(f"GET /deployments/{owner}/work_queue_check")
        return [queue for queue in found if queue["filter"] is None]

    found = unrestricted(ground["base"])
    ids = {queue["id"] for queue in found}
    assert {elsewhere["work_queue_id"], inside["work_queue_id"]} <= ids
    assert {"status", "work_pool_name"}.isdisjoint(set().union(*found))
    for other in (elsewhere, inside):
        assert {queue["id"] for queue in unrestricted(other["id"])} == ids


def test_the_check_of_queues_leaves_out_those_for_others(
    client: Client, ground: dict[str, Any]
) -> None:
    first, second = deployment(client, ground, tags=["a", "b"]), deployment(client, ground)
    filters = {
        "open": {"tags": [], "deployment_ids": []},
        "tagged": {"tags": ["a"]},
        "named": {"deployment_ids": [second["id"]]},
        "both": {"tags": ["a"], "deployment_ids": [first["id"], second["id"]]},
    }
    made = {
        client.made("POST /work_queues/", {"name": unique(), "filter": wanted})["id"]: name
        for name, wanted in filters.items()
    }
    for owner, names in ((first, {"open", "tagged", "both"}), (second, {"open", "named"})):
        found = client.made(f"GET /deployments/{owner['id']}/work_queue_check")
        assert {made[queue["id"]] for queue in found if queue["id"] in made} == names


def test_a_new_deployment_was_updated_before_it_was_created(
    client: Client, ground: dict[str, Any]
) -> None:
    made = deployment(client, ground)
    created, updated = (datetime.fromisoformat(made[key]) for key in ("created", "updated"))
    assert created - timedelta(seconds=5) < updated < created


def test_an_upsert_is_updated_later(client: Client, ground: dict[str, Any]) -> None:
    made = deployment(client, ground)
    again = client.made("POST /deployments/", {"name": made["name"], "flow_id": ground["flow"]})
    assert again["created"] == made["created"]
    assert again["updated"] > made["updated"]


def test_tags_of_a_run_are_a_union(client: Client, ground: dict[str, Any]) -> None:
    owner = deployment(client, ground, tags=["a", "b"])
    path = f"POST /deployments/{owner['id']}/create_flow_run"
    run = client.made(path, {"tags": ["c", "b", "c"]})
    assert sorted(run["tags"]) == ["a", "b", "c"]


def test_a_run_gets_later_while_it_is_due(client: Client, ground: dict[str, Any]) -> None:
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2020-01-01T00:00:00Z"}}
    path = f"POST /deployments/{ground['base']}/create_flow_run"
    run = client.made(path, {"state": state})
    later = client.made(f"GET /flow_runs/{run['id']}")
    assert 0 < run["estimated_start_time_delta"] < later["estimated_start_time_delta"]


def test_a_due_run_stays_scheduled(client: Client, ground: dict[str, Any]) -> None:
    """Marking it as late is the business of a background service."""
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2020-01-01T00:00:00Z"}}
    owner = deployment(client, ground)
    path = f"POST /deployments/{owner['id']}/create_flow_run"
    run = client.made(path, {"state": state})
    body = {"deployment_ids": [owner["id"]], "scheduled_before": "2020-01-01T00:00:00Z"}
    found = client.made("POST /deployments/get_scheduled_flow_runs", body)
    assert [(row["id"], row["state_name"]) for row in found] == [(run["id"], "Scheduled")]


@pytest.mark.parametrize(
    ("rule", "step"),
    [
        ("FREQ=MINUTELY;INTERVAL=7", timedelta(minutes=7)),
        ("FREQ=SECONDLY;INTERVAL=90", timedelta(seconds=90)),
        ("FREQ=MINUTELY", timedelta(minutes=1)),
    ],
)
def test_short_rules_start_lately_and_in_phase(
    client: Client, ground: dict[str, Any], rule: str, step: timedelta
) -> None:
    path = f"POST /deployments/{ground['base']}/schedules"
    (made,) = client.made(path, [{"schedule": {"rrule": rule}}])
    start, _, rest = made["schedule"]["rrule"].partition("\n")
    told = datetime.strptime(start, "DTSTART:%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    assert rest == rule
    assert (told - PHASE) % step == timedelta(0)
    assert timedelta(0) <= datetime.now(UTC) - told < timedelta(days=370)


def test_random_names_differ(client: Client, ground: dict[str, Any]) -> None:
    path = f"POST /deployments/{ground['base']}/create_flow_run"
    names = {client.made(path, {})["name"] for _ in range(8)}
    assert len(names) > 4


def test_the_time_of_a_change_is_its_last(client: Client, ground: dict[str, Any]) -> None:
    """A change without effect is one, too."""
    made = deployment(client, ground)
    client.made(f"PATCH /deployments/{made['id']}", {})
    found = client.made(f"GET /deployments/{made['id']}")
    assert found["updated"] > made["updated"]
    assert found["created"] == made["created"]


def test_a_limit_of_its_own_is_a_change_in_whole_milliseconds(
    client: Client, ground: dict[str, Any]
) -> None:
    """An upsert is stamped in microseconds, unless it changes the limit."""
    made = deployment(client, ground)
    body = {"name": made["name"], "flow_id": ground["flow"]}
    for limit, coarse in ((1, True), (1, False), (2, True), (None, True), (None, False)):
        stamps = [
            client.made("POST /deployments/", {**body, "concurrency_limit": limit})["updated"]
        ]
        if not coarse:  # one in a thousand is a whole millisecond all the same
            stamps += [client.made("POST /deployments/", body)["updated"] for _ in range(2)]
        assert all(_is_coarse(stamp) for stamp in stamps) is coarse


def _is_coarse(stamp: str) -> bool:
    return datetime.fromisoformat(stamp).microsecond % 1000 == 0


def test_planned_runs_have_ids_by_age_and_one_stamp(client: Client, ground: dict[str, Any]) -> None:
    """Runs that somebody asks for have random ids, so newer ones need not have the higher."""
    schedule = {"interval": 60, "anchor_date": "2030-01-01T00:00:00Z"}
    owner = deployment(client, ground, schedules=[{"schedule": schedule}])
    ids: list[str] = []
    for start in ("2030-01-02T00:00:00Z", "2030-01-01T00:00:00Z"):
        plan = {"start_time": start, "max_runs": 60}
        client.made(f"POST /deployments/{owner['id']}/schedule", plan)
        mine = {"deployments": {"id": {"any_": [owner["id"]]}}}
        runs = client.made("POST /flow_runs/filter", mine)
        new = [run for run in runs if run["id"] not in ids]
        assert len(new) == 60
        assert {run["id"][14] for run in new} == {"7"}
        assert len({run["updated"] for run in new}) == 1
        assert _is_coarse(new[0]["updated"])
        assert new == runs[:60]
        ids += [run["id"] for run in new]
    asked = client.made(f"POST /deployments/{owner['id']}/create_flow_run", {})
    assert asked["id"][14] == "4"


def test_bulk_deletion_tells_ids_in_their_order(client: Client, ground: dict[str, Any]) -> None:
    ids = [deployment(client, ground)["id"] for _ in range(6)]
    body = {"deployments": {"id": {"any_": ids}}}
    assert client.made("POST /deployments/bulk_delete", body) == {"deleted": sorted(ids)}


def test_polling_a_pool_updates_its_queues(client: Client, ground: dict[str, Any]) -> None:
    del ground
    pool = client.made("POST /work_pools/", {"name": unique(), "type": "process"})
    queues = f"/work_pools/{pool['name']}/queues"
    client.made(f"POST {queues}", {"name": "other"})
    before = client.made(f"POST {queues}/filter", {})
    client.made(f"POST /work_pools/{pool['name']}/get_scheduled_flow_runs", {})
    deadline = time.monotonic() + 15
    while True:
        after = client.made(f"POST {queues}/filter", {})
        if all(queue["last_polled"] for queue in after) or time.monotonic() > deadline:
            break
    for old, new in zip(before, after, strict=True):
        assert new["updated"] > old["updated"]
        assert _is_coarse(new["updated"])


def test_the_first_heartbeat_updates_a_pool(client: Client, ground: dict[str, Any]) -> None:
    """That of a pool of agents too, though it shows no status."""
    del ground
    for kind in ("process", "prefect-agent"):
        pool = client.made("POST /work_pools/", {"name": unique(), "type": kind})
        path = f"/work_pools/{pool['name']}"
        stamps = [client.made(f"GET {path}")["updated"]]
        for _ in range(2):
            client.made(f"POST {path}/workers/heartbeat", {"name": "worker"})
            stamps.append(client.made(f"GET {path}")["updated"])
        assert stamps[0] < stamps[1] == stamps[2]
