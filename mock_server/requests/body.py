"""A request's body, from bytes to what an operation is given.

The order of the checks, the envelopes and the words are the released server's; where that one
answers with a status of 500 or more to what a client sent, this one answers 422.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import Message
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter, ValidationError

from mock_server.clock import system_clock
from mock_server.errors import BadRequest, RequestInvalid, Unprocessable
from mock_server.requests.combinations import BODY_CHECKS
from mock_server.requests.own_errors import is_own, reported
from mock_server.requests.storable import too_deep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mock_server.clock import Clock
    from mock_server.requests.models import Models, Schema

    Error = dict[str, Any]

UNREADABLE: Final = "There was an error parsing the body"
JSON_TYPE: Final = "application/json"
MOST_ERRORS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Body:
    """A body, read.

    Attributes:
        raw: the parsed JSON as it was sent, or the bytes of what was no JSON; None without a body.
        sent: the same as the models leave it, with only what was sent.
        full: the same with the spec's defaults.
        refusal: why it is refused all the same, unless there is something else against it that
            the released server finds before.
    """

    raw: Any = None
    sent: Any = None
    full: Any = None
    refusal: RequestInvalid | None = None


def parse(content: bytes, headers: Mapping[str, str]) -> Any:
    """The JSON that a body holds, the bytes themselves if not declared as JSON, None if empty.

    Raises:
        RequestInvalid: it is declared as JSON and is none, or is nested too deeply to be read.
        BadRequest: it cannot even be read as text.
    """
    if not content:
        return None
    if not _is_json(headers):
        return content
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        raise RequestInvalid(
            [
                {
                    "type": "json_invalid",
                    "loc": ("body", error.pos),
                    "msg": "JSON decode error",
                    "input": {},
                    "ctx": {"error": error.msg},
                }
            ],
            error.doc,
        ) from error
    except RecursionError:
        # How deep that is depends on the interpreter; what is kept of a body has its own limit.
        raise RequestInvalid([too_deep(("body",))]) from None
    except ValueError as error:  # no text, or digits without end
        raise BadRequest(UNREADABLE) from error


def _is_json(headers: Mapping[str, str]) -> bool:
    declared = headers.get("content-type")
    if declared == JSON_TYPE:
        return True
    if not declared:
        # Taken for JSON, for the sake of old clients, which tell the length at least.
        return declared is None and headers.get("content-length", "0") != "0"
    message = Message()
    message["content-type"] = declared
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (
        subtype == "json" or subtype.endswith("+json")
    )


def text(body: object) -> object:
    """A body as an error shows it."""
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else body


def missing(*loc: str | int) -> Error:
    """The error of what is not there."""
    return {"type": "missing", "loc": loc, "msg": "Field required", "input": None}


def collect(error: ValidationError, *loc: str | int) -> list[Error]:
    """The errors of a model, below a place, as JSON can carry them.

    Of very many only their number: to list them would take more than a small server has.
    """
    number = error.error_count()
    if number > MOST_ERRORS:
        message = f"Input has {number} errors, more than the {MOST_ERRORS} that are listed"
        return [{"type": "too_many_errors", "loc": loc, "msg": message, "input": None}]
    return [_error(dict(item), loc) for item in error.errors(include_url=False)]


def _error(item: Error, loc: tuple[str | int, ...]) -> Error:
    item["loc"] = (*loc, *item["loc"])
    item["input"] = text(item["input"])
    # What an exception is made of is nobody's business: the server shows an empty object.
    if isinstance(item.get("ctx", {}).get("error"), Exception):
        item["ctx"] = {"error": {}}
    if isinstance(item["input"], timedelta):
        item["input"] = item["input"].total_seconds()
    return item


def refusal(errors: list[Error], raw: Any, *, lax: bool) -> RequestInvalid:
    """The refusal of a body for some errors, if all of them are our own.

    Args:
        errors: what is wrong.
        raw: the parsed body.
        lax: whether the bounds of our own were not checked: an error is the server's, then.

    Raises:
        RequestInvalid: some are not.
    """
    refused = RequestInvalid(reported(errors), text(raw))
    if not lax and all(map(is_own, errors)):
        return refused
    raise refused


class WholeBody:
    """A body that is one model, or a list of one.

    Args:
        models: the models of the document.
        schema: the schema of the body.
        required: whether a request without a body is refused.
    """

    def __init__(self, models: Models, schema: Schema, *, required: bool) -> None:
        self._models, self._schema = models, schema
        # How long a list may be is refused by its operation, in words of its own.
        self._adapter: TypeAdapter[Any] = TypeAdapter(models.type_of(schema, bounds=False))
        self._validate = self._adapter.validator.validate_python
        self._dump = self._adapter.serializer.to_python
        self._required = required

    def read(self, raw: Any, errors: Sequence[Error] = (), _clock: Clock = system_clock) -> Body:
        """Check and coerce a parsed body.

        Args:
            raw: what `parse` gave.
            errors: what was wrong with the request before.

        Raises:
            RequestInvalid: with all errors, if not all are of our own.
        """
        value = None
        found = list(errors)
        if raw is None:
            if self._required:
                found.append(missing("body"))
        else:
            try:
                value = self._validate(raw, from_attributes=True)
            except ValidationError as error:
                found += collect(error, "body")
        if found:
            refused = refusal(found, raw, lax=not self._models.own)
            return replace(self._lax.read(raw), refusal=refused)
        if value is None:
            return Body(raw)
        return Body(raw, self._dump(value, exclude_unset=True), self._dump(value))

    @cached_property
    def _lax(self) -> WholeBody:
        return WholeBody(self._models.lax, self._schema, required=self._required)


@dataclass(frozen=True, slots=True)
class BodyField:
    """One parameter of a body of several.

    Attributes:
        name: its key.
        adapter: its type.
        default: what it is when it is absent or null.
        required: whether it must be there.
        bounds: the smallest and the largest value, where being out of them is answered with one
            sentence.
    """

    name: str
    adapter: TypeAdapter[Any]
    default: Any = None
    required: bool = False
    bounds: tuple[int, int] | None = None
    validate: Any = field(init=False)
    dump: Any = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "validate", self.adapter.validator.validate_python)
        object.__setattr__(self, "dump", self.adapter.serializer.to_python)

    def check_bounds(self, value: int) -> None:
        """Refuse what is out of bounds.

        Raises:
            Unprocessable: with the server's sentence.
        """
        if self.bounds is None:
            return
        low, high = self.bounds
        if value < low:
            raise Unprocessable(f"Invalid {self.name}: must be greater than or equal to {low}.")
        if value > high:
            raise Unprocessable(f"Invalid {self.name}: must be less than or equal to {high}.")


class BodyFields:
    """A body whose keys are parameters of their own; no body is as good as an empty object.

    Args:
        models: the models of the document.
        name: the name of the body's schema.
        schema: the schema itself.
    """

    def __init__(self, models: Models, name: str, schema: Schema) -> None:
        required = set(schema.get("required", ()))
        self._models, self._name, self._schema = models, name, schema
        self._fields = tuple(
            _body_field(models, name, key, prop, required=key in required)
            for key, prop in schema["properties"].items()
        )
        self._check = BODY_CHECKS.get(name) if models.own else None
        self._defaults = {entry.name: entry.default for entry in self._fields}

    def read(self, raw: Any, errors: Sequence[Error] = (), clock: Clock = system_clock) -> Body:
        """Check and coerce a parsed body; unknown keys are passed over.

        Raises:
            Unprocessable: a field with `x-detail-error` is out of bounds.
            RequestInvalid: with all other errors, if not all are of our own.
        """
        found = list(errors)
        sent: dict[str, Any] = {}
        full = self._defaults.copy()
        absent = raw is None or isinstance(raw, bytes)
        if absent or isinstance(raw, dict):
            values: Mapping[str, Any] = {} if absent else raw
            for entry in self._fields:
                _read_field(entry, values.get(entry.name), sent, full, found)
        else:
            found += [missing("body", entry.name) for entry in self._fields]
        if found:
            refused = refusal(found, raw, lax=not self._models.own)
            return replace(self._lax.read(raw, (), clock), refusal=refused)
        if self._check is not None:
            self._check(full, raw, clock)
        return Body(raw, sent, full)

    @cached_property
    def _lax(self) -> BodyFields:
        return BodyFields(self._models.lax, self._name, self._schema)


def _read_field(
    entry: BodyField,
    value: Any,
    sent: dict[str, Any],
    full: dict[str, Any],
    errors: list[Error],
) -> None:
    if value is None:
        if entry.required:
            errors.append(missing("body", entry.name))
        return
    try:
        made = entry.validate(value, from_attributes=True)
    except ValidationError as error:
        errors += collect(error, "body", entry.name)
        return
    if entry.bounds is not None:
        entry.check_bounds(made)
    sent[entry.name] = entry.dump(made, exclude_unset=True)
    full[entry.name] = entry.dump(made)


def _body_field(
    models: Models, owner: str, key: str, schema: Schema, *, required: bool
) -> BodyField:
    detailed = schema.get("x-detail-error") is True
    made = models.field_type(owner, key, schema, bounds=not detailed)
    bounds = (schema["minimum"], schema["maximum"]) if detailed else None
    return BodyField(key, TypeAdapter(made), models.default(schema), required, bounds)
