"""A real worker takes runs of deployments from the mock and brings them to their end."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.clients.driving import SETTINGS
from tests.real_server.process import prefect_python

if TYPE_CHECKING:
    from pathlib import Path

FLOWS = """
from prefect import flow, task

@task(tags=["few"])
def double(x):
    return 2 * x

@flow
def add(x: int = 1):
    return double(x)
"""
PATIENCE = 150


def worker(url: str, home: Path, pool: str) -> str:
    """Let a worker take what is due and end; what it says."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    environment = {**kept, **SETTINGS, "PREFECT_HOME": str(home), "PREFECT_API_URL": url}
    command = [str(prefect_python().parent / "prefect"), "worker", "start", "--run-once"]
    done = subprocess.run(
        [*command, "--pool", pool, "--type", "process"],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.proof
def test_a_run_of_a_deployment_with_a_limit_ends_well(mock_url: str, tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)
    step = {"prefect.deployments.steps.set_working_directory": {"directory": str(tmp_path)}}
    with httpx.Client(base_url=mock_url, timeout=30, trust_env=False) as client:

        def post(path: str, **body: Any) -> Any:
            answer = client.post(path, json=body)
            assert answer.is_success, answer.text
            return answer.json()

        post("/work_pools/", name="local", type="process")
        post("/v2/concurrency_limits/", name="tag:few", limit=1)
        deployment = post(
            "/deployments/",
            name="d",
            flow_id=post("/flows/", name="add")["id"],
            entrypoint="flows.py:add",
            pull_steps=[step],
            work_pool_name="local",
            concurrency_limit=1,
        )
        run = post(f"/deployments/{deployment['id']}/create_flow_run")
        said = worker(mock_url, tmp_path, "local")

        ended = client.get(f"/flow_runs/{run['id']}").json()
        assert ended["state_type"] == "COMPLETED", (ended["state"], said)
        assert ended["labels"]["prefect.worker.type"] == "process"
        limits = post("/v2/concurrency_limits/filter")
        assert {limit["active_slots"] for limit in limits} == {0}
