"""Three readings of a schema, so that a case is judged only where the contract leaves no choice.

    narrow   what every server must take
    wide     what no server may go beyond

Between the two lies what a server may take either way: `lax.yaml` lists it, and keys that an open
object does not name belong to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final, Literal

import jsonschema_rs
import yaml

Verdict = Literal["accept", "refuse", "either"]
Lax = Mapping[str, Any]

_TYPES: Final = ("boolean", "integer", "number", "string", "array", "object", "null")
_NUMERIC: Final = frozenset({"integer", "number"})
# Where the values of a keyword are schemas: one, a list, or a mapping of names.
_ONE: Final = frozenset({"items", "additionalProperties", "not", "contains", "propertyNames"})
_MANY: Final = frozenset({"anyOf", "allOf", "oneOf", "prefixItems"})
_NAMED: Final = frozenset({"properties", "patternProperties", "$defs", "schemas"})


@cache
def lax() -> Lax:
    """What may be taken either way, by type and by format."""
    text = (files(__package__) / "lax.yaml").read_text(encoding="utf-8")
    loaded: Lax = yaml.safe_load(text)
    return loaded


def widen(schema: Any, table: Lax, *, numbers: bool = False) -> Any:
    """The schema with every leaf open to what a server may take for it.

    Args:
        schema: a schema, or a list of the branches of a union.
        table: what may be taken for what.
        numbers: another branch of the same union asks for numbers, and says which.
    """
    if isinstance(schema, list):
        numeric = any(_kinds(item) & _NUMERIC for item in schema)
        return [widen(item, table, numbers=numeric) for item in schema]
    if not isinstance(schema, dict):
        return schema
    wide = _descend(schema, lambda child: widen(child, table))
    # oneOf must not fail because two branches are now both open to the same value.
    if "oneOf" in wide:
        wide["anyOf"] = wide.pop("oneOf")
    for bound in ("maximum", "exclusiveMaximum"):
        if wide.get(bound, 0) >= table["exact"]:
            del wide[bound]
    alternatives: list[Any] = _alternatives(schema, table)
    if numbers or _kinds(schema) & _NUMERIC:
        # Where the contract says itself which numbers, no other is one more way to write it.
        alternatives = [one for one in alternatives if one != {"type": "number"}]
    return {"anyOf": [wide, *alternatives]} if alternatives else wide


def narrow(schema: Any) -> Any:
    """The schema with every open object closed: keys that it does not name may be refused."""
    if isinstance(schema, list):
        return [narrow(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = _descend(schema, narrow)
    if "properties" in closed and "additionalProperties" not in closed:
        closed["additionalProperties"] = False
    return closed


def _descend(schema: dict[str, Any], change: Any) -> dict[str, Any]:
    """A copy of the node with the schemas right below it changed."""
    copy = dict(schema)
    for key, value in schema.items():
        if (key in _ONE and isinstance(value, dict)) or (key in _MANY and isinstance(value, list)):
            copy[key] = change(value)
        elif key in _NAMED and isinstance(value, dict):
            copy[key] = {name: change(child) for name, child in value.items()}
    return copy


def _alternatives(schema: Mapping[str, Any], table: Lax) -> list[Any]:
    if "enum" in schema or "const" in schema:
        return []
    name = schema.get("format")
    if name in table["formats"]:
        return list(table["formats"][name])
    return [
        item for kind in _TYPES if kind in _kinds(schema) for item in table["types"].get(kind, ())
    ]


def _kinds(schema: Any) -> frozenset[str]:
    """The JSON types that a schema names itself."""
    named = schema.get("type", ()) if isinstance(schema, dict) else ()
    return frozenset([named] if isinstance(named, str) else named)


class Readings:
    """The readings of every schema of one document in its 2020-12 form.

    Args:
        schemas: `components/schemas` in that form; references point to `#/components/schemas/...`.
        formats: checks for the formats that the validator does not know by itself.
    """

    def __init__(self, schemas: Mapping[str, Any], formats: Mapping[str, Any]) -> None:
        self.schemas = schemas
        self._formats = dict(formats)
        self._made: dict[tuple[str, int], jsonschema_rs.Validator] = {}
        self._kept: list[Any] = []

    @cached_property
    def _narrow(self) -> dict[str, Any]:
        return {name: narrow(schema) for name, schema in self.schemas.items()}

    @cached_property
    def _wide(self) -> dict[str, Any]:
        return {name: widen(schema, lax()) for name, schema in self.schemas.items()}

    def verdict(self, schema: Any, value: Any) -> Verdict:
        """Whether every server must accept the value, must refuse it, or may do either."""
        if not self._validator("wide", schema).is_valid(value):
            return "refuse"
        if not _has_whole_float(value) and self._validator("narrow", schema).is_valid(value):
            return "accept"
        return "either"

    def valid(self, schema: Any, value: Any) -> bool:
        """Whether the value is what the schema says, literally."""
        return self._validator("literal", schema).is_valid(value)

    def _validator(self, reading: str, schema: Any) -> jsonschema_rs.Validator:
        key = (reading, id(schema))
        if key not in self._made:
            changed, shared = self._read(reading, schema)
            # The id is the key: the schema must live as long as the entry.
            self._kept.append(schema)
            self._made[key] = jsonschema_rs.Draft202012Validator(
                {"allOf": [changed], "components": {"schemas": shared}},
                validate_formats=True,
                formats=self._formats,
                offline=True,
            )
        return self._made[key]

    def _read(self, reading: str, schema: Any) -> tuple[Any, Mapping[str, Any]]:
        """The schema and those that it refers to, in one of the readings."""
        match reading:
            case "wide":
                return widen(schema, lax()), self._wide
            case "narrow":
                return narrow(schema), self._narrow
            case _:
                return schema, self.schemas


def _has_whole_float(value: Any) -> bool:
    """Whether a number such as 1.0 is in it: an integer to JSON Schema, not to every server."""
    if isinstance(value, float):
        return value.is_integer()
    if isinstance(value, dict):
        return any(_has_whole_float(item) for item in value.values())
    return isinstance(value, list) and any(_has_whole_float(item) for item in value)
