"""What the bundle says of one operation: its parameters, its body, its answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from openapi.structure import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contract_tests.spec.operations import Operation

JSON = "application/json"
_PARAMETER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Response:
    """A declared answer: its place in the bundle and what it says."""

    pointer: str
    content: Mapping[str, Any]
    headers: Mapping[str, Any]

    @property
    def schema_pointer(self) -> str | None:
        """The place of the schema of its JSON body; None when it has no such body."""
        if JSON not in self.content:
            return None
        return f"{self.pointer}/content/{escape(JSON)}/schema"


@dataclass(frozen=True)
class Contract:
    """One operation as the bundle describes it.

    Attributes:
        operation: which one.
        document: the bundle.
    """

    operation: Operation
    document: Mapping[str, Any]

    @cached_property
    def definition(self) -> Mapping[str, Any]:
        """The operation object, references kept."""
        found: Mapping[str, Any] = lookup(self.document, self.operation.pointer)
        return found

    @cached_property
    def parameters(self) -> tuple[Mapping[str, Any], ...]:
        """Its parameters, references followed, those of the path item first."""
        item = self.document["paths"][self.operation.path]
        listed = (*item.get("parameters", ()), *self.definition.get("parameters", ()))
        return tuple(self.follow(parameter)[1] for parameter in listed)

    @property
    def path_names(self) -> tuple[str, ...]:
        """The names of its path parameters, from left to right."""
        return tuple(_PARAMETER.findall(self.operation.path))

    @cached_property
    def body_pointer(self) -> str | None:
        """The place of the schema of its JSON body; None when it takes none."""
        if "requestBody" not in self.definition:
            return None
        place, body = self.follow(
            self.definition["requestBody"], f"{self.operation.pointer}/requestBody"
        )
        return f"{place}/content/{escape(JSON)}/schema" if JSON in body["content"] else None

    @property
    def body_schema(self) -> Mapping[str, Any] | None:
        """The schema of its JSON body, references followed; None when it takes none."""
        if self.body_pointer is None:
            return None
        return self.follow(lookup(self.document, self.body_pointer))[1]

    @property
    def separate_fields(self) -> bool:
        """Whether each property of the body is a parameter of its own, so that none is `{}`."""
        schema = self.body_schema
        return schema is not None and bool(schema.get("x-body-fields", False))

    def response(self, status: int) -> Response | None:
        """What it declares for a status; None when it declares nothing."""
        declared = self.definition["responses"]
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in declared:
                place, found = self.follow(declared[key], self.operation.response_pointer(key))
                return Response(place, found.get("content", {}), found.get("headers", {}))
        return None

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses that it declares, as written."""
        return tuple(self.definition["responses"])

    def path(self, **values: str) -> str:
        """The path with its parameters filled in and percent-encoded.

        Raises:
            KeyError: a parameter is missing.
        """
        return _PARAMETER.sub(
            lambda match: quote(str(values[match[1]]), safe=""), self.operation.path
        )

    def follow(self, node: Mapping[str, Any], place: str = "") -> tuple[str, Mapping[str, Any]]:
        """The node, or what its references lead to, and where that stands."""
        while "$ref" in node:
            place = node["$ref"]
            node = lookup(self.document, place)
        return place, node


def lookup(document: Mapping[str, Any], pointer: str) -> Any:
    """What stands at a JSON pointer of the form `#/a/b`.

    Raises:
        KeyError: nothing stands there.
    """
    node: Any = document
    for token in pointer.removeprefix("#").split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        node = node[int(key)] if isinstance(node, list) else node[key]
    return node
