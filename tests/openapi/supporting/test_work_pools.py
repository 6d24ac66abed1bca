"""Work pools, their queues and workers."""

import functools
from typing import Any

from tests.openapi.supporting.asking import CONFLICT, NOBODY, Sender, detail, each

TEMPLATE = {
    "job_configuration": {"a": "{{ a }}"},
    "variables": {"properties": {"a": {"type": "string"}}},
}


def test_work_pools(send: Sender, name: str) -> None:
    create = functools.partial(send, "create_work_pool")
    pool = create(201, {"name": name, "type": "process", "concurrency_limit": 3,
                        "base_job_template": TEMPLATE})  # fmt: skip
    assert (pool["status"], pool["active_slots"]) == ("NOT_READY", 0)
    assert detail(create(409, {"name": name})) == "A work pool with this name already exists."
    assert detail(create(403, {"name": "PrefectX"})).endswith("reserved for internal use.")
    for body in each(
        {}, {"name": ""}, {"name": " '\" "}, {"name": "a/b"}, {"name": name, "more": 1}
    ):
        create(422, body)
    for fields in (
        {"type": None},
        {"concurrency_limit": -1},
        {"base_job_template": None},
        {"base_job_template": {"foo": 1}},
        {"base_job_template": {"job_configuration": {}, "variables": {"a": 1}}},
        {"storage_configuration": None},
        {"storage_configuration": {"more": 1}},
    ):
        create(422, {"name": f"{name}-x", **fields})
    update = functools.partial(send, "update_work_pool", name=name)
    update(204, {"is_paused": True, "concurrency_limit": None, "description": "d"})
    read = send("read_work_pool", 200, name=name)
    assert (read["status"], read["active_slots"], read["description"]) == ("PAUSED", None, "d")
    for body in each({"name": "x"}, {"type": "x"}, {"concurrency_limit": -1}, [], None):
        update(422, body)
    for body in each({"is_paused": None}, {"storage_configuration": None}):
        assert detail(update(409, body)).startswith(CONFLICT)
    mine = {"work_pools": {"name": {"any_": [name]}}}
    assert [row["id"] for row in send("read_work_pools", 200, mine)] == [pool["id"]]
    assert send("count_work_pools", 200, mine) == 1
    assert send("read_workers", 200, {}, work_pool_name=name) == []
    workers = {"workers": {"status": {"any_": ["X"]}}}
    send("read_workers", 422, workers, work_pool_name=name)
    send("delete_work_pool", 204, name=name)
    gone = f'Work pool "{name}" not found.'
    assert detail(send("read_work_pool", 404, name=name)) == gone
    assert detail(send("delete_work_pool", 404, name=name)) == gone
    assert detail(update(404, {})) == gone
    assert detail(send("read_workers", 404, {}, work_pool_name=name)) == gone
    reserved = detail(send("delete_work_pool", 403, name="prefect-x"))
    assert reserved.endswith("can not be deleted.")
    assert "can only be updated" in detail(
        send("update_work_pool", 403, {"description": "x"}, name="prefect-x")
    )


def test_work_pool_queues(send: Sender, name: str) -> None:
    send("create_work_pool", 201, {"name": name, "type": "process"})
    create = functools.partial(send, "create_work_pool_queue", work_pool_name=name)
    queue = functools.partial(send, work_pool_name=name)
    assert create(201, {"name": "q1"})["priority"] == 2
    create(409, {"name": "q1"})
    assert create(201, {"name": "q2", "priority": 1, "description": None})["description"] == ""
    for body in each({}, {"name": ""}, {"name": "a/b"}, {"name": "q", "priority": 0}, [], None):
        create(422, body)
    rows = queue("read_work_pool_queues", 200, {})
    assert [(row["name"], row["priority"]) for row in rows] == [
        ("q2", 1),
        ("default", 2),
        ("q1", 3),
    ]
    update = functools.partial(queue, "update_work_pool_queue", name="q1")
    update(204, {"is_paused": True, "concurrency_limit": 2, "filter": {"tags": ["a"]}})
    read = queue("read_work_pool_queue", 200, name="q1")
    assert (read["status"], read["active_slots"]) == ("PAUSED", 0)
    for body in each({"name": None}, {"priority": None}, {"description": None}, {"name": "q2"}):
        assert detail(update(409, body)).startswith(CONFLICT)
    for body in each({"is_paused": None}, {"priority": 0}, {"more": 1}, [], None):
        update(422, body)
    queue("delete_work_pool_queue", 204, name="q1")
    gone = f"Work pool queue '{name}/q1' not found."
    assert detail(queue("read_work_pool_queue", 404, name="q1")) == gone
    assert detail(queue("delete_work_pool_queue", 404, name="q1")) == gone
    assert detail(update(404, {})) == gone
    assert detail(send("read_work_pool_queues", 404, {}, work_pool_name="nope")).startswith(
        "Work p"
    )
    send("create_work_pool_queue", 404, {"name": "q"}, work_pool_name="nope")
    send("delete_work_pool", 204, name=name)


def test_work_queues(send: Sender, name: str) -> None:
    create = functools.partial(send, "create_work_queue")
    queue = create(201, {"name": name, "concurrency_limit": 2})
    assert queue["work_pool_name"] == "default-agent-pool"
    assert detail(create(409, {"name": name})) == "A work queue with this name already exists."
    for body in each({}, {"name": "a/b"}, {"name": name, "concurrency_limit": -1}, [], None):
        create(422, body)
    assert send("read_work_queue", 200, id=queue["id"])["name"] == name
    assert send("read_work_queue_by_name", 200, name=name)["id"] == queue["id"]
    status = send("read_work_queue_status", 200, id=queue["id"])
    assert (status["healthy"], status["late_runs_count"], status["last_polled"]) == (False, 0, None)
    send("read_work_queue_status", 404, id=NOBODY)
    send("update_work_queue", 204, {"is_paused": True}, id=queue["id"])
    send("update_work_queue", 409, {"name": None}, id=queue["id"])
    for body in each({"is_paused": None}, {"more": 1}, [], None):
        send("update_work_queue", 422, body, id=queue["id"])
    mine = {"work_queues": {"name": {"any_": [name]}}}
    assert [row["id"] for row in send("read_work_queues", 200, mine)] == [queue["id"]]
    pool = send("read_work_pool", 200, name="default-agent-pool")
    send("delete_work_queue", 409, id=pool["default_queue_id"])
    send("delete_work_queue", 204, id=queue["id"])
    for operation in ("delete_work_queue", "read_work_queue"):
        assert detail(send(operation, 404, id=queue["id"])) == "work queue not found"
    assert detail(send("read_work_queue_by_name", 404, name=name)) == "work queue not found"
    gone = detail(send("update_work_queue", 404, {}, id=queue["id"]))
    assert gone == f"Work Queue {queue['id']} not found"


def test_workers(send: Sender, name: str) -> None:
    pool = send("create_work_pool", 201, {"name": name, "type": "process"})
    beat = functools.partial(send, "worker_heartbeat", work_pool_name=name)
    beat(204, {"name": "w", "heartbeat_interval_seconds": 30, "more": 1})
    beat(204, {"name": "w"})
    beat(422, {})
    beat(422, None)
    (worker,) = send("read_workers", 200, {}, work_pool_name=name)
    assert (worker["heartbeat_interval_seconds"], worker["status"]) == (30, "ONLINE")
    assert send("read_work_pool", 200, name=name)["status"] == "READY"
    send("delete_worker", 204, work_pool_name=name, name="w")
    gone = send("delete_worker", 404, work_pool_name=name, name="w")
    assert detail(gone) == "Worker not found."
    send("worker_heartbeat", 404, {"name": "w"}, work_pool_name="nope")
    storage = send("read_server_default_result_storage", 200)
    assert storage == {"default_result_storage_block_id": None}
    _polls(send, pool)


def _polls(send: Sender, pool: Any) -> None:
    name = pool["name"]
    flow = send("create_flow", 201, {"name": name})["id"]
    body = {"flow_id": flow, "work_pool_name": name}
    deployments = {
        queue: send("create_deployment", 201, {**body, "name": queue, "work_queue_name": queue})
        for queue in ("first", "default")
    }
    queue = functools.partial(send, "update_work_pool_queue", 204, work_pool_name=name)
    queue({"priority": 1}, name="first")
    for day, at in (("02", "first"), ("01", "default"), ("03", "first"), ("04", "default")):
        due = f"2026-01-{day}T00:00:00Z"
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": due}}
        send(
            "create_flow_run_from_deployment",
            201,
            {"name": day, "state": state},
            id=deployments[at]["id"],
        )

    def polled(**asked: Any) -> list[str]:
        rows = send("get_scheduled_flow_runs", 200, asked, name=name)
        assert {row["work_pool_id"] for row in rows} <= {pool["id"]}
        return [row["flow_run"]["name"] for row in rows]

    assert polled() == polled(work_queue_names=[]) == ["02", "03", "01", "04"]
    assert polled(limit=3) == ["02", "03", "01"]
    assert polled(work_queue_names=["default"]) == ["01", "04"]
    assert polled(scheduled_before="2026-01-02T00:00:00Z") == ["02", "01"]
    assert polled(scheduled_after="2026-01-03T00:00:00Z") == ["03", "04"]
    queue({"concurrency_limit": 1}, name="first")
    assert polled() == ["02", "01", "04"]
    send("update_work_pool", 204, {"concurrency_limit": 2}, name=name)
    assert polled() == ["02", "01"]
    queue({"is_paused": True}, name="first")
    assert polled() == ["01", "04"]
    send("update_work_pool", 204, {"is_paused": True}, name=name)
    assert polled() == []
    for fault in each({"limit": "x"}, {"scheduled_before": "x"}, {"work_queue_names": [1]}, []):
        send("get_scheduled_flow_runs", 422, fault, name=name)
    asked = {"work_queue_names": ["nope"]}
    gone = detail(send("get_scheduled_flow_runs", 404, asked, name=name))
    assert gone == f"Work pool queue '{name}/nope' not found."
    send("get_scheduled_flow_runs", 404, {}, name="nope")
