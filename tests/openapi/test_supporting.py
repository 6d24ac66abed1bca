"""The supporting operations: which there are, and that each is described in full."""

import re
from typing import Any

import pytest

from openapi import ROOT_FILE, load
from openapi.structure import operations

OPERATIONS = {
    "GET /health": "health_check",
    "GET /version": "server_version",
    "GET /hello": "hello",
    "GET /admin/version": "read_version",
    "GET /admin/settings": "read_settings",
    "GET /admin/storage": "read_server_default_result_storage",
    "GET /csrf-token": "create_csrf_token",
    "POST /ui/schemas/validate": "validate_obj",
    "POST /ui/flow_runs/count-task-runs": "count_task_runs_by_flow_run",
    "POST /ui/flow_runs/history": "read_flow_run_history",
    "POST /ui/task_runs/count": "read_task_run_counts_by_state",
    "POST /ui/flows/count-deployments": "count_deployments_by_flow",
    "POST /ui/flows/next-runs": "next_runs_by_flow",
    "POST /flows/": "create_flow",
    "POST /flows/filter": "read_flows",
    "POST /flows/count": "count_flows",
    "POST /flows/paginate": "paginate_flows",
    "GET /flows/name/{name}": "read_flow_by_name",
    "GET /flows/{id}": "read_flow",
    "PATCH /flows/{id}": "update_flow",
    "DELETE /flows/{id}": "delete_flow",
    "POST /flow_runs/": "create_flow_run",
    "POST /flow_runs/filter": "read_flow_runs",
    "POST /flow_runs/count": "count_flow_runs",
    "POST /flow_runs/paginate": "paginate_flow_runs",
    "POST /flow_runs/history": "flow_run_history",
    "POST /flow_runs/lateness": "average_flow_run_lateness",
    "GET /flow_runs/{id}": "read_flow_run",
    "GET /flow_runs/{id}/graph-v2": "read_flow_run_graph_v2",
    "GET /collections/views/{view}": "read_view_content",
    "PUT /automations/{id}": "update_automation",
    "POST /block_types/filter": "read_block_types",
    "POST /block_documents/filter": "read_block_documents",
    "POST /block_documents/count": "count_block_documents",
    "POST /events/count-by/{countable}": "count_account_events",
    "POST /artifacts/": "create_artifact",
    "GET /artifacts/{id}": "read_artifact",
    "PATCH /artifacts/{id}": "update_artifact",
    "DELETE /artifacts/{id}": "delete_artifact",
    "GET /artifacts/{key}/latest": "read_latest_artifact",
    "POST /artifacts/filter": "read_artifacts",
    "POST /artifacts/latest/filter": "read_latest_artifacts",
    "POST /artifacts/latest/count": "count_latest_artifacts",
    "PATCH /flow_runs/{id}": "update_flow_run",
    "DELETE /flow_runs/{id}": "delete_flow_run",
    "POST /flow_runs/{id}/set_state": "set_flow_run_state",
    "POST /flow_runs/{id}/resume": "resume_flow_run",
    "PATCH /flow_runs/{id}/labels": "update_flow_run_labels",
    "POST /task_runs/": "create_task_run",
    "POST /task_runs/filter": "read_task_runs",
    "POST /task_runs/count": "count_task_runs",
    "POST /task_runs/paginate": "paginate_task_runs",
    "POST /task_runs/history": "task_run_history",
    "GET /task_runs/{id}": "read_task_run",
    "DELETE /task_runs/{id}": "delete_task_run",
    "POST /flow_runs/{id}/input": "create_flow_run_input",
    "POST /flow_runs/{id}/input/filter": "filter_flow_run_input",
    "GET /flow_runs/{id}/input/{key}": "read_flow_run_input",
    "DELETE /flow_runs/{id}/input/{key}": "delete_flow_run_input",
    "POST /work_pools/": "create_work_pool",
    "POST /work_pools/filter": "read_work_pools",
    "POST /work_pools/count": "count_work_pools",
    "GET /work_pools/{name}": "read_work_pool",
    "PATCH /work_pools/{name}": "update_work_pool",
    "DELETE /work_pools/{name}": "delete_work_pool",
    "POST /work_pools/{name}/get_scheduled_flow_runs": "get_scheduled_flow_runs",
    "POST /work_pools/{work_pool_name}/workers/filter": "read_workers",
    "POST /work_pools/{work_pool_name}/workers/heartbeat": "worker_heartbeat",
    "DELETE /work_pools/{work_pool_name}/workers/{name}": "delete_worker",
    "POST /work_pools/{work_pool_name}/queues": "create_work_pool_queue",
    "POST /work_pools/{work_pool_name}/queues/filter": "read_work_pool_queues",
    "GET /work_pools/{work_pool_name}/queues/{name}": "read_work_pool_queue",
    "PATCH /work_pools/{work_pool_name}/queues/{name}": "update_work_pool_queue",
    "DELETE /work_pools/{work_pool_name}/queues/{name}": "delete_work_pool_queue",
    "POST /work_queues/": "create_work_queue",
    "POST /work_queues/filter": "read_work_queues",
    "GET /work_queues/name/{name}": "read_work_queue_by_name",
    "GET /work_queues/{id}": "read_work_queue",
    "GET /work_queues/{id}/status": "read_work_queue_status",
    "PATCH /work_queues/{id}": "update_work_queue",
    "DELETE /work_queues/{id}": "delete_work_queue",
    "POST /variables/": "create_variable",
    "POST /variables/filter": "read_variables",
    "POST /variables/count": "count_variables",
    "GET /variables/name/{name}": "read_variable_by_name",
    "PATCH /variables/name/{name}": "update_variable_by_name",
    "DELETE /variables/name/{name}": "delete_variable_by_name",
    "GET /variables/{id}": "read_variable",
    "PATCH /variables/{id}": "update_variable",
    "DELETE /variables/{id}": "delete_variable",
    "POST /concurrency_limits/filter": "read_concurrency_limits",
    "POST /v2/concurrency_limits/increment": "bulk_increment_active_slots",
    "POST /v2/concurrency_limits/increment-with-lease": "bulk_increment_active_slots_with_lease",
    "POST /v2/concurrency_limits/decrement": "bulk_decrement_active_slots",
    "POST /v2/concurrency_limits/decrement-with-lease": "bulk_decrement_active_slots_with_lease",
    "POST /v2/concurrency_limits/leases/{lease_id}/renew": "renew_concurrency_lease",
    "POST /saved_searches/filter": "read_saved_searches",
    "POST /v2/concurrency_limits/": "create_concurrency_limit_v2",
    "POST /v2/concurrency_limits/filter": "read_all_concurrency_limits_v2",
    "GET /v2/concurrency_limits/{id_or_name}": "read_concurrency_limit_v2",
    "PATCH /v2/concurrency_limits/{id_or_name}": "update_concurrency_limit_v2",
    "DELETE /v2/concurrency_limits/{id_or_name}": "delete_concurrency_limit_v2",
    "POST /automations/filter": "read_automations",
    "POST /automations/count": "count_automations",
    "PATCH /automations/{id}": "patch_automation",
    "GET /automations/related-to/{resource_id}": "read_automations_related_to_resource",
    "DELETE /automations/owned-by/{resource_id}": "delete_automations_owned_by_resource",
    "POST /automations/": "create_automation",
    "GET /automations/{id}": "read_automation",
    "DELETE /automations/{id}": "delete_automation",
    "POST /block_types/": "create_block_type",
    "GET /block_types/slug/{slug}": "read_block_type_by_slug",
    "GET /block_types/slug/{slug}/block_documents": "read_block_documents_for_block_type",
    "GET /block_types/slug/{slug}/block_documents/name/{block_document_name}": (
        "read_block_document_by_name_for_block_type"
    ),
    "GET /block_types/{id}": "read_block_type_by_id",
    "PATCH /block_types/{id}": "update_block_type",
    "DELETE /block_types/{id}": "delete_block_type",
    "POST /block_schemas/": "create_block_schema",
    "POST /block_schemas/filter": "read_block_schemas",
    "GET /block_schemas/checksum/{checksum}": "read_block_schema_by_checksum",
    "POST /block_documents/": "create_block_document",
    "GET /block_documents/{id}": "read_block_document_by_id",
    "PATCH /block_documents/{id}": "update_block_document_data",
    "DELETE /block_documents/{id}": "delete_block_document",
    "POST /events": "create_events",
    "POST /events/filter": "read_events",
    "GET /events/filter/next": "read_account_events_page",
    "POST /logs/": "create_logs",
    "POST /logs/filter": "read_logs",
}

KEPT_WITHOUT_AN_ANSWER = {"create_events", "create_flow_run_input", "create_logs"}


def supporting() -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, method, operation in operations(load())
        if operation["tags"] == ["Supporting"]
    }


def test_the_supporting_operations_are_these() -> None:
    assert {key: value["operationId"] for key, value in supporting().items()} == OPERATIONS


def schema_of(content: Any) -> Any:
    schema = content["application/json"]["schema"]
    while "$ref" in schema:
        schema = load()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


@pytest.mark.parametrize("key", OPERATIONS)
def test_each_is_described_in_full(key: str) -> None:
    method, path = key.split(" ")
    operation = supporting()[key]
    responses = operation["responses"]
    item = load()["paths"][path]
    shared = {parameter.get("$ref", "") for parameter in item.get("parameters", [])}
    has_version = any("ApiVersion" in reference for reference in shared)
    assert operation["summary"]
    assert operation["description"] != operation["summary"]
    assert "503" in responses
    for status, response in responses.items():
        if status.startswith("2") and "content" in response:
            (media,) = response["content"].values()
            assert {"example", "examples"} & set(media)
    assert any(status.startswith("2") for status in responses)
    if path not in ("/health", "/version"):
        assert has_version
        assert "400" in responses
    if path != "/health":
        assert "401" in responses
    if method in ("POST", "PATCH", "DELETE"):
        assert "403" in responses
    if "requestBody" in operation:
        assert "422" in responses
        body = operation["requestBody"]
        schema = schema_of(body["content"])
        assert len(body["content"]["application/json"]["examples"]) >= 1
        required = set(schema.get("required", []))
        fields = schema.get("x-body-fields", False)
        assert body["required"] is (bool(required) or not fields)
        if schema["type"] == "object":
            is_map = not schema.get("properties") and "additionalProperties" in schema
            assert is_map or (schema.get("additionalProperties") is False) is not fields
    if re.search(r"\{(id|name|work_pool_name|id_or_name)\}", path):
        assert "404" in responses
    has_own_paths = ("set_state", "resume", "labels", "graph-v2", "input", "input/filter", "{key}")
    if "{id}" in path and not path.endswith(has_own_paths):
        assert "405" in responses


def test_creations_link_to_what_takes_the_id() -> None:
    for key, operation in supporting().items():
        if key.startswith("POST") and operation["operationId"].startswith("create_"):
            if operation["operationId"] in KEPT_WITHOUT_AN_ANSWER:
                continue
            links = operation["responses"]["201"]["links"]
            assert len(links) >= 2
            for link in links.values():
                assert link["operationId"] in OPERATIONS.values()


def test_one_file_holds_one_path() -> None:
    text = ROOT_FILE.read_text(encoding="utf-8")
    files = re.findall(r"\$ref: (paths/\S+\.yaml)\}", text)
    assert len(files) == len(set(files)) == len(load()["paths"])
