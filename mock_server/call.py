"""What an operation is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.store import Store


class _NoBody:
    """The type of `NO_BODY`: an answer without a body, which is not the body `null`."""

    def __repr__(self) -> str:
        return "NO_BODY"


NO_BODY: Final = _NoBody()


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read and coerced.

    Attributes:
        store: the state that the operation reads and changes.
        path: path parameters, ids in their canonical form (lower case, dashed).
        query: query parameters.
        headers: request headers, names in lower case.
        body: the body as the request model leaves it, with only the fields that the client sent.
        full: the same with every default filled in.
        raw: the parsed JSON as it was sent.
    """

    store: Store
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    full: Any = None
    raw: Any = None


class View(dict[str, Any]):
    """What an answer shows of a record, kept for the next one: it is never changed.

    So it is rendered and checked against the spec once.

    Attributes:
        rendered: the schema that it was found to conform to, and its JSON.
    """

    __slots__ = ("rendered",)

    rendered: tuple[str, bytes]


class Text(str):
    """An answer that is no JSON, but a text as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """An operation's answer: a status and a JSON value (records may hold datetimes)."""

    status: int
    body: Any = NO_BODY
