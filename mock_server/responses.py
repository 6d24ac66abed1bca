"""The edge at which answers go out: rendered as JSON, and checked against the spec.

The mock cannot answer what the spec forbids: such an answer becomes a 500 that says where the two
part, and is logged.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import jsonschema_rs
import orjson

from mock_server.call import NO_BODY, View
from mock_server.errors import INTERNAL_ERROR, ApiError
from mock_server.requests.storable import presentable
from openapi.json_schema import json_schema_view
from openapi.structure import METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping

logger: Final = logging.getLogger(__name__)

DOCUMENT: Final = "urn:mock:document"
MEDIA: Final = "application~1json"
TEXT: Final = "text/plain"


class NonConforming(ApiError):  # noqa: N818 - reads as what happened
    """An answer that the spec forbids.

    Attributes:
        operation: the operation that answered.
        status: of the answer that was not sent.
        pointer: where the answer parts from the spec.
        reason: how.
    """

    def __init__(self, operation: str, answered: int, pointer: str, reason: str) -> None:
        super().__init__(
            500,
            {
                "exception_message": INTERNAL_ERROR,
                "exception_detail": (
                    f"The mock made an answer that its spec forbids: {operation}, status"
                    f" {answered}, at {pointer or 'the root'}: {reason}"
                ),
            },
        )
        self.operation = operation
        self.answered = answered
        self.pointer = pointer
        self.reason = reason


def render(value: Any) -> bytes:
    """A JSON value as the server writes it: UTF-8, times with `Z` and six digits or none."""
    try:
        return orjson.dumps(value, option=orjson.OPT_UTC_Z)
    except TypeError:
        # Numbers beyond 64 bits, and what an error echoes: deep nesting, text that is none.
        return json.dumps(presentable(value), default=_plain, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return orjson.loads(orjson.dumps(value, option=orjson.OPT_UTC_Z))
    raise TypeError(f"{type(value)} is no JSON")


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:  # an integer larger than any float, which an error echoes
        return json.loads(content)


class Schemas:
    """Validators of a document's schemas, each compiled when it is first asked for.

    Args:
        document: a bundled OpenAPI 3.0 document.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self._view = json_schema_view(document)
        self._registry = jsonschema_rs.Registry([(DOCUMENT, self._view)])
        self._made: dict[str, Any] = {}

    def at(self, pointer: str) -> Any:
        """What stands at a JSON pointer."""
        found: Any = self._view
        for part in pointer.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return found

    def validator(self, pointer: str) -> Any:
        """The validator of the schema at a JSON pointer."""
        made = self._made.get(pointer)
        if made is None:
            made = self._made[pointer] = jsonschema_rs.validator_for(
                {"$ref": f"{DOCUMENT}{quote(pointer, safe='#/~')}"},
                registry=self._registry,
                validate_formats=True,
                offline=True,
            )
        return made


class Answers:
    """Renders and checks the answers of one operation.

    Args:
        schemas: the validators of the document.
        operation: the operation's id.
        pointer: where its responses stand in the document.
    """

    def __init__(self, schemas: Schemas, operation: str, pointer: str) -> None:
        self._schemas = schemas
        self._operation = operation
        self._pointer = pointer
        self._shapes: dict[int, Shape | None] = {}

    def render(self, status: int, body: Any) -> bytes | None:
        """The bytes of an answer; None for an answer without a body.

        What the spec forbids is logged: it is a fault of the mock.

        Raises:
            NonConforming: the spec forbids it.
        """
        try:
            return self.check(status, body)
        except NonConforming as error:
            logger.error("%s", error.body["exception_detail"])  # noqa: TRY400 - it says all
            raise

    def check(self, status: int, body: Any) -> bytes | None:
        """The same, of what may well be at fault.

        Raises:
            NonConforming: the spec forbids it.
        """
        shape = self._shape(status)
        if body is NO_BODY or shape is None:
            if body is NO_BODY and shape is None:
                return None
            raise self._refused(status, "", "a body where none belongs, or none where one does")
        try:
            return shape.render(body)
        except jsonschema_rs.ValidationError as error:
            where = "/".join(str(part) for part in error.instance_path)
            raise self._refused(status, where, error.message) from None

    def _refused(self, status: int, pointer: str, reason: str) -> NonConforming:
        return NonConforming(self._operation, status, pointer, reason)

    def _shape(self, status: int) -> Shape | None:
        if status in self._shapes:
            return self._shapes[status]
        responses = self._schemas.at(self._pointer)
        if str(status) not in responses:
            raise self._refused(status, "", "the spec declares no such status")
        pointer = f"{self._pointer}/{status}"
        declared = responses[str(status)]
        if "$ref" in declared:
            pointer = declared["$ref"]
            declared = self._schemas.at(pointer)
        shape: Shape | None = None
        if TEXT in declared.get("content", {}):
            shape = TextShape(self._schemas, f"{pointer}/content/{TEXT.replace('/', '~1')}/schema")
        elif "content" in declared:
            shape = shape_of(self._schemas, f"{pointer}/content/{MEDIA}/schema")
        self._shapes[status] = shape
        return shape


class Shape:
    """How to render and check a body: as a whole."""

    def __init__(self, schemas: Schemas, pointer: str) -> None:
        self._pointer = pointer
        self._validate = schemas.validator(pointer).validate

    def render(self, body: Any) -> bytes:
        """The body as bytes.

        Raises:
            jsonschema_rs.ValidationError: the schema forbids it.
        """
        if isinstance(body, View):
            return self.view(body)
        content = render(body)
        self._validate(_parsed(content))
        return content

    def view(self, view: View) -> bytes:
        """The bytes of what was kept; rendered and checked the first time only."""
        try:
            pointer, content = view.rendered
        except AttributeError:
            pointer = ""
        if pointer != self._pointer:
            content = render(view)
            self._validate(_parsed(content))
            view.rendered = (self._pointer, content)
        return content


class TextShape(Shape):
    """A text that is no JSON."""

    def render(self, body: Any) -> bytes:
        """The text as bytes."""
        self._validate(str(body))
        return str(body).encode()


def has_views(items: list[Any]) -> bool:
    """Whether it pays to go through a list item by item."""
    return any(type(item) is View for item in items)


class ListShape(Shape):
    """A list: what was kept is not rendered again."""

    def __init__(self, schemas: Schemas, pointer: str, item: str) -> None:
        super().__init__(schemas, pointer)
        self._item = Shape(schemas, item)

    def render(self, body: Any) -> bytes:
        """The body as bytes."""
        return self.join(body) if has_views(body) else super().render(body)

    def join(self, items: list[Any]) -> bytes:
        """The bytes of a list, item by item."""
        return b"[%b]" % b",".join([self._item.render(item) for item in items])


class PageShape(Shape):
    """One page: an object with a list of results."""

    def __init__(self, schemas: Schemas, pointer: str, results: ListShape) -> None:
        super().__init__(schemas, pointer)
        self._results = results

    def render(self, body: Any) -> bytes:
        """The body as bytes."""
        results = body["results"]
        if not has_views(results):
            return super().render(body)
        self._validate({**body, "results": []})
        joined = orjson.Fragment(self._results.join(results))
        return orjson.dumps({**body, "results": joined})


def shape_of(schemas: Schemas, pointer: str) -> Shape:
    """How to render what a schema describes."""
    schema = schemas.at(pointer)
    while "$ref" in schema:
        pointer = schema["$ref"]
        schema = schemas.at(pointer)
    item = _item(schema)
    if item is not None:
        return ListShape(schemas, pointer, item)
    results = schema.get("properties", {}).get("results", {})
    item = _item(results)
    if item is not None:
        place = f"{pointer}/properties/results"
        return PageShape(schemas, pointer, ListShape(schemas, place, item))
    return Shape(schemas, pointer)


def _item(schema: Mapping[str, Any]) -> str | None:
    """Where the schema of a plain list's items stands, if they are components."""
    items = schema.get("items", {})
    plain = schema.get("type") == "array" and not {"minItems", "uniqueItems"} & schema.keys()
    return items.get("$ref") if plain else None


class Responses:
    """The answers of a document's operations.

    Args:
        document: a bundled OpenAPI 3.0 document.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self._schemas = Schemas(document)
        self._pointers = {
            operation["operationId"]: f"#/paths/{path.replace('/', '~1')}/{method}/responses"
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if method in METHODS
        }

    def answers(self, operation: str) -> Answers:
        """What renders and checks the answers of an operation.

        Raises:
            KeyError: the document has no such operation.
        """
        return Answers(self._schemas, operation, self._pointers[operation])
