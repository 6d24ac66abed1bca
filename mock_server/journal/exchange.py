"""One request and its answer, as far as they are kept.

The hot path only keeps references: to the request's scope, to the bytes that came and went.
Everything that reads them is done when somebody asks.
"""

from __future__ import annotations

import json
import time
import zlib
from contextvars import ContextVar
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.types import Message, Scope


MOST_BYTES: Final = 16 * 1024
"""What is kept of a body (its length is told in any case), a path, a query, and of all headers."""

MOST_HEADERS: Final = 100
"""Headers that are kept; an object for each is many times as large as they are."""

CONNECTION: Final[ContextVar[Any]] = ContextVar("connection")
"""What the server gave to send the answer with; it knows the connection."""

KEY: Final = "mock.exchange"
"""Where a request's scope has its exchange."""

SECRET: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "prefect-csrf-token"}
    | {"x-api-key", "x-mock-token"}
)
"""Headers of which nothing but the scheme is shown."""

GZIP: Final = 16 + zlib.MAX_WBITS
MASK: Final = "***"
SERVER_ERROR: Final = 500


class Exchange:
    """One request and its answer.

    Attributes:
        number: from 1.
        at: when the request came, by the mock's clock.
        method: of the request.
        path: of the request, decoded.
        operation: the id of its operation; None if it named none.
        fault: what was done to it on purpose, in words; None for nothing.
        status: of the answer; None if there was none.
        complete: whether the answer came to its end.
        seconds: from the request to the end of the answer.
    """

    __slots__ = (
        "_began",
        "_client",
        "_given_headers",
        "_query",
        "_received",
        "_sent",
        "_sent_headers",
        "at",
        "complete",
        "fault",
        "method",
        "number",
        "operation",
        "path",
        "received_bytes",
        "seconds",
        "sent_bytes",
        "status",
    )

    def __init__(self, number: int, at: datetime, scope: Scope) -> None:
        self.number = number
        self.at = at
        self.method: str = scope["method"]
        self.path: str = scope["path"][:MOST_BYTES]
        self.operation: str | None = None
        self.fault: str | None = None
        self.status: int | None = None
        self.complete = False
        self.seconds = 0.0
        self.received_bytes = 0
        self.sent_bytes = 0
        # Not the scope itself, which will know of this exchange: no cycles for the collector.
        self._query: bytes = scope["query_string"][:MOST_BYTES]
        self._given_headers = _bounded(scope["headers"])
        self._client = scope.get("client")
        self._sent_headers: Any = ()
        self._received: Any = None
        self._sent: Any = None
        self._began = time.perf_counter()

    # -- on the hot path

    def took(self, message: Message) -> None:
        """Keep what came in."""
        content = message.get("body")
        if content:
            kept = self._received
            if kept is None:
                self._received = content if len(content) <= MOST_BYTES else content[:MOST_BYTES]
            elif len(kept) < MOST_BYTES:
                self._received = kept + content[: MOST_BYTES - len(kept)]
            self.received_bytes += len(content)

    def gave(self, message: Message) -> None:
        """Keep what went out."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._sent_headers = _bounded(message["headers"])
            return
        content = message.get("body")
        if content:
            kept = self._sent
            if kept is None:
                self._sent = content if len(content) <= MOST_BYTES else content[:MOST_BYTES]
            elif len(kept) < MOST_BYTES:
                self._sent = kept + content[: MOST_BYTES - len(kept)]
            self.sent_bytes += len(content)
        if not message.get("more_body"):
            self.complete = True
            self.seconds = time.perf_counter() - self._began

    def ended(self) -> None:
        """Take the time of one that did not come to its end."""
        if not self.complete:
            self.seconds = time.perf_counter() - self._began

    # -- when somebody asks

    @property
    def broke(self) -> bool:
        """Whether the answer was a server's error, was cut off, or never came."""
        return not self.complete or self.status is None or self.status >= SERVER_ERROR

    @property
    def request_text(self) -> str:
        """What is kept of the request's body."""
        return _text(self._received)

    def summary(self) -> dict[str, Any]:
        """The exchange in a few lines, as JSON."""
        return {
            "number": self.number,
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "query": self._query.decode("latin-1"),
            "operation": self.operation,
            "status": self.status,
            "milliseconds": round(self.seconds * 1000, 3),
            "fault": self.fault,
            "broke": self.broke,
        }

    def whole(self) -> dict[str, Any]:
        """The exchange with headers and bodies, as JSON; secrets in headers are masked."""
        client = self._client
        return {
            **self.summary(),
            "client": None if client is None else f"{client[0]}:{client[1]}",
            "request": _half(self._given_headers, self._received, self.received_bytes),
            "response": None
            if self.status is None
            else _half(self._sent_headers, self._sent, self.sent_bytes),
        }


def _bounded(headers: Any) -> Any:
    """Headers, as many of them as are kept."""
    if len(headers) <= MOST_HEADERS and sum(map(len, chain.from_iterable(headers))) <= MOST_BYTES:
        return headers
    kept, room = [], MOST_BYTES
    for name, value in headers[:MOST_HEADERS]:
        if room <= 0:
            break
        kept.append((name[:room], value[:room]))
        room -= len(name) + len(value)
    return kept


def _half(headers: Any, kept: bytes | None, length: int) -> dict[str, Any]:
    """One side of an exchange. A body that is cut is shown as text, whatever it was."""
    told = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    content, cut = _unpacked(dict(told).get("content-encoding"), kept)
    cut = cut or length > MOST_BYTES
    text = _text(content)
    return {
        "headers": [{"name": name, "value": masked(name, value)} for name, value in told],
        "bytes": length,
        "cut": cut,
        "json": None if cut else _json(text),
        "text": text,
    }


def _unpacked(encoding: str | None, kept: bytes | None) -> tuple[bytes | None, bool]:
    """A body without its compression, as much as is kept of one, and whether that is cut off."""
    if encoding != "gzip" or kept is None:
        return kept, False
    unpacking = zlib.decompressobj(GZIP)
    try:
        return unpacking.decompress(kept, MOST_BYTES), bool(unpacking.unconsumed_tail)
    except zlib.error:
        return kept, False


def masked(name: str, value: str) -> str:
    """The value of a header, without its secret."""
    if name.lower() not in SECRET:
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space and name.lower().endswith("authorization") else MASK


def _text(content: bytes | None) -> str:
    return "" if content is None else bytes(content).decode("utf-8", "replace")


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
