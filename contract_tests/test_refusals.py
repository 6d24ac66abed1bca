"""What the contract forbids is refused, as documented; what it allows is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contract_tests.checks import hostile, references
from contract_tests.checks.askable import ask
from contract_tests.checks.refusals import Refusals
from contract_tests.data.ground import Ground
from contract_tests.spec.operations import operations
from contract_tests.spec.version import spec_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from contract_tests.asking.actor import Actor
    from contract_tests.running.session import Session
    from contract_tests.spec.contract import Contract

_ALL = spec_for(None).contracts
_WITH_BODY = [
    name for name, contract in _ALL.items() if contract.body_pointer and contract.operation.fuzzed
]
_CORE = [operation.id for operation in operations() if operation.core]


@pytest.fixture(scope="module")
def ground(session: Session) -> Ground:
    """What requests are aimed at."""
    return Ground(session)


def _run(
    session: Session, ground: Ground, operation: str, what: Callable[[Refusals], None]
) -> None:
    random = session.random(f"refusals/{operation}/{what.__name__}")

    def check(actor: Actor, ground: Ground, contract: Contract) -> None:
        what(Refusals(actor, ground, contract, random))

    ask(session, ground, operation, check)


@pytest.mark.judges(
    "shape.*",
    *(f"refusal.{name}" for name in ("accepted", "status", "envelope", "location", "changed")),
)
@pytest.mark.parametrize("operation", _WITH_BODY)
def test_constraints(session: Session, ground: Ground, operation: str) -> None:
    """Each constraint of the body, broken for itself."""
    _run(session, ground, operation, Refusals.constraints)


@pytest.mark.judges(
    "shape.*",
    *(
        f"refusal.{name}"
        for name in ("header", "unknown-id", "bad-id", "body", "method", "moved", "envelope")
    ),
)
@pytest.mark.parametrize("operation", _CORE)
def test_requests(session: Session, ground: Ground, operation: str) -> None:
    """Headers, ids, methods, and bodies that are none."""
    for what in (Refusals.headers, Refusals.ids, Refusals.bodies, Refusals.methods):
        _run(session, ground, operation, what)


@pytest.mark.judges("shape.*", "refusal.unknown-reference")
@pytest.mark.parametrize("operation", references.OPERATIONS)
def test_references(session: Session, ground: Ground, operation: str) -> None:
    """Bodies that name a flow, a pool or a limit that is not there."""
    ask(session, ground, operation, references.send)


@pytest.mark.judges("shape.*")
@pytest.mark.parametrize("operation", [*hostile.SEARCHING, *hostile.STORING])
def test_hostile(session: Session, ground: Ground, operation: str) -> None:
    """Inputs that no sensible client sends; the server must not fail on them."""
    ask(session, ground, operation, hostile.send)
