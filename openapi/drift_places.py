"""Names for places in an OpenAPI document that people can read and that a list can hold."""

from collections.abc import Mapping
from typing import Any

from openapi.structure import escape, resolve, tokens

__all__ = ["place_name"]

_COMPONENTS: Mapping[str, str] = {
    "schemas": "",
    "parameters": "parameter ",
    "headers": "header ",
    "responses": "response ",
    "requestBodies": "body ",
}
_SKIPPED = frozenset(("schema", "content", "application~1json", "application/json", "requestBody"))
_NAMED = frozenset(("properties", "patternProperties", "$defs"))
_LISTED = frozenset(("anyOf", "allOf", "oneOf", "prefixItems"))


def _below(keys: list[str]) -> str:
    """The rest of a pointer: `.property`, `[]` for items, `[key]` for values, `|0` for shapes."""
    text = ""
    waiting = iter(keys)
    for key in waiting:
        if key in _NAMED:
            text += f".{next(waiting, '')}"
        elif key in _LISTED:
            text += f"|{next(waiting, '')}"
        elif key == "items":
            text += "[]"
        elif key == "additionalProperties":
            text += "[key]"
        elif key == "responses":
            text += f" {next(waiting, '')}"
        elif key == "headers":
            text += f" header {next(waiting, '')}"
        elif key not in _SKIPPED:
            text += f".{key}"
    return text


def place_name(document: Mapping[str, Any], pointer: str, operation: str) -> str:
    """A name for the place that a JSON pointer leads to.

    `DeploymentResponse.schedules[]` for a part of a schema, `parameter ApiVersion` for one of a
    parameter, `count_deployments 200` for a schema that stands in an operation.

    Args:
        document: The document that the pointer leads into.
        pointer: The pointer, into the components or the paths.
        operation: What the operation is called, if the pointer leads into one.
    """
    keys = tokens(pointer)
    if keys[:1] == ["components"]:
        return f"{_COMPONENTS.get(keys[1], '')}{keys[2]}{_below(keys[3:])}"
    if "parameters" in keys[2:4]:
        after = keys.index("parameters", 2) + 2
        parameter = resolve(document, "".join(f"/{escape(key)}" for key in keys[:after]))
        return f"{operation} parameter {parameter.get('name')}{_below(keys[after:])}"
    body = " body" if "requestBody" in keys else ""
    return f"{operation}{body}{_below(keys[3:])}"
