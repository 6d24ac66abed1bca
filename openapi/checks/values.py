"""The check of values: examples and defaults are valid by their schemas, patterns are patterns."""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema_rs

from openapi.checks.fault import Fault
from openapi.checks.meta_schema import explain
from openapi.json_schema import json_schema_view
from openapi.structure import escape, iterate, resolve
from openapi.subject import Subject

__all__ = ["values"]

_Place = tuple[str, str, str, Any]
"""Code, pointer of the value, pointer of its schema, the value."""

_WITH_SCHEMA = ("mediaType", "parameters", "headers")
_UNCOMPILABLE = (ValueError, TypeError, AttributeError, LookupError, jsonschema_rs.ReferencingError)


def _named_examples(
    document: Mapping[str, Any], node: Mapping[str, Any], pointer: str
) -> Iterator[tuple[str, Any]]:
    """The values in an object's `examples`, by their pointers, references followed."""
    examples = node.get("examples")
    for name, written in examples.items() if isinstance(examples, dict) else ():
        place, example = f"{pointer}/examples/{escape(name)}", written
        if isinstance(written, dict) and isinstance(written.get("$ref"), str):
            place = written["$ref"].removeprefix("#")
            try:
                example = resolve(document, place)
            except _UNCOMPILABLE:
                continue
        if isinstance(example, dict) and "value" in example:
            yield f"{place}/value", example["value"]


def _places(document: dict[str, Any]) -> Iterator[_Place]:
    """All examples and defaults of a document."""
    for pointer, kind, node in iterate(document):
        if "$ref" in node:
            continue
        if kind == "schemas":
            for key, code in (("example", "example-invalid"), ("default", "default-invalid")):
                if key in node:
                    yield code, f"{pointer}/{key}", pointer, node[key]
            listed = node.get("examples")
            for index, value in enumerate(listed if isinstance(listed, list) else ()):
                yield "example-invalid", f"{pointer}/examples/{index}", pointer, value
        elif kind in _WITH_SCHEMA and isinstance(node.get("schema"), dict):
            schema = f"{pointer}/schema"
            if "example" in node:
                yield "example-invalid", f"{pointer}/example", schema, node["example"]
            for place, value in _named_examples(document, node, pointer):
                yield "example-invalid", place, schema, value


def _is_pattern(pattern: str) -> bool:
    try:
        jsonschema_rs.validator_for({"type": "string", "pattern": pattern})
    except _UNCOMPILABLE:
        return False
    return True


def _bad_patterns(document: dict[str, Any]) -> Iterator[Fault]:
    """Patterns that are no regular expressions."""
    for pointer, kind, node in iterate(document):
        pattern = node.get("pattern")
        if kind == "schemas" and isinstance(pattern, str) and not _is_pattern(pattern):
            problem = f"{pattern!r} is no regular expression."
            yield Fault("pattern-invalid", f"{pointer}/pattern", problem)


def _compile(view: dict[str, Any]) -> Callable[[str], Any]:
    """A function from the pointer of a schema to its validator, None for one that is broken."""
    try:
        validators = jsonschema_rs.validator_map_for(view, validate_formats=True, offline=True)
    except _UNCOMPILABLE:
        return functools.cache(functools.partial(_compile_one, view))
    return lambda pointer: validators.get(f"#{pointer}")


def _compile_one(view: dict[str, Any], pointer: str) -> Any:
    """The validator of one schema of a document in which some are broken."""
    schema = {**view, "$ref": f"#{pointer}"}
    try:
        return jsonschema_rs.validator_for(schema, validate_formats=True, offline=True)
    except _UNCOMPILABLE:
        return None


def _problem(error: Any, what: str) -> tuple[str, str]:
    """What is wrong with a value: the pointer inside of it, and a sentence."""
    inner = next(explain(error))
    path = "".join(f"/{escape(str(token))}" for token in inner.instance_path)
    return path, f"This {what} is not valid by its schema: {inner.message}."


def values(subject: Subject) -> Iterator[Fault]:
    """Examples and defaults are valid by their schemas, formats included."""
    yield from _bad_patterns(subject.document)
    try:
        view = json_schema_view(subject.document)
    except _UNCOMPILABLE:
        return  # the structure is broken, and that is told already
    validator_of = _compile(view)
    for code, pointer, schema, value in _places(subject.document):
        validator = validator_of(schema)
        what = "default" if code == "default-invalid" else "example"
        for error in validator.iter_errors(value) if validator is not None else ():
            inside, problem = _problem(error, what)
            yield Fault(code, pointer + inside, problem)
