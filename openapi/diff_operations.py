"""Compares operations: what came, what went, and what they ask and answer."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from openapi.diff_schemas import Fact, Place, compare
from openapi.structure import METHODS

__all__ = ["compare_documents"]

_BRACES = re.compile(r"\{[^{}]*\}")

Told = tuple[str, Fact]
"""The side that a fact of a schema is about, `""` for a fact of an operation; and the fact."""


def _child(place: Place, key: str) -> Place | None:
    """The part under a key, references followed, if there is one."""
    if not isinstance(place.value, dict) or not isinstance(place.value.get(key), dict):
        return None
    return place.below(key).followed()


def _children(place: Place | None) -> dict[str, Place]:
    """The parts of a map, references followed."""
    if place is None:
        return {}
    return {key: place.below(key).followed() for key in place.value if not key.startswith("x-")}


def _operations(root: Place) -> dict[tuple[str, str], tuple[Place, Place]]:
    """Path without names of parameters, and method -> path item and operation."""
    found = {}
    for path, item in _children(_child(root, "paths")).items():
        for method in METHODS:
            operation = _child(item, method)
            if operation is not None:
                found[_BRACES.sub("{}", path), method] = (item, operation)
    return found


def _parameters(item: Place, operation: Place) -> dict[tuple[str, str], Place]:
    """Where a parameter goes and its name -> the parameter; path parameters by their order."""
    found: dict[tuple[str, str], Place] = {}
    for holder in (item, operation):
        for index in range(len(holder.value.get("parameters") or ())):
            place = holder.below("parameters", str(index)).followed()
            name = str(place.value.get("name"))
            where = str(place.value.get("in"))
            found[where, name.lower() if where == "header" else name] = place
    path = operation.pointer.replace("~1", "/").replace("~0", "~")
    for number, name in enumerate(_BRACES.findall(path)):
        key = ("path", name.strip("{}"))
        if key in found:
            found["path", str(number)] = found.pop(key)
    return found


def _plain(code: str, place: Place, detail: str, *, old: bool = False) -> Told:
    return "", Fact(code, place, detail, old)


def _schemas(side: str, old: Place | None, new: Place | None) -> Iterator[Told]:
    """The facts of the schemas of two parameters, headers or media types."""
    if old is not None and new is not None and "schema" in old.value and "schema" in new.value:
        for fact in compare(old.below("schema"), new.below("schema")):
            yield side, fact


def _style(place: Place) -> tuple[Any, Any]:
    default = "form" if place.value.get("in") in ("query", "cookie") else "simple"
    style = place.value.get("style", default)
    return style, place.value.get("explode", style == "form")


def _of_parameters(
    old: Mapping[tuple[str, str], Place], new: Mapping[tuple[str, str], Place]
) -> Iterator[Told]:
    for (where, name), place in old.items():
        if (where, name) not in new:
            yield _plain("parameter-removed", place, f"{name} in {where}", old=True)
    for key, place in new.items():
        what = f"{place.value.get('name')} in {key[0]}"
        needed = place.value.get("required") is True
        if key not in old:
            kind = "required" if needed else "optional"
            yield _plain(f"{kind}-parameter-added", place, what)
            continue
        before = old[key]
        if needed != (before.value.get("required") is True):
            how = "required" if needed else "optional"
            yield _plain(f"parameter-became-{how}", place, what)
        if _style(before) != _style(place):
            yield _plain("parameter-style-changed", place, what)
        if key[0] == "path" and before.value.get("name") != place.value.get("name"):
            yield _plain(
                "path-parameter-renamed", place, f"was {before.value.get('name')}, is {what}"
            )
        yield from _schemas("request", before, place)


def _of_content(side: str, old: Place | None, new: Place | None) -> Iterator[Told]:
    """Media types and their schemas."""
    before = _children(_child(old, "content") if old else None)
    after = _children(_child(new, "content") if new else None)
    for name, place in before.items():
        if name not in after:
            yield _plain(f"{side}-media-type-removed", place, name, old=True)
    for name, place in after.items():
        if name not in before:
            yield _plain(f"{side}-media-type-added", place, name)
        yield from _schemas(side, before.get(name), place)


def _of_body(old: Place, new: Place) -> Iterator[Told]:
    before, after = _child(old, "requestBody"), _child(new, "requestBody")
    needed = [body is not None and body.value.get("required") is True for body in (before, after)]
    if before is not None and after is None:
        yield _plain("body-removed", before, "the body", old=True)
    elif before is None and after is not None:
        kind = "required" if needed[1] else "optional"
        yield _plain(f"{kind}-body-added", after, "the body")
    elif before is not None and after is not None:
        if needed[0] != needed[1]:
            how = "required" if needed[1] else "optional"
            yield _plain(f"body-became-{how}", after, "the body")
        yield from _of_content("request", before, after)


def _of_headers(old: Place, new: Place) -> Iterator[Told]:
    before, after = _children(_child(old, "headers")), _children(_child(new, "headers"))
    lower = {name.lower(): place for name, place in before.items()}
    names = {name.lower() for name in after}
    for name, place in before.items():
        if name.lower() not in names:
            kind = "required" if place.value.get("required") is True else "optional"
            yield _plain(f"{kind}-header-removed", place, name, old=True)
    for name, place in after.items():
        earlier = lower.get(name.lower())
        if earlier is None:
            yield _plain("header-added", place, name)
            continue
        needed = [part.value.get("required") is True for part in (earlier, place)]
        if needed[0] != needed[1]:
            how = "required" if needed[1] else "optional"
            yield _plain(f"header-became-{how}", place, name)
        yield from _schemas("response", earlier, place)


def _of_responses(old: Place, new: Place) -> Iterator[Told]:
    before, after = _children(_child(old, "responses")), _children(_child(new, "responses"))
    for status, place in before.items():
        if status not in after:
            kind = "success" if status[0] in "123" else "refusal"
            yield _plain(f"{kind}-removed", place, status, old=True)
    for status, place in after.items():
        if status not in before:
            kind = "success" if status[0] in "123" else "refusal"
            yield _plain(f"{kind}-added", place, status)
            continue
        yield from _of_headers(before[status], place)
        yield from _of_content("response", before[status], place)


def _choices(root: Place, operation: Place) -> set[str]:
    """The ways to give credentials, as text; none where they are not needed."""
    required = operation.value.get("security", root.value.get("security")) or []
    named = {" and ".join(sorted(f"{n}{s or ''}" for n, s in one.items())) for one in required}
    return set() if "" in named else named


def _of_security(roots: tuple[Place, Place], old: Place, new: Place) -> Iterator[Told]:
    before, after = _choices(roots[0], old), _choices(roots[1], new)
    if bool(before) != bool(after):
        how = "set" if after else "unset"
        yield _plain(f"security-{how}", new, ", ".join(sorted(before | after)))
        return
    for name in sorted(before - after):
        yield _plain("security-choice-removed", new, name)
    for name in sorted(after - before):
        yield _plain("security-choice-added", new, name)


def _of_operation(roots: tuple[Place, Place], old: Any, new: Any) -> Iterator[Told]:
    (old_item, before), (new_item, after) = old, new
    ids = [operation.value.get("operationId") for operation in (before, after)]
    if ids[0] is not None and ids[0] != ids[1]:
        yield _plain("operation-id-changed", after, f"was {ids[0]}, is {ids[1]}")
    if after.value.get("deprecated") and not before.value.get("deprecated"):
        yield _plain("operation-deprecated", after, "deprecated")
    yield from _of_parameters(_parameters(old_item, before), _parameters(new_item, after))
    yield from _of_body(before, after)
    yield from _of_responses(before, after)
    yield from _of_security(roots, before, after)


def compare_documents(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, str, Fact]]:
    """All differences that mean something to clients.

    Args:
        old: The document before, of 3.1 (see `forms.as_31`), references leading inside of it.
        new: The document after.

    Yields:
        The operation as method and path, the side (`request`, `response`, or `""` for what is no
        matter of a schema), and the fact.
    """
    roots = (Place(old, "", old), Place(new, "", new))
    before, after = _operations(roots[0]), _operations(roots[1])
    for (path, method), (_, operation) in before.items():
        if (path, method) not in after:
            gone = bool(operation.value.get("deprecated"))
            code = "deprecated-operation-removed" if gone else "operation-removed"
            name = f"{method.upper()} {path}"
            yield name, "", Fact(code, operation, "", old=True)
    for (path, method), found in after.items():
        name = f"{method.upper()} {path}"
        if (path, method) not in before:
            yield name, "", Fact("operation-added", found[1], "")
            continue
        for side, fact in _of_operation(roots, before[path, method], found):
            yield name, side, fact
