"""Our document against what a real server publishes, and each reviewed difference by a request."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema_rs
import pytest
from click.testing import CliRunner

from openapi import load
from openapi.cli import main
from openapi.drift_review import Reviewed, load_review
from openapi.structure import operations
from tests.real_server.process import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REVIEW = load_review()
NOBODY = "00000000-0000-4000-8000-000000000000"


def drift(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["drift", *arguments, "--format", "json"])
    assert result.exit_code == 0, result.output[-3000:]
    content: dict[str, Any] = json.loads(result.output)
    return content


def test_nothing_is_unexplained_on_a_real_server(real_server: str) -> None:
    told = drift(real_server)
    assert told["version"] == "3.8.8"
    assert told["behind"] == told["ahead"] == told["later"] == told["idle"] == []
    assert sum(len(entry["differences"]) for entry in told["reviewed"]) > 1000


def test_the_document_at_the_root_says_the_same(real_server: str) -> None:
    root = real_server.removesuffix("/api")
    assert drift(root)["reviewed"] == drift(real_server)["reviewed"]


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """A value with `$name` replaced wherever it stands."""
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(f"${name}", text)
        return value
    if isinstance(value, dict):
        return {key: filled(item, names) for key, item in value.items()}
    return [filled(item, names) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def client(real_server: str) -> Iterator[httpx.Client]:
    # No connection is kept: a real server closes it after a 500.
    limits = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(
        base_url=real_server, timeout=PATIENCE, limits=limits, trust_env=False
    ) as client:
        yield client


@pytest.fixture(scope="module")
def names(client: httpx.Client) -> dict[str, str]:
    """What the requests of all entries are about."""
    mark = uuid.uuid4().hex
    flow = client.post("/flows/", json={"name": mark}).raise_for_status().json()["id"]
    body = {"name": mark, "flow_id": flow}
    deployment = client.post("/deployments/", json=body).raise_for_status().json()["id"]
    schedules = client.post(
        f"/deployments/{deployment}/schedules", json=[{"schedule": {"cron": "0 0 * * *"}}]
    )
    client.post("/work_pools/", json={"name": mark, "type": "process"}).raise_for_status()
    return {
        "flow": flow,
        "deployment": deployment,
        "schedule": schedules.raise_for_status().json()[0]["id"],
        "pool": mark,
        "nobody": NOBODY,
        "long": "x" * 5001,
    }


@pytest.mark.parametrize(
    "entry", [entry for entry in REVIEW if entry.proof], ids=lambda entry: entry.id
)
def test_a_real_server_does_what_the_entry_says(
    client: httpx.Client, names: dict[str, str], entry: Reviewed
) -> None:
    for step in entry.proof:
        method, path = filled(step["send"], names).split(" ")
        sent = {}
        if "body" in step:
            body = filled(step["body"], names)
            sent["content"] = json.dumps([body] * step["repeated"] if "repeated" in step else body)
        headers = {"content-type": "application/json", **filled(step.get("headers", {}), names)}
        answer = client.request(method, path, headers=headers, **sent)
        assert answer.status_code == step["status"], (step, answer.text)
        if "answer" in step:
            schema = filled(step["answer"], names)
            jsonschema_rs.validator_for(schema).validate(answer.json())


def test_the_twenty_core_operations_are_compared(real_server: str) -> None:
    published = httpx.get(f"{real_server}/openapi.json", trust_env=False).json()["paths"]
    core = {
        (path, method)
        for path, method, operation in operations(load())
        if "Deployments" in operation["tags"]
    }
    assert len(core) == 20
    assert all(method in published[path] for path, method in core)
