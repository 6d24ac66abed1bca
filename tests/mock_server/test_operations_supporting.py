from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mock_server.errors import DATA_INTEGRITY_CONFLICT

if TYPE_CHECKING:
    from tests.mock_server.conftest import Api

NOBODY = "00000000-0000-0000-0000-000000000001"
TEMPLATE = {
    "job_configuration": {"size": "{{ size }}"},
    "variables": {
        "type": "object",
        "required": ["size"],
        "properties": {"size": {"type": "integer"}, "image": {"type": "string", "default": "x"}},
    },
}


# -- flows


def test_a_flow_is_made_once(api: Api) -> None:
    status, made = api.ask("create_flow", {"name": "etl", "tags": ["a"], "labels": {"x": 1}})
    assert status == 201
    assert api.ask("create_flow", {"name": "etl", "tags": ["b"]}) == (200, made)
    assert api("read_flow", id=made["id"]) == api("read_flow_by_name", name="etl") == made
    assert api("create_flow", {"name": "bare", "labels": None})["labels"] is None


def test_a_flow_is_changed_and_deleted(api: Api) -> None:
    flow = api.flow()
    assert api.ask("update_flow", {"tags": ["z"]}, id=flow) == (204, None)
    assert api("read_flow", id=flow)["tags"] == ["z"]
    assert api.ask("delete_flow", id=flow) == (204, None)
    for operation, body in (("read_flow", ...), ("update_flow", {}), ("delete_flow", ...)):
        sent = () if body is ... else (body,)
        assert api.refusal(operation, *sent, id=flow) == (404, "Flow not found")
    assert api.refusal("read_flow_by_name", name="etl") == (404, "Flow not found")


def test_flows_are_found_and_counted(api: Api) -> None:
    for name in "cab":
        api.flow(name)
    api.deployment(flow="a")
    assert [flow["name"] for flow in api("read_flows", {"limit": 2})] == ["a", "b"]
    assert api("count_flows", {"deployments": {}}) == 1
    assert api("paginate_flows", {"limit": 2, "page": 2})["pages"] == 2


# -- work pools


def test_a_pool_comes_with_a_queue(api: Api) -> None:
    status, pool = api.ask("create_work_pool", {"name": "pool", "type": "process"})
    assert (status, pool["status"], pool["base_job_template"]) == (201, "NOT_READY", {})
    (queue,) = api("read_work_pool_queues", {}, work_pool_name="pool")
    assert (queue["id"], queue["name"]) == (pool["default_queue_id"], "default")
    answer = api.refusal("create_work_pool", {"name": "pool", "type": "docker"})
    assert answer == (409, "A work pool with this name already exists.")
    path = {"work_pool_name": "pool", "name": "default"}
    assert api.refusal("delete_work_pool_queue", **path)[0] == 409


def test_pausing_a_pool_shows_in_its_status(api: Api) -> None:
    api("create_work_pool", {"name": "pool", "type": "process"})

    def status(**body: Any) -> str:
        assert api.ask("update_work_pool", body, name="pool") == (204, None)
        return str(api("read_work_pool", name="pool")["status"])

    assert status(is_paused=True) == "PAUSED"
    assert status(description="x") == "PAUSED"
    assert status(is_paused=False) == "NOT_READY"
    answer = api.refusal("update_work_pool", {"is_paused": None}, name="pool")
    assert answer == (409, DATA_INTEGRITY_CONFLICT)


def test_names_that_are_reserved(api: Api) -> None:
    status, detail = api.refusal("create_work_pool", {"name": "Prefect-x", "type": "t"})
    assert (status, detail) == (
        403,
        "Work pools starting with 'Prefect' are reserved for internal use.",
    )
    assert api.refusal("delete_work_pool", name="prefect-x")[0] == 403
    assert api.refusal("update_work_pool", {"description": "x"}, name="prefect-x")[0] == 403
    assert api.refusal("update_work_pool", {"is_paused": True}, name="prefect-x")[0] == 404


def test_deleting_a_pool_leaves_deployments_nowhere(api: Api) -> None:
    api("create_work_pool", {"name": "pool", "type": "process"})
    made = api.deployment(work_pool_name="pool")
    run = api.run(made)
    assert api.ask("delete_work_pool", name="pool") == (204, None)
    assert api.read(made)["work_queue_id"] is None
    assert api("read_flow_run", id=run["id"])["work_queue_id"] is None
    assert not list(api.store.all("work_queues"))
    for operation in ("read_work_pool", "delete_work_pool"):
        assert api.refusal(operation, name="pool") == (404, 'Work pool "pool" not found.')


def test_defaults_of_a_template_must_fit_it(api: Api) -> None:
    variables = {"type": "object", "properties": {"size": {"type": "integer", "default": "big"}}}
    body = {
        "name": "pool",
        "type": "t",
        "base_job_template": {"job_configuration": {"x": 1}, "variables": variables},
    }
    status, detail = api.refusal("create_work_pool", body)
    assert status == 422
    assert detail.startswith("Validation failed for work pool's job variable defaults: Validation")


def test_job_variables_are_checked_against_the_template(api: Api) -> None:
    api("create_work_pool", {"name": "pool", "type": "t", "base_job_template": TEMPLATE})
    wrong = "Validation failed for field 'size'. Failure reason: 'big' is not of type 'integer'"
    place = {"name": "d", "flow_id": api.flow(), "work_pool_name": "pool"}
    body = {**place, "job_variables": {"size": "big"}}
    answer = api.refusal("create_deployment", body)
    assert answer == (422, f"Error creating deployment: {wrong}")
    made = api("create_deployment", place)
    create = "create_flow_run_from_deployment"
    status, detail = api.refusal(create, {}, id=made["id"])
    assert (status, detail) == (
        422,
        "Error creating flow run: Validation failed. Failure reason: 'size' is a required property",
    )
    run = api.run(made, job_variables={"size": 1})
    wanted = {"job_variables": {"size": "big"}}
    answer = api.refusal("update_flow_run", wanted, id=run["id"])
    assert answer == (422, f"Error updating flow run: {wrong}")
    status, detail = api.refusal(
        "update_deployment", {"work_pool_name": "pool", **wanted}, id=made["id"]
    )
    assert (status, detail) == (
        409,
        """Error creating deployment: <ValidationError: "'big' is not of type 'integer'">""",
    )
    assert api.ask("update_deployment", wanted, id=made["id"])[0] == 204


def test_slots_are_counted_where_there_is_a_limit(api: Api) -> None:
    api("create_work_pool", {"name": "pool", "type": "t", "concurrency_limit": 3})
    queue = api(
        "create_work_pool_queue", {"name": "q", "concurrency_limit": 2}, work_pool_name="pool"
    )
    made = api.deployment(work_pool_name="pool", work_queue_name="q")
    for state in ("RUNNING", "PENDING", "CANCELLING", "SCHEDULED", "COMPLETED"):
        api.run(made, state={"type": state})
    assert api("read_work_pool", name="pool")["active_slots"] == 2
    path = {"work_pool_name": "pool", "name": "q"}
    assert api("read_work_pool_queue", **path)["active_slots"] == 2
    assert api("read_work_queue", id=queue["id"])["active_slots"] == 3


def test_priorities_stay_unique_with_the_fewest_moves(api: Api) -> None:
    api("create_work_pool", {"name": "pool", "type": "t"})
    for name, priority in (("a", None), ("b", None), ("c", 2), ("d", 9)):
        body = {"name": name, "priority": priority}
        api("create_work_pool_queue", body, work_pool_name="pool")

    def order() -> list[tuple[str, int]]:
        queues = api("read_work_pool_queues", {}, work_pool_name="pool")
        return [(queue["name"], queue["priority"]) for queue in queues]

    assert order() == [("default", 1), ("c", 2), ("a", 3), ("b", 4), ("d", 9)]
    path = {"work_pool_name": "pool", "name": "d"}
    api("update_work_pool_queue", {"priority": 1}, **path)
    assert order() == [("d", 1), ("default", 2), ("c", 3), ("a", 4), ("b", 5)]


def test_queues_of_a_pool(api: Api) -> None:
    api("create_work_pool", {"name": "pool", "type": "t"})
    api("create_work_pool_queue", {"name": "q"}, work_pool_name="pool")
    status, detail = api.refusal("create_work_pool_queue", {"name": "q"}, work_pool_name="pool")
    assert (status, detail) == (
        409,
        "A work queue with this name already exists in work pool {work_pool_name!r}.",
    )
    path = {"work_pool_name": "pool", "name": "q"}
    api("update_work_pool_queue", {"is_paused": True, "description": "x"}, **path)
    queue = api("read_work_pool_queue", **path)
    assert (queue["status"], queue["description"]) == ("PAUSED", "x")
    api("update_work_pool_queue", {"is_paused": False}, **path)
    assert api("read_work_pool_queue", **path)["status"] == "NOT_READY"
    assert api.ask("delete_work_pool_queue", **path) == (204, None)
    answer = api.refusal("read_work_pool_queue", **path)
    assert answer == (404, "Work pool queue 'pool/q' not found.")
    assert api("read_workers", {}, work_pool_name="pool") == []


def test_queues_by_themselves_live_in_the_agent_pool(api: Api) -> None:
    status, made = api.ask("create_work_queue", {"name": "q"})
    assert (status, made["work_pool_name"]) == (201, "default-agent-pool")
    answer = api.refusal("create_work_queue", {"name": "q"})
    assert answer == (409, "A work queue with this name already exists.")
    assert api("read_work_queue_by_name", name="q") == made
    assert api("read_work_queue", id=made["id"]) == made
    assert [queue["name"] for queue in api("read_work_queues", {})] == ["default", "q"]
    assert api.ask("update_work_queue", {"priority": 1}, id=made["id"]) == (204, None)
    assert api.ask("delete_work_queue", id=made["id"]) == (204, None)
    assert api.refusal("read_work_queue", id=made["id"]) == (404, "work queue not found")
    answer = api.refusal("update_work_queue", {}, id=made["id"])
    assert answer == (404, f"Work Queue {made['id']} not found")


# -- variables and limits


def test_variables(api: Api) -> None:
    body = {"name": "v", "value": {"a": [1]}, "tags": ["x"]}
    status, made = api.ask("create_variable", body)
    assert (status, made["value"]) == (201, {"a": [1]})
    answer = api.refusal("create_variable", body)
    assert answer == (409, "A variable with the name 'v' already exists.")
    api("create_variable", {"name": "w", "value": None})
    assert api("read_variable", id=made["id"]) == api("read_variable_by_name", name="v") == made
    for wanted, names in (
        (None, "vw"),
        ({"name": {"like_": "V"}}, "v"),
        ({"tags": {"is_null_": True}}, "w"),
        ({"operator": "or_", "tags": {"all_": ["x"]}, "name": {"any_": ["w"]}}, "vw"),
        ({"id": {"any_": []}}, ""),
    ):
        found = api("read_variables", {"variables": wanted, "sort": "NAME_DESC"})
        assert [item["name"] for item in found] == [*names][::-1]
        assert api("count_variables", {"variables": wanted}) == len(names)
    assert api.ask("update_variable", {"value": 5}, id=made["id"]) == (204, None)
    assert api.ask("update_variable_by_name", {"tags": []}, name="v") == (204, None)
    assert api("read_variable", id=made["id"])["value"] == 5
    clash = api.refusal("update_variable", {"name": "w"}, id=made["id"])
    assert clash == (409, DATA_INTEGRITY_CONFLICT)
    assert api.ask("delete_variable", id=made["id"]) == (204, None)
    assert api.ask("delete_variable_by_name", name="w") == (204, None)
    assert api.refusal("delete_variable_by_name", name="w") == (404, "Variable not found.")
    assert api.refusal("read_variable", id=made["id"]) == (404, "Variable not found.")


def test_limits(api: Api) -> None:
    status, made = api.ask("create_concurrency_limit_v2", {"name": "l", "limit": 2})
    assert (status, made["denied_slots"], made["avg_slot_occupancy_seconds"]) == (201, 0, 2.0)
    answer = api.refusal("create_concurrency_limit_v2", {"name": "l", "limit": 2})
    assert answer == (409, DATA_INTEGRITY_CONFLICT)
    by_id = api("read_concurrency_limit_v2", id_or_name=made["id"])
    assert by_id == api("read_concurrency_limit_v2", id_or_name="l")
    assert "denied_slots" not in by_id
    api("update_concurrency_limit_v2", {"limit": 5}, id_or_name="l")
    api("create_concurrency_limit_v2", {"name": "a", "limit": 1})
    found = api("read_all_concurrency_limits_v2", {})
    assert [(item["name"], item["limit"]) for item in found] == [("a", 1), ("l", 5)]
    assert api.ask("delete_concurrency_limit_v2", id_or_name=made["id"]) == (204, None)
    answer = api.refusal("read_concurrency_limit_v2", id_or_name="l")
    assert answer == (404, "Concurrency Limit not found")


def test_slots_decay(api: Api) -> None:
    body = {"name": "l", "limit": 9, "active_slots": 5, "slot_decay_per_second": 0.5}
    api("create_concurrency_limit_v2", body)

    def used() -> int:
        return int(api("read_concurrency_limit_v2", id_or_name="l")["active_slots"])

    assert used() == 5
    api.clock.move(seconds=4)
    assert used() == 3
    api.clock.move(minutes=1)
    assert used() == 0


# -- the server itself


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        ("health_check", True),
        ("server_version", "0.8.4"),
        ("read_version", "3.8.8"),
        ("hello", "👋"),
    ],
)
def test_what_the_server_tells_of_itself(api: Api, operation: str, answer: Any) -> None:
    assert api.ask(operation) == (200, answer)


def test_no_csrf_token_and_no_automations(api: Api) -> None:
    assert api.refusal("create_csrf_token") == (422, "CSRF protection is disabled.")
    resource = {"resource_id": f"prefect.deployment.{NOBODY}"}
    assert api.ask("read_automations_related_to_resource", **resource) == (200, [])
    assert api.ask("delete_automations_owned_by_resource", **resource) == (202, None)


def test_values_are_checked_for_a_form(api: Api) -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
    assert api("validate_obj", {"schema": schema, "values": {"x": 1}}) == {
        "errors": [],
        "valid": True,
    }
    wrong = api("validate_obj", {"schema": schema, "values": {"x": "a"}})
    assert wrong["valid"] is False
    assert wrong["errors"][0]["property"] == "x"
    status, detail = api.refusal("validate_obj", {"schema": {"type": "zzz"}, "values": {}})
    assert (status, detail) == (
        422,
        "Invalid schema: 'zzz' is not valid under any of the given schemas",
    )
