"""Which operations a run may ask: not those that its target is too old for, or that change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contract_tests.asking.actor import Actor
from contract_tests.spec.operations import operations
from contract_tests.spec.version import spec_for
from contract_tests.transport.target import may_change

if TYPE_CHECKING:
    from collections.abc import Callable

    from contract_tests.data.ground import Ground
    from contract_tests.running.session import Session
    from contract_tests.spec.contract import Contract
    from contract_tests.spec.operations import Operation
    from contract_tests.transport.target import Target

_NOT_FOUND: Final = 404


_SUPPORTING: Final = [operation.id for operation in operations() if not operation.core]


def askable(session: Session, operation: str) -> Contract | None:
    """The contract of an operation; None, with a word in the report, when it must not be asked."""
    contract = spec_for(session.target.version).contracts.get(operation)
    if contract is None:
        session.leave_out(f"{operation} is not in version {session.target.version}")
    elif session.read_only and may_change(contract.operation.method, contract.operation.path):
        session.leave_out("operations that change something, in a read-only run")
    elif not _has_its_turn(session, operation):
        session.leave_out("supporting operations that a quick run leaves to another seed")
    elif contract.operation.about_the_server and _is_hidden(session.target, contract.operation):
        session.leave_out("what tells of the server itself: the target does not offer it")
    else:
        return contract
    return None


def ask(
    session: Session,
    ground: Ground,
    operation: str,
    what: Callable[[Actor, Ground, Contract], None],
) -> None:
    """Do something to an operation, if it may be asked, by an actor of its own."""
    contract = askable(session, operation)
    if contract is None:
        return
    with Actor(session, operation.replace("_", "-")) as actor:
        ground.actor = actor
        what(actor, ground, contract)


def _has_its_turn(session: Session, operation: str) -> bool:
    """Whether an operation is one that the profile has time for."""
    if operation not in _SUPPORTING:
        return True
    return (_SUPPORTING.index(operation) + session.seed) % session.profile.supporting == 0


def _is_hidden(target: Target, operation: Operation) -> bool:
    """Whether a target that keeps its version to itself does not offer an operation either."""
    if target.version is not None or operation.method != "GET":
        return False
    return target.get(operation.path).status == _NOT_FOUND
