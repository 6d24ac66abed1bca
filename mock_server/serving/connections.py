"""Connections that say nothing, or do not come to the end of their headers.

What a middleware cannot see: it is only asked once the headers are complete. And requests whose
head is out of the ordinary, which the released server's own reader is asked about.
"""

from __future__ import annotations

import re
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.serving.second_reader import (
    HANDSHAKE_WITH_BODY,
    Patience,
    SecondReader,
    has_body,
)

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
NOT_UNDERSTOOD: Final = "Invalid HTTP request received."
ORDINARY: Final = re.compile(rb"[A-Z]+ /[!-\"$-~]* HTTP/1\.[01]\r\n")
"""A first line that both readers take for the same."""


class Connection(Patience, HttpToolsProtocol):
    """A connection that is closed when it only costs.

    It reads with httptools, which is fast. The released server reads with h11, which refuses other
    things and takes others. So a request whose head httptools refuses, or whose first line, host or
    framing is out of the ordinary, is read once more, by h11.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._header_bytes = 0
        self._in_headers = True
        self._between = True
        # What has come of a head, as long as it could be handed over. Only one that begins where
        # a piece of data does can be: the parser does not tell where another one began.
        self._head: list[bytes] | None = None

    def data_received(self, data: bytes) -> None:
        """Read on, unless too much has come that is neither complete headers nor a body."""
        self._header_bytes += len(data)
        if self._between:
            self._head = [data]
        elif self._head is not None:
            self._head.append(data)
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
        except httptools.HttpParserError:
            self._not_understood()
        if self._header_bytes > MOST_HEADER_BYTES and not self.transport.is_closing():
            self._refuse()

    def _not_understood(self) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        if self._head is not None and not answering:
            self._hand_over(b"".join(self._head))
        elif answering and not self.cycle.more_body:
            # What comes behind a complete request takes nothing from it.
            self.cycle.keep_alive = False
        else:
            self.send_400_response(NOT_UNDERSTOOD)

    def _hand_over(self, content: bytes) -> None:
        """Let the second reader have the connection, and what came of the request."""
        self._stop_waiting()
        self.connections.discard(self)
        reader = SecondReader(self.config, self.server_state, self.app_state, self.loop)
        self.transport.set_protocol(reader)
        reader.connection_made(self.transport)
        reader.data_received(content)

    def handle_websocket_upgrade(self) -> None:
        """Go on as a WebSocket, unless a body is announced: the handshake would wait for it."""
        if has_body(self.headers):
            self.send_400_response(HANDSHAKE_WITH_BODY)
        else:
            super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_headers = True
        self._between = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has come; what comes as one behind the body is none, and nobody asks for it."""
        if self._in_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request goes on to be answered.

        Raises:
            HttpParserError: it is out of the ordinary.
        """
        self._in_headers = False
        if self._head is not None and not self._is_ordinary():
            raise httptools.HttpParserError
        super().on_headers_complete()
        self._head = None
        self._header_bytes = 0
        self._stop_waiting()

    def _is_ordinary(self) -> bool:
        """Whether both readers take the head for the same."""
        if ORDINARY.match(b"".join(self._head or ())) is None:
            return False
        hosts = 0
        for name, value in self.headers:
            if name == b"host":
                hosts += 1
            elif name == b"transfer-encoding" and value.lower() != b"chunked":
                return False
        return hosts == 1 or (hosts == 0 and self.parser.get_http_version() == "1.0")

    def on_body(self, body: bytes) -> None:
        """A part of the body has come."""
        self._header_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has come to its end."""
        self._header_bytes = 0
        super().on_message_complete()
        self._between = True

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, or for the end of a body that nobody reads."""
        super().on_response_complete()
        if self.cycle.response_complete:  # else another one that was sent meanwhile is answered
            self._wait()

    def _refuse(self) -> None:
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(HEADERS_TOO_LARGE)
        self.transport.close()
