"""Is a wrong request refused, and refused as documented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contract_tests.cases.constraint_breaking import dotted
from contract_tests.rules.shape import finding, summary
from contract_tests.spec.leniency import lax
from contract_tests.transport.exchange import NotJson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from contract_tests.cases.constraint_breaking import Case
    from contract_tests.findings import Finding
    from contract_tests.spec.contract import Contract
    from contract_tests.transport.exchange import Exchange

UNPROCESSABLE: Final = 422
BAD_REQUEST: Final = 400
_ERROR: Final = 400
_FAILURE: Final = 500


def refused(
    contract: Contract, case: Case, exchange: Exchange, *, sentence: bool = False
) -> Iterator[Finding]:
    """What is wrong with the answer to a body that breaks one constraint.

    Server errors and undeclared statuses are for the shape rules to tell.

    Args:
        contract: of the operation.
        case: the broken constraint.
        exchange: the request and its answer.
        sentence: the constraint is one that is answered with a sentence instead of a list.
    """
    operation = contract.operation
    place = f"{pattern(case.path)} {case.keyword}"
    if 0 < exchange.status < _ERROR:
        yield finding(
            "refusal.accepted",
            operation,
            exchange,
            f"accepted although {dotted(case.path)} breaks `{case.keyword}`",
            expected=str(UNPROCESSABLE),
            got=summary(exchange),
            spec=contract.body_pointer,
            cause=place,
        )
    elif exchange.status == BAD_REQUEST and not case.path and case.keyword in lax()["counted"]:
        return
    elif exchange.status != UNPROCESSABLE:
        if _ERROR <= exchange.status < _FAILURE and contract.response(exchange.status) is not None:
            yield finding(
                "refusal.status",
                operation,
                exchange,
                f"{dotted(case.path)} breaks `{case.keyword}`: refused with {exchange.status}",
                expected=str(UNPROCESSABLE),
                got=summary(exchange),
                cause=str(exchange.status),
            )
    else:
        yield from _told(contract, case, exchange, place, sentence=sentence)


def _told(
    contract: Contract, case: Case, exchange: Exchange, place: str, *, sentence: bool
) -> Iterator[Finding]:
    listed = errors(exchange)
    if (listed is None) is not sentence:
        yield finding(
            "refusal.envelope",
            contract.operation,
            exchange,
            f"the refusal of {dotted(case.path)} has the wrong body",
            expected="a sentence in `detail`" if sentence else "errors in `exception_detail`",
            got=summary(exchange),
            cause="sentence" if sentence else "list",
        )
    elif listed is not None and not any(
        _leads(place_of(case), error.get("loc")) for error in listed
    ):
        yield finding(
            "refusal.location",
            contract.operation,
            exchange,
            f"no error names {dotted(case.path)}",
            expected=str(["body", *case.path]),
            got=str([error.get("loc") for error in listed][:5]),
            cause=place,
        )


def errors(exchange: Exchange) -> list[Mapping[str, Any]] | None:
    """The errors that a refusal lists; None when it has no such list."""
    try:
        body = exchange.json()
    except NotJson:
        return None
    listed = body.get("exception_detail") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        return None
    return [error for error in listed if isinstance(error, dict)]


def place_of(case: Case) -> tuple[str | int, ...]:
    """The place that an error must name: formats may be checked for the whole object at once."""
    for depth, part in enumerate(case.path, 1):
        if part in lax()["whole"]:
            return case.path[:depth]
    return case.path[:-1] if case.keyword == "format" else case.path


def _leads(path: Sequence[str | int], loc: Any) -> bool:
    """Whether an error's place is the one sought, or within it.

    Names of union branches may stand between the parts.
    """
    if not isinstance(loc, list):
        return False
    parts = iter(loc)
    return all(part in parts for part in ("body", *path))


def pattern(path: Sequence[str | int]) -> str:
    """A place without its indices, so that it names a cause."""
    return dotted(tuple(path)).replace("[0]", "[]")


def accepted(
    contract: Contract, case: Case, exchange: Exchange, *, rules_of_its_own: bool
) -> Iterator[Finding]:
    """What is wrong with the answer to a body that keeps all constraints.

    Args:
        contract: of the operation.
        case: what is special about the body.
        exchange: the request and its answer.
        rules_of_its_own: the operation has rules that no schema states, told by a sentence or by
            errors of the type `value_error`; such a refusal is right.
    """
    if exchange.status not in (BAD_REQUEST, UNPROCESSABLE):
        return
    listed = errors(exchange)
    if rules_of_its_own and all(error.get("type") == "value_error" for error in listed or ()):
        return
    yield finding(
        "shape.acceptance",
        contract.operation,
        exchange,
        f"refused although it keeps the contract ({dotted(case.path)}: {case.keyword})",
        expected="an answer other than 400 and 422",
        got=summary(exchange),
        spec=contract.body_pointer,
        cause=f"{pattern(case.path)} {case.keyword}",
    )
