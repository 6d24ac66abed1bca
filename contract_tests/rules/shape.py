"""Does an answer look as the spec says: status, content type, body, headers."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

from contract_tests.findings import MISSING, Finding, clip
from contract_tests.spec.contract import JSON
from contract_tests.spec.version import spec_for
from contract_tests.transport.exchange import Exchange, NotJson
from openapi.formats import CHECKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from contract_tests.spec.contract import Contract, Response
    from contract_tests.spec.operations import Operation

_UNAVAILABLE: Final = 503
_SERVER_ERROR: Final = 500
_ABSENT: Final = "required"  # as the validator calls it


@lru_cache(maxsize=4)
def shapes_for(version: str | None) -> Shapes:
    """The judge of a server version's answers."""
    return Shapes(spec_for(version).view, CHECKS)


class Shapes:
    """Judges answers by the schemas of one document.

    Args:
        view: the bundle in its 2020-12 form.
        formats: checks for formats that the validator does not know by itself.
    """

    def __init__(self, view: Mapping[str, Any], formats: Mapping[str, Any]) -> None:
        self._view = view
        self._formats = formats

    @cached_property
    def _validators(self) -> Any:
        # One pass over the document compiles every schema in it, keyed by JSON pointer.
        return jsonschema_rs.validator_map_for(
            dict(self._view), validate_formats=True, formats=dict(self._formats), offline=True
        )

    def check(self, contract: Contract, exchange: Exchange) -> Iterator[Finding]:
        """What is wrong with the answer; nothing when it is as declared."""
        operation = contract.operation
        if exchange.status == 0:
            yield finding(
                "shape.answer",
                operation,
                exchange,
                exchange.silent or "the connection was closed instead of an answer",
                expected="an answer",
                got="none",
                cause=exchange.silent or "closed",
            )
            return
        if exchange.flaw:
            yield finding(
                "shape.answer",
                operation,
                exchange,
                exchange.flaw,
                expected="a body that is whole",
                got=f"{len(exchange.body)} bytes of it",
                cause=exchange.flaw,
            )
            return
        declared = contract.response(exchange.status)
        if exchange.status >= _SERVER_ERROR and exchange.status != _UNAVAILABLE:
            yield finding(
                "shape.server-error",
                operation,
                exchange,
                "the server failed",
                expected=f"one of {', '.join(contract.statuses)}",
                got=_summary(exchange),
                cause=str(exchange.status),
            )
        elif declared is None:
            yield finding(
                "shape.status",
                operation,
                exchange,
                f"status {exchange.status} is not declared",
                expected=f"one of {', '.join(contract.statuses)}",
                got=_summary(exchange),
                cause=str(exchange.status),
            )
        else:
            yield from self._content(operation, exchange, declared)
            yield from _headers(contract, exchange, declared)

    def _content(
        self, operation: Operation, exchange: Exchange, declared: Response
    ) -> Iterator[Finding]:
        said = exchange.headers.get("content-type", "")
        pointer = declared.schema_pointer
        if not declared.content:
            if exchange.body:
                yield finding(
                    "shape.content-type",
                    operation,
                    exchange,
                    f"status {exchange.status} has a body, and none is declared",
                    expected="no body",
                    got=_summary(exchange),
                    spec=declared.pointer,
                    cause=f"{exchange.status} body",
                )
            return
        kind = said.partition(";")[0].strip().lower()
        if kind not in declared.content:
            yield finding(
                "shape.content-type",
                operation,
                exchange,
                f"status {exchange.status} has the content type {said or 'none'!r}",
                expected=" or ".join(declared.content),
                got=said or "no content type",
                spec=declared.pointer,
                cause=f"{exchange.status} {kind}",
            )
            return
        if kind == JSON and pointer is not None:
            yield from self._body(operation, exchange, pointer)

    def _body(self, operation: Operation, exchange: Exchange, pointer: str) -> Iterator[Finding]:
        try:
            body = exchange.json()
        except NotJson as error:
            yield finding(
                "shape.body",
                operation,
                exchange,
                str(error),
                expected="JSON",
                got=_summary(exchange),
                spec=pointer,
                cause=f"{exchange.status} not JSON",
            )
            return
        wrong = next(self._validators[pointer].iter_errors(body), None)
        if wrong is None:
            return
        deepest = _deepest(wrong)
        place = "".join(
            "[]" if isinstance(part, int) else f".{part}" for part in deepest.instance_path
        )
        yield finding(
            "shape.body",
            operation,
            exchange,
            f"the body of status {exchange.status} {_what(deepest, place)}",
            expected=clip(_wanted(deepest), 300),
            got=clip(_came(deepest, body), 200),
            spec=pointer,
            cause=f"{exchange.status} {place} {deepest.kind.name}",
        )


def finding(
    rule: str,
    operation: Operation,
    exchange: Exchange,
    message: str,
    *,
    expected: str,
    got: str,
    cause: str,
    spec: str | None = None,
    others: tuple[Exchange, ...] = (),
) -> Finding:
    """A finding about one operation; without a pointer it points to the operation."""
    return Finding(
        rule=rule,
        operation=operation.id,
        message=message,
        expected=expected,
        got=got,
        exchange=exchange,
        spec_pointer=spec or operation.pointer,
        cause=cause,
        others=others,
    )


def summary(exchange: Exchange) -> str:
    """Status and the beginning of the body, on one line."""
    return _summary(exchange)


def _summary(exchange: Exchange) -> str:
    return clip(f"{exchange.status} {exchange.body[:400].decode('utf-8', 'replace')}", 300)


def _headers(contract: Contract, exchange: Exchange, declared: Response) -> Iterator[Finding]:
    operation = contract.operation
    for name, header in declared.headers.items():
        if contract.follow(header)[1].get("required") and name.lower() not in exchange.headers:
            yield finding(
                "shape.header",
                operation,
                exchange,
                f"the header {name} is missing from status {exchange.status}",
                expected=name,
                got=", ".join(sorted(exchange.headers)),
                spec=declared.pointer,
                cause=f"{exchange.status} {name.lower()}",
            )


def _deepest(error: Any) -> Any:
    """Of the errors of a union's branches, the one that got furthest; the error itself if none."""
    branches = getattr(error.kind, "context", None) or ()
    below = [_deepest(item) for branch in branches for item in branch]
    # A branch that only says that null was expected explains nothing.
    telling = [item for item in below if "null" not in item.message.rsplit(" ", 1)[-1]]
    return max((error, *telling), key=lambda item: len(item.instance_path))


def _what(error: Any, place: str) -> str:
    if error.kind.name == _ABSENT:
        return f"lacks {place}.{error.kind.property}".replace(" .", " ")
    return f"breaks its schema{' at ' + place.removeprefix('.') if place else ''}"


def _wanted(error: Any) -> str:
    return f"`{error.kind.property}`" if error.kind.name == _ABSENT else error.message


def _came(error: Any, body: Any) -> str:
    there = _at(body, error.instance_path)
    return f"{MISSING} in {there}" if error.kind.name == _ABSENT else str(there)


def _at(value: Any, path: list[str | int]) -> Any:
    for part in path:
        value = value[part]
    return value
