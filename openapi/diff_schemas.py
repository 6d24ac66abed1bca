"""Compares two schemas: facts about what a value may be, before and after."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openapi.structure import escape, resolve

__all__ = ["Fact", "Place", "compare"]


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a document of 3.1: where it stands, and what it is."""

    document: Mapping[str, Any]
    pointer: str
    value: Any

    def below(self, *keys: str) -> "Place":
        """The part that some keys lead to."""
        value = self.value
        for key in keys:
            value = value[int(key)] if isinstance(value, list) else value[key]
        return Place(self.document, self.pointer + "".join(f"/{escape(k)}" for k in keys), value)

    def followed(self) -> "Place":
        """What a reference leads to, anything else itself."""
        place = self
        for _ in range(16):
            reference = place.value.get("$ref") if isinstance(place.value, dict) else None
            if not isinstance(reference, str):
                break
            pointer = reference.removeprefix("#")
            try:
                place = Place(self.document, pointer, resolve(self.document, pointer))
            except (LookupError, TypeError, ValueError):
                break
        return place


@dataclass(frozen=True, slots=True)
class Fact:
    """One difference.

    Attributes:
        code: A key of `SCHEMA_RULES` or `OPERATION_RULES`.
        place: Where to show it: in the new document, or in the old when it is gone.
        detail: What differs, in words.
        old: Whether the place is in the old document.
    """

    code: str
    place: Place
    detail: str
    old: bool = False


_TYPES = frozenset(("string", "number", "integer", "boolean", "array", "object"))
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_BESIDE = frozenset(("default", "deprecated"))
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")


@dataclass(slots=True)
class _Shape:
    """A schema with references followed, parts of `allOf` joined, and null taken out."""

    place: Place
    keywords: dict[str, Any]
    parts: dict[str, Place]
    properties: dict[str, Place]
    alternatives: list[Place]
    null: bool


def _allows_null(keywords: Mapping[str, Any]) -> bool:
    types = keywords.get("type")
    listed = types if isinstance(types, list) else [types]
    return types is None or "null" in listed


def _join(into: _Shape, part: _Shape) -> None:
    """Put a part of an `allOf` into the whole."""
    required = [*into.keywords.get("required", ()), *part.keywords.get("required", ())]
    into.keywords |= part.keywords
    if required:
        into.keywords["required"] = required
    into.parts |= part.parts
    into.properties |= part.properties
    into.alternatives += part.alternatives
    into.null = into.null and part.null


def _shape(place: Place, depth: int = 12) -> _Shape:
    """Read a schema."""
    # What 3.1 lets stand beside a reference holds as well; it has what the reference leads to.
    beside = place.value if isinstance(place.value, dict) and "$ref" in place.value else {}
    place = place.followed()
    schema = place.value if isinstance(place.value, dict) else {}
    keywords = {**schema, **{key: beside[key] for key in beside.keys() & _BESIDE}}
    keywords = {key: value for key, value in keywords.items() if key not in ("allOf", "properties")}
    enum = keywords.get("enum")
    null = _allows_null(keywords) and (not isinstance(enum, list) or None in enum)
    parts = {
        key: place.below(key)
        for key in ("items", "additionalProperties")
        if isinstance(schema.get(key), dict)
    }
    properties = {name: place.below("properties", name) for name in schema.get("properties") or {}}
    shape = _Shape(place, keywords, parts, properties, [], null)
    for index in range(len(schema.get("allOf") or ()) if depth else 0):
        _join(shape, _shape(place.below("allOf", str(index)), depth - 1))
    branches = [
        place.below(key, str(index))
        for key in ("anyOf", "oneOf")
        for index in range(len(schema.get(key) or ()))
    ]
    if not branches or not depth:
        return shape
    real = [branch for branch in branches if branch.followed().value.get("type") != "null"]
    shape.null = shape.null and any(_shape(branch, depth - 1).null for branch in branches)
    if len(real) == 1 and len(real) < len(branches):
        inner, null = _shape(real[0], depth - 1), shape.null
        _join(shape, inner)
        shape.null = null
    else:
        shape.alternatives += real
    return shape


def _types(shape: _Shape, depth: int = 6) -> frozenset[str]:
    """The types that a value may have, null aside; an integer is a number, too."""
    written = shape.keywords.get("type")
    if written is None:
        within = [_types(_shape(place), depth - 1) for place in shape.alternatives if depth]
        return frozenset().union(*within) if within else _TYPES
    found = set(written if isinstance(written, list) else [written]) - {"null"}
    return frozenset(found | ({"integer"} if "number" in found else set()))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _of_types(old: _Shape, new: _Shape) -> Iterator[Fact]:
    before, after = _types(old), _types(new)
    if before - after:
        what = f"was {' or '.join(sorted(before))}, is {' or '.join(sorted(after)) or 'nothing'}"
        yield Fact("type-removed", new.place, what)
    if after - before:
        what = f"was {' or '.join(sorted(before)) or 'nothing'}, is {' or '.join(sorted(after))}"
        yield Fact("type-added", new.place, what)
    if old.null != new.null:
        code, what = ("null-removed", "no longer") if old.null else ("null-added", "now")
        yield Fact(code, new.place, f"{what} null")


def _values(shape: _Shape) -> set[str] | None:
    """The values of an enum or a const but for null, as text; None for any."""
    if "const" in shape.keywords:
        return {_text(shape.keywords["const"])} - {"null"}
    enum = shape.keywords.get("enum")
    return None if not isinstance(enum, list) else {_text(value) for value in enum} - {"null"}


def _of_enums(old: _Shape, new: _Shape) -> Iterator[Fact]:
    before, after = _values(old), _values(new)
    if before is None and after is None:
        return
    if before is None:
        yield Fact("enum-set", new.place, f"only {', '.join(sorted(after or ()))}")
    elif after is None:
        yield Fact("enum-unset", new.place, f"was one of {', '.join(sorted(before))}")
    else:
        for value in sorted(before - after):
            yield Fact("enum-value-removed", new.place, value)
        for value in sorted(after - before):
            yield Fact("enum-value-added", new.place, value)


def _of_texts(old: _Shape, new: _Shape) -> Iterator[Fact]:
    for keyword in ("format", "pattern"):
        before, after = old.keywords.get(keyword), new.keywords.get(keyword)
        if before == after:
            continue
        how = "set" if before is None else "unset" if after is None else "changed"
        what = f"was {before or 'absent'}, is {after or 'absent'}"
        yield Fact(f"{keyword}-{how}", new.place, what)


def _of_bounds(old: _Shape, new: _Shape) -> Iterator[Fact]:
    for side, keywords in (("upper", _UPPER), ("lower", _LOWER)):
        for keyword in keywords:
            before, after = old.keywords.get(keyword), new.keywords.get(keyword)
            if before == after:
                continue
            if before is None or after is None:
                how = "set" if before is None else "unset"
            else:
                how = "raised" if after > before else "lowered"
            what = f"{keyword} was {before}, is {after}".replace("None", "absent")
            yield Fact(f"{side}-bound-{how}", new.place, what)
    if old.keywords.get("multipleOf") != new.keywords.get("multipleOf"):
        what = f"was {old.keywords.get('multipleOf')}, is {new.keywords.get('multipleOf')}"
        yield Fact("multiple-changed", new.place, what.replace("None", "absent"))
    unique = [bool(shape.keywords.get("uniqueItems")) for shape in (old, new)]
    if unique[0] != unique[1]:
        yield Fact(f"unique-items-{'set' if unique[1] else 'unset'}", new.place, "uniqueItems")
    if old.keywords.get("default", ...) != new.keywords.get("default", ...):
        texts = [
            _text(shape.keywords["default"]) if "default" in shape.keywords else "absent"
            for shape in (old, new)
        ]
        yield Fact("default-changed", new.place, f"was {texts[0]}, is {texts[1]}")


def _of_properties(old: _Shape, new: _Shape) -> Iterator[Fact]:
    needed = [set(shape.keywords.get("required") or ()) for shape in (old, new)]
    closed = [shape.keywords.get("additionalProperties") is False for shape in (old, new)]
    if closed[0] != closed[1]:
        how = "refused" if closed[1] else "admitted"
        yield Fact(
            f"unknown-properties-{how}", new.place, f"additionalProperties is {not closed[1]}"
        )
    for name, place in old.properties.items():
        if name not in new.properties:
            kind = "required" if name in needed[0] else "optional"
            yield Fact(f"{kind}-property-removed", place, name, old=True)
            if closed[1]:
                yield Fact("property-refused", place, name, old=True)
    for name, place in new.properties.items():
        optional = name not in needed[1] or "default" in _shape(place).keywords
        if name not in old.properties:
            yield Fact(f"{'optional' if optional else 'required'}-property-added", place, name)
            continue
        if (name in needed[0]) != (name in needed[1]):
            how = "required" if name in needed[1] else "optional"
            kind = "defaulted-property" if name in needed[1] and optional else "property"
            yield Fact(f"{kind}-became-{how}", place, name)
        before, after = _shape(old.properties[name]), _shape(place)
        if after.keywords.get("deprecated") and not before.keywords.get("deprecated"):
            yield Fact("property-deprecated", place, name)


def _identity(place: Place) -> str:
    """What an alternative is known by: the name of what it references, or all of it."""
    reference = place.value.get("$ref") if isinstance(place.value, dict) else None
    return str(reference) if reference else _text(place.value)


def _pairs(old: _Shape, new: _Shape) -> Iterator[tuple[Place, Place]]:
    """What is to be compared next, besides what stands on one side only."""
    for name, place in old.properties.items():
        if name in new.properties:
            yield place, new.properties[name]
    for key in dict.fromkeys((*old.parts, *new.parts)):
        if False in (old.keywords.get(key), new.keywords.get(key)):
            continue  # that unknown properties are refused is told by itself
        sides = [
            shape.parts.get(key, Place(shape.place.document, shape.place.pointer, {}))
            for shape in (old, new)
        ]
        yield sides[0], sides[1]


def _of_alternatives(old: _Shape, new: _Shape, pairs: list[tuple[Place, Place]]) -> Iterator[Fact]:
    """Shapes that came and went; those that stayed are added to `pairs`."""
    before = {_identity(place): place for place in old.alternatives}
    after = {_identity(place): place for place in new.alternatives}
    pairs += [(before[key], after[key]) for key in before if key in after]
    gone = [place for key, place in before.items() if key not in after]
    come = [place for key, place in after.items() if key not in before]
    if len(gone) == len(come) and len(before) > 0:
        pairs += zip(gone, come, strict=True)
        return
    for place in gone:
        yield Fact("alternative-removed", place, _identity(place), old=True)
    for place in come:
        yield Fact("alternative-added", place, _identity(place))


def compare(old: Place, new: Place, seen: set[tuple[str, str]] | None = None) -> Iterator[Fact]:
    """All differences between two schemas, and of what is below them.

    Args:
        old: The schema before, in the words of JSON Schema 2020-12.
        new: The schema after.
        seen: The pairs of pointers that were compared already.
    """
    seen = set() if seen is None else seen
    before, after = _shape(old), _shape(new)
    key = (before.place.pointer, after.place.pointer)
    if key in seen:
        return
    seen.add(key)
    for part in (_of_types, _of_enums, _of_texts, _of_bounds, _of_properties):
        yield from part(before, after)
    pairs = list(_pairs(before, after))
    yield from _of_alternatives(before, after, pairs)
    for one, other in pairs:
        yield from compare(one, other, seen)
