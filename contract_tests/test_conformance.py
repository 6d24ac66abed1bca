"""Every answer of every operation is as the spec says, whatever it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contract_tests.checks.conformance import Conformance, is_hidden
from contract_tests.data.ground import Ground
from contract_tests.lifecycle.actor import Actor
from contract_tests.spec.operations import operations
from contract_tests.spec.version import spec_for
from contract_tests.transport.target import may_change

if TYPE_CHECKING:
    from contract_tests.running.session import Session

_ALL = [operation.id for operation in operations() if operation.fuzzed]


@pytest.fixture(scope="module")
def ground(session: Session) -> Ground:
    """What requests are aimed at."""
    return Ground(session)


@pytest.mark.judges("shape.*", "refusal.accepted")
@pytest.mark.parametrize("operation", _ALL)
def test_operation(session: Session, ground: Ground, operation: str) -> None:
    """Examples, coverage and fuzzing of one operation."""
    contract = spec_for(session.target.version).contracts.get(operation)
    if contract is None:
        session.cannot_judge(f"{operation} is not in version {session.target.version}")
        return
    if session.read_only and may_change(contract.operation.method, contract.operation.path):
        session.cannot_judge("operations that change something, in a read-only run")
        return
    if contract.operation.about_the_server and is_hidden(session.target, contract.operation):
        session.cannot_judge("what tells of the server itself: the target does not offer it")
        return
    with Actor(session, operation.replace("_", "-")) as actor:
        ground.actor = actor
        Conformance(actor, ground, contract, session.random(f"conformance/{operation}")).run()
