"""What the spec declares that an operation may answer, made of its examples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import openapi
from mock_server.errors import UNAVAILABLE
from mock_server.responses import render
from mock_server.routing import METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping

ANYWHERE: Final[Mapping[int, Any]] = {
    429: {"detail": "Too Many Requests"},
    503: {"exception_message": UNAVAILABLE},
}
"""Status -> body of what a gateway or an overloaded server may answer to anything."""

METHOD_NOT_ALLOWED: Final = 405


@dataclass(frozen=True, slots=True)
class DeclaredAnswer:
    """One status that an operation may answer with.

    Attributes:
        bodies: name of the example -> JSON; without any if the answer has no body.
        headers: headers that the spec declares for it.
    """

    bodies: Mapping[str, Any]
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def content(self, example: str | None = None) -> bytes | None:
        """The body of an example, the first one unless told otherwise; None without a body.

        Raises:
            KeyError: there is no such example.
        """
        if example is not None:
            return render(self.bodies[example])
        return render(next(iter(self.bodies.values()))) if self.bodies else None


@cache
def declared_answers() -> Mapping[str, Mapping[int, DeclaredAnswer]]:
    """Operation id -> status -> what the spec says of that answer."""
    document = openapi.load()
    return {
        operation["operationId"]: {
            **{status: DeclaredAnswer({"": body}) for status, body in ANYWHERE.items()},
            **_answers(document, operation, [key.upper() for key in item if key in METHODS]),
        }
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    }


def _answers(
    document: Mapping[str, Any], operation: Mapping[str, Any], methods: list[str]
) -> dict[int, DeclaredAnswer]:
    found = {}
    for status, declared in operation["responses"].items():
        if not status.isdigit():
            continue
        response = _resolve(document, declared)
        allowed = ((b"allow", methods[0].encode()),) if int(status) == METHOD_NOT_ALLOWED else ()
        found[int(status)] = DeclaredAnswer(_bodies(document, response), allowed)
    return found


def _bodies(document: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
    media = response.get("content", {}).get("application/json")
    if media is None:
        return {}
    if "example" in media:
        return {"": media["example"]}
    examples = media.get("examples", {})
    bodies = {name: _resolve(document, example)["value"] for name, example in examples.items()}
    # The only answers without an example are those that are always null.
    return bodies or {"": None}


def _resolve(document: Mapping[str, Any], value: Any) -> Any:
    while "$ref" in value:
        found: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        value = found
    return value
