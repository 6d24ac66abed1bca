"""What happens to deployments is told as a real server tells it.

A real server writes its events down by a service that the others here do without.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.clients.driving import Normaliser, difference
from tests.real_server.process import prefect_server

if TYPE_CHECKING:
    from pathlib import Path

PERSISTER = {"PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "true"}
EXPECTED = 15


def history(url: str, name: str) -> tuple[list[str], str]:
    """Change a flow, its deployment and a run in all ways; the ids of what it is about."""
    with httpx.Client(base_url=url, timeout=60) as client:

        def ask(method: str, path: str, body: Any = None) -> Any:
            for _ in range(20):
                answer = client.request(method, path, json=body)
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    break
                time.sleep(0.2)
            assert answer.is_success, answer.text
            return answer.json() if answer.content else None

        flow = ask("POST", "/flows/", {"name": name, "tags": ["f"]})["id"]
        ask("POST", "/flows/", {"name": name})
        ask("PATCH", f"/flows/{flow}", {"tags": ["g"]})
        ask("POST", "/work_pools/", {"name": name, "type": "process"})
        create = {"name": "d", "flow_id": flow, "work_pool_name": name, "tags": ["a"]}
        deployment = ask("POST", "/deployments/", {**create, "parameters": {"x": 1}})["id"]
        for change in (
            {},
            {"tags": ["a"]},
            {"description": "y"},
            {"schedules": [{"schedule": {"interval": 3600}}]},
            {"paused": True},
            {"concurrency_limit": 3},
            {"concurrency_limit": 4},
            {"job_variables": {"a": 1}},
        ):
            ask("PATCH", f"/deployments/{deployment}", change)
        ask("POST", f"/deployments/{deployment}/resume_deployment")
        ask("POST", f"/deployments/{deployment}/pause_deployment")
        ask("POST", "/deployments/", {**create, "parameters": {"x": 1}, "version": "2"})
        ask("POST", "/deployments/", {**create, "parameters": {"x": 1}, "version": "2"})
        schedule = [{"schedule": {"interval": 3600}}]
        (made,) = ask("POST", f"/deployments/{deployment}/schedules", schedule)
        ask("PATCH", f"/deployments/{deployment}/schedules/{made['id']}", {"active": False})
        ask("DELETE", f"/deployments/{deployment}/schedules/{made['id']}")
        body = {"name": "run", "tags": ["r"]}
        run = ask("POST", f"/deployments/{deployment}/create_flow_run", body)["id"]
        ask("POST", "/deployments/get_scheduled_flow_runs", {"deployment_ids": [deployment]})
        time.sleep(1)  # it marks the deployment as ready in the background
        for state in ("PENDING", "RUNNING", "COMPLETED"):
            proposal = {"state": {"type": state, "message": "m"}}
            ask("POST", f"/flow_runs/{run}/set_state", proposal)
            # What is around a run is told as it was at first.
            ask("PATCH", f"/deployments/{deployment}", {"tags": ["b"]})
            ask("PATCH", f"/flow_runs/{run}", {"tags": ["s"]})
        ask("DELETE", f"/deployments/{deployment}")
        ask("DELETE", f"/flows/{flow}")
    kinds = {"flow": flow, "deployment": deployment}
    return [f"prefect.{kind}.{identity}" for kind, identity in kinds.items()], run


def told(url: str, resources: list[str]) -> list[dict[str, Any]]:
    """The events about these resources, page by page, when all have come."""
    body = {"filter": {"any_resource": {"id": resources}, "order": "ASC"}, "limit": 5}
    deadline = time.monotonic() + 60
    while True:
        page = httpx.post(f"{url}/events/filter", json=body, timeout=60).json()
        if page["total"] >= EXPECTED or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    found: list[dict[str, Any]] = page["events"]
    while page["next_page"]:
        page = httpx.get(page["next_page"], timeout=60).json()
        found += page["events"]
    assert len(found) == page["total"]
    return found


def comparable(event: dict[str, Any]) -> dict[str, Any]:
    """An event without the order of its changed fields, which is arbitrary."""
    payload = dict(event["payload"])
    if "updated_fields" in payload:
        payload["updated_fields"] = sorted(payload["updated_fields"])
        payload["updates"] = dict(sorted(payload["updates"].items()))
    return {**event, "payload": payload}


# Not by text: on SQLite a real server fails at it.
FILTERS: list[dict[str, Any]] = [
    {"event": {"prefix": ["prefect.deployment."]}},
    {"event": {"exclude_prefix": ["prefect.flow"], "name": []}},
    {"event": {"name": ["prefect.flow.created"], "exclude_name": ["x"]}},
    {"resource": {"id_prefix": ["prefect.flow."]}},
    {"resource": {"labels": {"prefect.resource.name": ["d", "r*"]}}},
    {"resource": {"labels": {"prefect.resource.name": "!d"}}},
    {"related": {"role": ["tag"]}},
    {"related": [{"role": ["flow"]}, {"labels": {"prefect.resource.role": "work-pool"}}]},
    {"related": {"resources_in_roles": [["prefect.tag.r", "tag"]]}},
    {"related": {}},
    {"any_resource": {"id_prefix": ["prefect.tag."]}},
    {"occurred": {"since": "2000-01-01T00:00:00Z", "until": "2000-01-02T00:00:00Z"}},
    {"id": {"id": []}},
]


@pytest.mark.proof
def test_events(mock_url: str, tmp_path: Path) -> None:
    name = f"events-{uuid.uuid4().hex[:8]}"
    with prefect_server(tmp_path / "home", settings=PERSISTER) as real:
        both = [(url, *history(url, name)) for url in (real, mock_url)]
        theirs, ours = (
            Normaliser().value([comparable(event) for event in told(url, resources)])
            for url, resources, _ in both
        )
        assert len(ours) == EXPECTED
        assert ours == theirs, difference(ours, theirs)
        for narrower in FILTERS:
            found = []
            for url, resources, _ in both:
                any_resource = [{"id": resources}]
                more = narrower.get("any_resource")
                criteria = {**narrower, "any_resource": any_resource + ([more] if more else [])}
                body = {"filter": {**criteria, "order": "ASC"}}
                page = httpx.post(f"{url}/events/filter", json=body, timeout=60).json()
                found.append((page["total"], [event["event"] for event in page["events"]]))
            assert found[0] == found[1], narrower
