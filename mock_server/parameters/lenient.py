"""JSON schemas as they are applied to parameters: more lenient than they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]


def lenient(schema: Schema, *, none_with_default: bool = False) -> dict[str, Any]:
    """A schema as it is applied: old generators' schemas, which say less than they mean, included.

    A property that is not required and has no default also admits null; so do those within it, and
    those of `definitions`. A list under `items` describes a tuple. A definition of a block also
    admits a reference to one.

    Args:
        schema: as stored; it is left alone.
        none_with_default: whether properties with a default admit null, too.
    """
    adapted = _adapted(schema, none_with_default=none_with_default)
    definitions = schema.get("definitions")
    if isinstance(definitions, Mapping):
        adapted["definitions"] = _definitions(definitions, none_with_default=none_with_default)
    return adapted


def _definitions(definitions: Mapping[str, Any], *, none_with_default: bool) -> dict[str, Any]:
    adapted: dict[str, Any] = {}
    for name, definition in definitions.items():
        if not isinstance(definition, Mapping):
            adapted[name] = definition
            continue
        own = _adapted(definition, none_with_default=none_with_default)
        if "block_type_slug" in definition:
            adapted.setdefault(name, own)
            adapted[str(definition.get("title", name))] = {"oneOf": [own, BLOCK_REFERENCE]}
        else:
            adapted[name] = own
    return adapted


BLOCK_REFERENCE: Final[Schema] = {
    "type": "object",
    "properties": {
        "$ref": {
            "oneOf": [
                {"type": "string", "format": "uuid"},
                {
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                    "minProperties": 1,
                },
            ]
        }
    },
    "required": ["$ref"],
}


def _adapted(schema: Schema, *, none_with_default: bool) -> dict[str, Any]:
    adapted = dict(schema)
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        required = schema.get("required") or ()
        adapted["properties"] = {
            name: _property(
                value,
                may_be_null=name not in required,
                none_with_default=none_with_default,
            )
            for name, value in properties.items()
        }
    return adapted


def _property(schema: Any, *, may_be_null: bool, none_with_default: bool) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    adapted = _adapted(schema, none_with_default=none_with_default)
    if (
        may_be_null
        and schema.get("type", "null") != "null"
        and (none_with_default or "default" not in schema)
    ):
        adapted["anyOf"] = [{"type": adapted.pop("type")}, {"type": "null"}]
    if schema.get("items") and isinstance(schema["items"], list) and not schema.get("prefixItems"):
        adapted["prefixItems"] = adapted.pop("items")
    return adapted


def without_required(schema: Any) -> Any:
    """A schema without the key `required` at any depth, lists left alone."""
    if isinstance(schema, Mapping):
        return {key: without_required(item) for key, item in schema.items() if key != "required"}
    return schema
