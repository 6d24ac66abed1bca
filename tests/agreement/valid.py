"""Requests that are in order, of every operation that has a body: what `invalid` breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.agreement import variety
from tests.agreement import world as words
from tests.agreement.queries import a_filter, filters, query
from tests.agreement.surroundings import TEMPLATES
from tests.agreement.wire import Request, ref

if TYPE_CHECKING:
    from random import Random

    from tests.agreement.world import World

KIND: Final = "invalid"
UNKNOWN: Final = "5f1e1d5c-0000-4000-8000-000000000000"
_NOT_PATCHED: Final = {"name", "flow_id", "labels", "work_pool_name", "work_queue_name"}

# In the order of ids or of names that hold ids, and more than fit into an answer.
_BY_ID: Final = {"/flow_runs/filter", "/task_runs/filter", "/v2/concurrency_limits/filter"}

Choice = tuple[str, str, Any]


def valid(rng: Random, world: World) -> Request:
    """A request that both accept, of any operation that has a body."""
    kind = rng.choices(["deployment", "query", "supporting"], [6, 4, 5])[0]
    if kind == "query":
        asked = query(rng, world)
        return Request(KIND, asked.method, asked.path, asked.body)
    choices = _of_deployments(rng, world) if kind == "deployment" else _of_others(rng, world)
    method, path, body = rng.choice(choices)
    # Neither what a list is ordered by, nor ties in it, is the matter here.
    is_list = path.endswith(("/filter", "/paginate"))
    return Request(KIND, method, path, body, unordered=is_list, rows_open=path in _BY_ID)


def _of_deployments(rng: Random, world: World) -> list[Choice]:
    deployment = ref(rng.choice(world.deployments))
    flow = ref(f"flow{rng.randrange(words.FLOWS)}")
    name = f"tmp {rng.randrange(4)}"
    run = {"name": "run tmp", "state": words.state(rng), "parameters": {"x": 1}, "tags": ["a"]}
    kept = words.deployment_body(rng, name, flow)
    # A placement that changes is the business of the state changes; here it may stay as it is.
    changed = {key: value for key, value in kept.items() if key not in _NOT_PATCHED}
    planned = variety.schedule(rng) if rng.random() < 0.5 else words.schedule(rng)
    plan = {"start_time": words.MOMENTS[1], "end_time": words.MOMENTS[0], "max_runs": 3}
    poll = {"deployment_ids": [UNKNOWN], "scheduled_before": words.MOMENTS[1], "limit": 3}
    return [
        ("POST", "/deployments/", kept),
        ("POST", "/deployments/", kept),
        ("PATCH", f"/deployments/{deployment}", changed),
        ("PATCH", f"/deployments/{deployment}", changed),
        ("POST", f"/deployments/{deployment}/create_flow_run", run),
        ("POST", f"/deployments/{deployment}/create_flow_run/bulk", [run]),
        ("POST", f"/deployments/{deployment}/schedules", [planned]),
        ("PATCH", f"/deployments/{deployment}/schedules/{UNKNOWN}", planned),
        ("POST", f"/deployments/{deployment}/schedule", plan),
        ("POST", "/deployments/get_scheduled_flow_runs", poll),
    ]


def _of_others(rng: Random, world: World) -> list[Choice]:
    run, task = ref(rng.choice(world.keys("run"))), ref(rng.choice(world.keys("task")))
    flow = ref(f"flow{rng.randrange(words.FLOWS)}")
    pool, number = rng.choice(words.POOLS), rng.randrange(4)
    tagged = {"tags": words.some(rng, words.TAGS), "labels": {"a": 1, "b": True}}
    page = {**filters(rng, world), "limit": 3, "offset": 0}
    sort = rng.choice(["NAME_ASC", "NAME_DESC", "CREATED_DESC", "ID_DESC", "START_TIME_ASC"])
    queue = {"name": f"tmp {number}", "priority": 1 + number, "is_paused": False, "description": ""}
    limit = {"name": f"tmp {number}", "limit": 2, "active": True, "slot_decay_per_second": 0.5}
    variable = {"name": f"tmp_{number}", "value": {"a": [1]}, "tags": ["a"]}
    pools = {"work_pools": a_filter(rng, world, "work_pools"), "limit": 5, "offset": 0}
    made_run = {
        "flow_id": flow,
        "name": "tmp",
        "state": words.state(rng),
        "parameters": {},
        **tagged,
    }
    made_task = {
        "flow_run_id": run,
        "task_key": "t",
        "dynamic_key": f"tmp {number}",
        "name": "tmp",
        "state": words.state(rng),
        "task_inputs": {"x": [{"input_type": "constant", "type": "a"}]},
    }
    template = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
    return [
        ("POST", "/flows/", {"name": f"tmp {number}", **tagged}),
        ("PATCH", f"/flows/{flow}", {"tags": tagged["tags"]}),
        *(("POST", f"/{kind}/filter", {**page, "sort": sort}) for kind in ("flows", "task_runs")),
        ("POST", "/flow_runs/filter", {**page, "sort": "END_TIME_DESC"}),
        ("POST", "/flows/paginate", {**filters(rng, world), "limit": 200, "page": 1}),
        *(("POST", f"/{kind}/count", filters(rng, world)) for kind in ("flows", "flow_runs")),
        ("POST", "/task_runs/count", filters(rng, world)),
        ("POST", "/flow_runs/", made_run),
        ("PATCH", f"/flow_runs/{run}", {"name": "tmp", "tags": ["a"], "parameters": {"x": 1}}),
        ("POST", f"/flow_runs/{run}/set_state", {"state": words.state(rng), "force": True}),
        ("POST", "/task_runs/", made_task),
        ("POST", f"/task_runs/{task}", {"tags": []}),
        ("POST", "/work_pools/", {"name": f"tmp {number}", "type": "process", "is_paused": True}),
        ("PATCH", f"/work_pools/tmp {number}", {"description": "a", "concurrency_limit": 4}),
        ("PATCH", f"/work_pools/tmp {number}", {"base_job_template": rng.choice(TEMPLATES)}),
        ("POST", "/work_pools/filter", pools),
        ("POST", "/work_pools/count", {"work_pools": pools["work_pools"]}),
        ("POST", f"/work_pools/{pool}/queues", queue),
        ("PATCH", f"/work_pools/{pool}/queues/tmp {number}", {"priority": 2, "is_paused": True}),
        ("POST", f"/work_pools/{pool}/queues/filter", {"limit": 200, "offset": 0}),
        ("POST", f"/work_pools/{pool}/workers/filter", {"limit": 5, "offset": 0}),
        ("POST", "/work_queues/", queue),
        ("POST", "/work_queues/filter", {"limit": 200, "offset": 0}),
        ("POST", "/variables/", variable),
        ("PATCH", f"/variables/name/tmp_{number}", {"value": 1, "tags": []}),
        ("POST", "/variables/filter", {"limit": 200, "offset": 0, "sort": "NAME_ASC"}),
        ("POST", "/variables/count", {"variables": {"name": {"like_": "tmp"}}}),
        ("POST", "/v2/concurrency_limits/", limit),
        ("PATCH", f"/v2/concurrency_limits/tmp {number}", {"limit": 3, "active": False}),
        ("POST", "/v2/concurrency_limits/filter", {"limit": 200, "offset": 0}),
        ("POST", "/ui/schemas/validate", {"json_schema": template, "values": {"x": 1}}),
    ]
