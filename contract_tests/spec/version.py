"""The contract as it stands for one server version: operations, bodies and readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, Literal

import openapi
from contract_tests.spec.contract import Contract, lookup
from contract_tests.spec.leniency import Readings
from contract_tests.spec.operations import Operations
from openapi.formats import CHECKS
from openapi.json_schema import json_schema_view

Ability = Literal[
    "takes dashes in names of variables",
    "takes no parameter schema for the empty one",
    "has the side effects that were seen",
]
_SINCE = "x-prefect-since"
# What a released server does only from a version on, and no mark in the spec can say.
_DOES_SINCE: Final[Mapping[Ability, str]] = {
    "takes dashes in names of variables": "3.4.1",
    "takes no parameter schema for the empty one": "3.4.21",
    "has the side effects that were seen": "3.8",  # what earlier ones do besides was not seen
}
_NULL = {"$ref": "#/components/schemas/Null"}


@dataclass(frozen=True)
class Spec:
    """The contract of one server version.

    Attributes:
        document: the bundle without what that version does not have yet.
        version: which; None: unknown, and all of the bundle is there.
    """

    document: dict[str, Any]
    version: str | None = None

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
    def readings(self) -> Readings:
        """The judge of what is sent."""
        return Readings(self.view["components"]["schemas"], CHECKS)

    def body_schema(self, contract: Contract) -> Any:
        """The schema of an operation's body, as a 2020-12 one; None when it has no body."""
        pointer = contract.body_pointer
        return None if pointer is None else lookup(self.view, pointer)

    def fit(self, operation_id: str, body: Any) -> Any:
        """A request's body without the properties that the version does not have."""
        pointer = self.contracts[operation_id].body_pointer
        return body if pointer is None else self.fit_to(lookup(self.document, pointer), body)

    def creation(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body of a deployment's creation as a server of the version can work with it.

        Servers before 3.4.21 take no parameter schema for null, and with that they refuse to change
        a deployment and to run it; so these are told the empty one, which later ones assume.
        """
        fitted: dict[str, Any] = self.fit("create_deployment", dict(body))
        if not self.does("takes no parameter schema for the empty one"):
            fitted.setdefault("parameter_openapi_schema", {})
        return fitted

    def fit_to(self, schema: Mapping[str, Any], value: Any) -> Any:
        """A value without the properties that a schema does not have.

        Where a schema leaves open what it is (free keys, one of several objects), all is kept.
        """
        schema = self._followed(schema)
        if isinstance(value, list) and "items" in schema:
            return [self.fit_to(schema["items"], item) for item in value]
        known = schema.get("properties")
        if not isinstance(value, dict) or not known:
            return value
        return {key: self.fit_to(known[key], item) for key, item in value.items() if key in known}

    def does(self, what: Ability) -> bool:
        """Whether a server of the version does what its contract cannot say."""
        return self.version is None or numbers(self.version) >= numbers(_DOES_SINCE[what])

    def properties(self, schema: str) -> Mapping[str, Any]:
        """The properties that a component schema has in the version, by name."""
        found: Mapping[str, Any] = self.document["components"]["schemas"][schema]["properties"]
        return found

    def _followed(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a schema stands for; null beside it is passed over."""
        while True:
            if "$ref" in schema:
                schema = lookup(self.document, schema["$ref"])
                continue
            parts = [part for part in schema.get("anyOf", ()) if part != _NULL]
            if len(parts) != 1:
                return schema
            schema = parts[0]


@lru_cache(maxsize=4)
def spec_for(version: str | None) -> Spec:
    """The contract of a server version; all of it when the version is unknown."""
    document = openapi.load()
    return Spec(document if version is None else as_of(document, version), version)


def taken_for(version: str | None) -> str:
    """The version that a target is judged by: its own, or the contract's when it does not tell."""
    return version or str(openapi.load()["info"]["version"])


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
