"""Every answer of every operation is as the spec says, whatever it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contract_tests.asking.actor import Actor
from contract_tests.checks.askable import askable
from contract_tests.checks.conformance import Conformance
from contract_tests.data.ground import Ground
from contract_tests.spec.operations import operations

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
    contract = askable(session, operation)
    if contract is None:
        return
    with Actor(session, operation.replace("_", "-")) as actor:
        ground.actor = actor
        Conformance(actor, ground, contract, session.random(f"conformance/{operation}")).run()
