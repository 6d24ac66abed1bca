"""The background services: by the mock's clock, whether it runs, stands still or is moved."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mock_server import serve
from mock_server.clock import MockClock
from mock_server.fixtures import load_fixtures
from mock_server.services.rounds import Rounds
from mock_server.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_server.running import RunningMock

NOON = "2026-03-01T12:00:00Z"
HOURLY = {"schedule": {"interval": 3600, "anchor_date": "2026-01-01T00:00:00Z"}}
MINUTELY = {"schedule": {"interval": 60, "anchor_date": "2026-01-01T00:00:00Z"}}
GIVE_WAY = {"collision_strategy": "CANCEL_NEW"}


class Served:
    """A mock with services, its clock standing still, and what a test does to it."""

    def __init__(self, mock: RunningMock, client: httpx.Client) -> None:
        self.mock = mock
        self.client = client
        self.flow_id = self("flows", name="f")["id"]

    def __call__(self, path: str, **body: Any) -> Any:
        answer = self.client.post(f"/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def deployment(self, name: str, *schedules: dict[str, Any], **fields: Any) -> str:
        made = self(
            "deployments", name=name, flow_id=self.flow_id, schedules=[*schedules], **fields
        )
        return str(made["id"])

    def runs(self, deployment: str) -> list[dict[str, Any]]:
        wanted = {"deployments": {"id": {"any_": [deployment]}}}
        found: list[dict[str, Any]] = self(
            "flow_runs/filter", **wanted, sort="EXPECTED_START_TIME_ASC"
        )
        return found

    def states(self, deployment: str) -> Counter[str]:
        return Counter(run["state_name"] for run in self.runs(deployment))

    def advance(self, by: str) -> None:
        root = self.mock.url.removesuffix("/api")
        httpx.post(f"{root}/_mock/clock/advance", json={"by": by}).raise_for_status()


@pytest.fixture
def served() -> Iterator[Served]:
    with (
        serve(fixtures="empty", services=True, seed=1, now=NOON) as mock,
        httpx.Client(base_url=mock.url, trust_env=False, follow_redirects=True) as client,
    ):
        yield Served(mock, client)


def test_runs_are_planned_within_seconds_of_a_change(served: Served) -> None:
    every_hour = served.deployment("hourly", {**HOURLY, "slug": "h"}, tags=["x"])
    assert not served.runs(every_hour)

    served.advance("5s")
    runs = served.runs(every_hour)
    assert [run["expected_start_time"][11:16] for run in runs] == ["13:00", "14:00", "15:00"]
    assert {run["created"] for run in runs} >= {"2026-03-01T12:00:05Z"}
    assert {run["state"]["message"] for run in runs} == {"Flow run scheduled"}
    assert {tuple(run["tags"]) for run in runs} == {("auto-scheduled", "x")}
    assert {run["created_by"]["display_value"] for run in runs} == {"h"}


def test_plans_reach_an_hour_ahead_and_grow(served: Served) -> None:
    every_minute = served.deployment("minutely", MINUTELY)
    served.advance("5s")
    assert len(served.runs(every_minute)) == 61

    served.advance("10m")
    assert served.runs(every_minute)[-1]["expected_start_time"] == "2026-03-01T13:10:00Z"


@pytest.mark.parametrize(
    ("schedule", "fields"),
    [(HOURLY, {"paused": True}), ({**HOURLY, "active": False}, {})],
    ids=["paused deployment", "inactive schedule"],
)
def test_what_is_paused_plans_nothing(
    served: Served, schedule: dict[str, Any], fields: dict[str, Any]
) -> None:
    quiet = served.deployment("quiet", schedule, **fields)
    served.advance("3m")
    assert not served.runs(quiet)


def test_a_schedule_that_fires_too_far_ahead_plans_when_it_is_time(served: Served) -> None:
    yearly = served.deployment("yearly", {"schedule": {"cron": "0 0 25 12 *"}})
    served.advance("3m")
    assert not served.runs(yearly)

    served.advance("200d")
    assert [run["expected_start_time"] for run in served.runs(yearly)] == ["2026-12-25T00:00:00Z"]


def test_a_run_is_late_a_quarter_of_a_minute_after_its_time(served: Served) -> None:
    manual = served.deployment("manual")
    run = served(f"deployments/{manual}/create_flow_run")
    waiting = {"type": "SCHEDULED", "name": "AwaitingRetry"}
    served(f"deployments/{manual}/create_flow_run", state=waiting)

    served.advance("14s")
    assert served.states(manual) == {"Scheduled": 1, "AwaitingRetry": 1}
    served.advance("1s")
    assert served.states(manual) == {"Late": 1, "AwaitingRetry": 1}

    late = served.client.get(f"/flow_runs/{run['id']}").json()
    assert late["state"]["type"] == "SCHEDULED"
    assert late["state"]["timestamp"] == "2026-03-01T12:00:15Z"
    assert late["state"]["message"] is None
    assert late["state"]["state_details"]["scheduled_time"] == late["expected_start_time"]
    assert late["next_scheduled_start_time"] == late["expected_start_time"]
    events = served("events/filter", filter={"event": {"name": ["prefect.flow-run.Late"]}})
    assert [event["id"] for event in events["events"]] == [late["state"]["id"]]


def test_a_late_run_is_cancelled_where_no_slot_is_free_and_new_ones_give_way(
    served: Served,
) -> None:
    full = served.deployment("full", concurrency_limit=1, concurrency_options=GIVE_WAY)
    first = served(f"deployments/{full}/create_flow_run")
    served(f"deployments/{full}/create_flow_run")
    served(f"flow_runs/{first['id']}/set_state", state={"type": "PENDING"})

    served.advance("1m")
    assert served.states(full) == {"Pending": 1, "Cancelled": 1}
    (cancelled,) = [run for run in served.runs(full) if run["state_type"] == "CANCELLED"]
    assert cancelled["state"]["message"] == "Deployment concurrency limit reached."


def test_a_pause_that_nobody_ends_fails(served: Served) -> None:
    manual = served.deployment("manual")
    run = served(f"deployments/{manual}/create_flow_run")
    served(f"flow_runs/{run['id']}/set_state", state={"type": "RUNNING"}, force=True)
    details = {"pause_timeout": "2026-03-01T12:00:30Z", "pause_key": "k"}
    paused = {"type": "PAUSED", "state_details": details}
    served(f"flow_runs/{run['id']}/set_state", state=paused)

    served.advance("30s")
    assert served.states(manual) == {"Paused": 1}
    served.advance("5s")
    state = served.client.get(f"/flow_runs/{run['id']}").json()["state"]
    assert state["type"] == "FAILED"
    assert state["message"] == "The flow was paused and never resumed."


def test_slots_come_back_when_nobody_renews_their_lease(served: Served) -> None:
    served("v2/concurrency_limits", name="few", limit=1)
    wanted = {"names": ["few"], "slots": 1, "lease_duration": 60}
    lease = served("v2/concurrency_limits/increment-with-lease", **wanted)["lease_id"]
    served.advance("45s")
    renewed = served.client.post(f"/v2/concurrency_limits/leases/{lease}/renew", json={})
    assert renewed.status_code == httpx.codes.NO_CONTENT

    served.advance("4m")
    assert served.client.get("/v2/concurrency_limits/few").json()["active_slots"] == 1
    served.advance("2m")
    assert served.client.get("/v2/concurrency_limits/few").json()["active_slots"] == 0


def test_time_that_is_jumped_over_is_lived_through(served: Served) -> None:
    """A jump makes what many small steps make: each run at its own time."""
    hourly = served.deployment("hourly", HOURLY)
    served.advance("6h")

    runs = served.runs(hourly)
    assert served.states(hourly) == {"Late": 5, "Scheduled": 3}
    assert runs[4]["state"]["timestamp"] == "2026-03-01T17:00:15Z"
    assert runs[5]["created"].startswith("2026-03-01T15:01:00")


def states_of_all(by: list[timedelta]) -> list[Any]:
    """What the services make of the shipped fixtures in steps of time."""
    store = Store(clock=MockClock(datetime(2026, 3, 1, tzinfo=UTC), runs=False))
    store.rng = random.Random(3)
    load_fixtures(store, "default")
    rounds = Rounds(store)
    rounds.catch_up()
    for step in by:
        assert isinstance(store.clock, MockClock)
        store.clock.advance(step)
        rounds.catch_up()
    return [(run["id"], run["state"]) for run in store.all("flow_runs")]


def test_it_does_not_matter_how_often_one_looks() -> None:
    minute = timedelta(minutes=1)
    assert states_of_all([90 * minute]) == states_of_all([minute / 8] * 720)


def test_of_a_long_jump_the_last_day_is_lived_through(served: Served) -> None:
    hourly = served.deployment("hourly", HOURLY)
    served.advance("365d")

    first, *_, last = served.runs(hourly)
    assert first["expected_start_time"] == "2027-02-28T12:00:00Z"
    assert last["expected_start_time"] == "2027-03-01T14:00:00Z"


def test_a_clock_that_is_put_back_does_not_stop_them(served: Served) -> None:
    hourly = served.deployment("hourly", HOURLY)
    served.advance("-2h")
    served.advance("5s")
    assert served.runs(hourly)[0]["expected_start_time"] == "2026-03-01T10:00:00Z"


def test_they_begin_anew_with_a_reset_and_with_fixtures(served: Served) -> None:
    served.mock.load("default")
    with_plans = served.mock.url
    planned = {"flow_runs": {"tags": {"all_": ["auto-scheduled"]}}}
    first = httpx.post(f"{with_plans}/flow_runs/count", json=planned).json()
    assert first > 20

    served.mock.reset()
    assert httpx.post(f"{with_plans}/flow_runs/count", json={}).json() == 0


def test_who_only_watches_sees_them_too() -> None:
    with serve(fixtures="default", services=True) as mock:
        deadline = time.monotonic() + 10
        while not any(run["state_name"] == "Late" for run in mock.store.all("flow_runs")):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_without_being_asked_for_there_are_none() -> None:
    with serve(fixtures="empty", now=NOON) as mock:
        assert mock.controls.services is None
        mock.controls.clock.advance(timedelta(hours=1))
        mock.between_requests(mock.controls.catch_up)
