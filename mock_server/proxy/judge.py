"""Judges one exchange by the spec: fast enough to stand between a client and its server."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

import jsonschema_rs
import orjson

from openapi.formats import CHECKS
from openapi.json_schema import json_schema_view
from openapi.structure import escape, operations, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DOCUMENT: Final = "urn:proxy:document"
JSON: Final = "application/json"
_LONGEST: Final = 300
_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that breaks the spec.

    Attributes:
        code: What kind of thing; the codes are those of `deployments-spec check-traffic`.
        operation: The operationId, or method and path.
        pointer: Where in the body, as a JSON pointer; else the name of a parameter or header.
        message: What is wrong.
    """

    code: str
    operation: str
    pointer: str
    message: str

    def __str__(self) -> str:
        place = f" at {self.pointer}" if self.pointer else ""
        return f"{self.code}: {self.operation}{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, references followed as far as the proxy needs it.

    Attributes:
        name: The operationId.
        pattern: Its path, a group for each parameter.
        parameters: Where each goes, its name, whether it is required, and its schema's pointer.
        body: The pointer of the schema of its JSON body, None without a body.
        needs_body: Whether it must have one.
        responses: Status -> the pointer of the response.
    """

    name: str
    pattern: re.Pattern[str]
    parameters: tuple[tuple[str, str, bool, str], ...]
    body: str | None
    needs_body: bool
    responses: Mapping[str, str]


class UnreadableBodyError(ValueError):
    """A body cannot be unpacked or parsed. The message says why."""


def unpacked(body: bytes, coding: str) -> bytes | None:
    """A body as it was before it was packed; None if it cannot be told here.

    Raises:
        UnreadableBodyError: It is not packed as it says.
    """
    for name in reversed([part.strip().lower() for part in coding.split(",") if part.strip()]):
        if name not in ("gzip", "x-gzip", "deflate", "identity"):
            return None
        if name != "identity":
            window = zlib.MAX_WBITS + (16 if "gzip" in name else 0)
            try:
                body = zlib.decompress(body, window)
            except zlib.error as error:
                raise UnreadableBodyError(f"it is no {name}: {error}") from error
    return body


class Judge:
    """Judges by one document.

    Args:
        document: A bundled OpenAPI 3.0 or 3.1 document.
        base_path: What stands in front of its paths, such as `/api`.
    """

    def __init__(self, document: dict[str, Any], base_path: str) -> None:
        self._base = base_path.rstrip("/")
        self._view = json_schema_view(document)
        self._registry = jsonschema_rs.Registry([(DOCUMENT, self._view)])
        self._validators: dict[str, Any] = {}
        self._operations: dict[str, list[Operation]] = {}
        self._paths: list[re.Pattern[str]] = []
        for path, method, operation in operations(self._view):
            read = self._read(path, method, operation)
            self._operations.setdefault(method.upper(), []).append(read)
            self._paths.append(read.pattern)
        for listed in self._operations.values():
            # A path without parameters comes before one with them.
            listed.sort(key=lambda one: one.pattern.groups)

    def _followed(self, pointer: str) -> tuple[str, Any]:
        node = resolve(self._view, pointer)
        while isinstance(node, dict) and "$ref" in node:
            pointer = node["$ref"].removeprefix("#")
            node = resolve(self._view, pointer)
        return pointer, node

    def _read(self, path: str, method: str, operation: dict[str, Any]) -> Operation:
        item = f"/paths/{escape(path)}"
        place = f"{item}/{method}"
        parameters = []
        for holder in (item, place):
            for index in range(len(resolve(self._view, holder).get("parameters", ()))):
                pointer, parameter = self._followed(f"{holder}/parameters/{index}")
                required = parameter.get("required", False)
                schema = f"{pointer}/schema"
                parameters.append((parameter["in"], parameter["name"], required, schema))
        body, needed = None, False
        if "requestBody" in operation:
            pointer, declared = self._followed(f"{place}/requestBody")
            needed = declared.get("required", False)
            if JSON in declared["content"]:
                body = f"{pointer}/content/{escape(JSON)}/schema"
        return Operation(
            name=operation.get("operationId", f"{method.upper()} {path}"),
            pattern=_pattern(path),
            parameters=tuple(parameters),
            body=body,
            needs_body=needed,
            responses={
                status: self._followed(f"{place}/responses/{status}")[0]
                for status in operation["responses"]
            },
        )

    def path_below(self, target: str) -> str | None:
        """The path of a request's target below the base path, None for what is not below it."""
        path = urlsplit(target).path
        return path.removeprefix(self._base) if path.startswith(f"{self._base}/") else None

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation of a request by its path below the base path."""
        for one in self._operations.get(method, ()):
            if one.pattern.fullmatch(path):
                return one
        return None

    def request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Iterator[Violation]:
        """What is wrong with a request; nothing if it is not below the base path.

        Args:
            method: Upper case.
            target: Path and query, as they were sent.
            headers: Names in lower case.
            body: As it was sent.
        """
        path = self.path_below(target)
        if path is None:
            return
        operation = self.operation(method, path)
        if operation is None:
            known = any(pattern.fullmatch(path) for pattern in self._paths)
            code = "unknown-method" if known else "unknown-path"
            says = "the path has no such method" if known else "the spec has no such path"
            yield Violation(code, f"{method} {path}", "", says)
            return
        yield from self._parameters(operation, path, target, headers)
        yield from self._body(operation, headers, body)

    def _parameters(
        self, operation: Operation, path: str, target: str, headers: Mapping[str, str]
    ) -> Iterator[Violation]:
        found = operation.pattern.fullmatch(path)
        values = [unquote(part) for part in found.groups()] if found is not None else []
        waiting = iter(values)
        query = parse_qs(urlsplit(target).query, keep_blank_values=True)
        for where, name, required, schema in operation.parameters:
            value: str | None
            if where == "path":
                value = next(waiting, None)
            elif where == "header":
                value = headers.get(name.lower())
            else:
                value = query.get(name, [None])[-1] if where == "query" else None
            if value is None:
                if required:
                    yield Violation("request-parameter", operation.name, name, "it is missing")
                continue
            for _, message in self._errors(schema, self._read_as(schema, value)):
                yield Violation("request-parameter", operation.name, name, message)

    def _read_as(self, pointer: str, text: str) -> Any:
        """The text of a parameter as the JSON value that its schema asks for."""
        _, schema = self._followed(pointer)
        if schema.get("type") in ("integer", "number", "boolean"):
            try:
                return json.loads(text)
            except ValueError:
                return text
        return text

    def _body(
        self, operation: Operation, headers: Mapping[str, str], body: bytes
    ) -> Iterator[Violation]:
        if operation.body is None:
            return
        if not body:
            if operation.needs_body:
                yield Violation("request-body", operation.name, "", "it is missing")
            return
        kind = _media_type(headers)
        if kind and not _is_json(kind):
            yield Violation("request-media-type", operation.name, "", f"{kind} is not declared")
            return
        yield from self._judged("request", operation.name, operation.body, headers, body)

    def response(
        self, operation: Operation, status: int, headers: Mapping[str, str], body: bytes | None
    ) -> Iterator[Violation]:
        """What is wrong with an answer.

        Args:
            operation: What was asked.
            status: The status.
            headers: Names in lower case.
            body: As it was sent; None if it is not to be judged.
        """
        declared = operation.responses.get(str(status)) or operation.responses.get("default")
        if declared is None:
            says = f"{status} is not declared"
            yield Violation("undeclared-status", operation.name, "", says)
            return
        content = resolve(self._view, declared).get("content", {})
        kind = _media_type(headers)
        if (body is None and (not kind or not content)) or (not body and not content):
            return
        known = next((name for name in content if name == kind), None)
        if known is None:
            says = f"{kind or 'an answer without a type'} is not declared"
            yield Violation("response-media-type", operation.name, "", says)
        elif _is_json(known) and body is not None:
            pointer = f"{declared}/content/{escape(known)}/schema"
            yield from self._judged("response", operation.name, pointer, headers, body)

    def _judged(
        self, side: str, name: str, pointer: str, headers: Mapping[str, str], body: bytes
    ) -> Iterator[Violation]:
        """What is wrong with a body of JSON."""
        try:
            plain = unpacked(body, headers.get("content-encoding", ""))
            if plain is None:
                return
            value = _parsed(plain)
        except UnreadableBodyError as error:
            yield Violation(f"{side}-unreadable", name, "", str(error))
            return
        for place, message in self._errors(pointer, value):
            yield Violation(f"{side}-body", name, place, message)

    def _errors(self, pointer: str, value: Any) -> list[tuple[str, str]]:
        """Where and how a value breaks a schema."""
        validator = self._validators.get(pointer)
        if validator is None:
            validator = self._validators[pointer] = jsonschema_rs.validator_for(
                {"$ref": f"{DOCUMENT}#{quote(pointer, safe='/~')}"},
                registry=self._registry,
                validate_formats=True,
                formats=dict(CHECKS),
                offline=True,
            )
        if validator.is_valid(value):
            return []
        found = [leaf for error in validator.iter_errors(value) for leaf in _leaves(error)]
        return list(dict.fromkeys(found))[:_MOST]


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        try:
            return json.loads(content)  # numbers and texts that orjson does not take
        except ValueError as error:
            raise UnreadableBodyError(f"it is no JSON: {error}") from error


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^{}]+\})", template)
    return re.compile("".join("([^/]+)" if p.startswith("{") else re.escape(p) for p in parts))


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    return kind == JSON or kind.endswith("+json")


def _leaves(error: Any) -> Iterator[tuple[str, str]]:
    """What is wrong in the end: of alternatives, what those say that come nearest."""
    branches: Sequence[Sequence[Any]] = getattr(error.kind, "context", None) or ()
    told = [branch for branch in branches if branch]
    if told:
        nearest = max(told, key=lambda each: (max(len(e.instance_path) for e in each), -len(each)))
        for inner in nearest:
            yield from _leaves(inner)
        return
    pointer = "".join(f"/{escape(str(step))}" for step in error.instance_path)
    message = str(error.message)
    yield pointer, message if len(message) <= _LONGEST else f"{message[:_LONGEST]}..."
