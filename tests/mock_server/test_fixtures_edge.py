"""The set `edge` has what it promises, and the mock answers about all of it."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx
import pytest

import openapi
from mock_server import serve
from mock_server.call import Call
from mock_server.edges import responses
from mock_server.fixtures import load_fixtures
from mock_server.operations import OPERATIONS
from mock_server.store import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
READS = {
    "read_flow": "flows",
    "read_deployment": "deployments",
    "read_flow_run": "flow_runs",
    "read_task_run": "task_runs",
    "read_variable": "variables",
    "read_work_queue": "work_queues",
    "read_work_pool": "work_pools",
    "read_concurrency_limit_v2": "concurrency_limits",
}
NEVER_NULL = {
    # The store, as the released server, has a value wherever the spec is this lenient.
    "read_work_queue": {"description", "work_pool_id", "work_pool_name", "status"},
    "read_work_pool": {"default_queue_id"},
}
ALWAYS_NULL = {
    # The number stands in global_concurrency_limit. Documents are not part of fixtures.
    "read_deployment": {"concurrency_limit", "storage_document_id", "infrastructure_document_id"},
    "read_flow_run": {"infrastructure_document_id"},
}


@pytest.fixture(scope="module")
def edge() -> Store:
    store = Store(clock=lambda: NOW)
    load_fixtures(store, "edge")
    return store


@cache
def schema_of(operation: str) -> dict[str, Any]:
    document = openapi.load()
    for item in document["paths"].values():
        for declared in item.values():
            if isinstance(declared, dict) and declared.get("operationId") == operation:
                return resolved(
                    declared["responses"]["200"]["content"]["application/json"]["schema"]
                )
    raise KeyError(operation)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = openapi.load()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def nullable(schema: dict[str, Any]) -> set[str]:
    """The properties of an answer that may be null."""
    return {
        name
        for name, prop in schema["properties"].items()
        if resolved(prop).get("nullable")
        or any(item.get("$ref", "").endswith("/Null") for item in prop.get("anyOf", ()))
    }


def answers(store: Store, operation: str) -> list[dict[str, Any]]:
    found = []
    for record in store.all(READS[operation]):
        path = {"id": record["id"], "id_or_name": record["id"], "name": record.get("name")}
        reply = OPERATIONS[operation](Call(store, path=path))
        responses().answers(operation).render(reply.status, reply.body)
        found.append(reply.body)
    return found


@pytest.mark.parametrize("operation", READS)
def test_every_null_that_the_contract_allows_is_there(edge: Store, operation: str) -> None:
    found = answers(edge, operation)
    names = nullable(schema_of(operation))
    nulls = {name for name in names for answer in found if answer[name] is None}
    values = {name for name in names for answer in found if answer[name] is not None}
    assert names - nulls <= NEVER_NULL.get(operation, set())
    assert names - values == ALWAYS_NULL.get(operation, set())


def test_every_kind_of_schedule_is_there(edge: Store) -> None:
    shown = [item for answer in answers(edge, "read_deployment") for item in answer["schedules"]]
    schedules = [item["schedule"] for item in shown]
    assert {
        kind for each in schedules for kind in ("interval", "cron", "rrule") if kind in each
    } == {
        *("interval", "cron", "rrule"),
    }
    for condition in (
        lambda item: item["schedule"].get("timezone") is None,
        lambda item: item["schedule"].get("day_or") is False,
        lambda item: "COUNT" in item["schedule"].get("rrule", ""),
        lambda item: "EXDATE" in item["schedule"].get("rrule", ""),
        lambda item: "UNTIL" in item["schedule"].get("rrule", ""),
        lambda item: item["max_scheduled_runs"],
        lambda item: item["parameters"],
        lambda item: not item["active"],
        lambda item: item["slug"] == "",
        lambda item: item["slug"] is None,
    ):
        assert any(map(condition, shown))


def test_names_are_long_empty_and_of_every_direction(edge: Store) -> None:
    names = [record["name"] for kind in READS.values() for record in edge.all(kind)]
    names += [tag for record in edge.all("flows") for tag in record["tags"]]
    directions = {unicodedata.bidirectional(letter) for name in names for letter in name}
    assert {"L", "R", "AL", "EN", "RLO", "NSM", "WS"} <= directions
    assert max(map(len, names)) > 200
    assert {"", " "} <= set(names)
    assert any(len(letter.encode()) == 4 for name in names for letter in name)
    assert max(len(record["name"]) for record in edge.all("variables")) == 255


def test_deprecated_fields_are_there(edge: Store) -> None:
    assert any(run["empirical_policy"]["max_retries"] for run in edge.all("flow_runs"))
    assert any(queue["filter"] for queue in edge.all("work_queues"))
    assert any(item["global_concurrency_limit"] for item in answers(edge, "read_deployment"))


def test_runs_are_in_every_state_and_in_none(edge: Store) -> None:
    from mock_server.fixtures.runs import STATES  # noqa: PLC0415

    assert {run["state_name"] for run in edge.all("flow_runs")} >= {*STATES, None}


def test_lists_pages_and_changes_of_it_are_answered_over_http() -> None:
    with serve(fixtures="edge") as mock, httpx.Client(base_url=mock.url, trust_env=False) as client:
        count = client.post("/deployments/count", json={}).json()
        kinds = ("flows", "deployments", "flow_runs", "task_runs", "work_pools", "work_queues")
        for kind in kinds:
            assert client.post(f"/{kind}/filter", json={}).status_code == 200
        for path in ("/variables/filter", "/v2/concurrency_limits/filter"):
            assert client.post(path, json={}).status_code == 200
        for sort in ("NAME_ASC", "NAME_DESC", "CREATED_DESC", "UPDATED_DESC"):
            found: list[str] = []
            for page in range(1, count // 7 + 2):
                body = {"sort": sort, "limit": 7, "page": page}
                told = client.post("/deployments/paginate", json=body).json()
                found += [item["id"] for item in told["results"]]
            assert len(found) == len(set(found)) == count
        for item in client.post("/deployments/filter", json={}).json():
            path = f"/deployments/{item['id']}"
            assert client.get(path).json() == item
            assert client.post(f"{path}/schedule", json={}).status_code == 200
            assert client.post(f"{path}/create_flow_run", json={}).status_code in {201, 409}
            assert client.patch(path, json={"paused": True}).status_code in {204, 409}
        assert client.post("/flow_runs/filter", json={}).status_code == 200
