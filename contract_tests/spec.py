"""The contract as it stands for one server version: operations, shapes and readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import openapi
from contract_tests.contract import Contract
from contract_tests.leniency import Readings
from contract_tests.operations import Operations
from contract_tests.rules.shape import Shapes
from openapi.formats import CHECKS
from openapi.json_schema import json_schema_view

if TYPE_CHECKING:
    from contract_tests.schemathesis_bridge import Bridge

_SINCE = "x-prefect-since"


@dataclass(frozen=True)
class Spec:
    """The contract of one server version.

    Attributes:
        document: the bundle without what that version does not have yet.
    """

    document: dict[str, Any]

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """The contract of each operation that the version has, in the document's order."""
        table = Operations(self.document)
        return {operation.id: Contract(operation, self.document) for operation in table}

    @cached_property
    def view(self) -> dict[str, Any]:
        """The document with its schemas in their 2020-12 form."""
        return json_schema_view(self.document)

    @cached_property
    def shapes(self) -> Shapes:
        """The judge of answers."""
        return Shapes(self.view, CHECKS)

    @cached_property
    def bridge(self) -> Bridge:
        """The cases that Schemathesis makes of it."""
        from contract_tests.schemathesis_bridge import Bridge  # noqa: PLC0415 - a slow import

        return Bridge(self.document)

    @cached_property
    def readings(self) -> Readings:
        """The judge of what is sent."""
        return Readings(self.view["components"]["schemas"], CHECKS)


@lru_cache(maxsize=4)
def spec_for(version: str | None) -> Spec:
    """The contract of a server version; all of it when the version is unknown."""
    document = openapi.load()
    return Spec(document if version is None else as_of(document, version))


def as_of(node: Any, version: str) -> Any:
    """The document without the operations and properties that are newer than a version."""
    if isinstance(node, list):
        return [as_of(item, version) for item in node]
    if not isinstance(node, Mapping):
        return node
    kept = {key: as_of(value, version) for key, value in node.items() if not _newer(value, version)}
    properties = node.get("properties")
    if isinstance(properties, Mapping) and isinstance(node.get("required"), list):
        kept["required"] = [name for name in node["required"] if name in kept["properties"]]
        if not kept["required"]:
            del kept["required"]
    return kept


def _newer(value: Any, version: str) -> bool:
    if not isinstance(value, Mapping) or not isinstance(value.get(_SINCE), str):
        return False
    return numbers(value[_SINCE]) > numbers(version)


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: "3.6.0rc1" is (3, 6, 0)."""
    found = []
    for part in version.split(".")[:3]:
        digits = ""
        for char in part:
            if not char.isdigit():
                break
            digits += char
        found.append(int(digits or 0))
    return tuple(found)
