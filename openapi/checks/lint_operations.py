"""Lint of operations and paths: what is declared, how it is named, what could be meant by a URL."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from openapi.checks.fault import Fault
from openapi.checks.operations import followed, operations_of, parameters_of
from openapi.structure import escape
from openapi.subject import Subject

__all__ = ["declarations", "operation_id_style", "paths"]

_STYLES: Mapping[str, str] = {
    "snake_case": r"[a-z][a-z0-9]*(_[a-z0-9]+)*",
    "camelCase": r"[a-z][a-z0-9]*([A-Z][A-Za-z0-9]*)*",
    "PascalCase": r"([A-Z][A-Za-z0-9]*)+",
    "kebab-case": r"[a-z][a-z0-9]*(-[a-z0-9]+)+",
}
"""Style -> what is written in it. A single lower-case word is written in several."""

_BODILESS = ("get", "head", "delete")

_BRACES = re.compile(r"\{[^{}]*\}")


def _styles_of(name: str) -> frozenset[str]:
    return frozenset(style for style, form in _STYLES.items() if re.fullmatch(form, name))


def operation_id_style(subject: Subject) -> Iterator[Fault]:
    """Operations have ids, written in the style that most are written in."""
    named: list[tuple[str, str]] = []
    for path, pointer, operation, _ in operations_of(subject.document):
        name = operation.get("operationId")
        if isinstance(name, str):
            named.append((f"{pointer}/operationId", name))
        else:
            method = pointer.rpartition("/")[2].upper()
            yield Fault("operation-id-missing", pointer, f"{method} {path} has no operationId.")
    votes = Counter(style for _, name in named for style in sorted(_styles_of(name)))
    if not votes:
        return
    style, count = votes.most_common(1)[0]
    for pointer, name in named:
        if style not in _styles_of(name):
            problem = f"The operationId {name} is not in {style}, which {count} others are in."
            yield Fault("operation-id-style", pointer, problem)


def _takes_input(document: dict[str, Any], operation: dict[str, Any], item: Any) -> bool:
    """Whether a request could be refused for what it holds."""
    security = operation.get("security", document.get("security"))
    return bool(
        "requestBody" in operation
        or operation.get("parameters")
        or item.get("parameters")
        or (isinstance(security, list) and any(security) and {} not in security)
    )


def _schemes(document: dict[str, Any]) -> Mapping[str, Any]:
    components = document.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    return schemes if isinstance(schemes, dict) else {}


def _security(document: dict[str, Any], holder: Any, pointer: str) -> Iterator[Fault]:
    """Requirements of the document or an operation that name no scheme."""
    required = holder.get("security")
    for index, choice in enumerate(required if isinstance(required, list) else ()):
        for name in choice if isinstance(choice, dict) else ():
            if name not in _schemes(document):
                problem = f"There is no security scheme {name}."
                yield Fault("security-undefined", f"{pointer}/security/{index}", problem, key=name)


def _statuses(operation: dict[str, Any], pointer: str, *, refuses: bool) -> Iterator[Fault]:
    """Success and refusal are declared."""
    responses = operation.get("responses")
    statuses = [str(status) for status in responses] if isinstance(responses, dict) else []
    if not any(status[0] in "123d" for status in statuses if status):
        yield Fault("success-undeclared", pointer, "No status of success is declared.")
    if refuses and not any(status[0] in "4d" for status in statuses if status):
        yield Fault("refusal-undeclared", pointer, "No 4xx status is declared.")


def declarations(subject: Subject) -> Iterator[Fault]:
    """Statuses, tags and security schemes are declared; methods without a body have none."""
    document = subject.document
    listed = document.get("tags")
    tags = {
        tag.get("name") for tag in (listed if isinstance(listed, list) else ()) if _is_object(tag)
    }
    yield from _security(document, document, "")
    for _, pointer, operation, item in operations_of(document):
        refuses = _takes_input(document, operation, item)
        yield from _statuses(operation, pointer, refuses=refuses)
        yield from _security(document, operation, pointer)
        method = pointer.rpartition("/")[2]
        if method in _BODILESS and "requestBody" in operation:
            problem = f"{method.upper()} has a request body, which clients and proxies may drop."
            yield Fault("body-unexpected", pointer, problem, key="requestBody")
        own = operation.get("tags")
        for index, tag in enumerate(own if isinstance(own, list) else ()):
            if tag not in tags:
                problem = f"The tag {tag} is not declared."
                yield Fault("tag-undeclared", f"{pointer}/tags/{index}", problem)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _schemas_of_path(document: dict[str, Any], item: Any) -> dict[str, Any]:
    """The schema of each path parameter, by its name."""
    found: dict[str, Any] = {}
    for holder in (item, *(value for value in item.values() if isinstance(value, dict))):
        for parameter in parameters_of(document, holder):
            if parameter.get("in") == "path":
                schema = followed(document, parameter.get("schema"))
                found.setdefault(str(parameter.get("name")), schema)
    return found


def _may_hold(schema: Any, text: str) -> bool:
    """Whether a path parameter may be that text, as far as its own schema tells."""
    if not isinstance(schema, dict):
        return True
    told = ("type", "format", "pattern", "enum", "const", "minLength", "maxLength")
    plain = {key: schema[key] for key in told if key in schema}
    values: list[Any] = [text]
    if text.lstrip("-").isdigit():
        values.append(int(text))
    try:
        validator = jsonschema_rs.validator_for(plain, validate_formats=True)
    except (ValueError, TypeError):
        return True
    return any(validator.is_valid(value) for value in values)


def _ambiguous(document: dict[str, Any], one: tuple[str, Any], other: tuple[str, Any]) -> bool:
    """Whether a URL matches both paths, and each is the more concrete at some place."""
    schemas = [_schemas_of_path(document, item) for _, item in (one, other)]
    more_concrete = [False, False]
    for parts in zip(one[0].split("/"), other[0].split("/"), strict=True):
        open_ = [bool(_BRACES.search(part)) for part in parts]
        if not any(open_):
            if parts[0] != parts[1]:
                return False
        elif all(open_):
            continue
        else:
            side = 0 if open_[0] else 1
            written, form = parts[1 - side], parts[side]
            pattern = "(.+)".join(re.escape(piece) for piece in _BRACES.split(form))
            if not re.fullmatch(pattern, written):
                return False
            name = form.strip("{}")
            if _BRACES.fullmatch(form) and not _may_hold(schemas[side].get(name), written):
                return False
            more_concrete[1 - side] = True
    return all(more_concrete)


def paths(subject: Subject) -> Iterator[Fault]:
    """Paths are told apart by more than names of parameters, and by URLs."""
    written = subject.document.get("paths")
    items = written.items() if isinstance(written, dict) else ()
    by_shape: dict[str, str] = {}
    by_length: dict[int, list[tuple[str, Any]]] = {}
    for path, item in items:
        pointer = f"/paths/{escape(path)}"
        if "?" in path or "#" in path:
            yield Fault("path-query", pointer, f"{path} has a query or a fragment.")
        if path.startswith("x-") or not isinstance(item, dict):
            continue
        shape = _BRACES.sub("{}", path)
        if shape in by_shape:
            yield Fault("path-twice", pointer, f"{path} is {by_shape[shape]} under another name.")
            continue
        by_shape[shape] = path
        by_length.setdefault(path.count("/"), []).append((path, item))
    for group in by_length.values():
        for one, other in itertools.combinations(group, 2):
            if "{" in one[0] and "{" in other[0] and _ambiguous(subject.document, one, other):
                pointer = f"/paths/{escape(other[0])}"
                problem = f"Some URLs match both {other[0]} and {one[0]}."
                yield Fault("path-ambiguous", pointer, problem)
