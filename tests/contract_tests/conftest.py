"""A session on a mock with the data set, shared by the tests that only ask."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.running.run import Options, run
from contract_tests.running.session import Session
from contract_tests.transport.target import UNSET, Target
from tests.mock import mock_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from contract_tests.checks.judge import Judge
    from contract_tests.transport.exchange import Exchange

    Change = Callable[[str, Any, Any], Any]


@pytest.fixture(scope="session")
def contract_session() -> Iterator[Session]:
    """A run with seed 1 on a mock of its own; nobody changes the mock's data."""
    with mock_server() as url, run(Options(url, seed=1)) as session:
        yield session


class Wrong(Target):
    """A target whose answers are changed on their way, by path, what was sent and what came."""

    change: Change | None = None

    def post(self, path: str, body: Any = UNSET) -> Exchange:
        exchange = super().post(path, body)
        if self.change is None or not path.startswith("/deployments/"):
            return exchange
        sent = None if body is UNSET else body
        told = self.change(path.rpartition("/")[2], sent, exchange.json())
        return replace(exchange, body=json.dumps(told).encode())


@pytest.fixture
def judged(contract_session: Session) -> Iterator[Callable[[Change], Judge]]:
    """A judge of a target that answers wrong."""
    with Wrong(contract_session.target.base_url) as target:

        def make(change: Change) -> Judge:
            session = Session(target=target, profile=contract_session.profile, seed=1)
            session.dataset = contract_session.dataset
            judge = session.judgement
            judge.oracle.expect({})
            target.change = change
            return judge

        yield make
