"""Prints what a mock answers to a mixed stream of requests: status, headers but Date, body."""

from __future__ import annotations

import gzip
import json
import sys
from typing import Any

import httpx

from mock_server import serve

NOW = "2026-01-01T00:00:00Z"
NO_ID = "00000000-0000-4000-8000-000000000000"


def ask(client: httpx.Client, method: str, path: str, **options: Any) -> Any:
    request = client.build_request(method, path, **options)
    response = client.send(request, stream=True)
    body = b"".join(response.iter_raw())
    headers = {name: value for name, value in response.headers.items() if name != "date"}
    print(method, path, response.status_code, json.dumps(headers), body.hex())
    content = gzip.decompress(body) if "content-encoding" in headers else body
    return json.loads(content) if content else None


def stream(client: httpx.Client) -> None:
    """Reads, writes, runs, schedules and refusals; each later request builds on earlier answers."""
    flow = ask(client, "POST", "/flows/", json={"name": "etl", "tags": ["b", "a"]})
    plan = {"schedule": {"interval": 3600}, "active": True}
    body = {
        "name": "daily",
        "flow_id": flow["id"],
        "tags": ["z", "y"],
        "work_pool_name": "laptops",
        "work_queue_name": "new",
        "schedules": [
            plan,
            {"schedule": {"rrule": "FREQ=DAILY"}},
            {"schedule": {"cron": "0 9 * * *"}},
        ],
        "concurrency_limit": 3,
    }
    made = ask(client, "POST", "/deployments/", json=body)
    path = f"/deployments/{made['id']}"
    ask(client, "POST", f"{path}/schedule", json={})
    run = ask(client, "POST", f"{path}/create_flow_run", json={})
    ask(client, "POST", f"{path}/create_flow_run/bulk", json=[{}, {}])
    ask(client, "POST", f"/flow_runs/{run['id']}/set_state", json={"state": {"type": "RUNNING"}})
    ask(client, "GET", f"/flow_runs/{run['id']}")
    ask(client, "PATCH", path, json={"paused": True, "schedules": [plan]})
    ask(client, "GET", path)
    ask(
        client,
        "POST",
        "/deployments/get_scheduled_flow_runs",
        json={"deployment_ids": [made["id"]]},
    )
    ask(client, "POST", "/flow_runs/filter", json={"sort": "ID_DESC"})
    ask(client, "POST", "/deployments/paginate", json={"limit": 7, "page": 2})
    ask(client, "POST", "/deployments/filter", json={}, headers={"accept-encoding": "identity"})
    ask(client, "POST", "/work_pools/filter", json={})
    ask(client, "POST", f"{path}/schedule", json={"min_time": 1e15})
    ask(
        client, "POST", "/deployments/", json={"name": 1, "flow_id": "x", "tags": {}, "paused": "?"}
    )
    ask(client, "POST", "/deployments/", json={"name": "a", "flow_id": NO_ID})
    ask(client, "GET", f"/deployments/{NO_ID}")
    ask(client, "DELETE", "/deployments/")
    ask(client, "POST", "/flows/count", content=b"{")
    for _ in range(20):
        ask(client, "POST", "/flows/filter", json={"limit": 1})
    ask(client, "DELETE", path)


def main() -> None:
    with (
        serve(
            seed=7, now=NOW, faults=["operation=read_flows status=503 rate=0.3"], journal_size=100
        ) as mock,
        httpx.Client(base_url=mock.url) as client,
    ):
        stream(client)
        if "--again" in sys.argv:
            print("RESET")
            mock.controls.reset()
            stream(client)


if __name__ == "__main__":
    main()
