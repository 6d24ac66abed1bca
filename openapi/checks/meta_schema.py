"""The check of structure, by the meta-schemas of OpenAPI that openapi-spec-validator brings.

The meta-schema says at nearly every place "either this object or a reference", so that its plain
errors are about the outermost object and quote all of it. Here each is followed to the innermost
place that is really wrong.
"""

import difflib
import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import jsonschema_rs
from openapi_spec_validator.schemas import schema_v30, schema_v31

from openapi.checks.fault import Fault
from openapi.structure import escape, is_31, iterate
from openapi.subject import Subject

__all__ = ["accepts", "explain", "faults_of", "meta_errors", "structure"]

_LONGEST = 160
"""Characters of a message that quotes a value; longer ones are cut in the middle."""


@functools.cache
def _meta_schema(newer: bool) -> dict[str, Any]:  # noqa: FBT001  # 3.1, or 3.0
    return dict(schema_v31 if newer else schema_v30)


@functools.cache
def _validator(newer: bool) -> Any:  # noqa: FBT001  # 3.1, or 3.0
    return jsonschema_rs.validator_for(_meta_schema(newer))


@functools.cache
def _schema_validator() -> Any:
    """What a schema of 3.1 must be: JSON Schema 2020-12."""
    return jsonschema_rs.validator_for({"$ref": "https://json-schema.org/draft/2020-12/schema"})


def accepts(document: Any) -> bool:
    """Whether the meta-schema has nothing to say about a document."""
    valid: bool = _validator(is_31(document)).is_valid(document)
    return valid


def meta_errors(document: Any) -> Iterator[Any]:
    """The plain errors of the meta-schema."""
    yield from _validator(is_31(document)).iter_errors(document)


def _outermost_schemas(document: Any) -> Iterator[tuple[str, Any]]:
    """The schemas that stand in no other, by their pointers."""
    last = "\0"
    for pointer, kind, node in iterate(document):
        if kind == "schemas" and not pointer.startswith(last):
            last = f"{pointer}/"
            yield pointer, node


def _says_no_reference(error: Any) -> bool:
    """Whether the error is that an object is no reference."""
    path = list(error.schema_path)
    return path[-2:] == ["Reference", "required"] or "Reference" in path[-3:]


def _says_other_kind(error: Any) -> bool:
    """Whether the error is that an object is not of the one kind that this branch is about."""
    path = list(error.schema_path)
    return len(path) > 1 and path[-1] == "enum" and path[-2] in ("in", "type")


def _nearest(branches: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """The errors of the alternative that was meant, as far as can be told."""
    meant: Sequence[Sequence[Any]] = branches
    for excludes in (_says_no_reference, _says_other_kind):
        left = [branch for branch in meant if not any(excludes(error) for error in branch)]
        meant = left or meant
    return max(
        meant,
        key=lambda branch: (
            max((len(list(e.instance_path)) for e in branch), default=0),
            -len(branch),
        ),
    )


def explain(error: Any) -> Iterator[Any]:
    """The innermost errors behind one that is about alternatives."""
    branches = getattr(error.kind, "context", None)
    if not branches:
        yield error
        return
    for inner in _nearest(branches):
        yield from explain(inner)


def _cut(message: str) -> str:
    if len(message) <= _LONGEST:
        return message
    half = _LONGEST // 2 - 2
    return f"{message[:half]} ... {message[-half:]}"


def _known_keys(error: Any, newer: bool) -> list[str]:  # noqa: FBT001  # 3.1, or 3.0
    """The keys that the object may have, by the meta-schema at the error's place."""
    node: Any = _meta_schema(newer)
    for token in list(error.schema_path)[:-1]:
        node = node[token] if not isinstance(node, list) else node[int(token)]
    return list(node.get("properties", {})) if isinstance(node, dict) else []


def _unexpected(error: Any, pointer: str, newer: bool) -> Iterator[Fault]:  # noqa: FBT001  # 3.1
    """One fault for each key that has no business in an object."""
    known = _known_keys(error, newer)
    for key in error.kind.unexpected:
        close = difflib.get_close_matches(key, known, n=1)
        remedy = f"Did you mean {close[0]!r}?" if close else None
        if not close and known:
            remedy = f"Remove it; known keys are {', '.join(known)}, and extensions (x-...)."
        yield Fault("structure", pointer, f"The key {key!r} is unknown here.", remedy, key)


def faults_of(error: Any, above: str = "", *, newer: bool = False) -> Iterator[Fault]:
    """What an error of a meta-schema means, as faults at the innermost places.

    Args:
        error: The error.
        above: The pointer of what the meta-schema was asked about.
        newer: Whether that is of 3.1.
    """
    for inner in explain(error):
        pointer = above + "".join(f"/{escape(str(token))}" for token in inner.instance_path)
        if hasattr(inner.kind, "unexpected"):
            yield from _unexpected(inner, pointer, newer)
        elif inner.kind.name == "required":
            problem = f"The key {inner.kind.property!r} is missing."
            yield Fault("structure", pointer, problem, "Add it.")
        else:
            yield Fault("structure", pointer, f"{_cut(inner.message)}.")


def structure(subject: Subject) -> Iterable[Fault]:
    """Objects have the keys and values that OpenAPI 3.0 or 3.1 gives them."""
    newer = is_31(subject.document)
    for error in meta_errors(subject.document):
        yield from faults_of(error, newer=newer)
    for pointer, schema in _outermost_schemas(subject.document) if newer else ():
        for error in _schema_validator().iter_errors(schema):
            yield from faults_of(error, pointer)
