"""The supporting operations answer as the spec says, on the mock and on a real server.

What a case sends is checked against the request schema as well: bodies that the spec forbids are
refused with 422, and bodies that it admits are not.
"""

import functools
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import jsonschema_rs
import pytest

from openapi import load
from openapi.json_schema import json_schema_view
from openapi.structure import operations, resolve

STARTED = time.monotonic()

NOBODY = "00000000-0000-0000-0000-000000000000"
TRIES = 10
CONFLICT = "Data integrity conflict."
FILTERS = ["flows", "flow_runs", "task_runs", "deployments"]
NOW = datetime.now(UTC).replace(microsecond=0)
LATE, SOON, LATER = NOW - timedelta(minutes=10), NOW + timedelta(hours=1), NOW + timedelta(hours=5)


@functools.cache
def validators() -> Any:
    view = json_schema_view(load())
    return jsonschema_rs.validator_map_for(view, validate_formats=True, offline=True)


@functools.cache
def places() -> dict[str, str]:
    """The pointer of each operation."""
    return {
        operation["operationId"]: f"/paths/{path.replace('~', '~0').replace('/', '~1')}/{method}"
        for path, method, operation in operations(load())
    }


def valid(pointer: str, value: Any) -> bool:
    node = resolve(load(), pointer)
    while "$ref" in node:
        pointer = node["$ref"][1:]
        node = resolve(load(), pointer)
    verdict: bool = validators()[f"#{pointer}"].is_valid(value)
    return verdict


def response_schema(operation: str, status: int) -> str | None:
    """The pointer of the schema of an answer, None for one without a body."""
    pointer = f"{places()[operation]}/responses/{status}"
    node = resolve(load(), pointer)
    if "$ref" in node:
        pointer = node["$ref"][1:]
        node = resolve(load(), pointer)
    return f"{pointer}/content/application~1json/schema" if "content" in node else None


@dataclass(frozen=True)
class Sender:
    """Sends one request after the other and judges each by the spec."""

    client: httpx.Client

    def __call__(self, operation: str, status: int, body: Any = None, **path: Any) -> Any:
        _, _, rest = places()[operation].partition("/paths/")
        template, _, method = rest.rpartition("/")
        url = template.replace("~1", "/").replace("~0", "~").format_map(path)
        content = {} if method in ("get", "delete") else {"json": body}
        for _ in range(TRIES):
            answer = self.client.request(method.upper(), f".{url}", **content)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            # The database of a real server is briefly locked, by its background tasks too.
            time.sleep(0.5)
        assert answer.status_code == status, (operation, body, answer.status_code, answer.text)
        schema = response_schema(operation, status)
        if schema is None:
            assert answer.content == b""
            return None
        assert valid(schema, answer.json()), (operation, answer.text)
        request = f"{places()[operation]}/requestBody/content/application~1json/schema"
        if method in ("post", "patch"):
            is_refusal = status == 422 and "exception_detail" in answer.json()
            assert valid(request, body) is not is_refusal, (operation, body)
        return answer.json()


@pytest.fixture
def send(server: str) -> Sender:
    # No connection is kept: a real server closes it after a 500.
    limits = httpx.Limits(max_keepalive_connections=0)
    return Sender(httpx.Client(base_url=f"{server}/", timeout=30, limits=limits))


@pytest.fixture
def name() -> str:
    return f"supporting-{uuid.uuid4().hex[:12]}"


def each(*bodies: Any) -> tuple[Any, ...]:
    """Bodies of whatever type."""
    return bodies


def detail(answer: Any) -> str:
    text: str = answer["detail"]
    return text


def faults(answer: Any) -> list[tuple[str, list[Any]]]:
    return [(fault["type"], fault["loc"]) for fault in answer["exception_detail"]]


def test_server(send: Sender) -> None:
    assert send("health_check", 200) is True
    assert send("server_version", 200) == "0.8.4"
    assert send("hello", 200) == "\N{WAVING HAND SIGN}"
    send("read_version", 200)
    send("read_settings", 200)
    without = send.client.get("./csrf-token")
    assert without.status_code == 422
    assert faults(without.json()) == [("missing", ["query", "client"])]
    disabled = send.client.get("./csrf-token", params={"client": "x"})
    assert (disabled.status_code, detail(disabled.json())) == (422, "CSRF protection is disabled.")


def test_version_header(send: Sender) -> None:
    old = {"x-prefect-api-version": "0.7.9"}
    for path in ("hello", "admin/version", "csrf-token?client=x", "work_pools/nope"):
        assert send.client.get(f"./{path}", headers=old).status_code == 400
    for path in ("health", "version"):
        assert send.client.get(f"./{path}", headers=old).status_code == 200


def test_validate_schema(send: Sender) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    check = functools.partial(send, "validate_obj")
    assert check(200, {"schema": {}, "values": {}, "more": 1}) == {"errors": [], "valid": True}
    assert check(200, {"schema": schema, "values": {"a": "x"}}) == {
        "errors": [{"property": "a", "errors": ["'x' is not of type 'integer'"]}],
        "valid": False,
    }
    assert check(200, {"schema": schema, "values": {}})["valid"] is False
    assert faults(check(422, {})) == [
        ("missing", ["body", "schema"]),
        ("missing", ["body", "values"]),
    ]
    check(422, {"schema": [], "values": {}})
    assert detail(check(422, {"schema": {"type": "foo"}, "values": {}})).startswith(
        "Invalid schema"
    )


def test_flows(send: Sender, name: str) -> None:
    flow = send("create_flow", 201, {"name": name, "tags": ["b", "a", "b"], "labels": {"n": 1.5}})
    assert flow["tags"] == ["b", "a", "b"]
    assert send("create_flow", 200, {"name": name, "tags": ["x"]}) == flow
    assert send("read_flow", 200, id=flow["id"]) == flow
    assert send("read_flow_by_name", 200, name=name) == flow
    for body in each(
        {}, {"name": "a/b"}, {"name": ""}, {"name": None}, {"name": name, "more": 1}, []
    ):
        send("create_flow", 422, body)
    send("create_flow", 422, {"name": name, "tags": None})
    send("create_flow", 422, {"name": name, "labels": {"a": {}}})
    for body in each({"tags": None}, {"name": name}, {"tags": [1]}, [], None):
        send("update_flow", 422, body, id=flow["id"])
    send("update_flow", 204, {"tags": ["new"]}, id=flow["id"])
    send("update_flow", 204, {}, id=flow["id"])
    assert send("read_flow", 200, id=flow["id"])["tags"] == ["new"]
    mine = {"flows": {"name": {"any_": [name]}}}
    assert [row["id"] for row in send("read_flows", 200, mine)] == [flow["id"]]
    assert send("count_flows", 200, mine) == 1
    page = send("paginate_flows", 200, {**mine, "limit": 1, "page": 2})
    assert (page["results"], page["count"], page["pages"], page["page"]) == ([], 1, 1, 2)
    send("delete_flow", 204, id=flow["id"])
    for operation in ("delete_flow", "read_flow"):
        assert detail(send(operation, 404, id=flow["id"])) == "Flow not found"
    assert detail(send("update_flow", 404, {}, id=flow["id"])) == "Flow not found"
    assert detail(send("read_flow_by_name", 404, name=name)) == "Flow not found"
    assert detail(send("read_flow", 404, id="zz")) == "Not Found"


QUERIES = [
    ("read_flows", ["limit", "offset", "flows", "flow_runs", "task_runs", "deployments",
                    "work_pools", "sort"]),
    ("paginate_flows", ["limit", "page", "flows", "flow_runs", "task_runs", "deployments",
                        "work_pools", "sort"]),
    ("count_flows", ["flows", "flow_runs", "task_runs", "deployments", "work_pools"]),
    ("read_flow_runs", ["limit", "sort", "offset", "flows", "flow_runs", "task_runs",
                        "deployments", "work_pools", "work_pool_queues"]),
    ("paginate_flow_runs", ["limit", "sort", "page", "flows", "flow_runs", "task_runs",
                            "deployments", "work_pools", "work_pool_queues"]),
    ("count_flow_runs", ["flows", "flow_runs", "task_runs", "deployments", "work_pools",
                         "work_pool_queues"]),
    ("read_task_runs", ["limit", "sort", "offset", "flows", "flow_runs", "task_runs",
                        "deployments"]),
    ("count_task_runs", ["flows", "flow_runs", "task_runs", "deployments"]),
    ("paginate_task_runs", ["limit", "sort", "page", "flows", "flow_runs", "task_runs",
                            "deployments"]),
    ("average_flow_run_lateness", ["flows", "flow_runs", "task_runs", "deployments",
                                   "work_pools", "work_pool_queues"]),
    ("read_saved_searches", ["limit", "offset"]),
    ("read_concurrency_limits", ["limit", "offset"]),
    ("read_work_pools", ["limit", "work_pools", "offset"]),
    ("count_work_pools", ["work_pools"]),
    ("read_work_queues", ["limit", "offset", "work_queues"]),
    ("read_variables", ["limit", "offset", "variables", "sort"]),
    ("count_variables", ["variables"]),
    ("read_all_concurrency_limits_v2", ["limit", "offset"]),
    ("read_block_schemas", ["limit", "block_schemas", "offset"]),
    ("read_logs", ["limit", "offset", "logs", "sort"]),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "fields"), QUERIES)
def test_query_bodies(send: Sender, operation: str, fields: list[str]) -> None:
    ask = functools.partial(send, operation)
    for body in each({}, None, {"more": 1}, dict.fromkeys(fields)):
        ask(200, body)
    assert faults(ask(422, [])) == [("missing", ["body", field]) for field in fields]
    if "limit" in fields:
        ask(200, {"limit": 0})
        ask(200, {"limit": 200})
        assert detail(ask_detail(send, operation, {"limit": 201})).endswith("equal to 200.")
        assert detail(ask_detail(send, operation, {"limit": -1})).endswith("equal to 0.")
    if "offset" in fields:
        assert faults(ask(422, {"offset": -1})) == [("greater_than_equal", ["body", "offset"])]
    if "page" in fields:
        assert faults(ask(422, {"page": 0})) == [("greater_than_equal", ["body", "page"])]
    if "sort" in fields:
        assert faults(ask(422, {"sort": "x"})) == [("enum", ["body", "sort"])]
    for field in set(fields) - {"limit", "offset", "page", "sort"}:
        ask(200, {field: {}})
        assert faults(ask(422, {field: {"zz": 1}})) == [("extra_forbidden", ["body", field, "zz"])]
        assert faults(ask(422, {field: 5})) == [("model_attributes_type", ["body", field])]


def ask_detail(send: Sender, operation: str, body: Any) -> Any:
    """A limit out of bounds is refused by the spec and answered with a sentence."""
    request = f"{places()[operation]}/requestBody/content/application~1json/schema"
    assert not valid(request, body)
    url = f".{places()[operation].removeprefix('/paths/').rpartition('/')[0].replace('~1', '/')}"
    answer = send.client.post(url, json=body)
    assert answer.status_code == 422
    assert valid(response_schema(operation, 422) or "", answer.json())
    return answer.json()


@pytest.fixture
def runs(send: Sender, name: str) -> tuple[str, dict[str, str]]:
    """A flow, and its runs by their names: one done, one ten minutes late, two still to come."""
    flow = send("create_flow", 201, {"name": name})["id"]
    times = {"late": LATE, "soon": SOON, "later": LATER}
    made = {}
    for key, at in times.items():
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": at.isoformat()}}
        run = {"flow_id": flow, "name": key, "state": state}
        made[key] = send("create_flow_run", 201, run)["id"]
    done = {"flow_id": flow, "name": "done", "state": {"type": "COMPLETED"}}
    made["done"] = send("create_flow_run", 201, done)["id"]
    return flow, made


def test_figures_beside_flows(send: Sender, name: str, runs: tuple[str, dict[str, str]]) -> None:
    flow, made = runs
    ask = {"flow_ids": [flow, NOBODY, flow.upper()], "more": 1}
    assert send("count_deployments_by_flow", 200, ask) == {flow: 0, NOBODY: 0}
    send("create_deployment", 201, {"flow_id": flow, "name": name})
    assert send("count_deployments_by_flow", 200, ask) == {flow: 1, NOBODY: 0}
    following = send("next_runs_by_flow", 200, ask)
    assert following.keys() == {flow, NOBODY}
    assert following[NOBODY] is None
    assert following[flow] == {
        "id": made["late"],
        "flow_id": flow,
        "name": "late",
        "state_name": "Scheduled",
        "state_type": "SCHEDULED",
        "next_scheduled_start_time": LATE.isoformat().replace("+00:00", "Z"),
    }


def test_figures_beside_flow_runs(send: Sender, runs: tuple[str, dict[str, str]]) -> None:
    flow, made = runs
    run = made["done"]
    for key in ("a", "b"):
        task = {"flow_run_id": run, "task_key": key, "dynamic_key": "0"}
        inside = send("create_task_run", 201, task)["id"]
    ask = {"flow_run_ids": [run, made["soon"], NOBODY, run]}
    counts = send("count_task_runs_by_flow_run", 200, ask)
    assert counts == {run: 2, made["soon"]: 0, NOBODY: 0}
    send("create_flow_run", 201, {"flow_id": flow, "parent_task_run_id": inside})
    assert send("count_task_runs_by_flow_run", 200, ask)[run] == 1


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        ("count_task_runs_by_flow_run", "flow_run_ids"),
        ("count_deployments_by_flow", "flow_ids"),
        ("next_runs_by_flow", "flow_ids"),
    ],
)
def test_ids_of_figures(send: Sender, operation: str, field: str) -> None:
    assert send(operation, 200, {field: []}) == {}
    assert len(send(operation, 200, {field: [NOBODY] * 300})) == 1
    for body in each({}, None, [], {field: None}):
        assert faults(send(operation, 422, body)) == [("missing", ["body", field])]
    assert faults(send(operation, 422, {field: "x"})) == [("list_type", ["body", field])]
    assert faults(send(operation, 422, {field: ["x"]})) == [("uuid_parsing", ["body", field, 0])]


def latest() -> float:
    """How late, in seconds, the run is at most that was ten minutes late when it was made."""
    return 600 + time.monotonic() - STARTED + 1


def test_points(send: Sender, runs: tuple[str, dict[str, str]]) -> None:
    flow, made = runs
    mine = {"flows": {"id": {"any_": [flow]}}}
    points = functools.partial(send, "read_flow_run_history")
    drawn = points(200, mine)
    assert [point["id"] for point in drawn] == [
        made[key] for key in ("later", "soon", "done", "late")
    ]
    by_id = {point["id"]: point for point in drawn}
    assert by_id[made["soon"]]["lateness"] == by_id[made["soon"]]["duration"] == 0
    assert 600 <= by_id[made["late"]]["lateness"] < latest()
    upwards = points(200, {**mine, "sort": "EXPECTED_START_TIME_ASC", "limit": 2, "offset": 1})
    assert [point["id"] for point in upwards] == [made["done"], made["soon"]]
    for body in each({"limit": -1}, {"limit": None, "offset": None, "sort": None}, {"limit": 1000}):
        assert points(200, {**mine, **body}) != []
    assert points(200, {**mine, "limit": 0}) == []
    assert faults(points(422, {"limit": 1001, "offset": -1})) == [
        ("less_than_equal", ["body", "limit"]),
        ("greater_than_equal", ["body", "offset"]),
    ]
    fields = ["sort", "limit", "offset", *FILTERS, "work_pools"]
    assert faults(points(422, [])) == [("missing", ["body", field]) for field in fields]


def test_lateness(send: Sender, runs: tuple[str, dict[str, str]]) -> None:
    flow, made = runs
    ask = functools.partial(send, "average_flow_run_lateness", 200)
    assert 150 <= ask({"flows": {"id": {"any_": [flow]}}}) < latest() / 4 + 1
    assert ask({"flow_runs": {"id": {"any_": [made["done"], made["soon"]]}}}) == 0
    assert ask({"flow_runs": {"id": {"any_": [NOBODY]}}}) is None


def test_flow_runs_over_time(send: Sender, runs: tuple[str, dict[str, str]]) -> None:
    flow, _ = runs
    mine = {"flows": {"id": {"any_": [flow]}}}
    hours = functools.partial(send, "flow_run_history")
    start = LATE.replace(tzinfo=timezone(timedelta(hours=2))) + timedelta(hours=2)
    times = {"history_start": start.isoformat(), "history_end": LATER.isoformat()}
    found = hours(200, {**mine, **times, "history_interval_seconds": 7200.5})
    assert [entry["interval_start"] for entry in found] == [
        (LATE + number * timedelta(seconds=7200.5)).isoformat().replace("+00:00", "Z")
        for number in range(len(found))
    ]
    assert found[0]["interval_end"] == found[1]["interval_start"]
    states = [
        [(row["state_name"], row["count_runs"]) for row in entry["states"]] for entry in found
    ]
    assert states == [[("Completed", 1), ("Scheduled", 2)], [], [("Scheduled", 1)]]
    late = found[0]["states"][1]
    assert 600 <= late["sum_estimated_lateness"] < latest()
    assert late["sum_estimated_run_time"] == 0
    queues = {**mine, **times, "history_interval_seconds": 9000, "work_queues": {}}
    assert [entry["states"] for entry in hours(200, queues)] == [[], [], []]


@pytest.mark.parametrize(
    ("operation", "more"),
    [("flow_run_history", ["work_pools", "work_queues"]), ("task_run_history", [])],
)
def test_stretches_of_time(send: Sender, operation: str, more: list[str]) -> None:
    ask = functools.partial(send, operation)
    required = ["history_start", "history_end", "history_interval_seconds"]
    times = {"history_start": 0, "history_end": "1970-01-02", "history_interval_seconds": 43200}
    assert [row["interval_end"] for row in ask_time(send, operation, times)] == [
        "1970-01-01T12:00:00Z",
        "1970-01-02T00:00:00Z",
    ]
    assert len(ask_time(send, operation, {**times, "history_interval_seconds": 1})) == 500
    assert ask_time(send, operation, {**times, "history_end": "1969-12-31"}) == []
    for body in each({}, None, dict.fromkeys(required)):
        assert faults(ask(422, body)) == [("missing", ["body", field]) for field in required]
    fields = [*required, *FILTERS, *more]
    assert faults(ask(422, [])) == [("missing", ["body", field]) for field in fields]
    for seconds in (0.5, -5):
        short = ask_detail(send, operation, {**times, "history_interval_seconds": seconds})
        assert detail(short) == "History interval must not be less than 1 second."
    wrong = {**times, "history_start": "x", "history_interval_seconds": "PT12H"}
    assert faults(ask(422, wrong)) == [
        ("value_error", ["body", "history_start"]),
        ("float_parsing", ["body", "history_interval_seconds"]),
    ]


def ask_time(send: Sender, operation: str, body: Any) -> Any:
    """What times the server reads besides those that the spec admits."""
    url = f".{places()[operation].removeprefix('/paths/').rpartition('/')[0].replace('~1', '/')}"
    answer = send.client.post(url, json=body)
    assert answer.status_code == 200
    return answer.json()


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


def test_variables(send: Sender, name: str) -> None:
    create = functools.partial(send, "create_variable")
    variable = create(201, {"name": name, "value": {"a": [1, None]}, "tags": ["b", "a", "b"]})
    assert (variable["value"], variable["tags"]) == ({"a": [1, None]}, ["b", "a", "b"])
    taken = detail(create(409, {"name": name, "value": 1}))
    assert taken == f"A variable with the name '{name}' already exists."
    for value in (None, "", "x" * 4998, 1.5, True, [1, "a"]):
        other = create(201, {"name": f"{name}-other", "value": value})
        assert other["value"] == value
        send("delete_variable", 204, id=other["id"])
    for body in each(
        {},
        {"name": name},
        {"name": "A", "value": 1},
        {"name": "a b", "value": 1},
        {"name": "x" * 256, "value": 1},
        {"name": 5, "value": 1},
        {"name": name, "value": "x" * 4999},
        {"name": name, "value": 1, "tags": None},
        {"name": name, "value": 1, "more": 1},
        [],
        None,
    ):
        create(422, body)
    send("update_variable", 204, {"value": None}, id=variable["id"])
    assert send("read_variable", 200, id=variable["id"])["value"] is None
    send("update_variable_by_name", 204, {"value": 5, "tags": []}, name=name)
    assert send("read_variable_by_name", 200, name=name)["value"] == 5
    for body in each({"name": None}, {"tags": None}):
        assert detail(send("update_variable", 409, body, id=variable["id"])).startswith(CONFLICT)
    for body in each({"name": "A B"}, {"more": 1}, [], None):
        send("update_variable", 422, body, id=variable["id"])
        send("update_variable_by_name", 422, body, name=name)
    mine = {"variables": {"name": {"like_": name.upper()}}}
    assert [row["id"] for row in send("read_variables", 200, mine)] == [variable["id"]]
    assert send("count_variables", 200, mine) == 1
    send("delete_variable_by_name", 204, name=name)
    for prefix in ("read", "update", "delete"):
        by_id = send(f"{prefix}_variable", 404, {}, id=variable["id"])
        by_name = send(f"{prefix}_variable_by_name", 404, {}, name=name)
        assert detail(by_id) == detail(by_name) == "Variable not found."


def test_concurrency_limits(send: Sender, name: str) -> None:
    create = functools.partial(send, "create_concurrency_limit_v2")
    limit = create(201, {"name": name, "limit": 2, "slot_decay_per_second": 0.5})
    assert (limit["active"], limit["avg_slot_occupancy_seconds"]) == (True, 2.0)
    assert detail(create(409, {"name": name, "limit": 2})).startswith(CONFLICT)
    for body in each(
        {},
        {"name": "a/b", "limit": 1},
        {"name": name, "limit": -1},
        {"name": name, "limit": 1.5},
        {"name": name, "limit": None},
        {"name": name, "limit": 1, "active_slots": -1},
        {"name": name, "limit": 1, "slot_decay_per_second": -1},
        {"name": name, "limit": 1, "avg_slot_occupancy_seconds": 3},
        [],
        None,
    ):
        create(422, body)
    by_id = send("read_concurrency_limit_v2", 200, id_or_name=limit["id"])
    assert by_id == send("read_concurrency_limit_v2", 200, id_or_name=name)
    assert send("read_concurrency_limit_v2", 200, id_or_name=limit["id"].upper()) == by_id
    update = functools.partial(send, "update_concurrency_limit_v2", id_or_name=name)
    update(204, {"limit": 5, "active": False})
    assert send("read_concurrency_limit_v2", 200, id_or_name=name)["limit"] == 5
    for field in ("limit", "active", "name", "slot_decay_per_second"):
        assert detail(update(409, {field: None})).startswith(CONFLICT)
    for body in each({"name": "a/b"}, {"limit": -1}, {"more": 1}, [], None):
        update(422, body)
    send("delete_concurrency_limit_v2", 204, id_or_name=limit["id"])
    for operation in ("read_concurrency_limit_v2", "delete_concurrency_limit_v2"):
        for key in (name, NOBODY):
            gone = detail(send(operation, 404, id_or_name=key))
            assert gone == "Concurrency Limit not found"
    assert detail(update(404, {})) == "Concurrency Limit not found"


def test_automations(send: Sender, name: str) -> None:
    flow = send("create_flow", 201, {"name": name})
    deployment = send("create_deployment", 201, {"name": "d", "flow_id": flow["id"]})["id"]
    resource = f"prefect.deployment.{deployment}"
    related = functools.partial(
        send, "read_automations_related_to_resource", 200, resource_id=resource
    )
    assert related() == []
    trigger = {"posture": "Reactive", "expect": ["a", "a"], "within": 60}
    run = {"type": "run-deployment", "source": "selected", "deployment_id": deployment}
    body = {"name": name, "trigger": trigger, "actions": [run]}
    create = functools.partial(send, "create_automation", 201)
    owned = create({**body, "actions": [{"type": "do-nothing"}], "owner_resource": resource})
    acting = create({**body, "description": "d", "tags": ["t"], "enabled": False})
    assert (acting["description"], acting["tags"], acting["enabled"]) == ("d", ["t"], False)
    assert acting["actions"] == [
        {**run, "parameters": None, "job_variables": None, "schedule_after": 0.0}
    ]
    kept = {key: value for key, value in acting["trigger"].items() if key != "id"}
    assert kept == {
        "type": "event",
        "match": {},
        "match_related": {},
        "after": [],
        "expect": ["a"],
        "for_each": [],
        "posture": "Reactive",
        "threshold": 1,
        "within": 60.0,
    }
    assert {row["id"] for row in related()} == {owned["id"], acting["id"]}
    compound = {"type": "compound", "triggers": [trigger], "within": None, "require": "all"}
    made = create({**body, "trigger": compound})
    assert send("read_automation", 200, id=made["id"]) == made
    for fault in each({}, {**body, "more": 1}, {**body, "trigger": {}}, [], None):
        send("create_automation", 422, fault)
    assert send("delete_automations_owned_by_resource", 202, resource_id=resource) is None
    assert {row["id"] for row in related()} == {acting["id"], made["id"]}
    send("delete_automation", 204, id=made["id"])
    for operation in ("read_automation", "delete_automation"):
        gone = send(operation, 404, id=made["id"])
        assert gone == {"exception_message": "Automation not found"}


def test_blocks(send: Sender, name: str) -> None:
    kind = send("create_block_type", 201, {"name": name, "slug": name, "description": "d"})
    taken = detail(send("create_block_type", 409, {"name": name, "slug": name}))
    assert taken == f'Block type with name "{name}" already exists'
    reserved = detail(send("create_block_type", 403, {"name": "Prefect X", "slug": "x"}))
    assert reserved == "Block type names beginning with 'Prefect' are reserved."
    for body in each({}, {"name": "a/b", "slug": "x"}, {"name": "a", "slug": "A b"}, [], None):
        send("create_block_type", 422, body)
    assert send("read_block_type_by_slug", 200, slug=name) == kind
    send("update_block_type", 204, {"description": "e"}, id=kind["id"])
    assert send("read_block_type_by_id", 200, id=kind["id"])["description"] == "e"
    fields = {"type": "object", "properties": {"p": {}, "s": {}}, "secret_fields": ["s"]}
    body = {"block_type_id": kind["id"], "fields": fields, "capabilities": ["b", "a"]}
    schema = send("create_block_schema", 201, {**body, "version": "1"})
    assert schema["fields"] == {**fields, "block_schema_references": {}}
    assert send("create_block_schema", 200, {**body, "version": "1"}) == schema
    later = send("create_block_schema", 201, body)
    assert (later["version"], later["checksum"]) == ("non-versioned", schema["checksum"])
    missing = detail(send("create_block_schema", 404, {"block_type_id": NOBODY}))
    assert missing == f"Block type {NOBODY} not found."
    mine = {"block_type_id": {"any_": [kind["id"]]}, "block_capabilities": {"all_": ["a"]}}
    rows = send("read_block_schemas", 200, {"block_schemas": mine})
    assert [row["id"] for row in rows] == [later["id"], schema["id"]]
    assert send("read_block_schemas", 200, {"block_schemas": mine, "offset": 2}) == []
    checksum = schema["checksum"]
    assert send("read_block_schema_by_checksum", 200, checksum=checksum)["id"] == later["id"]
    assert detail(send("read_block_schema_by_checksum", 404, checksum="x")).endswith("not found")
    _documents(send, name, schema, later)
    send("delete_block_type", 204, id=kind["id"])
    for operation in ("read_block_type_by_id", "delete_block_type"):
        assert detail(send(operation, 404, id=kind["id"])) == "Block type not found"
    assert detail(send("update_block_type", 404, {}, id=kind["id"])) == "Block type not found"
    assert detail(send("read_block_type_by_slug", 404, slug=name)) == "Block type not found"
    assert send("read_block_schemas", 200, {"block_schemas": mine}) == []


def _documents(send: Sender, name: str, schema: Any, later: Any) -> None:
    ids = {"block_schema_id": schema["id"], "block_type_id": schema["block_type_id"]}
    data = {"p": 1, "s": "hush"}
    block = send("create_block_document", 201, {**ids, "name": name, "data": data})
    assert block["data"] == {"p": 1, "s": "********"}
    assert (block["block_type_name"], block["is_anonymous"]) == (name, False)
    taken = send("create_block_document", 409, {**ids, "name": name, "data": {}})
    assert detail(taken) == "Block already exists"
    other = {**ids, "block_schema_id": NOBODY, "name": "x", "data": {}}
    assert detail(send("create_block_document", 409, other)).startswith(CONFLICT)
    for body in each({}, {**ids, "name": "A b"}, {**ids, "name": "x", "more": 1}, None):
        send("create_block_document", 422, body)
    anonymous = send("create_block_document", 201, {**ids, "data": {}, "is_anonymous": True})
    assert anonymous["name"].startswith("anonymous-")
    assert send("read_block_document_by_id", 200, id=block["id"]) == block
    path = {"slug": name, "block_document_name": name}
    assert send("read_block_document_by_name_for_block_type", 200, **path) == block
    rows = send("read_block_documents_for_block_type", 200, slug=name)
    assert [row["id"] for row in rows] == [block["id"]]

    def settings() -> Any:
        url = f"./block_documents/{block['id']}"
        return send.client.get(url, params={"include_secrets": True}).json()["data"]

    assert settings() == data
    change = functools.partial(send, "update_block_document_data", 204, id=block["id"])
    change({"data": {"p": 2}})
    assert settings() == {"p": 2, "s": "hush"}
    change({"data": {"p": 3}, "merge_existing_data": False})
    assert settings() == {"p": 3}
    change({"block_schema_id": later["id"]})
    send("update_block_document_data", 422, {"more": 1}, id=block["id"])
    flow = send("create_flow", 201, {"name": name})["id"]
    stored = {"name": "d", "flow_id": flow, "storage_document_id": block["id"]}
    deployment = send("create_deployment", 201, stored)["id"]
    send("delete_block_document", 204, id=block["id"])
    send("read_deployment", 404, id=deployment)
    for operation in ("read_block_document_by_id", "delete_block_document"):
        assert detail(send(operation, 404, id=block["id"])) == "Block document not found"
    gone = detail(send("update_block_document_data", 404, {}, id=block["id"]))
    assert gone == "Block document not found"
    unknown = send("read_block_document_by_name_for_block_type", 404, **path)
    assert detail(unknown) == "Block document not found"
    missing = send("read_block_documents_for_block_type", 404, slug=f"{name}-x")
    assert detail(missing) == "Block type not found"


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


def test_logs(send: Sender) -> None:
    run = str(uuid.uuid4())
    line = {"name": "l", "level": 20, "message": "m", "timestamp": "2026-01-02T00:00:00Z"}
    early = {**line, "level": 30, "timestamp": "2026-01-01T00:00:00Z"}
    send("create_logs", 201, [{**line, "flow_run_id": run}, {**early, "flow_run_id": run}])
    send("create_logs", 201, [])
    for body in each([{}], [{**line, "more": 1}], {}, None):
        send("create_logs", 422, body)

    def levels(*, sort: str = "TIMESTAMP_ASC", **more: Any) -> list[int]:
        body = {"logs": {"flow_run_id": {"any_": [run]}, **more}, "sort": sort}
        return [row["level"] for row in send("read_logs", 200, body)]

    assert levels() == [30, 20]
    assert levels(sort="TIMESTAMP_DESC") == [20, 30]
    assert levels(level={"ge_": 25}) == [30]
    assert levels(level={"le_": 25}, task_run_id={"is_null_": True}) == [20]
    assert levels(timestamp={"after_": "2026-01-02T00:00:00Z"}) == [20]
    assert levels(timestamp={"before_": "2026-01-01T00:00:00Z"}) == [30]
    for body in each({"logs": {"more": 1}}, {"sort": "X"}, {"offset": -1}, []):
        send("read_logs", 422, body)


def test_events(send: Sender) -> None:
    event = {
        "id": str(uuid.uuid4()),
        "occurred": "2026-01-01T00:00:00Z",
        "event": "acme.changed",
        "resource": {"prefect.resource.id": "acme.lake"},
    }
    send("create_events", 204, [event, {**event, "more": 1}])
    for body in each([{}], [{**event, "resource": {}}], [{**event, "related": [{}]}], {}, None):
        send("create_events", 422, body)
    for limit in (0, 1):
        assert len(send("read_events", 200, {"limit": limit, "more": 1})["events"]) <= limit
    for body in each({"limit": 51}, {"limit": -1}, {"filter": {"more": 1}}, []):
        send("read_events", 422, body)
    for token in ("", "x", "eA=="):
        answer = send.client.get("./events/filter/next", params={"page-token": token})
        assert (answer.status_code, answer.json()) == (403, {"detail": "Forbidden"})
