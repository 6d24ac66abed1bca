"""Checks of operations: their ids, their parameters, their links, and where references lead."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from openapi.bundle import UNRESOLVED
from openapi.checks.fault import Fault
from openapi.structure import METHODS, escape, is_31, iterate, resolve
from openapi.subject import Subject

__all__ = [
    "followed",
    "operation_ids",
    "operations_of",
    "parameters",
    "parameters_of",
    "references",
]


def operations_of(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], Any]]:
    """All operations: path, pointer, operation, path item."""
    paths = document.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        if isinstance(item, dict):
            for method in METHODS:
                if isinstance(item.get(method), dict):
                    yield path, f"/paths/{escape(path)}/{method}", item[method], item


def followed(document: Mapping[str, Any], node: Any) -> Any:
    """What a reference leads to; anything else as it is."""
    for _ in range(16):
        if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
            return node
        try:
            node = resolve(document, node["$ref"])
        except (LookupError, TypeError, ValueError):
            return None
    return None


def _names(document: dict[str, Any]) -> frozenset[str]:
    """What schemas of 3.1 are called besides their place: `$id` and `$anchor`."""
    found = (node.get(key) for _, _, node in iterate(document) for key in ("$id", "$anchor"))
    return frozenset(name for name in found if isinstance(name, str))


def references(subject: Subject) -> Iterator[Fault]:
    """Each reference inside of the document leads somewhere."""
    names = _names(subject.document) if is_31(subject.document) else frozenset()
    for pointer, _, node in iterate(subject.document):
        if "$ref" not in node:
            continue
        reference = node["$ref"]
        if not isinstance(reference, str):
            yield Fault("ref-malformed", f"{pointer}/$ref", "$ref is no string.")
            continue
        if reference.removeprefix("#") in names:
            continue
        try:
            resolve(subject.document, reference)
        except (LookupError, TypeError, ValueError):
            yield Fault("ref-unresolved", f"{pointer}/$ref", f"{reference} does not exist.")


def operation_ids(subject: Subject) -> Iterator[Fault]:
    """Operation ids are unique, and links name ones that exist."""
    known: dict[Any, str] = {}
    for path, pointer, operation, _ in operations_of(subject.document):
        name = operation.get("operationId")
        if not isinstance(name, str):
            continue
        if name in known:
            yield Fault(
                "operation-id-duplicate",
                f"{pointer}/operationId",
                f"The operationId {name} already stands for {known[name]}.",
            )
        known.setdefault(name, f"{pointer.rpartition('/')[2].upper()} {path}")
    for pointer, kind, node in iterate(subject.document):
        name = node.get("operationId")
        if kind == "links" and isinstance(name, str) and name not in known:
            yield Fault(
                "link-target-unknown",
                f"{pointer}/operationId",
                f"The link leads to {name}, which is no operation.",
            )


def parameters_of(document: Mapping[str, Any], holder: Any) -> Iterator[dict[str, Any]]:
    """The parameters of a path item or an operation, references followed."""
    items = holder.get("parameters")
    for item in items if isinstance(items, list) else ():
        parameter = followed(document, item)
        if isinstance(parameter, dict):
            yield parameter


def _parameter_list(
    document: Mapping[str, Any], holder: Any, pointer: str
) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """The parameters of a path item or an operation: pointer, and name and place."""
    items = holder.get("parameters")
    for index, item in enumerate(items if isinstance(items, list) else ()):
        parameter = followed(document, item)
        if isinstance(parameter, dict):
            key = (str(parameter.get("name")), str(parameter.get("in")))
            yield f"{pointer}/parameters/{index}", key


def _duplicates(listed: Iterable[tuple[str, tuple[Any, Any]]]) -> Iterator[Fault]:
    """Parameters that stand twice in a list."""
    seen: set[tuple[Any, Any]] = set()
    for pointer, (name, place) in listed:
        if (name, place) in seen:
            yield Fault(
                "parameter-duplicate", pointer, f"The {place} parameter {name} stands here twice."
            )
        seen.add((name, place))


def parameters(subject: Subject) -> Iterator[Fault]:
    """Path templates and path parameters go together, and no parameter stands twice."""
    paths = subject.document.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        if not isinstance(item, dict):
            continue
        here = f"/paths/{escape(path)}"
        in_braces = set(re.findall(r"\{([^{}]*)\}", path))
        shared = list(_parameter_list(subject.document, item, here))
        yield from _duplicates(shared)
        for pointer, (name, place) in shared:
            if place == "path" and name not in in_braces:
                yield Fault("path-parameter-unused", pointer, f"There is no {{{name}}} in {path}.")
        for method in (name for name in METHODS if isinstance(item.get(name), dict)):
            own = list(_parameter_list(subject.document, item[method], f"{here}/{method}"))
            yield from _duplicates(own)
            names = {name for _, (name, _) in shared + own}
            declared = {name for _, (name, place) in shared + own if place == "path"}
            for pointer, (name, place) in own:
                if place == "path" and name not in in_braces:
                    yield Fault(
                        "path-parameter-unused", pointer, f"There is no {{{name}}} in {path}."
                    )
            for name in sorted(in_braces - declared if UNRESOLVED not in names else ()):
                yield Fault(
                    "path-parameter-undeclared",
                    f"{here}/{method}",
                    f"{{{name}}} in {path} is no parameter of this operation.",
                )
