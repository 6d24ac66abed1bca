"""Other forms of one document: in the words of 3.1, with nothing referenced, or of one tag only."""

from collections.abc import Mapping
from typing import Any

from openapi.json_schema import json_schema_view
from openapi.structure import COMPONENT_KINDS, METHODS, copy_json, is_31, iterate, resolve, rewrite

__all__ = [
    "UnknownTagError",
    "as_31",
    "component_graph",
    "inlined",
    "of_tag",
    "reached",
    "references",
]

_NICKNAMES: Mapping[str, str] = {"core": "Deployments"}


class UnknownTagError(ValueError):
    """No operation has that tag. The message is a sentence for the user."""


def _schema_of_31(kind: str, node: dict[str, Any]) -> dict[str, Any]:
    """What 3.1 says otherwise about schemas, besides what JSON Schema does."""
    if kind != "schemas":
        return node
    if node.get("enum") == [None]:
        node.pop("enum")
        node["type"] = "null"
    if "example" in node:
        node["examples"] = [node.pop("example")]
    if node.get("format") == "byte":
        del node["format"]
        node["contentEncoding"] = "base64"
    return node


def as_31(document: dict[str, Any]) -> dict[str, Any]:
    """The same document in OpenAPI 3.1: its schemas are JSON Schema 2020-12.

    Args:
        document: One of 3.0, left as it is. Of one of 3.1 a copy is made.
    """
    if is_31(document):
        return dict(copy_json(document))
    view = json_schema_view(document)
    result: dict[str, Any] = rewrite(view, "document", _schema_of_31)
    return {**result, "openapi": "3.1.0"}


def _target(node: Any) -> str | None:
    """The pointer that a reference leads to."""
    reference = node.get("$ref") if isinstance(node, dict) else None
    return reference.removeprefix("#") if isinstance(reference, str) else None


def references(node: Any, kind: str) -> set[str]:
    """The components that are referenced within a part of the document, by their pointers."""
    return {target for _, _, below in iterate(node, kind) if (target := _target(below)) is not None}


def component_graph(document: dict[str, Any]) -> dict[str, set[str]]:
    """Component -> the components that it references itself, all by their pointers."""
    components = document.get("components", {})
    return {
        f"/components/{kind}/{name}": references(item, kind)
        for kind in COMPONENT_KINDS
        for name, item in components.get(kind, {}).items()
    }


def reached(graph: Mapping[str, set[str]], start: set[str]) -> set[str]:
    """All components that can be come to from some, those themselves included."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        pointer = waiting.pop()
        if pointer not in found:
            found.add(pointer)
            waiting += graph.get(pointer, ())
    return found


def inlined(document: dict[str, Any]) -> dict[str, Any]:
    """The document with every reference replaced by what it leads to.

    Only schemas that contain themselves cannot be: they stay components, and are referenced.
    Security schemes stay, for they go by name.

    Args:
        document: One whose references lead into its components, left as it is.
    """
    graph = component_graph(document)
    recursive = {pointer for pointer in graph if pointer in reached(graph, graph[pointer])}
    made: dict[str, Any] = {}

    def change(_: str, node: dict[str, Any]) -> dict[str, Any]:
        pointer = _target(node)
        if pointer is None or pointer in recursive:
            return node
        if pointer not in made:
            kind = pointer.split("/")[2]
            made[pointer] = rewrite(resolve(document, pointer), kind, change)
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return {**copy_json(made[pointer]), **beside}

    result: dict[str, Any] = rewrite(document, "document", change)
    kept: dict[str, Any] = {}
    for kind, items in result.get("components", {}).items():
        stay = {
            name: item
            for name, item in items.items()
            if kind == "securitySchemes" or f"/components/{kind}/{name}" in recursive
        }
        if stay:
            kept[kind] = stay
    result.pop("components", None)
    return {**result, "components": kept} if kept else result


def _tag_called(document: dict[str, Any], name: str) -> str:
    """The tag that a name stands for, whatever its case.

    Raises:
        UnknownTagError: There is none.
    """
    tags = {
        tag
        for _, kind, node in iterate(document)
        if kind == "operation"
        for tag in node.get("tags", ())
    }
    wanted = _NICKNAMES.get(name.lower(), name).lower()
    for tag in tags:
        if tag.lower() == wanted:
            return str(tag)
    raise UnknownTagError(f"No operation has the tag {name}; known are {', '.join(sorted(tags))}.")


def _path_of_tag(item: dict[str, Any], tag: str) -> dict[str, Any] | None:
    """A path item with the operations of a tag only, None where there is none."""
    result = {
        key: value
        for key, value in item.items()
        if key not in METHODS or tag in value.get("tags", ())
    }
    return result if any(method in result for method in METHODS) else None


def _operation_of(document: dict[str, Any], link: dict[str, Any]) -> Any:
    """The operationId that a link, or a reference to one, leads to."""
    pointer = _target(link)
    return (link if pointer is None else resolve(document, pointer)).get("operationId")


def of_tag(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The operations of one tag, with the components that they need.

    Links to other operations are left out.

    Args:
        document: One whose references lead into its components, left as it is.
        name: The tag in any case; `core` stands for `Deployments`.

    Raises:
        UnknownTagError: No operation has it.
    """
    tag = _tag_called(document, name)
    result = copy_json(document)
    items = ((path, _path_of_tag(item, tag)) for path, item in result["paths"].items())
    result["paths"] = {path: item for path, item in items if item is not None}
    result["tags"] = [known for known in result.get("tags", ()) if known.get("name") == tag]
    ids = {node.get("operationId") for _, kind, node in iterate(result) if kind == "operation"}

    def change(kind: str, node: dict[str, Any]) -> dict[str, Any]:
        if kind != "responses" or "links" not in node:
            return node
        links = {
            name: link
            for name, link in node["links"].items()
            if _operation_of(document, link) in ids
        }
        rest = {key: value for key, value in node.items() if key != "links"}
        return {**rest, "links": links} if links else rest

    result = rewrite(result, "document", change)
    components = result.pop("components", {})
    needed = reached(component_graph(document), references(result, "document"))
    changed = rewrite(components, "components", change)
    kept = {
        kind: {
            key: item
            for key, item in changed[kind].items()
            if kind == "securitySchemes" or f"/components/{kind}/{key}" in needed
        }
        for kind in components
    }
    return {**result, "components": {kind: items for kind, items in kept.items() if items}}
