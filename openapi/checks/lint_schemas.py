"""Lint of schemas: null, required, bounds and enums mean what they seem to."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from openapi.checks.fault import Fault
from openapi.checks.operations import followed
from openapi.structure import is_31, iterate
from openapi.subject import Subject

__all__ = ["headers_and_parameters", "required", "schemas"]

_BOUNDS: Mapping[str, tuple[str, str]] = {
    "number": ("minimum", "maximum"),
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}
"""Type -> its lower and its upper bound."""

_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}

_TELLING = ("maxLength", "pattern", "format", "contentEncoding", "enum", "const")
"""Any of these says what a string may hold."""

_KEYWORDS_31_TEXT = """
$id $schema $ref $anchor $dynamicRef $dynamicAnchor $vocabulary $comment $defs allOf anyOf oneOf
not if then else dependentSchemas prefixItems items contains properties patternProperties
additionalProperties propertyNames type enum const multipleOf maximum exclusiveMaximum minimum
exclusiveMinimum maxLength minLength pattern maxItems minItems uniqueItems maxContains
minContains maxProperties minProperties required dependentRequired unevaluatedItems
unevaluatedProperties title description default deprecated readOnly writeOnly examples example
format contentEncoding contentMediaType contentSchema discriminator xml externalDocs definitions
"""
_KEYWORDS_31 = frozenset(_KEYWORDS_31_TEXT.split())


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The types that a schema names."""
    written = schema.get("type")
    names = written if isinstance(written, list) else [written]
    return tuple(name for name in names if isinstance(name, str))


def _null_faults(pointer: str, schema: dict[str, Any]) -> Iterator[Fault]:
    """What OpenAPI 3.0 makes of `nullable`."""
    if schema.get("nullable") is not True:
        return
    if "type" not in schema:
        problem = "`nullable` without a `type` has no effect."
        yield Fault("nullable-without-type", pointer, problem, key="nullable")
    enum = schema.get("enum")
    if isinstance(enum, list) and None not in enum:
        problem = "This may be null by `nullable`, but its enum has no null."
        yield Fault("nullable-enum", pointer, problem, key="enum")


def _enum_faults(pointer: str, schema: dict[str, Any]) -> Iterator[Fault]:
    enum, types = schema.get("enum"), _types(schema)
    admitted = [kind for name in types for kind in _PYTHON_TYPES.get(name, (object,))]
    seen: set[str] = set()
    for index, value in enumerate(enum if isinstance(enum, list) else ()):
        text = json.dumps(value, sort_keys=True, default=str)
        if text in seen:
            yield Fault("enum-duplicate", f"{pointer}/enum/{index}", f"{text} stands here twice.")
        seen.add(text)
        null = value is None and schema.get("nullable") is True
        wrong_bool = isinstance(value, bool) and "boolean" not in types
        if types and not null and (wrong_bool or not isinstance(value, tuple(admitted))):
            problem = f"{text} is no {' or '.join(types)}."
            yield Fault("enum-type", f"{pointer}/enum/{index}", problem)


def _bound_faults(pointer: str, schema: dict[str, Any]) -> Iterator[Fault]:
    types = {"number" if name == "integer" else name for name in _types(schema)}
    for name, (low, high) in _BOUNDS.items():
        lower, upper = schema.get(low), schema.get(high)
        if isinstance(lower, (int, float)) and isinstance(upper, (int, float)) and lower > upper:
            yield Fault(
                "bounds-contradictory", pointer, f"{low} {lower} is above {high} {upper}.", key=low
            )
        for key in (low, high):
            if key in schema and types and name not in types:
                problem = f"{key} does not act on {' or '.join(sorted(types))}."
                yield Fault("bound-without-type", pointer, problem, key=key)


def schemas(subject: Subject) -> Iterator[Fault]:
    """Null, enums and bounds can take effect."""
    newer = is_31(subject.document)
    for pointer, kind, node in iterate(subject.document):
        if kind != "schemas" or ("$ref" in node and not newer):
            continue
        yield from _enum_faults(pointer, node)
        yield from _bound_faults(pointer, node)
        if not newer:
            yield from _null_faults(pointer, node)
            if node.get("type") == "array" and "items" not in node:
                yield Fault("items-missing", pointer, "This array has no `items`.")
            continue
        for key in node:
            if key == "nullable":
                yield Fault("nullable-in-31", pointer, "`nullable` has no effect.", key=key)
            elif key not in _KEYWORDS_31 and not key.startswith("x-"):
                yield Fault("keyword-unknown", pointer, f"There is no keyword {key}.", key=key)


def _properties(document: dict[str, Any], schema: Any, depth: int = 8) -> dict[str, Any] | None:
    """The properties that a schema defines, parts and alternatives included; None for any."""
    schema = followed(document, schema)
    if not isinstance(schema, dict) or depth == 0:
        return None
    found = dict(schema.get("properties") or {})
    parts = [part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key) or ()]
    for part in (*parts, *([{"$ref": schema["$ref"]}] if "$ref" in schema else ())):
        inner = _properties(document, part, depth - 1)
        if inner is None:
            return None
        found |= inner
    return found


def _within_all_of(pointer: str) -> bool:
    """Whether a schema is but a part of another, which may define what this one requires."""
    return any(
        part in pointer for part in ("/allOf/", "/anyOf/", "/oneOf/", "/not", "/if", "/then")
    )


def _in_requests(document: dict[str, Any]) -> set[str]:
    """The pointers of the schemas of request bodies, references followed."""
    found: set[str] = set()
    waiting: list[tuple[str, str, Any]] = [
        (pointer, "requestBodies", node)
        for pointer, kind, node in iterate(document)
        if kind == "requestBodies"
    ]
    while waiting:
        start, of_kind, top = waiting.pop()
        for pointer, kind, node in iterate(top, of_kind, start):
            if pointer in found:
                continue
            found.add(pointer)
            target = node.get("$ref")
            if isinstance(target, str) and target.startswith("#/"):
                waiting.append((target.removeprefix("#"), kind, followed(document, node)))
    return found


def required(subject: Subject) -> Iterator[Fault]:
    """What is required is defined, and has no default where a client would have to send it."""
    requests = _in_requests(subject.document)
    for pointer, kind, node in iterate(subject.document):
        names = node.get("required")
        if kind != "schemas" or not isinstance(names, list):
            continue
        known = _properties(subject.document, node)
        own = node.get("properties") if isinstance(node.get("properties"), dict) else {}
        for index, name in enumerate(names):
            if known is not None and name not in known and not _within_all_of(pointer):
                problem = f"The required property {name} is not defined."
                yield Fault("required-undefined", f"{pointer}/required/{index}", problem)
            schema = own.get(name) if isinstance(name, str) else None
            if pointer in requests and isinstance(schema, dict) and "default" in schema:
                problem = f"The property {name} is required, and has a default."
                yield Fault("required-default", f"{pointer}/properties/{name}", problem)


def _admits_null(document: dict[str, Any], schema: Any) -> bool:
    schema = followed(document, schema)
    if not isinstance(schema, dict):
        return False
    branches = [*(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())]
    return (
        schema.get("nullable") is True
        or "null" in _types(schema)
        or any(_admits_null(document, branch) for branch in branches)
    )


def headers_and_parameters(subject: Subject) -> Iterator[Fault]:
    """Strings in headers are bounded; parameters are not null, and defaults can take effect."""
    document = subject.document
    for pointer, kind, node in iterate(document):
        if kind not in ("headers", "parameters") or not isinstance(node.get("schema"), dict):
            continue
        schema = followed(document, node["schema"])
        place = f"{pointer}/schema"
        if not isinstance(schema, dict):
            continue
        in_header = kind == "headers" or node.get("in") == "header"
        if in_header and "string" in _types(schema) and not any(key in schema for key in _TELLING):
            problem = "This header may be a string of any length and content."
            yield Fault("header-unbounded", place, problem)
        if kind == "parameters":
            if _admits_null(document, schema):
                problem = f"The parameter {node.get('name')} may be null."
                yield Fault("parameter-nullable", place, problem)
            if node.get("required") is True and "default" in schema:
                problem = f"The parameter {node.get('name')} is required, and has a default."
                yield Fault("parameter-required-default", place, problem, key="default")
