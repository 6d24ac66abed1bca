"""The criteria of the six filters, read from the spec: a new one there is exercised at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from contract_tests.spec.version import spec_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILTERS: Final = (
    "flows",
    "flow_runs",
    "task_runs",
    "deployments",
    "work_pools",
    "work_pool_queues",
)
KIND: Final[Mapping[str, str]] = {
    **{name: name for name in FILTERS},
    "work_pool_queues": "work_queues",
}
"""The kind of record that a filter looks at."""

_REFERENCE: Final = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of one filter.

    Attributes:
        filter: its key in a request's body, such as `flow_runs`.
        path: its keys below that, such as `("state", "type")`.
        operators: operator -> kind of value: `ids`, `texts`, `enum`, `text`, `time`, `boolean`,
            `integer`.
        combines: it has an `operator` of its own that says how its operators combine.
        pointer: its schema's place in the bundle.
        enum: the values that an operator of the kind `enum` takes.
        ignored: it is accepted, and restricts nothing.
    """

    filter: str
    path: tuple[str, ...]
    operators: Mapping[str, str]
    combines: bool
    pointer: str
    enum: tuple[str, ...] = ()
    ignored: bool = False

    @property
    def name(self) -> str:
        """Filter and path, with dots: `flow_runs.state.type`."""
        return ".".join((self.filter, *self.path))

    def body(self, value: Any, **beside: Any) -> dict[str, Any]:
        """A filter body with this criterion only, and what stands beside it in the same filter."""
        for key in reversed(self.path):
            value = {key: value}
        return {self.filter: {**beside, **value}}


@lru_cache(maxsize=4)
def criteria(version: str | None = None) -> tuple[Criterion, ...]:
    """All criteria that a server of the version has, in the spec's order; None: of any version."""
    document = spec_for(version).document
    schemas = document["components"]["schemas"]
    body = document["paths"]["/deployments/count"]["post"]["requestBody"]
    fields = _resolve(body["content"]["application/json"]["schema"], schemas)[1]["properties"]
    return tuple(
        criterion
        for name in FILTERS
        for criterion in _walk(name, (), _resolve(fields[name], schemas)[1], schemas)
    )


def _walk(
    filter_name: str,
    path: tuple[str, ...],
    schema: Mapping[str, Any],
    schemas: Mapping[str, Any],
    reference: str = "",
) -> Iterator[Criterion]:
    properties = schema.get("properties", {})
    operators: dict[str, str] = {}
    enum: tuple[str, ...] = ()
    for key, raw in properties.items():
        if not key.endswith("_"):
            if key != "operator":
                found, below = _resolve(raw, schemas)
                yield from _walk(filter_name, (*path, key), below, schemas, found)
            continue
        operators[key] = _kind(_resolve(raw, schemas)[1], schemas)
        if operators[key] == "enum":
            enum = tuple(_resolve(_resolve(raw, schemas)[1]["items"], schemas)[1]["enum"])
    if operators:
        yield Criterion(
            filter=filter_name,
            path=path,
            operators=operators,
            combines="operator" in properties,
            pointer=f"{_REFERENCE}{reference}",
            enum=enum,
            ignored=bool(schema.get("deprecated")),
        )


def _kind(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    if schema.get("type") == "array":
        items = _resolve(schema["items"], schemas)[1]
        if "enum" in items:
            return "enum"
        return "ids" if items.get("format") == "uuid" else "texts"
    if schema.get("type") == "string":
        return "time" if schema.get("format") == "date-time" else "text"
    return str(schema["type"])


def _resolve(
    schema: Mapping[str, Any], schemas: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any]]:
    """What a schema stands for, and its component's name; null beside it is passed over."""
    name = ""
    while True:
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(_REFERENCE)
            schema = schemas[name]
            continue
        for wrapper in ("anyOf", "allOf", "oneOf"):
            parts = [part for part in schema.get(wrapper, ()) if not _is_null(part, schemas)]
            if parts and "properties" not in schema:
                schema = parts[0]
                break
        else:
            return name, schema


def _is_null(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> bool:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].removeprefix(_REFERENCE)]
    return schema.get("enum") == [None]
