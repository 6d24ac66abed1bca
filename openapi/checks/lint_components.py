"""Lint of components and descriptions: nothing idle, nothing twice, everything explained."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from openapi.checks.fault import Fault
from openapi.structure import COMPONENT_KINDS, escape, iterate
from openapi.subject import Subject

__all__ = ["descriptions", "duplicate_components", "unused_components"]

_DESCRIBED: Mapping[str, tuple[str, ...]] = {
    "operation": ("description", "summary"),
    "parameters": ("description",),
    "responses": ("description",),
    "headers": ("description",),
    "component schemas": ("description", "title"),
    "tag": ("description",),
}
"""What says what it is -> the keys that do, any of them. A link says it by its operation."""

_NAMED = ("operation", "parameters", "headers", "component schemas", "schemas")
"""What has a name that a description could repeat; a status and a title are none."""

_EMPTY_WORDS_TEXT = """
a an the of this that these those to for in on with and its is object value field property
parameter response request schema model string number list
"""
_EMPTY_WORDS = frozenset(_EMPTY_WORDS_TEXT.split())
"""Words that say nothing beyond a name."""


def _components(document: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """All components: kind, name, object."""
    components = document.get("components")
    for kind in COMPONENT_KINDS:
        items = components.get(kind) if isinstance(components, dict) else None
        for name, item in items.items() if isinstance(items, dict) else ():
            yield kind, name, item


def _referenced(document: dict[str, Any]) -> set[str]:
    """The pointers that references and discriminators lead to."""
    found: set[str] = set()
    for pointer, _, node in iterate(document):
        targets = [node.get("$ref")]
        discriminator = node.get("discriminator")
        if isinstance(discriminator, dict) and isinstance(discriminator.get("mapping"), dict):
            for target in discriminator["mapping"].values():
                targets += [target, f"#/components/schemas/{target}"]
        for target in targets:
            if not isinstance(target, str):
                continue
            place = target.removeprefix("#")
            if not f"{pointer}/".startswith(f"{place}/"):
                found.add(place)
    return found


def unused_components(subject: Subject) -> Iterator[Fault]:
    """Components are referenced from somewhere outside of themselves.

    Security schemes are named by requirements, not referenced.
    """
    named: set[str] = set()
    holders = [subject.document]
    holders += [node for _, kind, node in iterate(subject.document) if kind == "operation"]
    for holder in holders:
        required = holder.get("security")
        for choice in required if isinstance(required, list) else ():
            named.update(choice if isinstance(choice, dict) else ())
    heads = {"/".join(pointer.split("/")[:4]) for pointer in _referenced(subject.document)}
    for kind, name, _ in _components(subject.document):
        pointer = f"/components/{kind}/{escape(name)}"
        if pointer not in heads and not (kind == "securitySchemes" and name in named):
            yield Fault("component-unused", pointer, f"Nothing references {name} in {kind}.")


def duplicate_components(subject: Subject) -> Iterator[Fault]:
    """No two components of a kind are the same, descriptions included."""
    known: dict[tuple[str, str], str] = {}
    for kind, name, item in _components(subject.document):
        if not isinstance(item, dict) or "$ref" in item:
            continue
        content = {key: value for key, value in item.items() if key != "title"}
        text = json.dumps(content, sort_keys=True, default=str)
        first = known.setdefault((kind, text), name)
        if first != name and content:
            pointer = f"/components/{kind}/{escape(name)}"
            yield Fault("component-duplicate", pointer, f"{name} is {first} once more.")


def _words(text: str) -> set[str]:
    """The words of a name or a sentence, in lower case, that say something."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", text)
    return {part.lower().removesuffix("s") for part in parts if part.lower() not in _EMPTY_WORDS}


def _kind_and_name(pointer: str, kind: str, node: dict[str, Any]) -> tuple[str, str]:
    """What an object is in `_DESCRIBED`, and what it is called."""
    last = pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    if kind == "parameters":
        return kind, str(node.get("name", last))
    if kind == "operation":
        return kind, str(node.get("operationId", last))
    if kind == "schemas" and pointer.count("/") == 3 and pointer.startswith("/components/"):  # noqa: PLR2004  # /components/schemas/NAME
        return "component schemas", last
    return kind, last


def _described(pointer: str, kind: str, name: str, node: dict[str, Any]) -> Iterator[Fault]:
    """An object says what it is, and not by its name."""
    wanted = _DESCRIBED.get(kind, ())
    if wanted and not any(str(node.get(key) or "").strip() for key in wanted):
        what = f"{kind.removeprefix('component ').removesuffix('s')} {name}"
        problem = f"The {what} has no {' and no '.join(wanted)}."
        yield Fault("description-missing", pointer, problem)
        return
    text = node.get("description")  # a summary may: "Read a flow" is what one of read_flow is for
    if kind in _NAMED and isinstance(text, str) and text.strip() and _words(text) <= _words(name):
        problem = f"The description {text.strip()!r} says no more than the name {name}."
        yield Fault("description-repeats-name", pointer, problem, key="description")


def descriptions(subject: Subject) -> Iterator[Fault]:
    """Descriptions are there, and say more than the names."""
    tags = subject.document.get("tags")
    for index, tag in enumerate(tags if isinstance(tags, list) else ()):
        if isinstance(tag, dict):
            yield from _described(f"/tags/{index}", "tag", str(tag.get("name")), tag)
    for pointer, kind, node in iterate(subject.document):
        if "$ref" in node or kind in ("document", "components"):
            continue
        what, name = _kind_and_name(pointer, kind, node)
        if kind == "responses" and "description" not in node:
            continue  # OpenAPI demands it: that is told already
        yield from _described(pointer, what, name, node)
