"""The reader of the released server, for requests whose head is out of the ordinary.

Which methods there are, how often a host may be told, whether a length may stand beside chunks:
what HTTP leaves open, or forbids without telling what then, each parser settles by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    import h11

IDLE_SECONDS: Final = 30.0
"""How long a connection may be without a request that is being answered."""

BODY_HEADERS: Final = frozenset({b"content-length", b"transfer-encoding"})
HANDSHAKE_WITH_BODY: Final = "A WebSocket begins with a request that has no body."


def has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the headers of a request, their names in lower case, announce a body."""
    return any(name in BODY_HEADERS and value != b"0" for name, value in headers)


class Patience:
    """A connection that is closed when nothing is to be answered on it for too long.

    Attributes:
        idle_seconds: see `IDLE_SECONDS`; what comes in does not begin it anew, only an answer does.
    """

    idle_seconds: float = IDLE_SECONDS

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)  # type: ignore[misc] # the protocol's
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)  # type: ignore[misc] # the protocol's

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


class SecondReader(Patience, H11Protocol):
    """A connection that is read by h11."""

    def handle_events(self) -> None:
        """Read on; a request that is to be answered ends the waiting."""
        super().handle_events()
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Go on as a WebSocket, unless a body is announced: the handshake would wait for it."""
        if has_body(self.headers):
            self.send_400_response(HANDSHAKE_WITH_BODY)
        else:
            self._stop_waiting()
            super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, which may be there."""
        self._wait()
        super().on_response_complete()
