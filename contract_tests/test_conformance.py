"""Every answer of every operation is as the spec says, whatever it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contract_tests.checks.askable import ask
from contract_tests.checks.conformance import Conformance
from contract_tests.data.ground import Ground
from contract_tests.spec.operations import operations

if TYPE_CHECKING:
    from contract_tests.asking.actor import Actor
    from contract_tests.running.session import Session
    from contract_tests.spec.contract import Contract

_ALL = [operation.id for operation in operations() if operation.fuzzed]


@pytest.fixture(scope="module")
def ground(session: Session) -> Ground:
    """What requests are aimed at."""
    return Ground(session)


@pytest.mark.judges("shape.*", "refusal.accepted")
@pytest.mark.parametrize("operation", _ALL)
def test_operation(session: Session, ground: Ground, operation: str) -> None:
    """Examples, coverage and fuzzing of one operation."""
    random = session.random(f"conformance/{operation}")

    def check(actor: Actor, ground: Ground, contract: Contract) -> None:
        Conformance(actor, ground, contract, random).run()

    ask(session, ground, operation, check)
