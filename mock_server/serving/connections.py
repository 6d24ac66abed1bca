"""Connections that say nothing, or do not come to the end of their headers.

What a middleware cannot see: it is only asked once the headers are complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

IDLE_SECONDS: Final = 30.0
"""How long a connection may be without a request that is being answered."""

MOST_HEADER_BYTES: Final = 256 * 1024
"""How large the first line and the headers of a request may be together, and likewise whatever else
is sent around a body: the extensions of chunks, and what comes behind the last one."""

_TOO_LARGE: Final = (
    b'{"detail":"The headers are too large: this mock takes at most %d bytes."}'
) % MOST_HEADER_BYTES
HEADERS_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
) % (len(_TOO_LARGE), _TOO_LARGE)
BODY_HEADERS: Final = frozenset({b"content-length", b"transfer-encoding"})
HANDSHAKE_WITH_BODY: Final = "A WebSocket begins with a request that has no body."


class Connection(HttpToolsProtocol):
    """A connection that is closed when it only costs.

    Attributes:
        idle_seconds: see `IDLE_SECONDS`; what comes in does not begin it anew, only an answer does.
    """

    idle_seconds: float = IDLE_SECONDS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._timer: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._in_headers = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless too much has come that is neither complete headers nor a body."""
        self._header_bytes += len(data)
        super().data_received(data)
        if self._header_bytes > MOST_HEADER_BYTES and not self.transport.is_closing():
            self._refuse()

    def handle_websocket_upgrade(self) -> None:
        """Go on as a WebSocket, unless a body is announced: the handshake would wait for it."""
        if any(name in BODY_HEADERS and value != b"0" for name, value in self.headers):
            self.send_400_response(HANDSHAKE_WITH_BODY)
        else:
            super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_headers = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has come; what comes as one behind the body is none, and nobody asks for it."""
        if self._in_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request goes on to be answered."""
        self._in_headers = False
        self._header_bytes = 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body has come."""
        self._header_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has come to its end."""
        self._header_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, or for the end of a body that nobody reads."""
        super().on_response_complete()
        if self.cycle.response_complete:  # else another one that was sent meanwhile is answered
            self._wait()

    def _wait(self) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(self.idle_seconds, self._close)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _refuse(self) -> None:
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(HEADERS_TOO_LARGE)
        self.transport.close()
