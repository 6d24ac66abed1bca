"""The mock as an application: in process, and behind a port of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import mock_server
import openapi
from mock_server import Limits, Tls, create_app, serve
from mock_server.call import NO_BODY, Reply
from mock_server.errors import ApiError
from mock_server.fixtures import FixtureError
from mock_server.framework import API
from mock_server.operations import OPERATIONS
from mock_server.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from mock_server.app import MockApp
    from mock_server.call import Call

JSON = {"content-type": "application/json"}


def ask(app: MockApp, method: str, path: str, **options: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock/api") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


def with_operation(function: Callable[[Call], Reply]) -> MockApp:
    return create_app(store=Store(), operations={"count_deployments": function})


def test_the_public_names_are_those_that_are_told() -> None:
    assert {name: getattr(mock_server, name) for name in mock_server.__all__} == {
        "Limits": Limits,
        "Tls": Tls,
        "create_app": create_app,
        "serve": serve,
    }
    with pytest.raises(AttributeError, match="nope"):
        _ = mock_server.nope


def test_the_query_engine_comes_without_a_server() -> None:
    code = "import sys, mock_server.query; print('connexion' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert told.stdout == "False\n"


def test_the_fixtures_are_served() -> None:
    app = create_app(fixtures="default")
    count = ask(app, "POST", "/deployments/count", json={}).json()
    assert count == len(app.store.all("deployments")) > 20
    listed = ask(app, "POST", "/deployments/filter", json={}).json()
    assert len(listed) == count
    page = ask(app, "POST", "/deployments/paginate", json={"limit": 7}).json()
    assert page["results"] == listed[:7]


def test_unknown_fixtures_are_refused() -> None:
    with pytest.raises(FixtureError):
        create_app(fixtures="nope")


def test_what_is_written_is_read() -> None:
    app = create_app(fixtures="empty")
    flow = ask(app, "POST", "/flows/", json={"name": "f"}).json()["id"]
    made = ask(app, "POST", "/deployments/", json={"name": "d", "flow_id": flow})
    assert made.status_code == 201
    path = f"/deployments/{made.json()['id']}"
    assert ask(app, "GET", path).json() == made.json()
    gone = ask(app, "DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert {"content-type", "content-length"} & gone.headers.keys() == set()
    assert ask(app, "GET", path).status_code == 404


def test_apps_do_not_share_their_state() -> None:
    one, other = create_app(fixtures="empty"), create_app(fixtures="empty")
    ask(one, "POST", "/flows/", json={"name": "f"})
    assert len(one.store.all("flows")) == 1
    assert len(other.store.all("flows")) == 0


def test_the_document_is_served() -> None:
    answer = ask(create_app(store=Store()), "GET", "/openapi.json")
    assert answer.json() == openapi.load()
    assert answer.headers["content-type"] == "application/json"


def test_every_operation_of_the_document_has_a_function() -> None:
    declared = {
        operation["operationId"]
        for item in openapi.load()["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    }
    assert declared == OPERATIONS.keys()


def test_an_operation_can_be_replaced() -> None:
    app = with_operation(lambda _call: Reply(200, 41))
    assert ask(app, "POST", "/deployments/count").json() == 41


@pytest.mark.parametrize("body", ["41", None, NO_BODY])
def test_an_answer_that_the_spec_forbids_never_leaves(
    body: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = with_operation(lambda _call: Reply(200, body))
    answer = ask(app, "POST", "/deployments/count")
    assert answer.status_code == 500
    assert answer.json()["exception_message"] == "Internal Server Error"
    assert "count_deployments, status 200" in answer.json()["exception_detail"]
    assert "count_deployments" in caplog.text


def test_an_error_that_the_spec_forbids_never_leaves() -> None:
    def refuse(_call: Call) -> Reply:
        raise ApiError(418, {"detail": "no"})

    answer = ask(with_operation(refuse), "POST", "/deployments/count")
    assert answer.status_code == 500
    assert "no such status" in answer.json()["exception_detail"]


def test_a_failing_operation_is_a_500_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_call: Call) -> Reply:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        answer = ask(with_operation(fail), "POST", "/deployments/count")
    assert (answer.status_code, answer.json()) == (
        500,
        {"exception_message": "Internal Server Error"},
    )
    assert answer.headers["connection"] == "close"
    assert "ZeroDivisionError" in caplog.text


def test_an_operation_is_given_what_was_sent() -> None:
    calls: list[Call] = []

    def note(call: Call) -> Reply:
        calls.append(call)
        return Reply(200, 0)

    app = with_operation(note)
    body = {"flows": {"id": {"any_": ["5F1E1D5C000040008000000000000000"]}}, "zzz": 1}
    ask(app, "POST", "/deployments/count", json=body, headers={"X-Test": "a"})
    (call,) = calls
    assert call.raw == body
    assert call.body == {"flows": {"id": {"any_": ["5f1e1d5c-0000-4000-8000-000000000000"]}}}
    assert call.full["deployments"] is None
    assert call.headers["x-test"] == "a"
    assert call.store is app.store


def test_middleware_sees_every_request_and_answer() -> None:
    seen: list[tuple[str, str | None]] = []

    class Journal:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app(scope, receive, send)
            routing = scope["extensions"]["connexion_routing"]
            seen.append((scope["path"], routing["operation_id"]))

    app = create_app(store=Store(), middleware=[Journal])
    ask(app, "GET", "/health")
    ask(app, "GET", "/nope")
    assert seen == [("/api/health", "health_check"), ("/api/nope", None)]


def test_a_client_that_goes_away_leaves_nothing_behind() -> None:
    app = create_app(fixtures="empty")
    messages = [
        {"type": "http.request", "body": b'{"name":"f"}', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/flows/",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"99")],
    }
    asyncio.run(app(scope, receive, send))
    assert sent == []
    assert len(app.store.all("flows")) == 0


def test_a_body_may_come_in_parts() -> None:
    app = create_app(fixtures="empty")

    async def parts() -> Any:
        for part in (b'{"name":', b'"f', b'"}'):
            yield part

    headers = {**JSON, "content-length": "12"}
    made = ask(app, "POST", "/flows/", content=parts(), headers=headers)
    assert made.status_code == 201


def test_a_served_mock_answers_at_its_url() -> None:
    with serve(fixtures="empty") as mock:
        assert httpx.get(f"{mock.url}/health").json() is True
        httpx.post(f"{mock.url}/flows/", json={"name": "f"})
        assert len(mock.store.all("flows")) == 1
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{mock.url}/health")


def test_mocks_are_served_side_by_side() -> None:
    with serve(fixtures="empty") as one, serve(fixtures="empty") as other:
        assert one.url != other.url
        threads = [
            threading.Thread(target=httpx.get, args=[f"{mock.url}/health"]) for mock in (one, other)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def test_a_taken_port_is_an_error_of_the_system() -> None:
    with serve(fixtures="empty") as mock, pytest.raises(OSError, match="is taken"):  # noqa: PT012
        port = int(mock.url.rpartition(":")[2].partition("/")[0])
        with serve(fixtures="empty", port=port):
            pass


def test_connexion_knows_the_document() -> None:
    """The document that Connexion is given is the bundle, and valid by its own rules."""
    from connexion.spec import Specification  # noqa: PLC0415 - noisy, see mock_server.framework

    spec = Specification.load(json.loads(json.dumps(openapi.load())))
    assert spec["paths"].keys() == openapi.load()["paths"].keys()
    assert API is not None
