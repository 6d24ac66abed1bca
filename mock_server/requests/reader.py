"""From the parts of an HTTP request to what an operation is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mock_server.clock import system_clock
from mock_server.errors import RequestInvalid
from mock_server.requests.body import Body, BodyFields, WholeBody, parse
from mock_server.requests.models import REFERENCE, Models
from mock_server.requests.storable import needs_check, unstorable
from mock_server.requests.url_and_headers import VERSION, Parameters, check_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.clock import Clock

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
NO_BODY: Final = Body()


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a request that are checked by the spec, read.

    Attributes:
        path: path parameters, ids canonical.
        query: query parameters, coerced.
        body: the body.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Body = NO_BODY


class NotStorable(RequestInvalid):
    """422 to what the released server takes, and fails on when it keeps it or reads it back.

    Attributes:
        request: the request, as that server reads it.
    """

    def __init__(self, refusal: RequestInvalid, request: Request) -> None:
        super().__init__(refusal.errors, refusal.request_body)
        self.request = request


class Reader:
    """Reads the requests of one operation.

    Args:
        models: the models of the document.
        name: the operation's id.
        operation: the operation object.
        parameters: its parameter objects, those of its path included, references resolved.
    """

    def __init__(
        self,
        models: Models,
        name: str,
        operation: Mapping[str, Any],
        parameters: list[Mapping[str, Any]],
    ) -> None:
        self.parameters = Parameters(models, name, parameters)
        self.body = _body(models, operation.get("requestBody"))

    def read(
        self,
        path: Mapping[str, str],
        query: Mapping[str, str],
        headers: Mapping[str, str],
        content: bytes,
        clock: Clock = system_clock,
    ) -> Request:
        """Check and coerce a request.

        Args:
            path: path parameters.
            query: query parameters; of several values of one name, the last.
            headers: headers, names in lower case.
            content: the body.
            clock: tells what time it is, to the checks that depend on it.

        Raises:
            ApiError: as the released server refuses it, the first check that fails first: a body
                that is no JSON, the version, a limit out of bounds, then everything else at once;
                `NotStorable` if that is all.
        """
        raw = None if self.body is None else parse(content, headers)
        if self.parameters.versioned:
            check_version(headers.get(VERSION))
        errors = self.parameters.check_headers(headers)
        places = self.parameters.path(path, errors)
        values = self.parameters.query(query, errors)
        if self.body is None:
            if errors:
                raise RequestInvalid(errors)
            return Request(places, values)
        body = self.body.read(raw, errors, clock)
        refusal = body.refusal
        if refusal is None and needs_check(content):
            refusal = unstorable(body.sent, raw)
        if refusal is not None:
            raise NotStorable(refusal, Request(places, values, body))
        return Request(places, values, body)


def _body(models: Models, declared: Mapping[str, Any] | None) -> WholeBody | BodyFields | None:
    if declared is None:
        return None
    schema = declared["content"]["application/json"]["schema"]
    resolved = models.resolve(schema)
    if resolved.get("x-body-fields"):
        return BodyFields(models, schema.get("$ref", "").removeprefix(REFERENCE), resolved)
    return WholeBody(models, schema, required=bool(declared.get("required")))


class Requests:
    """The readers of a document's operations, each made when it is first asked for.

    Args:
        document: a bundled OpenAPI 3.0 document.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._models = Models(document)
        self._operations = {
            operation["operationId"]: (item, operation)
            for item in document["paths"].values()
            for method, operation in item.items()
            if method in METHODS
        }
        self._made: dict[str, Reader] = {}

    def __iter__(self) -> Any:
        return iter(self._operations)

    def reader(self, operation: str) -> Reader:
        """The reader of an operation, by its id.

        Raises:
            KeyError: the document has no such operation.
        """
        made = self._made.get(operation)
        if made is None:
            item, declared = self._operations[operation]
            parameters = [
                self._resolve(entry)
                for entry in (*item.get("parameters", ()), *declared.get("parameters", ()))
            ]
            made = self._made[operation] = Reader(self._models, operation, declared, parameters)
        return made

    def body(self, operation: str, value: Any) -> Body:
        """Check and coerce a body that is parsed already.

        Raises:
            ApiError: the body is refused.
            KeyError: the document has no such operation, or the operation takes no body.
        """
        body = self.reader(operation).body
        if body is None:
            raise KeyError(operation)
        read = body.read(value)
        if read.refusal is not None:
            raise read.refusal
        return read

    def _resolve(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Any = entry
        while "$ref" in found:
            target: Any = self._document
            for part in found["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            found = target
        return found  # type: ignore[no-any-return] # JSON
