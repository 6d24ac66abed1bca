"""The document's schemas in the words of JSON Schema 2020-12.

OpenAPI 3.0 has a dialect of its own: `nullable`, boolean exclusive bounds, references that outrank
what stands beside them. Validators that know formats such as `uuid` and `duration` speak 2020-12.
"""

from typing import Any

from openapi.structure import copy_json, is_31, rewrite

__all__ = ["json_schema_view"]

# With these beside it, a type that admits null would not suffice: they would still refuse null.
_ASSERTIONS = ("allOf", "anyOf", "oneOf", "not")


def _without_siblings(schema: dict[str, Any]) -> dict[str, Any]:
    """A reference alone: OpenAPI 3.0 ignores what stands beside it, 2020-12 does not."""
    return {"$ref": schema["$ref"]}


def _exclusive_bounds(schema: dict[str, Any]) -> dict[str, Any]:
    """Bounds that say by their name whether they belong to the range."""
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        flag = schema.get(exclusive)
        if isinstance(flag, bool):
            del schema[exclusive]
            if flag and bound in schema:
                schema[exclusive] = schema.pop(bound)
    return schema


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that admits null by its type, or by an `anyOf` around it where it must."""
    del schema["nullable"]
    if "type" not in schema and "enum" not in schema:
        return schema  # it says nothing about types, so that null is admitted already
    if any(keyword in schema for keyword in _ASSERTIONS):
        return {"anyOf": [schema, {"type": "null"}]}
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    return schema


def _change(kind: str, node: dict[str, Any]) -> dict[str, Any]:
    if kind != "schemas":
        return node
    if "$ref" in node:
        return _without_siblings(node)
    node = _exclusive_bounds(node)
    if node.get("nullable") is True:
        return _with_null(node)
    node.pop("nullable", None)
    return node


def json_schema_view(document: dict[str, Any]) -> dict[str, Any]:
    """The same document with its schemas in JSON Schema 2020-12.

    References are kept, and so are the JSON pointers of all schemas, but for those inside of a
    schema that is nullable and has an `allOf`, `anyOf`, `oneOf` or `not` besides: that one moves
    into an `anyOf` beside null. (The curated document has none; it writes `anyOf` with `Null`.)

    Args:
        document: An OpenAPI document, left as it is. One of 3.1 speaks 2020-12 already.

    Returns:
        A copy, to be given to
        `jsonschema_rs.validator_map_for(view, validate_formats=True, offline=True)`.
    """
    view: dict[str, Any] = (
        copy_json(document) if is_31(document) else rewrite(document, "document", _change)
    )
    return view
