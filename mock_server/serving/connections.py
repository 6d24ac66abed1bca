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
"""How large the first line and the headers of a request may be together."""

HEADERS_TOO_LARGE: Final = (
    b'{"detail":"The headers are too large: this mock takes at most %d bytes."}'
)


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
        """Read on, unless the headers have grown too large."""
        super().data_received(data)
        if not self._in_headers:
            return
        self._header_bytes += len(data)
        if self._header_bytes > MOST_HEADER_BYTES and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_headers = True

    def on_headers_complete(self) -> None:
        """The request goes on to be answered."""
        self._in_headers = False
        self._header_bytes = 0
        self._stop_waiting()
        super().on_headers_complete()

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
        content = HEADERS_TOO_LARGE % MOST_HEADER_BYTES
        head = (
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n"
        ) % len(content)
        self.transport.write(head + content)
        self.transport.close()
