"""What flows' authors write: calls of Prefect's SDK, whose results are JSON.

Runs under the interpreter that has prefect, by `driver.py`. Each function takes the name of the
flow, which is this run's own, and returns what it was told.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import (
    DeploymentScheduleCreate,
    DeploymentUpdate,
    WorkPoolCreate,
    WorkPoolUpdate,
)
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    DeploymentFilterTags,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterDeploymentId,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule
from prefect.client.schemas.sorting import DeploymentSort
from prefect.deployments import run_deployment
from prefect.events import DeploymentEventTrigger
from prefect.exceptions import PrefectHTTPStatusError
from prefect.filesystems import LocalFileSystem
from prefect.flows import load_flow_from_entrypoint
from prefect.runner import Runner
from prefect.schedules import Cron, Interval
from prefect.states import Cancelled, Completed, Pending, Running, Scheduled
from prefect.variables import Variable

NOBODY = "00000000-0000-0000-0000-000000000000"
ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)

SOURCE = '''
from prefect import flow, task


@flow(name="{name}", description="Adds.", version="7")
def add(x: int = 1, y: str = "a") -> int:
    """Add."""
    return x
'''


def dumped(model: Any) -> Any:
    """What a model of the SDK holds, as JSON."""
    if isinstance(model, list):
        return [dumped(item) for item in model]
    return model.model_dump(mode="json") if hasattr(model, "model_dump") else model


def refused(call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """The status and the text of a refusal."""
    try:
        call(*arguments, **options)
    except PrefectHTTPStatusError as error:
        return [type(error).__name__, error.response.status_code, error.response.json()]
    except Exception as error:  # noqa: BLE001 - which one is what we want to know
        return [type(error).__name__, str(error)]
    return "not refused"


def sync_client(name: str) -> Any:
    """All deployment operations by the synchronous client."""
    told = []
    with get_client(sync_client=True) as client:
        told += [client.api_healthcheck() is None, client.hello().json(), str(client.api_version())]
        flow_id = client.create_flow_from_name(name)
        told.append(dumped(client.read_flow(flow_id)))
        told.append(dumped(client.read_flow_by_name(name)))
        made = client.create_deployment(
            flow_id,
            "sync",
            schedules=[
                DeploymentScheduleCreate(
                    schedule=IntervalSchedule(interval=timedelta(hours=1), anchor_date=ANCHOR),
                    slug="hourly",
                ),
                DeploymentScheduleCreate(schedule=CronSchedule(cron="0 0 * * *"), active=False),
            ],
            tags=["b", "a"],
            parameters={"x": 1},
            description="d",
            version="1",
            path=".",
            entrypoint="a.py:f",
            parameter_openapi_schema={"type": "object", "properties": {"x": {"type": "integer"}}},
            enforce_parameter_schema=True,
            concurrency_limit=2,
            job_variables={"a": 1},
            pull_steps=[{"step": {"a": 1}}],
        )
        told.append(dumped(client.read_deployment(made)))
        told.append(dumped(client.read_deployment_by_name(f"{name}/sync")))
        client.update_deployment(
            made, DeploymentUpdate(tags=["c"], parameters={"x": 2}, version="2")
        )
        client.pause_deployment(made)
        told.append(dumped(client.read_deployment(made)))
        client.resume_deployment(made)
        mine = FlowFilter(name=FlowFilterName(any_=[name]))
        told.append(dumped(client.read_deployments(flow_filter=mine)))
        (rrule,) = client.create_deployment_schedules(
            made, [(RRuleSchedule(rrule="FREQ=DAILY"), True)]
        )
        told.append(dumped(rrule))
        client.update_deployment_schedule(made, rrule.id, active=False)
        client.update_deployment_schedule(
            made, rrule.id, schedule=CronSchedule(cron="1 1 * * *", timezone="UTC")
        )
        told.append(dumped(client.read_deployment_schedules(made)))
        client.delete_deployment_schedule(made, rrule.id)
        run = client.create_flow_run_from_deployment(
            made,
            parameters={"x": 5},
            name="by-hand",
            tags=["z"],
            idempotency_key="key",
            job_variables={"b": 2},
            state=Scheduled(scheduled_time=ANCHOR),
        )
        told.append(dumped(run))
        told.append(dumped(client.read_flow_run(run.id)))
        again = client.create_flow_run_from_deployment(made, idempotency_key="key")
        told.append(again.id == run.id)
        due = client.get_scheduled_flow_runs_for_deployments([made], ANCHOR, limit=5)
        told.append(dumped(due))
        for state in (Pending(), Running(), Completed(message="done")):
            told.append(dumped(client.set_flow_run_state(run.id, state)))
        told.append(dumped(client.read_flow_run(run.id)))
        told.append(dumped(client.read_flow_runs(flow_filter=mine)))
        told.append(refused(client.create_flow_run_from_deployment, made, parameters={"x": "y"}))
        told.append(refused(client.create_flow_run_from_deployment, NOBODY))
        told.append(refused(client.read_deployment, NOBODY))
        told.append(refused(client.read_deployment, "nonsense"))
        told.append(refused(client.read_deployment_by_name, f"{name}/nope"))
        told.append(refused(client.delete_deployment_schedule, made, NOBODY))
        told.append(refused(client.update_deployment_schedule, made, NOBODY, active=True))
        told.append(refused(client.create_deployment, NOBODY, "orphan"))
        told.append(refused(client.create_deployment, flow_id, "x", work_pool_name="nope"))
        client.delete_deployment(made)
        told.append(refused(client.delete_deployment, made))
    return told


async def _async_client(name: str) -> Any:
    told = []
    async with get_client() as client:
        flow_id = await client.create_flow_from_name(name)
        told.append(await client.api_healthcheck() is None)
        pool = await client.create_work_pool(
            WorkPoolCreate(name=f"{name}-pool", type="process", base_job_template={})
        )
        told.append(dumped(pool))
        queue = await client.create_work_queue("fast", work_pool_name=pool.name, priority=1)
        told.append(dumped(queue))
        made = await client.create_deployment(
            flow_id,
            "async",
            work_pool_name=pool.name,
            work_queue_name="fast",
            concurrency_limit=1,
            concurrency_options={"collision_strategy": "CANCEL_NEW"},
        )
        told.append(dumped(await client.read_deployment(made)))
        told.append(
            dumped(
                await client.read_deployments(
                    deployment_filter=DeploymentFilter(
                        name=DeploymentFilterName(any_=["async"]),
                        tags=DeploymentFilterTags(is_null_=True),
                    ),
                    flow_filter=FlowFilter(name=FlowFilterName(any_=[name])),
                    sort=DeploymentSort.NAME_DESC,
                    limit=1,
                )
            )
        )
        (schedule,) = await client.create_deployment_schedules(
            made, [(IntervalSchedule(interval=timedelta(minutes=5), anchor_date=ANCHOR), True)]
        )
        await client.update_deployment_schedule(made, schedule.id, active=False)
        told.append(dumped(await client.read_deployment_schedules(made)))
        run = await client.create_flow_run_from_deployment(
            made, work_queue_name="fast", name="queued"
        )
        told.append(run.work_queue_name)
        told.append(
            dumped(
                await client.read_flow_runs(
                    flow_run_filter=FlowRunFilter(
                        deployment_id=FlowRunFilterDeploymentId(any_=[made])
                    )
                )
            )
        )
        await client.send_worker_heartbeat(pool.name, "worker-1", heartbeat_interval_seconds=30)
        told.append(dumped(await client.read_workers_for_work_pool(pool.name)))
        told.append(dumped(await client.read_work_pool(pool.name)))
        polled = await client.get_scheduled_flow_runs_for_work_pool(pool.name)
        told.append([dumped(item.flow_run)["id"] for item in polled])
        polled = await client.get_scheduled_flow_runs_for_work_pool(
            pool.name, work_queue_names=["default"]
        )
        told.append(dumped(polled))
        told.append([dumped(q) for q in await client.read_work_queues(work_pool_name=pool.name)])
        await client.update_work_pool(pool.name, WorkPoolUpdate(is_paused=True))
        told.append(dumped(await client.read_work_pools())[-1:] != [])
        told.append(dumped(await client.set_flow_run_state(run.id, Cancelled())))
        told.append(dumped(await client.read_flow_run(run.id)))
        told.append(await client.read_resource_related_automations(f"prefect.deployment.{made}"))
        await client.delete_resource_owned_automations(f"prefect.deployment.{made}")
        await client.delete_flow_run(run.id)
        await client.delete_deployment(made)
        await client.delete_work_pool(pool.name)
    return told


def async_client(name: str) -> Any:
    """The asynchronous client, with a work pool, its queue and a worker."""
    return asyncio.run(_async_client(name))


def variables(name: str) -> Any:
    """Variables."""
    key = name.replace("-", "_")
    told = [dumped(Variable.set(key, {"a": [1]}, tags=["t"]))]
    told.append(Variable.get(key))
    told.append(Variable.get(f"{key}_nope", default="none"))
    told.append(refused(Variable.set, key, 1))
    told.append(dumped(Variable.set(key, 2, overwrite=True)))
    told.append([Variable.unset(key), Variable.unset(key)])
    return told


def _add(name: str) -> Any:
    """A flow of this name, loaded from a file."""
    Path("flows.py").write_text(SOURCE.format(name=name))
    return flow.from_source(source=str(Path.cwd()), entrypoint="flows.py:add")


def _shown(name: str, deployment: str) -> Any:
    with get_client(sync_client=True) as client:
        return dumped(client.read_deployment_by_name(f"{name}/{deployment}"))


def deploy(name: str) -> Any:
    """`flow.deploy` to a work pool, twice."""
    pool = f"{name}-pool"
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
    options = {"work_pool_name": pool, "image": None, "build": False, "push": False}
    told = []
    told.append(refused(_add(name).deploy, "d", **{**options, "work_pool_name": f"{pool}-nope"}))
    made = _add(name).deploy(
        "d",
        **options,
        cron="0 0 * * *",
        tags=["t"],
        parameters={"x": 3},
        description="of a flow",
        job_variables={"env": {"A": "b"}},
        concurrency_limit=ConcurrencyLimitConfig(limit=3, collision_strategy="CANCEL_NEW"),
    )
    told.append(_shown(name, "d"))
    again = _add(name).deploy("d", **options, interval=60, paused=True, ignore_warnings=True)
    return [*told, made == again, _shown(name, "d")]


def apply(name: str) -> Any:
    """`to_deployment().apply()`, and what it makes."""
    deployment = _add(name).to_deployment(
        "applied",
        schedules=[
            Cron("0 0 * * *", timezone="Europe/Berlin", slug="nightly"),
            Interval(3600, anchor_date=ANCHOR, slug="hourly", active=False),
        ],
        parameters={"y": "z"},
        tags=["t"],
        version="3",
        concurrency_limit=5,
    )
    told = [deployment.apply() == deployment.apply(), _shown(name, "applied")]
    missing = _add(name).to_deployment("nowhere", work_pool_name=f"{name}-nope")
    return [*told, refused(missing.apply)]


def trigger(name: str) -> Any:
    """A deployment with a trigger: an automation that it owns."""
    deployment = _add(name).to_deployment(
        "triggered",
        triggers=[
            DeploymentEventTrigger(
                name=f"{name}-trigger", expect={"prefect.flow-run.Completed"}, parameters={"x": 1}
            )
        ],
    )
    made = deployment.apply()
    again = deployment.apply()
    with get_client(sync_client=True) as client:
        owned = client.request("GET", "/automations/related-to/{id}", path_params={"id": made})
    return [made == again, _shown(name, "triggered"), owned.json()]


def run(name: str) -> Any:
    """`run_deployment` without waiting for the run."""
    _add(name).to_deployment("d", work_pool_name=None).apply()
    later = datetime(2040, 1, 1, tzinfo=UTC)
    told = [
        dumped(run_deployment(f"{name}/d", timeout=0, flow_run_name="one")),
        dumped(
            run_deployment(
                f"{name}/d",
                parameters={"x": 9},
                scheduled_time=later,
                flow_run_name="two",
                timeout=0,
                tags=["t"],
                idempotency_key="k",
                job_variables={},
                as_subflow=False,
            )
        ),
        refused(run_deployment, f"{name}/nope", timeout=0),
        refused(run_deployment, f"{name}/d", parameters={"x": "nine"}, timeout=0),
    ]
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=[name])))
    return [*told, sorted(item.name for item in found)]


def tasks(name: str) -> Any:
    """A flow with tasks: what the server learns of these by the events that the client sends."""

    @task
    def extract(x: int) -> int:
        return x + 1

    @task
    def load(x: int) -> int:
        return x * 2

    @flow(name=name)
    def both() -> int:
        return load(extract(1))

    mine = FlowFilter(name=FlowFilterName(any_=[name]))
    told: list[Any] = [both()]
    with get_client(sync_client=True) as client:
        for _ in range(100):  # they are recorded in the background
            runs = client.read_task_runs(flow_filter=mine)
            if [run.state_name for run in runs] == ["Completed"] * 2:
                break
            time.sleep(0.1)
        (flow_run,) = client.read_flow_runs(flow_filter=mine)
        graph = client.request("GET", "/flow_runs/{id}/graph-v2", path_params={"id": flow_run.id})
    told += sorted(
        [run.name[:-4], run.task_key, run.state_name, run.run_count, run.flow_run_id == flow_run.id]
        for run in runs
    )
    told += [
        [node["kind"], node["label"][:-4], node["state_type"]] for _, node in graph.json()["nodes"]
    ]
    return told


def serve(name: str) -> Any:
    """`flow.serve` from start to end: it registers, polls, runs a due run, and is stopped."""
    Path("flows.py").write_text(SOURCE.format(name=name))
    served = load_flow_from_entrypoint("flows.py:add")

    async def main() -> list[Any]:
        runner = Runner(name="served", query_seconds=1, limit=1, pause_on_shutdown=True)
        deployment = await served.ato_deployment("served", interval=86400)
        await runner.aadd_deployment(deployment)
        starting = asyncio.create_task(runner.start())
        async with get_client() as client:
            made = await client.read_deployment_by_name(f"{name}/served")
            started = await client.create_flow_run_from_deployment(made.id, name="due")
            for _ in range(120):
                await asyncio.sleep(0.5)
                seen = await client.read_flow_run(started.id)
                if seen.state.is_final():
                    break
            status = (await client.read_deployment(made.id)).status
            await runner.stop()
            await asyncio.gather(starting, return_exceptions=True)
            paused = (await client.read_deployment(made.id)).paused
        return [seen.state.type, seen.state.name, seen.run_count, status, paused]

    return asyncio.run(main())


def blocks(name: str) -> Any:
    """A storage block: registered, saved, loaded, and named by a deployment."""
    block = LocalFileSystem(basepath="/srv")
    document = block.save(f"{name}-files", overwrite=True)
    loaded = LocalFileSystem.load(f"{name}-files")
    with get_client(sync_client=True) as client:
        flow_id = client.create_flow_from_name(name)
        made = client.create_deployment(flow_id, "stored", storage_document_id=document)
        told = [loaded.basepath, dumped(client.read_deployment(made))]
        told.append(refused(client.create_deployment, flow_id, "no", storage_document_id=NOBODY))
    block.save(f"{name}-files", overwrite=True)
    LocalFileSystem.delete(f"{name}-files")
    return [*told, refused(LocalFileSystem.load, f"{name}-files")]
