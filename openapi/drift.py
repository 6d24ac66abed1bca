"""Compares our document with what a server publishes about itself, and sorts what differs.

The comparison is that of `diff`, from the server's document to ours. So `extra` is what our
document says and the server's does not, `missing` is what only the server's says, and `other` is
what they say differently. What was reviewed stands in `drift.yaml`, with its reason.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.version import InvalidVersion, Version

from openapi.diff_operations import compare_documents
from openapi.drift_places import place_name
from openapi.forms import as_31, component_graph, reached, references
from openapi.structure import METHODS, iterate, resolve, tokens

__all__ = ["Difference", "differences", "is_later", "without_base_path"]

_BRACES = re.compile(r"\{[^{}]*\}")
_WAS_IS = re.compile(r"^(?:(?P<keyword>\w+) )?was (?P<theirs>.*), is (?P<ours>.*)$", re.DOTALL)
_LONGEST = 100

# How the codes of `diff` end, and what that says when one goes from the server's document to ours.
_SENSES: Mapping[str, str] = {
    "-became-required": "-required-extra",
    "-became-optional": "-required-missing",
    "-refused": "-refused-extra",
    "-admitted": "-refused-missing",
    "-added": "-extra",
    "-set": "-extra",
    "-deprecated": "-deprecated-extra",
    "-removed": "-missing",
    "-unset": "-missing",
    "-raised": "-other",
    "-lowered": "-other",
    "-changed": "-other",
    "-renamed": "-other",
}

# What the comparison looks at, and what says nothing about values. A keyword that is none of these
# could change what is meant without being seen.
_COMPARED = frozenset(
    (
        *("$ref", "type", "format", "enum", "const", "default", "pattern", "nullable"),
        *("properties", "required", "additionalProperties", "items", "allOf", "anyOf", "oneOf"),
        *("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "multipleOf"),
        *("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "uniqueItems"),
        "deprecated",
    )
)
_REMARKS = frozenset(
    (
        *("title", "description", "example", "examples", "externalDocs", "discriminator", "xml"),
        *("writeOnly", "readOnly", "$comment"),
    )
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between our document and the server's.

    Attributes:
        code: What differs: a facet, then `extra`, `missing` or `other`.
        place: Where, as `drift_places` names it: in our document, or in the server's if ours has
            no such place.
        detail: What the one says that the other does not, `""` where the code says it all.
        operations: Those that it acts on, as method and path without names of parameters.
        since: The server version that first has it, as our document says.
    """

    code: str
    place: str
    detail: str
    operations: tuple[str, ...] = field(compare=False)
    since: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.place}: {self.detail}" if self.detail else self.place

    @property
    def is_behind(self) -> bool:
        """Whether the server's document says something that ours does not."""
        return not self.code.endswith("-extra")


def _code(told: str, detail: str) -> str:
    """What a code of `diff` is called here."""
    for ending, sense in _SENSES.items():
        if told.endswith(ending):
            code = told.removesuffix(ending) + sense
            break
    else:
        code = told
    if code.endswith("-other"):
        if detail.startswith("was absent,"):
            return code.removesuffix("other") + "extra"
        if detail.endswith(", is absent"):
            return code.removesuffix("other") + "missing"
    return code


def _detail(code: str, text: str) -> str:
    """What differs, with the two documents named."""
    if "-required-" in code or "property-" in code:
        return ""
    found = _WAS_IS.match(text)
    if found is None:
        return _short(text)
    theirs, ours = _short(found["theirs"]), _short(found["ours"])
    keyword = f"{found['keyword']} " if found["keyword"] else ""
    if code.endswith("-extra") and theirs == "absent":
        return f"{keyword}{ours}"
    if code.endswith("-missing") and ours == "absent":
        return f"{keyword}{theirs}"
    return f"{keyword}document {theirs}, spec {ours}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _operation_ids(document: Mapping[str, Any]) -> dict[str, str]:
    """Method and path without names of parameters -> the operationId, or what it is called."""
    return {
        f"{method.upper()} {_BRACES.sub('{}', path)}": item[method].get("operationId", path)
        for path, item in document.get("paths", {}).items()
        for method in METHODS
        if method in item
    }


def without_base_path(theirs: dict[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """The server's document with its paths as ours has them, without `/api` in front.

    Args:
        theirs: The server's document.
        ours: Our document.
    """
    paths = {_BRACES.sub("{}", path) for path in ours["paths"]}
    found: dict[str, int] = {"": 0}
    for path in theirs.get("paths", {}):
        plain = _BRACES.sub("{}", path)
        for ending in paths:
            if plain.endswith(ending):
                prefix = plain.removesuffix(ending)
                found[prefix] = found.get(prefix, 0) + 1
    base = max(found, key=lambda prefix: found[prefix])
    renamed = {path.removeprefix(base): item for path, item in theirs.get("paths", {}).items()}
    return {**theirs, "paths": renamed}


def _since(document: Mapping[str, Any], pointer: str) -> str:
    """The newest version that a place, or what it is part of, says that it came with."""
    found = ""
    node: Any = document
    for token in tokens(pointer):
        node = node[int(token)] if isinstance(node, list) else node.get(token, {})
        told = node.get("x-prefect-since") if isinstance(node, dict) else None
        if isinstance(told, str) and (not found or Version(told) > Version(found)):
            found = told
    return found


def _uncompared(document: dict[str, Any], shared: set[str]) -> dict[tuple[str, str], None]:
    """Keywords that the comparison does not look at, in what some operations need.

    Args:
        document: The document.
        shared: The operations, as method and path without names of parameters.

    Returns:
        Their places and `keyword value`.
    """
    roots = [
        item[method]
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item and f"{method.upper()} {_BRACES.sub('{}', path)}" in shared
    ]
    needed = {target for root in roots for target in references(root, "operation")}
    found: dict[tuple[str, str], None] = {}
    for pointer in sorted(reached(component_graph(document), needed)):
        kind = tokens(pointer)[1]
        for place, what, node in iterate(resolve(document, pointer), kind, pointer):
            if what == "schemas":
                for keyword in sorted(node.keys() - _COMPARED - _REMARKS):
                    if not keyword.startswith("x-"):
                        value = json.dumps(node[keyword], sort_keys=True)
                        name = place_name(document, place, "")
                        found[name, _short(f"{keyword} {value}")] = None
    return found


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[Difference]:
    """All differences between two documents, each once, in the order of ours.

    Args:
        ours: Our document, of 3.0 or 3.1.
        theirs: The server's, its paths as ours has them.
    """
    spec, published = as_31(ours), as_31(theirs)
    ids = _operation_ids(spec)
    theirs_ids = _operation_ids(published)
    found: dict[tuple[str, str, str], list[str]] = {}
    since: dict[tuple[str, str, str], str] = {}
    for operation, side, fact in compare_documents(published, spec):
        if fact.code == "property-refused":
            continue  # told already: the property is missing
        code = _code(f"{side}-{fact.code}" if side else fact.code, fact.detail)
        called = ids.get(operation, operation)
        place = place_name(fact.place.document, fact.place.pointer, called) if side else called
        key = (code, place, _detail(code, fact.detail))
        found.setdefault(key, []).append(operation)
        if not fact.old:
            since[key] = _since(spec, fact.place.pointer)
    shared = ids.keys() & theirs_ids.keys()
    mine, told = _uncompared(spec, shared), _uncompared(published, shared)
    found |= {("keyword-extra", *key): [] for key in mine if key not in told}
    found |= {("keyword-missing", *key): [] for key in told if key not in mine}
    return [
        Difference(*key, tuple(dict.fromkeys(operations)), since.get(key, ""))
        for key, operations in found.items()
    ]


def is_later(since: str, version: str) -> bool:
    """Whether something came with a later version than that of the server."""
    try:
        return bool(since) and bool(version) and Version(since) > Version(version)
    except InvalidVersion:
        return False
