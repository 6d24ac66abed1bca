"""What the spec declares that an operation may answer, made of its examples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import openapi
from mock_server.errors import INTERNAL_ERROR, UNAVAILABLE
from mock_server.responses import render
from mock_server.routing import METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping

METHOD_NOT_ALLOWED: Final = 405
JSON: Final = "application/json"
PAGE: Final = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"
"""What a gateway answers that gets no answer itself: a page, for it knows nothing of the API."""


@dataclass(frozen=True, slots=True)
class DeclaredAnswer:
    """One status that an operation may answer with.

    Attributes:
        bodies: name of the example -> JSON; without any if the answer has no body.
        headers: headers that the spec declares for it.
        media_type: what the body is; if it is no JSON, the bodies are texts.
    """

    bodies: Mapping[str, Any]
    headers: tuple[tuple[bytes, bytes], ...] = ()
    media_type: str = JSON

    def content(self, example: str | None = None) -> bytes | None:
        """The body of an example, the first one unless told otherwise; None without a body.

        Raises:
            KeyError: there is no such example.
        """
        if example is None and not self.bodies:
            return None
        body = next(iter(self.bodies.values())) if example is None else self.bodies[example]
        return render(body) if self.media_type == JSON else str(body).encode()


def _page(title: str) -> DeclaredAnswer:
    return DeclaredAnswer({"": PAGE.format(title)}, media_type="text/html")


ANYWHERE: Final[Mapping[int, DeclaredAnswer]] = {
    429: DeclaredAnswer({"": {"detail": "Too Many Requests"}}),
    500: DeclaredAnswer({"": {"exception_message": INTERNAL_ERROR}}),
    502: _page("502 Bad Gateway"),
    503: DeclaredAnswer({"": {"exception_message": UNAVAILABLE}}),
    504: _page("504 Gateway Timeout"),
}
"""Status -> what a broken or overloaded server, or a gateway, may answer to anything."""


@cache
def declared_answers() -> Mapping[str, Mapping[int, DeclaredAnswer]]:
    """Operation id -> status -> what the spec says of that answer."""
    document = openapi.load()
    return {
        operation["operationId"]: {
            **ANYWHERE,
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
        content = response.get("content", {})
        kind = next(iter(content), JSON)
        bodies = _bodies(document, content.get(kind))
        found[int(status)] = DeclaredAnswer(bodies, allowed, kind)
    return found


def _bodies(document: Mapping[str, Any], media: Mapping[str, Any] | None) -> dict[str, Any]:
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
