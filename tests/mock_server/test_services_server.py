"""What the background services do to runs is what those of a real server do."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from mock_server import serve
from tests.real_server.process import PATIENCE, prefect_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ON: Final = {
    f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "true"
    for name in ("SCHEDULER", "LATE_RUNS", "PAUSE_EXPIRATIONS", "EVENT_PERSISTER")
}
EVERY_HOUR: Final = {"schedule": {"interval": 3600, "anchor_date": "2026-01-01T00:00:00Z"}}
EVERY_MINUTE: Final = {"schedule": {"interval": 60, "anchor_date": "2026-01-01T00:00:00Z"}}
IN_BERLIN: Final = {"schedule": {"cron": "0 6 * * *", "timezone": "Europe/Berlin"}}
OVER: Final = {"schedule": {"rrule": "DTSTART:20200101T000000Z\nRRULE:FREQ=DAILY;COUNT=3"}}
DEPLOYMENTS: Final[dict[str, dict[str, Any]]] = {
    "hour": {"schedules": [{**EVERY_HOUR, "slug": "h"}], "tags": ["x"], "parameters": {"a": 1}},
    "minute": {"schedules": [EVERY_MINUTE]},
    "berlin": {"schedules": [IN_BERLIN], "work_pool_name": "p"},
    "two": {
        "schedules": [
            {**EVERY_HOUR, "slug": "a", "parameters": {"z": 1}},
            {**IN_BERLIN, "slug": "b"},
            {**EVERY_MINUTE, "slug": "c", "active": False},
        ]
    },
    "paused": {"schedules": [EVERY_MINUTE], "paused": True},
    "inactive": {"schedules": [{**EVERY_MINUTE, "active": False}]},
    "over": {"schedules": [OVER]},
    "manual": {},
    "full": {
        "concurrency_limit": 1,
        "concurrency_options": {"collision_strategy": "CANCEL_NEW"},
    },
}
EXPECTED: Final = {
    "planned": "Scheduled",
    "late": "Late",
    "waits": "AwaitingRetry",
    "holds": "Pending",
    "gives way": "Cancelled",
    "pauses": "Failed",
}
SHOWN: Final = (
    *("tags", "parameters", "auto_scheduled", "work_queue_name", "run_count", "state_type"),
    *("state_name", "job_variables", "deployment_version"),
)


def told_by(url: str) -> dict[str, Any]:
    """What becomes of some deployments and runs on a server with services."""
    with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:

        def post(path: str, **body: Any) -> Any:
            # Services of a real server write, too, and its database is locked then.
            answer = _tried(lambda: client.post(path, json=body))
            assert answer.is_success, answer.text
            return answer.json()

        flow = post("/flows/", name="f")["id"]
        post("/work_pools/", name="p", type="process")
        deployments = {
            name: post("/deployments/", name=name, flow_id=flow, **fields)["id"]
            for name, fields in DEPLOYMENTS.items()
        }
        runs = _runs(post, flow, deployments)
        _wait(client, runs)
        return {
            "planned": {name: _planned(post, one) for name, one in deployments.items()},
            "runs": {
                name: _shown(client.get(f"/flow_runs/{identity}").json())
                for name, identity in runs.items()
            },
            "late": sorted(_late_events(post)),
        }


def _tried(send: Callable[[], httpx.Response]) -> httpx.Response:
    for _ in range(10):
        answer = send()
        if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
            break
        time.sleep(0.5)
    return answer


def _runs(post: Callable[..., Any], flow: str, deployments: dict[str, str]) -> dict[str, str]:
    manual = f"/deployments/{deployments['manual']}/create_flow_run"
    full = f"/deployments/{deployments['full']}/create_flow_run"
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    made = {
        "planned": post(
            manual, state={"type": "SCHEDULED", "state_details": {"scheduled_time": later}}
        ),
        "late": post(manual, state={"type": "SCHEDULED", "message": "soon"}),
        "waits": post(manual, state={"type": "SCHEDULED", "name": "AwaitingRetry"}),
        "holds": post(full),
        "gives way": post(full),
        "pauses": post("/flow_runs/", flow_id=flow, state={"type": "RUNNING"}),
    }
    post(f"/flow_runs/{made['holds']['id']}/set_state", state={"type": "PENDING"})
    soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    details = {"pause_timeout": soon, "pause_key": "k"}
    paused = {"type": "PAUSED", "state_details": details}
    post(f"/flow_runs/{made['pauses']['id']}/set_state", state=paused)
    return {name: run["id"] for name, run in made.items()}


def _wait(client: httpx.Client, runs: dict[str, str]) -> None:
    deadline = time.monotonic() + PATIENCE
    states: dict[str, str] = {}
    while states != EXPECTED:
        assert time.monotonic() < deadline, states
        time.sleep(0.5)
        states = {
            name: client.get(f"/flow_runs/{identity}").json()["state_name"]
            for name, identity in runs.items()
        }


def _planned(post: Callable[..., Any], deployment: str) -> dict[str, Any]:
    """The runs that schedules have planned: how many, how far apart, and the last of each."""
    runs = post(
        "/flow_runs/filter",
        deployments={"id": {"any_": [deployment]}},
        flow_runs={"tags": {"all_": ["auto-scheduled"]}},
        sort="EXPECTED_START_TIME_ASC",
    )
    times = [datetime.fromisoformat(run["expected_start_time"]) for run in runs]
    return {
        # Within a minute or two, one more may have been planned.
        "count": min(len(runs), 60),
        "apart": [str(time - times[0]) for time in times[:3]],
        "last": {run["created_by"]["display_value"]: _shown(run) for run in runs},
    }


def _shown(run: dict[str, Any]) -> dict[str, Any]:
    state = run["state"]
    return {
        **{key: run[key] for key in SHOWN},
        "labels": sorted(run["labels"]),
        "message": state["message"],
        "details": {key: bool(value) for key, value in state["state_details"].items()},
        "on time": run["next_scheduled_start_time"] == run["expected_start_time"],
        "creator": run["created_by"] and {**run["created_by"], "id": ""},
        "ended": run["end_time"] is not None,
    }


def _late_events(post: Callable[..., Any]) -> list[tuple[str, str]]:
    deadline = time.monotonic() + PATIENCE
    wanted = {"event": {"name": ["prefect.flow-run.Late"]}}
    while True:
        events = post("/events/filter", filter=wanted)["events"]
        if events or time.monotonic() > deadline:
            return [
                (str(event["payload"]), event["resource"]["prefect.state-type"])
                for event in events
                if event["payload"]["initial_state"].get("message") == "soon"
            ]
        time.sleep(0.5)


@pytest.mark.proof
def test_they_do_what_those_of_a_real_server_do(tmp_path: Path) -> None:
    with (
        prefect_server(tmp_path / "prefect", settings=ON) as real,
        serve(fixtures="empty", services=True) as mock,
        ThreadPoolExecutor(2) as pool,
    ):
        ours, theirs = pool.map(told_by, (mock.url, real))
    assert ours == theirs
