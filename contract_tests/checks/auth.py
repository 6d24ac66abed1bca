"""Is a request refused that lacks what the target asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contract_tests.asking.actor import NOBODY
from contract_tests.asking.probe import Probe
from contract_tests.rules.shape import finding, summary
from contract_tests.transport.credentials import CSRF_TOKEN, Use
from contract_tests.transport.target import UNSET, may_change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contract_tests.running.session import Session
    from contract_tests.spec.contract import Contract
    from contract_tests.transport.exchange import Exchange

__all__ = ["Use", "asks", "check", "check_csrf"]

_REFUSED: Final = (401, 403)
_RULES: Final[Mapping[Use, tuple[str, str]]] = {
    "none": ("auth.none", "without credentials"),
    "wrong": ("auth.wrong", "with wrong credentials"),
}


def asks(session: Session) -> bool:
    """Whether the target asks for credentials; it is asked the first time only.

    Raises:
        Violation: it was seen now that it does not, and warnings fail the run.
    """
    if session.asks_for_credentials is None:
        refusal, last = _without(session)
        session.asks_for_credentials = refusal
        if not refusal:
            _open(session, last)
    return session.asks_for_credentials


def _without(session: Session) -> tuple[bool, Exchange]:
    """Whether one of three operations refuses without credentials, and the last answer."""
    for method, path, body in (
        ("POST", "/deployments/filter", {"limit": 0}),
        ("GET", "/hello", UNSET),
        ("POST", "/deployments/count", UNSET),
    ):
        exchange = session.target.send(method, path, json=body, use="none")
        if exchange.status in _REFUSED:
            return True, exchange
    return False, exchange


def _open(session: Session, exchange: Exchange) -> None:
    with Probe(session) as probe:
        probe.judge(
            finding(
                "auth.open",
                session.operations["count_deployments"],
                exchange,
                "credentials were given, and nobody needs any",
                expected="401 or 403 without credentials",
                got=summary(exchange),
                cause="open",
            )
        )


def check(session: Session, contract: Contract, use: Use) -> None:
    """Send one operation a request that must be refused before anything else is looked at.

    Raises:
        Violation: it is not refused.
    """
    exchange = _send(session, contract, use=use)
    _judge(session, contract, exchange, *_RULES[use])


def check_csrf(session: Session, contract: Contract) -> None:
    """Send a change without a CSRF token, and with a wrong one.

    Raises:
        Violation: it is not refused.
    """
    if not may_change(contract.operation.method, contract.operation.path):
        return
    connection = session.target.connection
    token = connection.client.headers.pop(CSRF_TOKEN, "")
    try:
        with connection.without_fetching():
            missing = _send(session, contract)
            wrong = _send(session, contract, headers={CSRF_TOKEN: "wrong"})
    finally:
        connection.client.headers[CSRF_TOKEN] = token
    _judge(session, contract, missing, "auth.csrf", "without a CSRF token")
    _judge(session, contract, wrong, "auth.csrf", "with a wrong CSRF token")


def _send(
    session: Session,
    contract: Contract,
    *,
    use: Use = "given",
    headers: dict[str, str] | None = None,
) -> Exchange:
    """A request about what does not exist: should it be let in, it changes nothing."""
    operation = contract.operation
    changes = may_change(operation.method, operation.path)
    return session.target.send(
        operation.method,
        contract.path(**dict.fromkeys(contract.path_names, NOBODY)),
        json=UNSET if contract.body_pointer is None else [] if changes else {"limit": 0},
        headers=headers,
        use=use,
    )


def _judge(session: Session, contract: Contract, exchange: Exchange, rule: str, says: str) -> None:
    if exchange.status in _REFUSED:
        return
    with Probe(session) as probe:
        probe.judge(
            finding(
                rule,
                contract.operation,
                exchange,
                f"a request {says} is answered with {exchange.status}",
                expected="401 or 403",
                got=summary(exchange),
                cause=says,
            )
        )
