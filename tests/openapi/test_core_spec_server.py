"""What the document admits is accepted, and what it forbids is refused, on the mock and for real.

The cases stand at the edges of what the core request schemas say. Each is judged three times: by
the schema, by the mock and by a real server, and the three must agree. Where a released server
fails on what it should refuse (500), the case says so.
"""

import functools
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import jsonschema_rs
import pytest

from openapi import load
from openapi.json_schema import json_schema_view
from openapi.structure import escape, operations
from tests.real_server.process import PATIENCE

NOBODY = "00000000-0000-4000-8000-000000000000"
GOOD = (200, 201, 204)
INT64 = 2**63 - 1


@dataclass(frozen=True)
class Edge:
    """One property and values at the edges of what its schema says.

    Attributes:
        operation: The operation whose body holds the property.
        path: Where it stands in the body, with blanks between.
        good: Values that are admitted.
        bad: Values that are forbidden.
        fails: Values that are forbidden and that a released server answers with 500.
        stored: The status of a value that meets the schema and not what is stored.
        base: What else stands in the body.
    """

    operation: str
    path: str
    good: tuple[Any, ...] = ()
    bad: tuple[Any, ...] = ()
    fails: tuple[Any, ...] = ()
    stored: tuple[int, ...] = ()
    base: Any = field(default_factory=dict)

    def body(self, value: Any) -> Any:
        """The body with that value in its place."""
        made: Any = value
        for token in reversed(self.path.split()):
            made = [made] if token == "0" else {token: made}
        return merged(self.base, made)


def merged(base: Any, made: Any) -> Any:
    if isinstance(base, dict) and isinstance(made, dict):
        return {**base, **{key: merged(base.get(key), value) for key, value in made.items()}}
    if isinstance(base, list) and isinstance(made, list) and base and made:
        return [merged(base[0], made[0]), *base[1:]]
    return made


HOURLY = {"interval": 3600}
NAMES: dict[str, tuple[Any, ...]] = {
    "good": ("", " ", "ü", "a.b", "x" * 300),
    "fails": ("a/b", "a%b", "a&b", "a<b", "a>b"),
    "bad": (5, [], {}),
}
FLAGS: dict[str, tuple[Any, ...]] = {"good": (True, False), "bad": (2, "maybe", [], {})}
SLUGS: dict[str, tuple[Any, ...]] = {"good": (None, "", " ", "s"), "bad": (5, [])}
OBJECTS: dict[str, tuple[Any, ...]] = {"good": ({}, {"a": {"b": [1, None]}}), "bad": (5, "x", [])}
RUNS: dict[str, tuple[Any, ...]] = {"good": (None, 1, 50), "bad": (0, -1, 51, 1.5, "x")}
LISTS: dict[str, tuple[Any, ...]] = {
    "good": ([], ["a"], ["a", "a"]),
    "bad": (None, "a", [5], [None], {}),
}
TIMES: dict[str, tuple[Any, ...]] = {
    "good": ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123456+02:00"),
    "bad": ("tomorrow", [], {}),
}
IDS: dict[str, tuple[Any, ...]] = {"good": (NOBODY,), "bad": ("zz", 5, [], {})}
SPANS: tuple[Any, ...] = (1, 0.5, 0.0000005, 86399999999999, "PT1H", "P1W", "P1Y2M3DT4H5M6S")
NO_SPANS: tuple[Any, ...] = (0, -1, 1e-7, 86400000000000, "PT0S", "", "x", "PT", None, [], {})


def schedules(operation: str, where: str, **how: Any) -> list[Edge]:
    """The edges of a schedule that stands somewhere in a body."""
    at = f"{where} schedule"
    return [
        Edge(operation, f"{at} interval", good=SPANS, bad=NO_SPANS, **how),
        Edge(operation, at, good=({**HOURLY, "timezone": None},), **how),
        Edge(operation, at, good=({**HOURLY, "timezone": "Europe/Berlin"},), **how),
        Edge(operation, at, good=({"cron": "0 0 * * *", "day_or": False},), **how),
        Edge(operation, at, good=({"cron": "@daily", "timezone": None},), **how),
        Edge(operation, at, good=({"rrule": "FREQ=DAILY"},), **how),
        Edge(operation, at, good=({"rrule": "FREQ=DAILY", "timezone": None},), **how),
        Edge(operation, at, bad=("x", 5, [], {}, {"cron": 5}, {"rrule": None}), **how),
        Edge(operation, at, bad=({**HOURLY, "cron": "0 0 * * *"}, {**HOURLY, "x": 1}), **how),
        Edge(operation, at, bad=({**HOURLY, "anchor_date": None},), **how),
        Edge(operation, at, bad=({"cron": "0 0 * * *", "day_or": None},), **how),
        Edge(operation, f"{at} anchor_date", **TIMES, base=deepened(where, HOURLY, how)),
        Edge(operation, f"{where} max_scheduled_runs", **RUNS, base=deepened(where, HOURLY, how)),
        Edge(operation, f"{where} slug", **SLUGS, base=deepened(where, HOURLY, how)),
        Edge(operation, f"{where} replaces", **SLUGS, base=deepened(where, HOURLY, how)),
        Edge(operation, f"{where} parameters", **OBJECTS, base=deepened(where, HOURLY, how)),
        Edge(operation, f"{where} zzz", bad=(1,), base=deepened(where, HOURLY, how)),
    ]


def deepened(where: str, schedule: dict[str, Any], how: dict[str, Any]) -> Any:
    """The rest of a body that has that schedule at that place."""
    return merged(how.get("base", {}), Edge("", where).body({"schedule": schedule}))


FLOW = {"name": "edge", "flow_id": "FLOW"}
# A page of nothing: rows are what a real server's time goes to.
NONE = {"deployments": {"id": {"any_": []}}}
CREATE, UPDATE, RUN = "create_deployment", "update_deployment", "create_flow_run_from_deployment"
ADD, CHANGE = "create_deployment_schedules", "update_deployment_schedule"
COUNT, LIST, PAGE = "count_deployments", "read_deployments", "paginate_deployments"
POLL, SCHEDULE = "get_scheduled_flow_runs_for_deployments", "schedule_deployment"

EDGES = [
    Edge(CREATE, "name", **NAMES, base=FLOW),
    Edge(CREATE, "flow_id", good=(NOBODY,), stored=(409,), bad=("zz", None), base=FLOW),
    Edge(CREATE, "paused", **FLAGS, base=FLOW),
    Edge(CREATE, "schedules", good=([],), bad=(None, {}, "x", [5]), base=FLOW),
    *schedules(CREATE, "schedules 0", base=FLOW),
    Edge(CREATE, "schedules 0 active", **FLAGS, base={**FLOW, "schedules": [{"schedule": HOURLY}]}),
    Edge(CREATE, "concurrency_limit", good=(None, 1, INT64), bad=(0, -1, 1.5, "x"), base=FLOW),
    Edge(CREATE, "concurrency_limit", fails=(INT64 + 1,), base=FLOW),
    Edge(CREATE, "concurrency_options", good=(None,), bad=({}, 5, "ENQUEUE"), base=FLOW),
    Edge(
        CREATE,
        "concurrency_options grace_period_seconds",
        good=(None, 60, 86400),
        bad=(59, 86401, 60.5, "x"),
        base={**FLOW, "concurrency_options": {"collision_strategy": "ENQUEUE"}},
    ),
    Edge(
        CREATE,
        "concurrency_options collision_strategy",
        good=("ENQUEUE", "CANCEL_NEW"),
        bad=("enqueue", None, ""),
        base=FLOW,
    ),
    Edge(
        CREATE,
        "concurrency_options x",
        good=(1,),
        base={**FLOW, "concurrency_options": {"collision_strategy": "ENQUEUE"}},
    ),
    Edge(CREATE, "global_concurrency_limit_id", **IDS, stored=(404,), base=FLOW),
    Edge(CREATE, "enforce_parameter_schema", **FLAGS, base=FLOW),
    Edge(CREATE, "parameter_openapi_schema", good=(None, {}), bad=(5, "x", []), base=FLOW),
    Edge(CREATE, "parameters", **OBJECTS, base=FLOW),
    Edge(CREATE, "parameters", bad=(None,), base=FLOW),
    Edge(CREATE, "tags", **LISTS, base=FLOW),
    Edge(CREATE, "labels", good=(None, {}, {"a": 1, "b": 0.5, "c": "x", "d": True}), base=FLOW),
    Edge(CREATE, "labels", bad=({"a": None}, {"a": []}, {"a": {}}, 5, []), base=FLOW),
    Edge(CREATE, "pull_steps", good=(None, [], [{"a": 1}]), bad=([5], {}, "x"), base=FLOW),
    Edge(CREATE, "work_queue_name", **NAMES, base=FLOW),
    Edge(CREATE, "work_pool_name", good=(None, ""), bad=(5, []), base=FLOW),
    Edge(CREATE, "work_pool_name", good=("no such pool",), stored=(404,), base=FLOW),
    Edge(CREATE, "storage_document_id", **IDS, stored=(409,), base=FLOW),
    Edge(CREATE, "infrastructure_document_id", **IDS, stored=(409,), base=FLOW),
    *(
        Edge(CREATE, key, good=(None, "", "x"), bad=(5, [], {}), base=FLOW)
        for key in ("description", "path", "version", "entrypoint")
    ),
    Edge(CREATE, "job_variables", **OBJECTS, base=FLOW),
    Edge(CREATE, "version_info", good=(None, {"type": "t", "version": "v", "x": 1}), base=FLOW),
    Edge(CREATE, "version_info", bad=({}, {"type": "t"}, {"type": 5, "version": "v"}), base=FLOW),
    Edge(CREATE, "zzz", bad=(1, None), base=FLOW),
    Edge(CREATE, "", bad=({}, {"name": "x"}, {"flow_id": NOBODY})),
    Edge(CREATE, "", fails=([], "x", 5, True)),
    *(
        Edge(UPDATE, key, good=(None, "", "x"), bad=(5, [], {}))
        for key in ("version", "description", "path", "entrypoint")
    ),
    Edge(UPDATE, "paused", **FLAGS),
    Edge(UPDATE, "paused", bad=(None,)),
    Edge(UPDATE, "concurrency_limit", good=(None, 1, INT64), bad=(0, -1), fails=(INT64 + 1,)),
    Edge(UPDATE, "parameters", **OBJECTS),
    Edge(UPDATE, "parameters", good=(None,), stored=(409,)),
    Edge(UPDATE, "enforce_parameter_schema", good=(None,), stored=(409,), bad=("maybe",)),
    Edge(UPDATE, "tags", **LISTS),
    Edge(UPDATE, "work_queue_name", **NAMES),
    Edge(UPDATE, "job_variables", good=(None, {}), bad=([], "x")),
    Edge(UPDATE, "pull_steps", good=(None, [], [{}]), bad=([5], {})),
    Edge(UPDATE, "infrastructure_document_id", **IDS, stored=(409,)),
    Edge(UPDATE, "name", bad=("x",)),
    Edge(UPDATE, "flow_id", bad=(NOBODY,)),
    Edge(UPDATE, "labels", bad=({},)),
    Edge(UPDATE, "", good=({},), fails=([], "x", 5)),
    *schedules(UPDATE, "schedules 0"),
    Edge(UPDATE, "schedules 0", good=({}, {"active": None, "schedule": None}), bad=(5, None)),
    *schedules(ADD, "0", base=[{}]),
    Edge(ADD, "", good=([],), bad=({}, "x", [5], [{}], [{"schedule": None}])),
    *schedules(CHANGE, ""),
    Edge(CHANGE, "", good=({}, {"schedule": None, "active": None}), bad=([], 5, "x")),
    Edge(CHANGE, "parameters", bad=(None,)),
    Edge(RUN, "", good=({},), bad=([], 5, "x")),
    Edge(RUN, "state", good=(None, {"type": "SCHEDULED"}), bad=({}, 5, {"type": "scheduled"})),
    Edge(RUN, "state name", good=(None, "Late"), bad=(5,), base={"state": {"type": "FAILED"}}),
    Edge(RUN, "state zzz", bad=(1,), base={"state": {"type": "FAILED"}}),
    Edge(
        RUN,
        "state state_details",
        good=({}, {"zzz": 1}),
        bad=(None, 5),
        base={"state": {"type": "FAILED"}},
    ),
    Edge(RUN, "state state_details scheduled_time", **TIMES, base={"state": {"type": "SCHEDULED"}}),
    Edge(RUN, "name", good=(None, "", "x"), bad=(5, ["a"])),
    Edge(RUN, "parameters", **OBJECTS),
    Edge(RUN, "enforce_parameter_schema", good=(None, True), bad=("maybe",)),
    Edge(RUN, "context", **OBJECTS),
    Edge(RUN, "empirical_policy", good=({}, {"zzz": 1})),
    Edge(RUN, "empirical_policy retries", good=(None, 0, 3), bad=(1.5, "x")),
    Edge(RUN, "empirical_policy retry_delay_seconds", good=(0, 3, 3.0), bad=(1.5, "x")),
    Edge(RUN, "empirical_policy retry_type", good=(None, "in_process"), bad=("x", "")),
    Edge(RUN, "empirical_policy pause_keys", good=(None, [], ["a", "a"]), bad=("x", [5])),
    Edge(RUN, "tags", **LISTS),
    Edge(RUN, "labels", good=(None, {"a": 1}), bad=({"a": None}, [])),
    Edge(RUN, "idempotency_key", good=(None, "", "k"), bad=(5,)),
    Edge(RUN, "parent_task_run_id", **IDS, stored=(409,)),
    Edge(RUN, "work_queue_name", good=("q",), stored=(400,), bad=(5,)),
    Edge(RUN, "job_variables", good=(None, {}), bad=([], "x")),
    Edge(RUN, "zzz", bad=(1,)),
    *(
        edge
        for operation in (LIST, PAGE)
        for edge in (
            Edge(operation, "limit", good=(None, 0, 200), bad=(-1, 201, 1.5, "x", []), base=NONE),
            Edge(operation, "sort", good=(None, "NAME_ASC"), bad=("", "name_asc"), base=NONE),
            Edge(operation, "zzz", good=(1, None), base=NONE),
        )
    ),
    Edge(LIST, "offset", good=(None, 0, INT64), bad=(-1, "x"), fails=(INT64 + 1,), base=NONE),
    Edge(PAGE, "page", good=(None, 1, 10**15), bad=(0, -1, 1.5, "x"), base=NONE),
    Edge(COUNT, "", good=(None, {}), bad=([], 5, "x", True)),
    Edge(
        "bulk_delete_deployments",
        "limit",
        good=(1, 50),
        bad=(0, 51),
        base=NONE,
    ),
    Edge(POLL, "deployment_ids", good=([], [NOBODY]), bad=(None, ["zz"], "x")),
    Edge(POLL, "limit", good=(None, 0, 200), bad=(-1, 201), base={"deployment_ids": []}),
    Edge(POLL, "scheduled_before", **TIMES, base={"deployment_ids": []}),
    Edge(POLL, "", bad=(None, {}, [], 5)),
    Edge(SCHEDULE, "start_time", **TIMES),
    Edge(SCHEDULE, "end_time", **TIMES),
    Edge(SCHEDULE, "min_time", good=(None, -1, 0, 0.5), bad=("x", [])),
    Edge(SCHEDULE, "min_runs", good=(None, -1, 0), bad=(1.5, "x")),
    Edge(SCHEDULE, "max_runs", good=(None, 0), bad=(1.5, "x")),
]


@functools.cache
def validators() -> Any:
    view = json_schema_view(load())
    return jsonschema_rs.validator_map_for(view, validate_formats=True, offline=True)


@functools.cache
def routes() -> dict[str, tuple[str, str]]:
    return {op["operationId"]: (method, path) for path, method, op in operations(load())}


def admitted(operation: str, body: Any) -> bool:
    method, path = routes()[operation]
    at = f"#/paths/{escape(path)}/{method}/requestBody/content/application~1json/schema"
    verdict: bool = validators()[at].is_valid(body)
    return verdict


@pytest.fixture(scope="module")
def client(server: str) -> httpx.Client:
    # No connection is kept: a real server closes it after a 500.
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(base_url=server, timeout=PATIENCE, limits=limits)


@dataclass(frozen=True)
class Place:
    """Something to try the edges on."""

    client: httpx.Client
    flow: str
    deployments: dict[str, str] = field(default_factory=dict)

    def deployment(self) -> str:
        body = {"name": f"edges-{uuid.uuid4().hex}", "flow_id": self.flow}
        made: str = self.client.post("/deployments/", json=body).raise_for_status().json()["id"]
        return made

    def schedule(self, deployment: str) -> str:
        answer = self.client.post(
            f"/deployments/{deployment}/schedules", json=[{"schedule": HOURLY}]
        )
        made: str = answer.raise_for_status().json()[0]["id"]
        return made

    def send(self, edge: Edge, value: Any) -> int:
        """The status that a body with that value is answered with."""
        method, path = routes()[edge.operation]
        body = edge.body(value)
        if isinstance(body, dict) and body.get("flow_id") == "FLOW":
            body["flow_id"] = self.flow
        if "{id}" in path:
            # What an update does depends on the schedules that are there.
            deployment = self.deployment() if edge.operation == UPDATE else self.shared(edge)
            path = path.replace("{id}", deployment)
            if "{schedule_id}" in path:
                path = path.replace("{schedule_id}", self.schedule(deployment))
        return self.client.request(method.upper(), path, json=body).status_code

    def shared(self, edge: Edge) -> str:
        """A deployment for all values of an edge."""
        if edge.path not in self.deployments:
            self.deployments.clear()
            self.deployments[edge.path] = self.deployment()
        return self.deployments[edge.path]


@pytest.fixture(scope="module")
def place(client: httpx.Client) -> Place:
    flow = client.post("/flows/", json={"name": f"edges-{uuid.uuid4().hex}"})
    return Place(client, flow.raise_for_status().json()["id"])


def label(edge: Edge) -> str:
    return f"{edge.operation}-{edge.path.replace(' ', '.') or 'body'}"


@pytest.mark.parametrize("edge", EDGES, ids=label)
def test_the_schema_admits_what_is_good_and_forbids_what_is_bad(edge: Edge) -> None:
    filled = Edge(**{**vars_of(edge), "base": merged(edge.base, flow_filled(edge.base))})
    assert [value for value in edge.good if not admitted(edge.operation, filled.body(value))] == []
    refused = (*edge.bad, *edge.fails)
    assert [value for value in refused if admitted(edge.operation, filled.body(value))] == []


def vars_of(edge: Edge) -> dict[str, Any]:
    return {name: getattr(edge, name) for name in Edge.__dataclass_fields__}


def flow_filled(base: Any) -> Any:
    """The base with an id where the flow's is to stand."""
    return {"flow_id": NOBODY} if isinstance(base, dict) and "flow_id" in base else base


@pytest.mark.parametrize("edge", EDGES, ids=label)
def test_the_server_agrees(place: Place, edge: Edge, request: pytest.FixtureRequest) -> None:
    is_real = request.node.callspec.params["server"] == "real"
    expected = edge.stored or GOOD
    wrong = [(v, s) for v in edge.good if (s := place.send(edge, v)) not in expected]
    wrong += [(v, s) for v in edge.bad if (s := place.send(edge, v)) != 422]
    failing = (422, 500) if is_real else (422,)
    wrong += [(v, s) for v in edge.fails if (s := place.send(edge, v)) not in failing]
    assert wrong == []
