"""Deployments with all that their pages show, made through the API: on a mock or a real server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

SCHEMA: Final[dict[str, Any]] = {
    "title": "Parameters",
    "type": "object",
    "properties": {
        "region": {"title": "region", "type": "string", "default": "eu", "position": 0},
        "days": {"title": "days", "type": "integer", "default": 7, "position": 1},
        "dry_run": {"title": "dry_run", "type": "boolean", "default": False, "position": 2},
        "mode": {"title": "mode", "enum": ["full", "delta"], "default": "full", "position": 3},
    },
    "required": ["region"],
    "definitions": {},
}
TEMPLATE: Final[dict[str, Any]] = {
    "job_configuration": {"command": "{{ command }}", "size": "{{ size }}"},
    "variables": {
        "type": "object",
        "properties": {
            "command": {"title": "Command", "type": "string"},
            "size": {"title": "Size", "type": "integer", "default": 1},
        },
    },
}
DESCRIPTION: Final = "Reads *every* order.\n\n- once an hour\n- never twice"
ENTRYPOINT: Final = "flows/orders.py:orders"
MANY: Final = 12
"""How many plain deployments there are: more than a page of ten."""


@dataclass(frozen=True, slots=True)
class World:
    """What was made.

    Attributes:
        busy: the id of the deployment with everything.
        doomed: the id of one that may be deleted.
    """

    busy: str
    doomed: str


def make_world(base_url: str) -> World:
    """Make the data at a server that has none of it."""
    with httpx.Client(base_url=base_url, trust_env=False, timeout=30) as client:

        def post(path: str, body: Any) -> Any:
            response = client.post(path, json=body)
            response.raise_for_status()
            return response.json()

        post("/work_pools/", {"name": "boxes", "type": "process", "base_job_template": TEMPLATE})
        orders = post("/flows/", {"name": "orders", "tags": ["sales"]})["id"]
        reports = post("/flows/", {"name": "reports"})["id"]
        for number in range(MANY):
            made = post(
                "/deployments/",
                {
                    "flow_id": reports,
                    "name": f"report-{number:02}",
                    "tags": ["nightly"] if number % 3 else ["nightly", "finance"],
                    "work_pool_name": "boxes",
                    "paused": number == 1,
                    "schedules": [{"schedule": {"interval": 600 * (number + 1)}}]
                    if number % 2
                    else [],
                },
            )
        busy = post("/deployments/", _busy(orders))["id"]
        _runs(client, busy)
    return World(busy, made["id"])


def _busy(flow: str) -> dict[str, Any]:
    return {
        "flow_id": flow,
        "name": "hourly",
        "description": DESCRIPTION,
        "version": "1.4.2",
        "tags": ["sales", "hourly", "critical"],
        "entrypoint": ENTRYPOINT,
        "path": "/srv/flows",
        "labels": {"team": "data"},
        "work_pool_name": "boxes",
        "work_queue_name": "fast",
        "job_variables": {"command": "run"},
        "parameters": {"region": "us", "days": 3},
        "parameter_openapi_schema": SCHEMA,
        "concurrency_limit": 2,
        "schedules": [
            {"schedule": {"interval": 3600, "timezone": "UTC"}, "slug": "interval"},
            {"schedule": {"cron": "0 6 * * 1-5", "timezone": "Europe/Berlin"}, "slug": "cron"},
            {"schedule": {"rrule": "FREQ=WEEKLY;BYDAY=MO"}, "slug": "rrule"},
            {"schedule": {"cron": "0 0 1 * *"}, "slug": "monthly", "active": False},
        ],
    }


def _runs(client: httpx.Client, deployment: str) -> None:
    """Runs in many states: past, overdue, to come."""
    now = datetime.now(UTC).replace(microsecond=0)
    states: list[tuple[str, dict[str, Any]]] = [
        ("tidy-ant", {"type": "COMPLETED"}),
        ("vain-bee", {"type": "FAILED", "message": "It broke"}),
        ("calm-cod", {"type": "RUNNING"}),
        ("dark-doe", {"type": "CANCELLED"}),
        ("eager-elk", {"type": "CRASHED"}),
        ("keen-fox", {"type": "PENDING"}),
        ("glad-gnu", _scheduled(now - timedelta(minutes=10))),
        ("happy-hen", _scheduled(now + timedelta(hours=2))),
        ("idle-ibex", _scheduled(now + timedelta(hours=5))),
    ]
    for name, state in states:
        body = {"name": name, "state": state, "tags": ["by-hand"]}
        client.post(f"/deployments/{deployment}/create_flow_run", json=body).raise_for_status()


def _scheduled(when: datetime) -> dict[str, Any]:
    return {"type": "SCHEDULED", "state_details": {"scheduled_time": when.isoformat()}}
