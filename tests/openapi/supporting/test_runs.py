"""Flow runs, their states, and task runs."""

import functools
import uuid
from typing import Any

from tests.openapi.supporting.asking import CONFLICT, NOBODY, Sender, detail, each


def test_flow_runs(send: Sender, name: str) -> None:
    flow = send("create_flow", 201, {"name": name})["id"]
    create = functools.partial(send, "create_flow_run")
    run = create(201, {"flow_id": flow, "idempotency_key": "k", "labels": None, "name": None})
    assert (run["state_type"], run["run_count"]) == ("PENDING", 0)
    assert create(200, {"flow_id": flow, "idempotency_key": "k"})["id"] == run["id"]
    for body in each({}, {"flow_id": "x"}, {"flow_id": flow, "tags": None}, [], None):
        create(422, body)
    create(422, {"flow_id": flow, "state": {"type": "x"}})
    create(422, {"flow_id": flow, "empirical_policy": {"retry_type": "x"}})
    for body in each(
        {"flow_id": NOBODY},
        {"flow_id": flow, "parent_task_run_id": NOBODY},
        {"flow_id": flow, "infrastructure_document_id": NOBODY},
    ):
        assert detail(create(409, body)).startswith(CONFLICT)
    missing = create(404, {"flow_id": flow, "work_pool_name": name})
    assert detail(missing) == f'Work pool "{name}" not found.'
    update = functools.partial(send, "update_flow_run", id=run["id"])
    update(204, {"name": "other", "tags": ["t"], "parameters": {"a": 1}, "flow_version": None})
    for body in each({"tags": None}, {"parameters": None}, {"flow_id": flow}, [], None):
        update(422, body)
    assert "in state PENDING" in detail(update(400, {"job_variables": {"a": 1}}))
    read = send("read_flow_run", 200, id=run["id"])
    assert (read["name"], read["tags"], read["parameters"]) == ("other", ["t"], {"a": 1})
    mine = {"flow_runs": {"id": {"any_": [run["id"]]}}}
    assert [row["id"] for row in send("read_flow_runs", 200, mine)] == [run["id"]]
    assert send("count_flow_runs", 200, mine) == 1
    assert send("paginate_flow_runs", 200, {**mine, "limit": 0})["pages"] == 0
    send("delete_flow_run", 204, id=run["id"])
    for operation in ("delete_flow_run", "read_flow_run"):
        assert detail(send(operation, 404, id=run["id"])) == "Flow run not found"
    assert detail(update(404, {})) == "Flow run not found"


def test_states(send: Sender, name: str) -> None:
    flow = send("create_flow", 201, {"name": name})["id"]
    run = send("create_flow_run", 201, {"flow_id": flow})["id"]
    propose = functools.partial(send, "set_flow_run_state", id=run)

    def state(kind: str, **more: Any) -> dict[str, Any]:
        return {"state": {"type": kind, **more}}

    again = propose(200, state("PENDING"))
    assert (again["status"], again["details"]["type"]) == ("ABORT", "abort_details")
    assert propose(201, state("RUNNING"))["status"] == "ACCEPT"
    assert (
        propose(201, {**state("COMPLETED", name="Fine"), "force": True})["state"]["name"] == "Fine"
    )
    later = {"scheduled_time": "2040-01-01T00:00:00Z"}
    propose(201, {**state("SCHEDULED", state_details=later), "force": True})
    assert propose(200, state("RUNNING"))["status"] == "WAIT"
    for body in each({}, {"state": None}, state("x"), state("FAILED", more=1), [], None):
        propose(422, body)
    propose(422, {"force": "x"})
    nobody = send("set_flow_run_state", 404, state("PENDING"), id=NOBODY)
    assert nobody == {"exception_message": f"Flow run with id {NOBODY} not found"}
    assert detail(send("set_flow_run_state", 404, state("PENDING"), id="zz")) == "Not Found"


def test_task_runs(send: Sender, name: str) -> None:
    flow = send("create_flow", 201, {"name": name})["id"]
    run = send("create_flow_run", 201, {"flow_id": flow})["id"]
    create = functools.partial(send, "create_task_run")
    key = {"task_key": name, "dynamic_key": "0"}
    inputs = {"a": [{"input_type": "task_run", "id": NOBODY}, {"name": "x"}, {"type": "y"}]}
    task = create(201, {**key, "flow_run_id": run, "task_inputs": inputs})
    assert task["state_type"] == "PENDING"
    assert create(200, {**key, "flow_run_id": run, "name": "other"})["id"] == task["id"]
    chosen = str(uuid.uuid4())
    assert create(201, {**key, "dynamic_key": "1", "id": chosen})["id"] == chosen
    policy = {"retry_delay": [1, 2], "retries": 2, "retry_jitter_factor": 0.5}
    create(201, {**key, "dynamic_key": "2", "empirical_policy": policy})
    assert detail(create(409, {**key, "flow_run_id": NOBODY})).startswith(CONFLICT)
    for body in each({}, {"task_key": name}, {**key, "more": 1}, {**key, "tags": None}, [], None):
        create(422, body)
    create(422, {**key, "cache_key": "x" * 2001})
    create(422, {**key, "task_inputs": {"a": [{"zz": 1}]}})
    create(422, {**key, "empirical_policy": {"retry_jitter_factor": -1}})
    create(422, {**key, "empirical_policy": {"retry_delay": [1] * 51}})
    mine = {"task_runs": {"id": {"any_": [task["id"]]}}}
    assert [row["id"] for row in send("read_task_runs", 200, mine)] == [task["id"]]
    assert send("count_task_runs", 200, mine) == 1
    assert send("read_task_run", 200, id=task["id"])["task_key"] == name
    send("delete_task_run", 204, id=task["id"])
    for operation in ("delete_task_run", "read_task_run"):
        assert detail(send(operation, 404, id=task["id"])) == "Task not found"
