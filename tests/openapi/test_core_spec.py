"""The core of the document: the twenty operations on deployments, each described in full."""

import copy
import re
import zoneinfo
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from croniter import croniter
from dateutil.rrule import rrulestr

from openapi import ROOT_FILE, load
from openapi.json_schema import json_schema_view
from openapi.structure import escape, iterate, operations, resolve

OPERATIONS = {
    "create_deployment": ("POST /deployments/", "200 201 400 401 403 404 409 422 503"),
    "read_deployments": ("POST /deployments/filter", "200 400 401 403 422 503"),
    "paginate_deployments": ("POST /deployments/paginate", "200 400 401 403 422 503"),
    "count_deployments": ("POST /deployments/count", "200 400 401 403 422 503"),
    "get_scheduled_flow_runs_for_deployments": (
        "POST /deployments/get_scheduled_flow_runs",
        "200 400 401 403 422 503",
    ),
    "bulk_delete_deployments": ("POST /deployments/bulk_delete", "200 400 401 403 422 503"),
    "read_deployment_by_name": (
        "GET /deployments/name/{flow_name}/{deployment_name}",
        "200 400 401 404 503",
    ),
    "read_deployment": ("GET /deployments/{id}", "200 400 401 404 405 503"),
    "update_deployment": ("PATCH /deployments/{id}", "204 400 401 403 404 405 409 422 503"),
    "delete_deployment": ("DELETE /deployments/{id}", "204 400 401 403 404 405 503"),
    "schedule_deployment": ("POST /deployments/{id}/schedule", "200 400 401 403 404 422 503"),
    "resume_deployment": ("POST /deployments/{id}/resume_deployment", "200 400 401 403 404 503"),
    "pause_deployment": ("POST /deployments/{id}/pause_deployment", "200 400 401 403 404 503"),
    "create_flow_run_from_deployment": (
        "POST /deployments/{id}/create_flow_run",
        "200 201 400 401 403 404 409 422 503",
    ),
    "bulk_create_flow_runs_from_deployment": (
        "POST /deployments/{id}/create_flow_run/bulk",
        "200 400 401 403 404 405 422 503",
    ),
    "work_queue_check_for_deployment": (
        "GET /deployments/{id}/work_queue_check",
        "200 400 401 404 503",
    ),
    "read_deployment_schedules": ("GET /deployments/{id}/schedules", "200 400 401 404 503"),
    "create_deployment_schedules": (
        "POST /deployments/{id}/schedules",
        "201 400 401 403 404 409 422 503",
    ),
    "update_deployment_schedule": (
        "PATCH /deployments/{id}/schedules/{schedule_id}",
        "204 400 401 403 404 405 409 422 503",
    ),
    "delete_deployment_schedule": (
        "DELETE /deployments/{id}/schedules/{schedule_id}",
        "204 400 401 403 404 405 503",
    ),
}

FILTERS = ["flows", "flow_runs", "task_runs", "deployments", "work_pools", "work_pool_queues"]

# The order in which a server reports what is wrong with a body of several parameters.
BODY_FIELDS = {
    "DeploymentsFilterBody": ["limit", "offset", *FILTERS, "sort"],
    "DeploymentsPaginateBody": ["limit", "page", *FILTERS, "sort"],
    "DeploymentsCountBody": FILTERS,
    "DeploymentsBulkDeleteBody": ["deployments", "limit"],
    "ScheduledFlowRunsBody": ["limit", "deployment_ids", "scheduled_before"],
    "ScheduleDeploymentBody": ["start_time", "end_time", "min_time", "min_runs", "max_runs"],
}

# What each filter can ask, criterion by criterion.
CRITERIA = {
    "FlowFilter": {
        "id": "any_ not_any_",
        "deployment": "operator is_null_",
        "name": "any_ like_",
        "tags": "operator all_ is_null_",
    },
    "FlowRunFilter": {
        "id": "any_ not_any_",
        "name": "any_ like_",
        "tags": "operator all_ any_ is_null_",
        "deployment_id": "operator any_ is_null_",
        "work_queue_name": "operator any_ is_null_",
        "state": "operator type name",
        "flow_version": "any_",
        "start_time": "before_ after_ is_null_",
        "end_time": "before_ after_ is_null_",
        "expected_start_time": "before_ after_",
        "next_scheduled_start_time": "before_ after_",
        "parent_flow_run_id": "operator any_",
        "parent_task_run_id": "operator any_ is_null_",
        "idempotency_key": "any_ not_any_",
        "created_by": "operator id_ type_ is_null_",
    },
    "TaskRunFilter": {
        "id": "any_",
        "name": "any_ like_",
        "tags": "operator all_ is_null_",
        "state": "operator type name",
        "start_time": "before_ after_ is_null_",
        "end_time": "before_ after_ is_null_",
        "expected_start_time": "before_ after_",
        "subflow_runs": "exists_",
        "flow_run_id": "operator any_ is_null_",
    },
    "DeploymentFilter": {
        "id": "any_ not_any_",
        "name": "any_ like_",
        "flow_or_deployment_name": "like_",
        "paused": "eq_",
        "tags": "operator all_ any_ is_null_",
        "work_queue_name": "any_",
        "concurrency_limit": "ge_ le_ is_null_",
    },
    "WorkPoolFilter": {"id": "any_", "name": "any_", "type": "any_"},
    "WorkQueueFilter": {"id": "any_", "name": "any_ startswith_"},
    "FlowRunFilterState": {"type": "any_ not_any_", "name": "any_ not_any_"},
    "TaskRunFilterState": {"type": "any_", "name": "any_"},
}

# What servers later than 3.0.0 brought: schema and property, and the version.
SINCE = {
    "ConcurrencyOptions.grace_period_seconds": "3.6.6",
    "DeploymentCreate.concurrency_options": "3.0.3",
    "DeploymentCreate.global_concurrency_limit_id": "3.3.6",
    "DeploymentCreate.labels": "3.1.5",
    "DeploymentCreate.version_info": "3.3.6",
    "DeploymentFilterId.not_any_": "3.4.7",
    "DeploymentFilterTags.any_": "3.1.11",
    "DeploymentFlowRunCreate.labels": "3.1.11",
    "DeploymentResponse.global_concurrency_limit": "3.0.3",
    "DeploymentResponse.work_queue_id": "3.6.2",
    "DeploymentSchedule.slug": "3.2.0",
    "DeploymentScheduleCreate.replaces": "3.6.17",
    "DeploymentUpdate.pull_steps": "3.2.0",
    "FlowFilterId.not_any_": "3.6.16",
    "FlowRunFilter.created_by": "3.6.13",
    "FlowRunFilter.end_time": "3.0.4",
    "FlowRunFilterTags.any_": "3.1.5",
    "FlowRunPolicy.retry_type": "3.1.3",
    "StateDetails.deployment_concurrency_lease_id": "3.4.11",
    "TaskRunFilter.end_time": "3.6.22",
}

EXTENSIONS = {
    "x-prefect-since": {"operation", "schemas"},
    "x-body-fields": {"schemas"},
    "x-detail-error": {"schemas"},
}


def is_rrule(text: str) -> bool:
    try:
        rrulestr(text)
    except ValueError:
        return False
    return True


FORMATS = {
    "time-zone": zoneinfo.available_timezones().__contains__,
    "cron": croniter.is_valid,
    "rrule": is_rrule,
}


@pytest.fixture(scope="module")
def validators() -> Any:
    return jsonschema_rs.validator_map_for(
        json_schema_view(load()), validate_formats=True, offline=True, formats=FORMATS
    )


def core() -> dict[str, tuple[str, str, dict[str, Any]]]:
    return {
        operation["operationId"]: (path, method, operation)
        for path, method, operation in operations(load())
        if "Deployments" in operation["tags"]
    }


def followed(pointer: str) -> tuple[str, Any]:
    """An object of the document, references followed, and where it then stands."""
    node = resolve(load(), pointer)
    while "$ref" in node:
        pointer = node["$ref"].removeprefix("#")
        node = resolve(load(), pointer)
    return pointer, node


def place(operation: str) -> str:
    path, method, _ = core()[operation]
    return f"/paths/{escape(path)}/{method}"


def media(pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The JSON media type objects of a request body or response."""
    at, node = followed(pointer)
    for content_type in node.get("content", {}):
        assert content_type == "application/json"
        yield f"{at}/content/application~1json", node["content"][content_type]


def reached(pointer: str, seen: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All schemas that a schema consists of, itself included."""
    for below, kind, node in iterate(resolve(load(), pointer), "schemas", pointer):
        assert kind == "schemas"
        target = node.get("$ref", "").removeprefix("#")
        if not target:
            yield below, node
        elif target not in seen:
            seen.add(target)
            yield from reached(target, seen)


def schemas_of(operation: str, *, requests: bool) -> list[tuple[str, dict[str, Any]]]:
    _, _, described = core()[operation]
    at = place(operation)
    bodies = (
        [f"{at}/requestBody"] * ("requestBody" in described)
        if requests
        else [f"{at}/responses/{status}" for status in described["responses"]]
    )
    seen: set[str] = set()
    return [
        item
        for body in bodies
        for where, _ in media(body)
        for item in reached(f"{where}/schema", seen)
    ]


def test_the_core_operations_are_these() -> None:
    found = {name: f"{method.upper()} {path}" for name, (path, method, _) in core().items()}
    assert found == {name: route for name, (route, _) in OPERATIONS.items()}


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_declares_what_a_server_answers(name: str) -> None:
    _, _, operation = core()[name]
    assert list(operation["responses"]) == OPERATIONS[name][1].split()
    for status in operation["responses"]:
        at, response = followed(f"{place(name)}/responses/{status}")
        assert response["description"]
        assert ("content" in response) is (status != "204"), at


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_is_described_in_words(name: str) -> None:
    _, _, operation = core()[name]
    assert operation["tags"] == ["Deployments"]
    assert len(operation["summary"]) > 10
    assert len(operation["description"]) > 20
    assert operation.get("deprecated", False) is (name == "work_queue_check_for_deployment")


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_shows_its_body_and_its_answers(name: str) -> None:
    _, _, operation = core()[name]
    at = place(name)
    bodies = [f"{at}/responses/{status}" for status in operation["responses"]]
    bodies += [f"{at}/requestBody"] * ("requestBody" in operation)
    for body in bodies:
        for where, described in media(body):
            nothing = followed(f"{where}/schema")[0] == "/components/schemas/Null"
            assert described.get("examples") or nothing, where


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_example_is_valid(name: str, validators: Any) -> None:
    _, _, operation = core()[name]
    at = place(name)
    bodies = [f"{at}/responses/{status}" for status in operation["responses"]]
    bodies += [f"{at}/requestBody"] * ("requestBody" in operation)
    for body in bodies:
        for where, described in media(body):
            for key in described.get("examples", {}):
                _, example = followed(f"{where}/examples/{key}")
                validators[f"#{where}/schema"].validate(example["value"])
                assert example["summary"]


def test_examples_and_defaults_within_schemas_are_valid(validators: Any) -> None:
    for pointer, kind, node in iterate(load()):
        if kind == "schemas":
            for key in {"example", "default"} & node.keys():
                validators[f"#{pointer}"].validate(node[key])


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_answer_may_have_more_than_we_know(name: str) -> None:
    for pointer, schema in schemas_of(name, requests=False):
        assert schema.get("additionalProperties", True) is not False, pointer


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_answer_has_all_that_we_know(name: str) -> None:
    optional = {"/components/schemas/ValidationError": {"ctx"}}
    for pointer, schema in schemas_of(name, requests=False):
        missing = set(schema.get("properties", {})) - set(schema.get("required", []))
        assert missing == optional.get(pointer, set()) or schema.get("deprecated"), pointer


def test_request_bodies_are_closed_but_for_these() -> None:
    opened = {
        pointer.removeprefix("/components/schemas/")
        for name in OPERATIONS
        for pointer, schema in schemas_of(name, requests=True)
        if schema.get("properties") and schema.get("additionalProperties") is not False
    }
    assert opened == {
        *BODY_FIELDS,
        "ConcurrencyOptions",
        "FlowRunPolicy",
        "StateDetails",
        "VersionInfo",
    }


def test_bodies_of_several_parameters_have_them_in_order() -> None:
    schemas = load()["components"]["schemas"]
    for name, fields in BODY_FIELDS.items():
        assert list(schemas[name]["properties"]) == fields
        assert schemas[name]["x-body-fields"] is True
        required = [field for field in fields if field == "deployment_ids"]
        assert schemas[name].get("required", []) == required
        assert schemas[name].get("nullable", False) is not bool(required)


def test_filters_have_these_criteria() -> None:
    schemas = load()["components"]["schemas"]
    for name, criteria in CRITERIA.items():
        assert list(schemas[name]["properties"]) == ["operator", *criteria], name
        assert schemas[name]["properties"]["operator"] == {"$ref": "#/components/schemas/Operator"}
        for criterion, operators in criteria.items():
            first, second = schemas[name]["properties"][criterion]["anyOf"]
            assert second == {"$ref": "#/components/schemas/Null"}
            _, schema = followed(first["$ref"])
            assert list(schema["properties"]) == operators.split(), (name, criterion)
            assert schema["additionalProperties"] is False


def test_what_newer_servers_added_is_marked() -> None:
    schemas = load()["components"]["schemas"]
    for place_, version in SINCE.items():
        name, _, field = place_.partition(".")
        assert schemas[name]["properties"][field]["x-prefect-since"] == version, place_
    marked = {name for name, (_, _, operation) in core().items() if "x-prefect-since" in operation}
    assert marked == {"bulk_delete_deployments", "bulk_create_flow_runs_from_deployment"}


def test_extensions_are_those_of_the_architecture() -> None:
    for pointer, kind, node in iterate(load()):
        for key in node:
            if key.startswith("x-"):
                assert kind in EXTENSIONS[key], pointer
        since = node.get("x-prefect-since", "3.0.1")
        assert re.fullmatch(r"3\.\d+\.\d+", since), pointer


def test_null_is_written_as_openapi_3_0_reads_it() -> None:
    for pointer, kind, node in iterate(load()):
        if kind == "schemas" and node.get("nullable"):
            told = "type" in node or set(node) <= {"nullable", "description"}
            assert told, pointer
            assert not {"allOf", "anyOf", "oneOf", "$ref"} & node.keys(), pointer
            assert None in node.get("enum", [None]), pointer


def test_links_lead_to_operations_and_fill_their_path() -> None:
    paths = {op["operationId"]: path for path, _, op in operations(load())}
    for name, link in load()["components"]["links"].items():
        parameters = set(re.findall(r"{(\w+)}", paths[link["operationId"]]))
        assert set(link["parameters"]) == parameters, name
        assert all(value.startswith("$response.body#/") for value in link["parameters"].values())


@pytest.mark.parametrize(
    ("name", "statuses", "targets"),
    [
        (
            "create_deployment",
            "200 201",
            {name for name, (route, _) in OPERATIONS.items() if "deployments/{id}" in route}
            - {"update_deployment_schedule", "delete_deployment_schedule"},
        ),
        ("create_flow_run_from_deployment", "200 201", {"read_flow_run", "delete_flow_run"}),
        (
            "create_deployment_schedules",
            "201",
            {"update_deployment_schedule", "delete_deployment_schedule"},
        ),
    ],
)
def test_creations_link_to_what_takes_the_id(name: str, statuses: str, targets: set[str]) -> None:
    for status in statuses.split():
        at, response = followed(f"{place(name)}/responses/{status}")
        found = {followed(f"{at}/links/{key}")[1]["operationId"] for key in response["links"]}
        assert targets <= found


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("", True),
        ("0.8.0", True),
        ("0.8.4", True),
        ("0.10.0", True),
        ("1.0.0", True),
        ("9.9.9", True),
        ("10.20.30", True),
        ("0.7.9", False),
        ("0.0.0", False),
        ("abc", False),
        ("1", False),
        ("1.2", False),
        ("1.2.3.4", False),
        ("0.8.x", False),
        ("-1.0.0", False),
        ("0.8.4 ", False),
    ],
)
def test_the_version_header(validators: Any, text: str, valid: bool) -> None:  # noqa: FBT001 - a case
    assert validators["#/components/parameters/ApiVersion/schema"].is_valid(text) is valid


def test_every_operation_takes_the_version_header() -> None:
    for path, _, _ in core().values():
        parameters = load()["paths"][path]["parameters"]
        assert {"$ref": "#/components/parameters/ApiVersion"} in parameters


def test_one_file_holds_one_path() -> None:
    files = sorted(file.name for file in (ROOT_FILE.parent / "paths").glob("deployments*.yaml"))
    assert len(files) == len({path for path, _, _ in core().values()})


# What openapi-spec-validator, prance and openapi-core say is tested with `validate`.


# Connexion 3.3 resolves references with what jsonschema has retired.
@pytest.mark.filterwarnings("ignore:jsonschema:DeprecationWarning")
def test_connexion_accepts_the_bundle() -> None:
    from connexion.spec import Specification  # noqa: PLC0415 - a second

    loaded = Specification.load(json_copy())
    assert sorted(loaded["paths"]) == sorted(load()["paths"])


def test_schemathesis_accepts_the_bundle() -> None:
    import schemathesis  # noqa: PLC0415 - a second

    schema = schemathesis.openapi.from_dict(json_copy())
    found = {result.ok().definition.raw["operationId"] for result in schema.get_all_operations()}
    assert found >= OPERATIONS.keys()


def json_copy() -> dict[str, Any]:
    """A copy for libraries that write into what they are given."""
    return copy.deepcopy(load())
