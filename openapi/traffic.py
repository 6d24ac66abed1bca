"""Judges recorded traffic by openapi-core: requests and answers against a document."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.media_types.exceptions import MediaTypeFinderError
from openapi_core.templating.paths.exceptions import OperationNotFound, PathError
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.validation.request.exceptions import (
    MissingRequestBodyError,
    ParameterValidationError,
    RequestBodyValidationError,
    SecurityValidationError,
)
from openapi_core.validation.response.exceptions import HeaderValidationError, MissingData
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from werkzeug.datastructures import Headers, ImmutableMultiDict

from openapi.findings import Severity
from openapi.har import Recorded
from openapi.structure import escape, operations

__all__ = ["TRAFFIC_CODES", "Breach", "TrafficJudge", "base_path_of"]

_REFUSED = 400
_FAILED = 500

TRAFFIC_CODES: Mapping[str, str] = {
    "unknown-path": "The document has no such path.",
    "unknown-method": "The path has no such method.",
    "request-parameter": "A parameter is missing or breaks its schema.",
    "request-body": "The body of a request is missing or breaks its schema.",
    "request-media-type": "The body of a request is of a media type that is not declared.",
    "request-security": "The credentials that the operation needs are missing.",
    "request-unreadable": "The request cannot be read as its media type says.",
    "undeclared-status": "The answer has a status that is not declared.",
    "response-media-type": "The answer is of a media type that is not declared.",
    "response-body": "The body of an answer is missing or breaks its schema.",
    "response-header": "A header of an answer is missing or breaks its schema.",
    "response-unreadable": "The answer cannot be read as its media type says.",
}
"""What can be wrong with an exchange."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing that is wrong with an exchange.

    Attributes:
        code: A key of `TRAFFIC_CODES`.
        severity: A warning for a request that was refused as it should be, else an error.
        entry: The number of the exchange in the archive.
        operation: The operationId, or method and path.
        pointer: Where in the body it is wrong, as a JSON pointer; else what is, such as a name.
        message: What is wrong.
    """

    code: str
    severity: Severity
    entry: int
    operation: str
    pointer: str
    message: str


@dataclass(slots=True)
class _Request:
    """A request as openapi-core wants it."""

    host_url: str
    path: str
    method: str
    content_type: str
    body: bytes | None
    parameters: RequestParameters


@dataclass(slots=True)
class _Response:
    """An answer as openapi-core wants it."""

    status_code: int
    content_type: str
    data: bytes | None
    headers: Headers = field(default_factory=Headers)


def base_path_of(document: Mapping[str, Any]) -> str:
    """The base path that a document gives by its first server, `""` for the root."""
    servers = document.get("servers") or [{"url": "/"}]
    return re.sub(r"^[a-z]+://[^/]+", "", str(servers[0].get("url", "/"))).rstrip("/")


class TrafficJudge:
    """Judges exchanges by one document.

    Args:
        document: An OpenAPI 3.0 or 3.1 document.
        base_path: What stands in front of its paths; None for what it says itself.
        formats: Checks of formats that JSON Schema does not know, by their names.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        base_path: str | None = None,
        formats: Mapping[str, Any] | None = None,
    ) -> None:
        base = base_path_of(document) if base_path is None else base_path
        self.base_path = f"/{base.strip('/')}" if base.strip("/") else ""
        # None is how its documentation has the check left out; its annotation lacks it.
        config = Config(
            spec_validator_cls=None,  # type: ignore[arg-type]
            extra_format_validators={
                name: _of_strings(check) for name, check in (formats or {}).items()
            },
        )
        # Which hosts are meant was settled before: every request looks as if it went to the root.
        plain = {**document, "servers": [{"url": "/"}]}
        self._core = OpenAPI.from_dict(plain, config=config)
        self._templates = [
            (method.upper(), _pattern(path), operation.get("operationId", f"{method} {path}"))
            for path, method, operation in operations(document)
        ]

    def path_below(self, path: str) -> str | None:
        """A path without the base path, None when it is not below it."""
        if not path.startswith(f"{self.base_path}/"):
            return None
        return path.removeprefix(self.base_path)

    def operation_of(self, method: str, path: str) -> str | None:
        """The operationId of a request by its path below the base path."""
        # A path without parameters comes before one with them.
        found = [
            (pattern.groups, name)
            for known, pattern, name in self._templates
            if known == method and pattern.fullmatch(path)
        ]
        return min(found)[1] if found else None

    def judge(self, exchange: Recorded, *, requests: bool = True) -> Iterator[Breach]:
        """What is wrong with an exchange whose path is below the base path.

        Args:
            exchange: Request and answer.
            requests: Tell what is wrong with the request, too.
        """
        path = self.path_below(exchange.path) or exchange.path
        name = self.operation_of(exchange.method, path) or f"{exchange.method} {path}"
        request = _Request(
            host_url="http://server",
            path=path,
            method=exchange.method.lower(),
            content_type=exchange.request_headers.get("content-type", "application/json").lower(),
            body=exchange.request_body or None,
            parameters=RequestParameters(
                query=ImmutableMultiDict(exchange.query),
                header=Headers(dict(exchange.request_headers)),
            ),
        )
        refused = _REFUSED <= exchange.status < _FAILED
        severity = Severity.WARNING if refused else Severity.ERROR
        known = True
        for error in _errors(self._core.iter_request_errors(request)):
            known = known and not isinstance(error, PathError)
            for code, pointer, message in _told("request", error) if requests else ():
                yield Breach(code, severity, exchange.number, name, pointer, message)
        if known:
            yield from self._answer(exchange, request, name)

    def _answer(self, exchange: Recorded, request: _Request, name: str) -> Iterator[Breach]:
        response = _Response(
            status_code=exchange.status,
            content_type=exchange.headers.get("content-type", "").lower() or "application/json",
            data=exchange.body,
            headers=Headers(dict(exchange.headers)),
        )
        for error in _errors(self._core.iter_response_errors(request, response)):
            for code, pointer, message in _told("response", error):
                if exchange.body is None and code != "undeclared-status":
                    continue  # it was not recorded
                yield Breach(code, Severity.ERROR, exchange.number, name, pointer, message)


def _of_strings(check: Callable[[str], bool]) -> Callable[[Any], bool]:
    """A check of a format that leaves other types to the keyword `type`."""
    return lambda value: not isinstance(value, str) or check(value)


def _errors(found: Iterator[Exception]) -> Iterator[Exception]:
    """What openapi-core finds, and what it stumbles over: odd bytes can make it fail."""
    try:
        yield from found
    except Exception as error:  # noqa: BLE001  # whatever it is, the exchange cannot be read
        yield error


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^{}]+\})", template)
    return re.compile("".join("([^/]+)" if p.startswith("{") else re.escape(p) for p in parts))


def _pointer(steps: Iterable[str | int]) -> str:
    return "".join(f"/{escape(str(step))}" for step in steps)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came of."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or (cause.__context__ if not cause.__suppress_context__ else None)


def _told(side: str, error: BaseException) -> Iterator[tuple[str, str, str]]:
    """Code, pointer and message of what openapi-core says."""
    causes = list(_causes(error))
    code = _code(side, causes)
    named = next((c.name for c in causes if hasattr(c, "name") and hasattr(c, "location")), "")
    for cause in causes:
        if isinstance(cause, InvalidSchemaValue):
            for broken in _leaves(cause.schema_errors):
                pointer = named or _pointer(getattr(broken, "absolute_path", ()))
                yield code, pointer, f"{getattr(broken, 'message', broken)}"[:300]
            return
    said = [_text(cause) for cause in causes if isinstance(cause, OpenAPIError)]
    yield code, named, (said or [_text(error)])[-1][:300]


def _text(error: BaseException) -> str:
    """What an error says; some fail to say it of bytes that are no text."""
    try:
        return str(error) or type(error).__name__
    except UnicodeError as reason:
        return str(reason)


def _leaves(found: Iterable[Exception]) -> Iterator[Exception]:
    """The errors that tell what is wrong: of alternatives, those of the one that comes nearest."""
    for error in found:
        branches: dict[Any, list[Exception]] = {}
        for inner in getattr(error, "context", None) or ():
            branches.setdefault(next(iter(inner.schema_path), None), []).append(inner)
        if not branches:
            yield error
            continue
        nearest = max(
            branches.values(),
            key=lambda listed: (max(len(e.absolute_path) for e in listed), -len(listed)),  # type: ignore[attr-defined]
        )
        yield from _leaves(nearest)


# What a cause is -> what it says of a request, and of an answer.
_CODES: tuple[tuple[type[BaseException], str, str], ...] = (
    (OperationNotFound, "unknown-method", "unknown-method"),
    (PathError, "unknown-path", "unknown-path"),
    (SecurityValidationError, "request-security", "request-security"),
    (ParameterValidationError, "request-parameter", "request-parameter"),
    (ResponseNotFound, "undeclared-status", "undeclared-status"),
    (MediaTypeFinderError, "request-media-type", "response-media-type"),
    (MissingRequestBodyError, "request-body", "request-body"),
    (HeaderValidationError, "response-header", "response-header"),
    (MissingData, "response-body", "response-body"),
    (InvalidSchemaValue, "request-body", "response-body"),
    (RequestBodyValidationError, "request-unreadable", "request-unreadable"),
)


def _code(side: str, causes: list[BaseException]) -> str:
    for kind, asked, answered in _CODES:
        if any(isinstance(cause, kind) for cause in causes):
            return asked if side == "request" else answered
    return f"{side}-unreadable"
