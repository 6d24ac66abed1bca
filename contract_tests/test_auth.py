"""Nobody is let in without what the target asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from contract_tests.checks import auth
from contract_tests.spec.operations import operations
from contract_tests.spec.version import spec_for

if TYPE_CHECKING:
    from contract_tests.running.session import Session

_CORE: Final = [operation.id for operation in operations() if operation.core]


@pytest.mark.judges("auth.{use}", "auth.open")
@pytest.mark.parametrize("use", ["none", "wrong"])
@pytest.mark.parametrize("operation", _CORE)
def test_credentials(session: Session, operation: str, use: auth.Use) -> None:
    """Without credentials, or with wrong ones, each operation refuses."""
    contract = spec_for(session.target.version).contracts.get(operation)
    if contract is None or not session.target.connection.credentials.secret_names:
        pytest.skip("no credentials were given")
    is_open = session.asks_for_credentials is False  # one check finds it, and judges by that
    if auth.asks(session):
        auth.check(session, contract, use)
    elif is_open:
        session.leave_out("credentials were given, and the target asks for none")


@pytest.mark.judges("auth.csrf")
@pytest.mark.parametrize("operation", _CORE)
def test_csrf(session: Session, operation: str) -> None:
    """Without a CSRF token, or with a wrong one, nothing changes."""
    contract = spec_for(session.target.version).contracts.get(operation)
    if contract is None or session.reference is not None or not session.target.connection.csrf:
        pytest.skip("the target asks for no CSRF tokens")
    auth.check_csrf(session, contract)
