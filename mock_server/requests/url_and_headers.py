"""A request's parameters beside its body: the version header, provenance, query and path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from mock_server.errors import BadRequest
from mock_server.requests.body import collect
from mock_server.requests.formats import PlainTime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mock_server.requests.models import Models, Schema

    Error = dict[str, Any]

VERSION: Final = "x-prefect-api-version"
OLDEST: Final = (0, 8, 0)

REPEATED: Final[Mapping[tuple[str, str], int]] = {
    ("create_deployment", "prefect-automation-id"): 2,
}
"""(Operation, header) -> how often the server reads it, and so how often it reports an error."""


def check_version(value: str | None) -> None:
    """Check the version of the API that a client speaks; none is any.

    Raises:
        BadRequest: it is no version, or too old.
    """
    if not value:
        return
    try:
        major, minor, patch = map(int, value.split("."))
    except ValueError:
        raise BadRequest(
            "Invalid X-PREFECT-API-VERSION header format.Expected header in format 'x.y.z' but"
            f" received {value}"
        ) from None
    if (major, minor, patch) < OLDEST:
        raise BadRequest(
            f"The request specified API version {value} but this server requires version"
            f" {'.'.join(map(str, OLDEST))} or higher."
        )


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter in the query or a header.

    Attributes:
        place: `query` or `header`.
        name: its name, in lower case for a header.
        adapter: its type.
        required: whether it must be there.
        default: its value when it is absent.
        times: how often an error of it is reported.
    """

    place: str
    name: str
    adapter: TypeAdapter[Any]
    required: bool = False
    default: Any = None
    times: int = 1

    def read(self, values: Mapping[str, str], errors: list[Error]) -> Any:
        """The value, coerced; what is wrong with it is added to the errors."""
        value = values.get(self.name)
        if value is None:
            if self.required:
                errors.append(
                    {
                        "type": "missing",
                        "loc": (self.place, self.name),
                        "msg": "Field required",
                        "input": None,
                    }
                )
            return self.default
        try:
            return self.adapter.validate_python(value)
        except ValidationError as error:
            errors.extend(collect(error, self.place, self.name) * self.times)
            return None


class Parameters:
    """The parameters of one operation.

    Args:
        models: the models of the document.
        operation: the operation's id.
        declared: its parameter objects, those of its path included, references resolved.
    """

    def __init__(
        self, models: Models, operation: str, declared: Sequence[Mapping[str, Any]]
    ) -> None:
        self.versioned = any(entry["name"].lower() == VERSION for entry in declared)
        self.ids = tuple(
            entry["name"]
            for entry in declared
            if entry["in"] == "path" and entry["schema"].get("format") == "uuid"
        )
        self._choices = tuple(
            _parameter(models, operation, entry)
            for entry in declared
            if entry["in"] == "path" and "enum" in entry["schema"]
        )
        self._headers = _of_place(models, operation, declared, "header")
        self._query = _of_place(models, operation, declared, "query")

    @property
    def reads_query(self) -> bool:
        """Whether any parameter is in the query."""
        return bool(self._query)

    def path(self, values: Mapping[str, str], errors: list[Error]) -> Mapping[str, str]:
        """The path parameters, ids in their canonical form.

        One that routing lets pass whatever it is may be no id, or none of those that there are:
        that is added to the errors.

        Args:
            values: as they stand in the path.
            errors: what is wrong with the request.
        """
        for parameter in self._choices:
            parameter.read(values, errors)
        if not self.ids:
            return values
        try:
            canonical = {name: str(UUID(str(values[name]))) for name in self.ids}
        except ValueError:
            for name in self.ids:
                Parameter("path", name, TypeAdapter(UUID)).read(values, errors)
            return values
        return {**values, **canonical}

    def check_headers(self, headers: Mapping[str, str]) -> list[Error]:
        """What is wrong with the headers, other than the version."""
        errors: list[Error] = []
        for parameter in self._headers:
            parameter.read(headers, errors)
        return errors

    def query(self, values: Mapping[str, str], errors: list[Error]) -> dict[str, Any]:
        """The query parameters, coerced; what is wrong with them is added to the errors."""
        return {parameter.name: parameter.read(values, errors) for parameter in self._query}


def _of_place(
    models: Models, operation: str, declared: Sequence[Mapping[str, Any]], place: str
) -> tuple[Parameter, ...]:
    return tuple(
        _parameter(models, operation, entry)
        for entry in declared
        if entry["in"] == place and entry["name"].lower() != VERSION
    )


def _parameter(models: Models, operation: str, entry: Mapping[str, Any]) -> Parameter:
    place, name = entry["in"], entry["name"]
    key = name.lower() if place == "header" else name
    schema: Schema = models.resolve(entry.get("schema", {}))
    is_time = schema.get("format") == "date-time"
    kind = PlainTime if is_time else models.type_of(schema, name=name, bounds=place == "query")
    return Parameter(
        place,
        key,
        TypeAdapter(kind),
        bool(entry.get("required")),
        schema.get("default"),
        REPEATED.get((operation, key), 1),
    )
