"""Schemas as people read them: a type in a line, and what a value must keep to."""

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

__all__ = ["constraints", "type_of"]

_BOUNDS: Mapping[str, str] = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "{} characters or more",
    "maxLength": "{} characters at most",
    "minItems": "{} items or more",
    "maxItems": "{} items at most",
    "minProperties": "{} keys or more",
    "maxProperties": "{} keys at most",
    "multipleOf": "a multiple of {}",
    "pattern": "matches {}",
    "default": "default {}",
}


def _link(reference: str) -> Markup:
    name = reference.rsplit("/", 1)[-1]
    if name == "Null":
        return Markup("null")
    return Markup('<a href="#schema-{0}">{0}</a>').format(name)


def _joined(parts: list[Markup]) -> Markup:
    return Markup(" or ").join(dict.fromkeys(parts))


def type_of(schema: Mapping[str, Any]) -> Markup:
    """The type of a value, schemas linked.

    Args:
        schema: In the words of JSON Schema 2020-12.
    """
    if "$ref" in schema:
        return _link(schema["$ref"])
    for keyword in ("anyOf", "oneOf", "allOf"):
        if keyword in schema:
            return _joined([type_of(part) for part in schema[keyword]])
    if "enum" in schema:
        return _joined([Markup("<code>{}</code>").format(_text(value)) for value in schema["enum"]])
    types = schema.get("type", "any")
    listed = [types] if isinstance(types, str) else types
    return _joined([_named(kind, schema) for kind in listed])


def _named(kind: str, schema: Mapping[str, Any]) -> Markup:
    if kind == "array":
        return Markup("list of {}").format(type_of(schema.get("items", {})))
    values = schema.get("additionalProperties")
    if kind == "object" and isinstance(values, dict):
        return Markup("object of {}").format(type_of(values))
    if kind == "string" and "format" in schema:
        return escape(schema["format"])
    return escape(kind)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def constraints(schema: Mapping[str, Any]) -> list[str]:
    """What a value must keep to besides its type, one sentence part each."""
    return [
        says.format(schema[key] if key == "pattern" else _text(schema[key]))
        for key, says in _BOUNDS.items()
        if key in schema
    ]
