"""Bodies that break one constraint of a schema each, and bodies that just keep within them.

A candidate is made for each keyword of each node that the schema reaches; the readings then decide
whether it really is wrong under any reading, or right under the narrowest. So what is made here may
be generous: what proves nothing is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from contract_tests.spec.leniency import Readings

Path = tuple[str | int, ...]
_DEPTH: Final = 9  # deeper than any schema of the contract without recursion
_WRONG_TYPES: Final[tuple[Any, ...]] = (None, True, 7, 1.5, "?!", [], {}, [[]], {"?!": 1})
_FORMS: Final[Mapping[str, tuple[type, ...]]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}
_STRINGS: Final = ("", " ", "é ✓ 漢", "a'b\"c\\d")
UNKNOWN_KEY: Final = "zzz_unknown"
_LONG: Final = 1000  # bodies stay small


@cache
def spellings() -> Mapping[str, Mapping[str, list[Any]]]:
    """Right and wrong values by format."""
    text = (files(__package__) / "spellings.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, Mapping[str, list[Any]]] = yaml.safe_load(text)
    return loaded


@dataclass(frozen=True, slots=True)
class Case:
    """A body about one constraint.

    Attributes:
        path: where in the body; for a key that is missing or unknown, its own place.
        keyword: the keyword of the schema that it is about.
        body: the whole body.
        says: what is special about it, for the report.
    """

    path: Path
    keyword: str
    body: Any
    says: str


@dataclass(frozen=True, slots=True)
class _Node:
    """A place in the schema: its keywords, and how a value gets there."""

    schema: Mapping[str, Any]
    path: Path
    put: Callable[[Any], Any]


class Breaker:
    """Makes cases for the schemas of one document.

    Args:
        readings: of the document; decides what a case proves.
        hints: values for properties by name, used wherever a property of the name is filled in.
    """

    def __init__(self, readings: Readings, hints: Mapping[str, Any] | None = None) -> None:
        self._readings = readings
        self._hints = dict(hints or {})

    def breaches(self, schema: Mapping[str, Any]) -> list[Case]:
        """Bodies that every server must refuse, one broken constraint each."""
        return self._proven(schema, "refuse", _broken)

    def edges(self, schema: Mapping[str, Any]) -> list[Case]:
        """Bodies that every server must accept, each at an edge of one constraint."""
        return self._proven(schema, "accept", _kept)

    def sample(self, schema: Mapping[str, Any]) -> Any:
        """The smallest valid value that the schema's examples and formats give."""
        return self._sample(schema, 0)

    def _proven(
        self,
        schema: Mapping[str, Any],
        verdict: str,
        make: Callable[[_Node, Breaker], Iterator[tuple[Path, str, Any]]],
    ) -> list[Case]:
        found: dict[str, Case] = {}
        for node in self._nodes(_Node(schema, (), lambda value: value), 0):
            for tail, keyword, value in make(node, self):
                body = node.put(value)
                key = repr(body)
                if key in found or self._readings.verdict(schema, body) != verdict:
                    continue
                place = node.path + tail
                found[key] = Case(place, keyword, body, f"{dotted(place)}: {keyword}")
        return list(found.values())

    def _nodes(self, node: _Node, depth: int) -> Iterator[_Node]:
        """The node and all nodes below it, each alternative of a union for itself."""
        if depth > _DEPTH:
            return
        flat = self.flatten(node.schema)
        branches = [*flat.get("anyOf", ()), *flat.get("oneOf", ())]
        yield _Node(flat, node.path, node.put)
        for branch in branches:
            if _types(self.flatten(branch)) or self.flatten(branch).keys() - {"type"}:
                yield from self._nodes(_Node(branch, node.path, node.put), depth)
        base = self._sample_object(flat, depth) if "properties" in flat else {}
        for name, child in flat.get("properties", {}).items():
            yield from self._nodes(_below(node, child, name, base), depth + 1)
        if isinstance(flat.get("additionalProperties"), dict):
            child = flat["additionalProperties"]
            yield from self._nodes(_below(node, child, "key", base), depth + 1)
        if isinstance(flat.get("items"), dict):
            yield from self._nodes(
                _Node(flat["items"], (*node.path, 0), lambda value: node.put([value])), depth + 1
            )

    def flatten(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema with references followed and `allOf` merged into it."""
        merged: dict[str, Any] = {}
        for part in self._parts(schema):
            for key, value in part.items():
                if key == "properties":
                    merged[key] = {**merged.get(key, {}), **value}
                elif key == "required":
                    merged[key] = [*merged.get(key, ()), *value]
                else:
                    merged.setdefault(key, value)
        return merged

    def _parts(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        yield {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
        if "$ref" in schema:
            yield from self._parts(self._readings.schemas[schema["$ref"].rsplit("/", 1)[-1]])
        for part in schema.get("allOf", ()):
            yield from self._parts(part)

    def _sample(self, schema: Mapping[str, Any], depth: int) -> Any:
        flat = self.flatten(schema)
        for branch in (*flat.get("anyOf", ()), *flat.get("oneOf", ())):
            if _types(self.flatten(branch)) or self.flatten(branch).keys() - {"type"}:
                return self._sample(branch, depth)
        right = spellings().get(flat.get("format", ""), {}).get("right", ())
        told = [*([flat["example"]] if "example" in flat else ()), *flat.get("enum", ()), *right]
        if told:
            return told[0]
        if "object" in _types(flat) or "properties" in flat:
            return self._sample_object(flat, depth)
        if "array" in _types(flat):
            count = flat.get("minItems", 0)
            return [self._sample(flat.get("items", {}), depth + 1)] * count
        return _plain(flat)

    def _sample_object(self, flat: Mapping[str, Any], depth: int) -> dict[str, Any]:
        if depth > _DEPTH:
            return {}
        return {
            name: self.hinted(name, flat["properties"][name], depth + 1)
            for name in flat.get("required", ())
            if name in flat.get("properties", {})
        }

    def hinted(self, name: str, schema: Mapping[str, Any], depth: int = 0) -> Any:
        """A value for a property: the hint for its name, or a sample."""
        return self._hints[name] if name in self._hints else self._sample(schema, depth)


def _below(node: _Node, schema: Mapping[str, Any], name: str, base: dict[str, Any]) -> _Node:
    return _Node(schema, (*node.path, name), lambda value: node.put({**base, name: value}))


def _types(flat: Mapping[str, Any]) -> tuple[str, ...]:
    """The JSON types that a node names, null left out."""
    named = flat.get("type", ())
    return tuple(kind for kind in ([named] if isinstance(named, str) else named) if kind != "null")


def _is_of(kind: str, value: Any) -> bool:
    """Whether a JSON value has a type by its form."""
    return type(value) in _FORMS[kind]


def _plain(flat: Mapping[str, Any]) -> Any:
    match _types(flat):
        case ("integer" | "number", *_):
            return flat.get("minimum", flat.get("exclusiveMinimum", 0) + 1)
        case ("boolean", *_):
            return False
        case _:
            return "x" * max(1, flat.get("minLength", 1))


def _broken(node: _Node, breaker: Breaker) -> Iterator[tuple[Path, str, Any]]:
    """Values for a node that break one of its keywords: place below it, keyword, value."""
    schema = node.schema
    # First, lest `{}` without a required key counts as a value of the wrong type.
    yield from _broken_keys(schema, breaker)
    kinds = _types(schema)
    for wrong in _WRONG_TYPES:
        # What has the type, and is wrong for another reason, would stand for that one.
        if not any(_is_of(kind, wrong) for kind in kinds):
            yield (), "nullable" if wrong is None else "type", wrong
    for keyword, make in _BREAKS.items():
        if keyword in schema:
            yield from (((), keyword, wrong) for wrong in make(schema[keyword]))
    if schema.get("maxItems", _LONG) < _LONG:
        item = breaker.sample(schema.get("items", {}))
        yield (), "maxItems", [item] * (schema["maxItems"] + 1)


def _broken_enum(values: list[Any]) -> list[Any]:
    first = str(values[0])
    return ["no_such_value", first.swapcase(), f" {first} ", ""]


# Keyword -> wrong values, made of what the keyword says.
_BREAKS: Final[Mapping[str, Callable[[Any], Iterable[Any]]]] = {
    "enum": _broken_enum,
    "minimum": lambda bound: (bound - 1, bound - 1000),
    "maximum": lambda bound: (bound + 1, bound + 1000),
    "exclusiveMinimum": lambda bound: (bound, bound - 1),
    "exclusiveMaximum": lambda bound: (bound, bound + 1),
    "multipleOf": lambda step: (step * 1.5,),
    "minLength": lambda length: ("x" * (length - 1),) if length else (),
    "maxLength": lambda length: ("x" * (length + 1),),
    "minItems": lambda length: ([],) if length else (),
    "pattern": lambda _: ("", "/", "a/b", "a%b", "a&b", "a<b", "a>b", "A B", "?", "é"),
    "format": lambda name: spellings().get(name, {}).get("wrong", ()),
}


def _broken_keys(schema: Mapping[str, Any], breaker: Breaker) -> Iterator[tuple[Path, str, Any]]:
    if "properties" not in schema:
        return
    base = breaker.sample(schema)
    for name in schema.get("required", ()):
        yield (name,), "required", {key: base[key] for key in base if key != name}
    if schema.get("additionalProperties") is False:
        yield (UNKNOWN_KEY,), "additionalProperties", {**base, UNKNOWN_KEY: 1}
        # Keys have case: one that is known in another case is not known.
        name = next(iter(base or schema["properties"]), "")
        other = name[:1].upper() + name[1:]
        if other not in schema["properties"]:
            yield (other,), "additionalProperties", {**base, other: base.get(name)}


def _kept(node: _Node, breaker: Breaker) -> Iterator[tuple[Path, str, Any]]:
    """Values for a node at the edges of its keywords."""
    schema = node.schema
    yield (), "type", breaker.sample(schema)
    yield (), "nullable", None
    for value in schema.get("enum", ()):
        yield (), "enum", value
    for keyword in ("minimum", "maximum"):
        if keyword in schema:
            yield (), keyword, schema[keyword]
    kinds = _types(schema)
    if "boolean" in kinds:
        yield from (((), "type", value) for value in (True, False))
    if "string" in kinds:
        yield from (((), "type", value) for value in _STRINGS)
        if "maxLength" in schema:
            yield (), "maxLength", "x" * schema["maxLength"]
    if "array" in kinds:
        item = breaker.sample(schema.get("items", {}))
        yield from (((), "items", value) for value in ([], [item], [item, item]))
    if "object" in kinds:
        yield (), "type", {}
    for right in spellings().get(schema.get("format", ""), {}).get("right", ()):
        yield (), "format", right


def dotted(path: Path) -> str:
    """A place in a body as people write it: `deployments.name.any_[0]`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the body"
