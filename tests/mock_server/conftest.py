"""The operations of the mock, called as the app calls them, without HTTP."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mock_server.call import NO_BODY, Call
from mock_server.edges import requests, responses
from mock_server.errors import ApiError
from mock_server.operations import OPERATIONS
from mock_server.store import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNSET: Any = object()


class Clock:
    """A clock that is moved by hand, and a little by each look at it."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        self.time += timedelta(microseconds=10)
        return self.time

    def move(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass
class Api:
    """Calls operations on a state of its own, by their ids.

    Bodies are read by the request models, and answers checked against the spec.
    """

    clock: Clock = field(default_factory=Clock)
    headers: dict[str, str] = field(default_factory=dict)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(clock=self.clock, rng=random.Random(0))

    def ask(self, operation: str, body: Any = UNSET, /, **path: str) -> tuple[int, Any]:
        """The status and the JSON of an answer, refusals as well."""
        try:
            if body is UNSET:
                call = Call(self.store, path=path, headers=self.headers)
            else:
                read = requests().body(operation, body)
                call = Call(
                    self.store,
                    path=path,
                    headers=self.headers,
                    body=read.sent,
                    full=read.full,
                    raw=read.raw,
                )
            reply = OPERATIONS[operation](call)
        except ApiError as error:
            return error.status, error.body
        content = responses().answers(operation).render(reply.status, reply.body)
        return reply.status, None if reply.body is NO_BODY else json.loads(content or b"null")

    def __call__(self, operation: str, body: Any = UNSET, /, **path: str) -> Any:
        """The JSON of an answer that is no refusal."""
        status, answer = self.ask(operation, body, **path)
        assert status < 300, answer
        return answer

    def flow(self, name: str = "etl", **fields: Any) -> str:
        """The id of a flow."""
        return str(self("create_flow", {"name": name, **fields})["id"])

    def deployment(self, name: str = "daily", *, flow: str = "etl", **fields: Any) -> Any:
        """A deployment, made or updated."""
        return self("create_deployment", {"name": name, "flow_id": self.flow(flow), **fields})

    def read(self, deployment: Any) -> Any:
        """A deployment as it is now."""
        return self("read_deployment", id=deployment["id"])

    def run(self, deployment: Any, **fields: Any) -> Any:
        """A flow run of a deployment."""
        return self("create_flow_run_from_deployment", fields, id=deployment["id"])

    def runs(self, deployment: Any) -> Any:
        """The flow runs of a deployment, the next first."""
        wanted = {"deployments": {"id": {"any_": [deployment["id"]]}}}
        return self("read_flow_runs", {**wanted, "sort": "NEXT_SCHEDULED_START_TIME_ASC"})

    def refusal(self, operation: str, body: Any = UNSET, /, **path: str) -> tuple[int, str]:
        """The status and the sentence of a refusal, with the state as it was before."""
        before = self.store.snapshot()
        status, answer = self.ask(operation, body, **path)
        assert status >= 400, answer
        assert self.store.snapshot() == before
        return status, answer.get("detail", answer)


@pytest.fixture
def api() -> Api:
    return Api()
