"""Where things stand in an OpenAPI 3.0 or 3.1 document, as data.

The one table that tells references and schemas from data that merely looks like them: a `$ref` in
an example, a property that is called `items`, an extension with a `type`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = [
    "COMPONENT_KINDS",
    "GRAMMAR",
    "METHODS",
    "copy_json",
    "escape",
    "inner_kind",
    "is_31",
    "iterate",
    "operations",
    "resolve",
    "rewrite",
    "tokens",
]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The keys of a path item that hold operations."""

COMPONENT_KINDS = (
    "schemas",
    "parameters",
    "headers",
    "requestBodies",
    "responses",
    "examples",
    "links",
    "securitySchemes",
    "callbacks",
    "pathItems",
)
"""The kinds of component, in the order in which they stand in the bundled document."""

GRAMMAR: Mapping[str, Mapping[str, str]] = {
    "document": {"paths": "{pathItems}", "webhooks": "{pathItems}", "components": "components"},
    "components": {kind: f"{{{kind}}}" for kind in COMPONENT_KINDS},
    "pathItems": {"parameters": "[parameters]"} | dict.fromkeys(METHODS, "operation"),
    "operation": {
        "parameters": "[parameters]",
        "requestBody": "requestBodies",
        "responses": "{responses}",
        "callbacks": "{callbacks}",
    },
    "callbacks": {"*": "pathItems"},
    "parameters": {"schema": "schemas", "content": "{mediaType}", "examples": "{examples}"},
    "headers": {"schema": "schemas", "content": "{mediaType}", "examples": "{examples}"},
    "requestBodies": {"content": "{mediaType}"},
    "responses": {"headers": "{headers}", "content": "{mediaType}", "links": "{links}"},
    "mediaType": {"schema": "schemas", "examples": "{examples}", "encoding": "{encoding}"},
    "encoding": {"headers": "{headers}"},
    "schemas": {
        "properties": "{schemas}",
        "items": "schemas",
        "additionalProperties": "schemas",
        "not": "schemas",
        "allOf": "[schemas]",
        "anyOf": "[schemas]",
        "oneOf": "[schemas]",
        # From here on 3.1 alone.
        "$defs": "{schemas}",
        "patternProperties": "{schemas}",
        "dependentSchemas": "{schemas}",
        "prefixItems": "[schemas]",
        "contains": "schemas",
        "propertyNames": "schemas",
        "if": "schemas",
        "then": "schemas",
        "else": "schemas",
        "unevaluatedItems": "schemas",
        "unevaluatedProperties": "schemas",
    },
}
"""Kind of object x key -> kind of the value.

`[kind]` is a list of such objects, `{kind}` a map of them, and the key `*` is every key but an
extension. What stands under a key that is not named is data, and holds neither references nor
schemas.
"""


def inner_kind(kind: str, key: str) -> str:
    """What stands under a key of an object of that kind, as `GRAMMAR` says it; "" for data."""
    grammar = GRAMMAR.get(kind, {})
    anything = "" if key.startswith("x-") else grammar.get("*", "")
    return grammar.get(key, anything)


def is_31(document: Mapping[str, Any]) -> bool:
    """Whether a document says of itself that it is OpenAPI 3.1, not 3.0."""
    return str(document.get("openapi", "")).startswith("3.1")


def escape(token: str) -> str:
    """One part of a JSON pointer (RFC 6901), escaped."""
    return token.replace("~", "~0").replace("/", "~1")


def tokens(pointer: str) -> list[str]:
    """The parts of a JSON pointer such as `/paths/~1flows~1`, unescaped."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def resolve(document: Any, pointer: str) -> Any:
    """What a JSON pointer leads to, with or without the `#` of a reference in front.

    Raises:
        LookupError: It leads nowhere.
    """
    value = document
    for token in tokens(pointer.removeprefix("#")):
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value


def _children(node: Mapping[str, Any], kind: str) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """The objects below one of that kind: the keys that lead there, their kind, they themselves."""
    for key, value in node.items():
        inner = inner_kind(kind, key)
        if inner.startswith("[") and isinstance(value, list):
            for index, item in enumerate(value):
                yield (key, str(index)), inner[1:-1], item
        elif inner.startswith("{") and isinstance(value, dict):
            for name, item in value.items():
                yield (key, name), inner[1:-1], item
        elif inner:
            yield (key,), inner, value


def iterate(node: Any, kind: str = "document", pointer: str = "") -> Iterator[tuple[str, str, Any]]:
    """All objects of a document: pointer, kind and object, each before what is below it.

    References are objects like others; they are not followed.

    Args:
        node: The document, or the part to begin with.
        kind: What that is, a key of `GRAMMAR`.
        pointer: Where it stands.
    """
    if not isinstance(node, dict):
        return
    yield pointer, kind, node
    for keys, inner, value in _children(node, kind):
        below = "".join(f"/{escape(key)}" for key in keys)
        yield from iterate(value, inner, pointer + below)


def rewrite(node: Any, kind: str, change: Callable[[str, dict[str, Any]], dict[str, Any]]) -> Any:
    """A copy in which each object is what `change(kind, object)` makes of it.

    What is below an object is changed first. Data is copied, so that the copy shares nothing.
    """
    if not isinstance(node, dict):
        return copy_json(node)
    result = {key: copy_json(value) for key, value in node.items()}
    for keys, inner, value in _children(node, kind):
        changed = rewrite(value, inner, change)
        if len(keys) == 1:
            result[keys[0]] = changed
        elif isinstance(result[keys[0]], list):
            result[keys[0]][int(keys[1])] = changed
        else:
            result[keys[0]][keys[1]] = changed
    return change(kind, result)


def copy_json(value: Any) -> Any:
    """A copy that shares nothing, whatever aliases there were."""
    if isinstance(value, dict):
        return {key: copy_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_json(item) for item in value]
    return value


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """All operations of a document: path, method in lower case, and the operation."""
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]
