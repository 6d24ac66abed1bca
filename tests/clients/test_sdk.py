"""What the Python SDK is told by the mock is what it is told by a real server."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.clients.driving import Normaliser, difference
from tests.mock import mock_server

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tests.clients.driving import Driver

CALLS = ["sync_client", "apply"]
LONGER = ["async_client", "variables", "deploy", "trigger", "run", "blocks"]
WARNED = ("WARNING", "ERROR", "Traceback")


def told(driver: Driver, url: str, call: str, name: str, folder: Path) -> Any:
    request = {"url": url, "call": f"sdk_calls:{call}", "with": {"name": name}}
    answer = driver.ask(**request, cwd=str(folder))
    assert answer["code"] == 0, answer["err"]
    return answer


@pytest.mark.parametrize("call", CALLS)
def test_calls(driver: Driver, mock_url: str, real_server: str, call: str, tmp_path: Path) -> None:
    compare(driver, mock_url, real_server, call, tmp_path)


@pytest.mark.proof
@pytest.mark.parametrize("call", LONGER)
def test_further_calls(
    driver: Driver, mock_url: str, real_server: str, call: str, tmp_path: Path
) -> None:
    compare(driver, mock_url, real_server, call, tmp_path)


def compare(driver: Driver, mock: str, real: str, call: str, folder: Path) -> None:
    name = f"sdk-{uuid.uuid4().hex[:8]}"
    theirs = Normaliser().value(told(driver, real, call, name, folder))
    ours = Normaliser().value(told(driver, mock, call, name, folder))
    assert ours == theirs, difference(ours, theirs)


def test_tasks_are_known_by_their_events(
    driver: Driver, mock_url: str, real_server: str, tmp_path: Path
) -> None:
    name = f"sdk-{uuid.uuid4().hex[:8]}"
    theirs = told(driver, real_server, "tasks", name, tmp_path)["value"]
    assert len(theirs) == 5
    assert told(driver, mock_url, "tasks", name, tmp_path)["value"] == theirs


@pytest.mark.proof
def test_a_served_flow_runs(
    driver: Driver, mock_url: str, real_server: str, tmp_path: Path
) -> None:
    """It registers, polls, runs what is due, sends its events, and pauses as it stops."""
    name = f"sdk-{uuid.uuid4().hex[:8]}"
    theirs = told(driver, real_server, "serve", name, tmp_path)["value"]
    ours = told(driver, mock_url, "serve", name, tmp_path)
    assert ours["value"] == theirs == ["COMPLETED", "Completed", 1, "READY", True]
    complaints = [line for line in ours["err"].splitlines() if any(w in line for w in WARNED)]
    assert complaints == []
    events = httpx.post(f"{mock_url}/events/filter", json={}, timeout=60).json()["events"]
    names = {event["event"] for event in events}
    assert {"prefect.flow-run.Running", "prefect.flow-run.Completed"} <= names
    assert "prefect.deployment.ready" in names


class Refusing:
    """Answers the first request for a deployment with a status, and lets the others through."""

    def __init__(self, app: ASGIApp, status: HTTPStatus) -> None:
        self.app = app
        self.left = [status]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "/deployments/name/" not in scope["path"] or not self.left:
            await self.app(scope, receive, send)
            return
        status = self.left.pop()
        headers = [(b"content-type", b"application/json"), (b"retry-after", b"0")]
        start: Message = {"type": "http.response.start", "status": status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": b'{"exception_message": "Wait"}'})


@pytest.mark.parametrize("status", [HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE])
def test_a_client_tries_again(driver: Driver, status: HTTPStatus) -> None:
    made: list[Refusing] = []

    def refusing(app: ASGIApp) -> ASGIApp:
        made.append(Refusing(app, status))
        return made[-1]

    with mock_server("default", middleware=[refusing]) as url:
        (first, *_) = httpx.post(f"{url}/deployments/filter", json={"limit": 1}).json()
        flow = httpx.get(f"{url}/flows/{first['flow_id']}").json()["name"]
        name = f"{flow}/{first['name']}"
        answer = driver.ask(url=url, cli=["deployment", "inspect", name, "-o", "json"])
    assert (answer["code"], made[0].left) == (0, []), answer
    assert first["id"] in answer["out"]
