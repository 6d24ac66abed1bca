"""What a released server was seen to answer, line by line, on one small world."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mock_server.query import Data, count, paginate, predicates, select

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
F1, F2, F3 = "flow-1", "flow-2", "flow-3"


def flow(identity: str, name: str, *tags: str) -> dict[str, Any]:
    return {"id": identity, "name": name, "tags": list(tags), "created": NOON, "updated": NOON}


def deployment(name: str, flow_id: str = F1, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"d-{name}",
        "name": name,
        "flow_id": flow_id,
        "tags": [],
        "paused": False,
        "work_queue_id": None,
        "work_queue_name": None,
        "created": NOON,
        "updated": NOON,
        **fields,
    }


def run(identity: str, deployment_name: str | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "name": identity,
        "flow_id": F1,
        "deployment_id": deployment_name and f"d-{deployment_name}",
        "tags": [],
        "state_type": None,
        "state_name": None,
        "flow_version": None,
        "start_time": None,
        "end_time": None,
        "expected_start_time": NOON,
        "next_scheduled_start_time": None,
        "parent_task_run_id": None,
        "idempotency_key": None,
        "created_by": None,
        "work_queue_id": None,
        "work_queue_name": None,
        **fields,
    }


def task(identity: str, run_id: str | None, **fields: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "name": identity,
        "flow_run_id": run_id,
        "tags": [],
        "state_type": None,
        "state_name": None,
        "start_time": None,
        "end_time": None,
        "expected_start_time": NOON,
        **fields,
    }


DONE = {"state_type": "COMPLETED", "state_name": "Completed"}
DUE = {"state_type": "SCHEDULED", "state_name": "Late"}
WORLD = Data(
    flows=[flow(F1, "ETL", "x"), flow(F2, "éclair"), flow(F3, "alone")],
    deployments=[
        deployment("alpha", tags=["a", "b"], paused=True),
        deployment("Beta", tags=["b", "b"], work_queue_id="q-default"),
        deployment("ALPHA", F2, tags=["B"], work_queue_id="q-high", work_queue_name="high"),
        deployment("Éclair", F2, work_queue_id="q-other", work_queue_name="default"),
        deployment("a_b%c\\", F2),
    ],
    flow_runs=[
        run("r1", "alpha", **DONE, start_time=NOON - HOUR, idempotency_key="k"),
        run("r2", "alpha", **DUE, next_scheduled_start_time=NOON, expected_start_time=NOON),
        run("r3", "Beta", **DONE, parent_task_run_id="t1", end_time=NOON),
        run("r4", "ALPHA", created_by={"id": "s1", "type": "SCHEDULE", "display_value": "x"}),
        run("r5", None, flow_version="1"),
    ],
    task_runs=[
        task("t1", "r1", **DONE),
        task("t2", "r2", **DUE, start_time=NOON),
        task("t3", None),
    ],
    work_pools=[
        {"id": "p1", "name": "pool", "type": "process"},
        {"id": "p2", "name": "Other", "type": "docker"},
    ],
    work_queues=[
        {"id": "q-default", "name": "default", "work_pool_id": "p1", "priority": 2},
        {"id": "q-high", "name": "high", "work_pool_id": "p1", "priority": 1},
        {"id": "q-other", "name": "High-2", "work_pool_id": "p2", "priority": 1},
    ],
)
ALL = ["ALPHA", "Beta", "a_b%c\\", "alpha", "Éclair"]
WITH_RUNS = ["ALPHA", "Beta", "alpha"]
IN_A_QUEUE = ["ALPHA", "Beta", "Éclair"]


def chosen(**bodies: Any) -> list[str]:
    return [record["name"] for record in select(WORLD, "deployments", bodies)]


def runs(**body: Any) -> list[str]:
    return sorted(record["id"] for record in select(WORLD, "flow_runs", {"flow_runs": body}))


def tasks(**body: Any) -> list[str]:
    return sorted(record["id"] for record in select(WORLD, "task_runs", {"task_runs": body}))


def flows(**bodies: Any) -> list[str]:
    return [record["name"] for record in select(WORLD, "flows", bodies)]


# -- limits, pages, orders


def test_names_are_ordered_by_their_bytes() -> None:
    assert chosen() == ALL
    down = [record["name"] for record in select(WORLD, "deployments", {}, sort="NAME_DESC")]
    assert down == ALL[::-1]


def test_beyond_the_end_is_nothing() -> None:
    assert select(WORLD, "deployments", {}, offset=5) == []
    page = paginate(WORLD, "deployments", {}, limit=2, page=7)
    assert (page.results, page.count, page.limit, page.pages, page.page) == ([], 5, 2, 3, 7)


def test_count_knows_no_pages() -> None:
    assert count(WORLD, "deployments", {}) == 5
    assert paginate(WORLD, "deployments", {}, limit=0).pages == 0
    assert paginate(WORLD, "deployments", {"flows": {"id": {"any_": []}}}).pages == 0


def test_nulls_are_first_when_ascending_and_last_when_descending() -> None:
    up = select(WORLD, "flow_runs", {}, sort="NEXT_SCHEDULED_START_TIME_ASC")
    assert [record["id"] for record in up] == ["r1", "r3", "r4", "r5", "r2"]
    down = select(WORLD, "flow_runs", {}, sort="END_TIME_DESC")
    assert down[0]["id"] == "r3"


def test_runs_are_ordered_by_when_they_started_or_should_have() -> None:
    up = select(WORLD, "flow_runs", {}, sort="START_TIME_ASC")
    assert up[0]["id"] == "r1"
    assert [record["id"] for record in select(WORLD, "flow_runs", {})][:2] == ["r5", "r4"]


def test_queues_are_ordered_by_name_or_by_priority() -> None:
    queues = select(WORLD, "work_queues", {})
    assert [queue["name"] for queue in queues] == ["High-2", "default", "high"]
    in_pool = {"work_pools": {"id": {"any_": ["p1"]}}}
    queues = select(WORLD, "work_queues", in_pool, sort="PRIORITY_ASC")
    assert [queue["name"] for queue in queues] == ["high", "default"]


# -- filters that say little


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ({"flow_runs": {}}, WITH_RUNS),
        ({"flow_runs": {"operator": "or_"}}, WITH_RUNS),
        ({"task_runs": {}}, ["alpha"]),
        ({"work_pools": {}}, IN_A_QUEUE),
        ({"work_pool_queues": {}}, IN_A_QUEUE),
        ({"flows": {}}, ALL),
        ({"deployments": {}}, ALL),
        ({"flow_runs": None, "work_pools": None}, ALL),
        ({"deployments": {"name": {}}}, ALL),
        ({"deployments": {"name": {"any_": None}}}, ALL),
        ({"deployments": {"operator": "or_", "name": {}, "tags": {"all_": ["a"]}}}, ALL),
        ({"deployments": {"operator": "or_", "name": None, "tags": {"all_": ["a"]}}}, ["alpha"]),
    ],
)
def test_empty_filters_and_criteria(bodies: dict[str, Any], expected: list[str]) -> None:
    assert chosen(**bodies) == expected


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        ({"id": {"any_": []}}, []),
        ({"id": {"not_any_": []}}, ALL),
        ({"id": {"any_": ["d-alpha", "d-alpha"]}}, ["alpha"]),
        ({"id": {"any_": ["d-alpha", "d-Beta"], "not_any_": ["d-Beta"]}}, ["alpha"]),
        ({"name": {"any_": ["ALPHA"]}}, ["ALPHA"]),
        ({"name": {"like_": "ALPHA"}}, ["ALPHA", "alpha"]),
        ({"name": {"like_": ""}}, ALL),
        ({"name": {"like_": "éclair"}}, []),
        ({"name": {"like_": "ÉCLAIR"}}, ["Éclair"]),
        ({"name": {"like_": "a_p"}}, ["ALPHA", "alpha"]),
        ({"name": {"like_": "b%c"}}, ["a_b%c\\"]),
        ({"name": {"like_": "b\\%c"}}, []),
        ({"name": {"like_": "c\\"}}, ["a_b%c\\"]),
        ({"name": {"like_": "\0zzz"}}, ALL),
        ({"name": {"like_": "ta\0zzz"}}, ["Beta"]),
        ({"flow_or_deployment_name": {"like_": "ETL"}}, ["Beta", "alpha"]),
        ({"flow_or_deployment_name": {"like_": "clair"}}, ["ALPHA", "a_b%c\\", "Éclair"]),
        ({"flow_or_deployment_name": {"like_": "eta"}}, ["Beta"]),
        ({"tags": {"all_": []}}, ALL),
        ({"tags": {"all_": ["a", "b"]}}, ["alpha"]),
        ({"tags": {"all_": ["b"]}}, ["Beta", "alpha"]),
        ({"tags": {"any_": []}}, []),
        ({"tags": {"any_": ["a", "B"]}}, ["ALPHA", "alpha"]),
        ({"tags": {"is_null_": True}}, ["a_b%c\\", "Éclair"]),
        ({"tags": {"is_null_": False}}, WITH_RUNS),
        ({"tags": {"all_": ["b"], "is_null_": True}}, []),
        (
            {"tags": {"operator": "or_", "all_": ["b"], "is_null_": True}},
            ["Beta", "a_b%c\\", "alpha", "Éclair"],
        ),
        ({"paused": {"eq_": True}}, ["alpha"]),
        ({"paused": {"eq_": None}}, ALL),
        ({"concurrency_limit": {"is_null_": True, "ge_": 9}}, ALL),
        (
            {"operator": "or_", "concurrency_limit": {"ge_": 0}, "name": {"any_": ["Beta"]}},
            ["Beta"],
        ),
        ({"operator": "or_", "concurrency_limit": {"ge_": 0}}, ALL),
        # The stored name, which is not the one that responses show.
        ({"work_queue_name": {"any_": ["default"]}}, ["Éclair"]),
    ],
)
def test_criteria_of_deployments(criterion: dict[str, Any], expected: list[str]) -> None:
    assert chosen(deployments=criterion) == expected


# -- related records


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ({"work_pool_queues": {"name": {"any_": ["default"]}}}, ["Beta"]),
        ({"work_pool_queues": {"name": {"startswith_": ["HIGH"]}}}, ["ALPHA", "Éclair"]),
        ({"work_pool_queues": {"name": {"startswith_": ["h%-", "d_f"]}}}, ["Beta", "Éclair"]),
        ({"work_pool_queues": {"name": {"startswith_": []}}}, IN_A_QUEUE),
        (
            {
                "work_pool_queues": {
                    "operator": "or_",
                    "id": {"any_": ["q-high"]},
                    "name": {"startswith_": []},
                }
            },
            ["ALPHA"],
        ),
        ({"work_pools": {"type": {"any_": ["docker"]}}}, ["Éclair"]),
        ({"work_pools": {"name": {"any_": ["other"]}}}, []),
        (
            {
                "work_pools": {"name": {"any_": ["pool"]}},
                "work_pool_queues": {"name": {"any_": ["High-2"]}},
            },
            [],
        ),
        ({"flows": {"tags": {"all_": ["x"]}}}, ["Beta", "alpha"]),
        ({"flows": {"deployment": {"is_null_": True}}}, []),
        ({"flows": {"deployment": {"is_null_": False}}}, ALL),
        # Each holds for a run of alpha, but not for the same run.
        (
            {
                "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
                "task_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
            },
            [],
        ),
        (
            {
                "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
                "task_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
            },
            ["alpha"],
        ),
        ({"unknown": {"a": 1}}, ALL),
    ],
)
def test_filters_on_what_belongs_to_a_deployment(
    bodies: dict[str, Any], expected: list[str]
) -> None:
    assert chosen(**bodies) == expected


def test_what_other_kinds_relate_to() -> None:
    assert flows(deployments={}) == ["ETL", "éclair"]
    assert flows(flows={"deployment": {"is_null_": True}}) == ["alone"]
    assert flows(work_pools={"name": {"any_": ["Other"]}}) == ["éclair"]
    assert flows(task_runs={}) == ["ETL"]
    # One deployment must meet both.
    paused = {"paused": {"eq_": True}}
    assert flows(deployments=paused, work_pools={}) == []
    found = select(WORLD, "flow_runs", {"deployments": paused, "task_runs": {}})
    assert sorted(record["id"] for record in found) == ["r1", "r2"]
    found = select(WORLD, "task_runs", {"deployments": paused, "flows": {}})
    assert sorted(record["id"] for record in found) == ["t1", "t2"]
    assert count(WORLD, "task_runs", {"flow_runs": {"id": {"any_": ["r1"]}}}) == 1


# -- runs

EVERY_RUN = ["r1", "r2", "r3", "r4", "r5"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, EVERY_RUN),
        ({"type": {}}, EVERY_RUN),
        ({"type": {"any_": ["COMPLETED"]}}, ["r1", "r3"]),
        ({"type": {"not_any_": ["COMPLETED"]}}, ["r2"]),
        ({"type": {"any_": ["COMPLETED"], "not_any_": ["COMPLETED"]}}, EVERY_RUN),
        ({"type": {"any_": ["COMPLETED"], "not_any_": []}}, ["r1", "r3"]),
        ({"name": {"any_": ["Late"], "not_any_": ["Late"]}}, EVERY_RUN),
        ({"name": {"any_": ["late"]}}, []),
        ({"type": {"any_": ["COMPLETED"]}, "name": {"any_": ["Late"]}}, []),
        (
            {"operator": "or_", "type": {"any_": ["COMPLETED"]}, "name": {"any_": ["Late"]}},
            ["r1", "r2", "r3"],
        ),
        # Elsewhere an empty criterion is true; a part of a state that says nothing is dropped.
        ({"operator": "or_", "type": {}, "name": {"any_": ["Late"]}}, ["r2"]),
        ({"type": {"any_": []}}, []),
    ],
)
def test_states(state: dict[str, Any], expected: list[str]) -> None:
    assert runs(state=state) == expected


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        ({"start_time": {"before_": NOON - HOUR}}, ["r1"]),
        ({"start_time": {"after_": NOON}}, ["r2", "r3", "r4", "r5"]),
        ({"start_time": {"is_null_": False}}, ["r1"]),
        ({"end_time": {"before_": NOON}}, ["r3"]),
        ({"end_time": {"is_null_": True}}, ["r1", "r2", "r4", "r5"]),
        ({"next_scheduled_start_time": {"after_": NOON}}, ["r2"]),
        ({"expected_start_time": {"after_": NOON + HOUR}}, []),
        ({"idempotency_key": {"not_any_": ["other"]}}, ["r1"]),
        ({"idempotency_key": {"not_any_": []}}, EVERY_RUN),
        ({"parent_flow_run_id": {"any_": ["r1"]}}, ["r3"]),
        ({"parent_flow_run_id": {"any_": ["r2"]}}, []),
        ({"parent_flow_run_id": {}}, EVERY_RUN),
        ({"parent_task_run_id": {"is_null_": False}}, ["r3"]),
        ({"created_by": {"type_": ["SCHEDULE"]}}, ["r4"]),
        ({"created_by": {"id_": ["s1"], "is_null_": True}}, []),
        ({"created_by": {"operator": "or_", "id_": ["s1"], "is_null_": True}}, EVERY_RUN),
        ({"deployment_id": {"is_null_": True}}, ["r5"]),
        ({"flow_version": {"any_": ["1"]}}, ["r5"]),
        ({"work_queue_name": {"any_": ["default"]}}, []),
        ({"work_queue_name": {"is_null_": True}}, EVERY_RUN),
    ],
)
def test_criteria_of_flow_runs(criterion: dict[str, Any], expected: list[str]) -> None:
    assert runs(**criterion) == expected


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        # Without the word, null is what is not wanted.
        ({"flow_run_id": {}}, ["t1", "t2"]),
        ({"flow_run_id": {"is_null_": None}}, ["t1", "t2", "t3"]),
        ({"flow_run_id": {"any_": ["r1"]}}, ["t1"]),
        ({"flow_run_id": {"any_": ["r1"], "is_null_": False}}, ["t1"]),
        ({"flow_run_id": {"any_": ["r1"], "is_null_": True}}, ["t3"]),
        ({"flow_run_id": {"any_": ["r1"], "is_null_": None}}, ["t1"]),
        ({"subflow_runs": {"exists_": True}}, ["t1"]),
        ({"subflow_runs": {"exists_": False}}, ["t2", "t3"]),
        ({"subflow_runs": {"exists_": None}}, ["t1", "t2", "t3"]),
        # The plain column, where flow runs fall back on the expected time.
        ({"start_time": {"after_": NOON - HOUR}}, ["t2"]),
        ({"state": {"name": {"any_": ["Late"]}}}, ["t2"]),
    ],
)
def test_criteria_of_task_runs(criterion: dict[str, Any], expected: list[str]) -> None:
    assert tasks(**criterion) == expected


@pytest.mark.parametrize("scanned", [-1, 10**9], ids=["by index", "one by one"])
@pytest.mark.parametrize(("without", "found"), [(True, ["r0", "r2"]), (False, ["r1"])])
def test_who_has_a_creator_is_found_in_both_ways(
    monkeypatch: pytest.MonkeyPatch, *, scanned: int, without: bool, found: list[str]
) -> None:
    monkeypatch.setattr(predicates, "SCANNED", scanned)
    creator = {"id": "s1", "type": "SCHEDULE", "display_value": "x"}
    runs = [run(f"r{n}", created_by=creator if n == 1 else None) for n in range(3)]
    data = Data(flow_runs=runs)
    body = {"flow_runs": {"created_by": {"is_null_": without}}}
    assert sorted(row["id"] for row in select(data, "flow_runs", body)) == found
