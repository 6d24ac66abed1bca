"""Reads HTTP/1.1 messages off a stream of bytes without taking anything from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import httptools

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a body beyond which it is passed on and not judged."""

_INFORMATIONAL: Final = range(100, 200)


@dataclass(slots=True)
class Message:
    """A request or an answer, as much of it as was read.

    Attributes:
        method: Of a request, upper case.
        target: Of a request: path and query.
        status: Of an answer.
        headers: Names in lower case; several of one name are joined.
        body: As it was sent, without the marks of chunks; None when it is too large to judge.
        has_head: Whether all headers are there.
        is_complete: Whether all of it is.
        is_met: Whether the relay has taken note of it.
    """

    method: str = ""
    target: str = ""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray | None = field(default_factory=bytearray)
    has_head: bool = False
    is_complete: bool = False
    is_met: bool = False


class MalformedError(ValueError):
    """What came is no HTTP/1.1."""


class Reader:
    """Reads messages of one side of a connection.

    Args:
        is_server: Whether they are answers.
    """

    def __init__(self, *, is_server: bool) -> None:
        self._is_server = is_server
        self._events: list[Message] = []
        self._message = Message()
        self.is_raw = False
        """Whether what follows is no HTTP any more."""
        self._parser: Any = None
        self.begin_anew()

    @property
    def current(self) -> Message:
        """The message that is being read, or was last."""
        return self._message

    def begin_anew(self) -> None:
        """Expect the start of a message next."""
        self.is_raw = False
        self._message = Message()
        kind = httptools.HttpResponseParser if self._is_server else httptools.HttpRequestParser
        self._parser = kind(self)

    def feed(self, data: bytes) -> list[Message]:
        """Read some bytes.

        Returns:
            The messages whose head was read, and those that are complete now: each may come twice.

        Raises:
            MalformedError: It is no HTTP/1.1.
        """
        self._events = []
        if not self.is_raw:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade:
                self.is_raw = True
            except httptools.HttpParserError as error:
                raise MalformedError(str(error)) from error
        return self._events

    def cut(self) -> Message:
        """The current message has no body, whatever its head says: it is complete."""
        message = self._message
        message.is_complete = True
        self.begin_anew()
        return message

    def end(self) -> Message | None:
        """The connection ended: the message that this completes, if one was under way."""
        message = self._message
        if not message.has_head or message.is_complete:
            return None
        message.is_complete = True
        return message

    def on_message_begin(self) -> None:
        """httptools: a message begins."""
        self._message = Message()

    def on_url(self, url: bytes) -> None:
        """httptools: a part of the target."""
        self._message.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """httptools: a header."""
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers = self._message.headers
        headers[key] = f"{headers[key]}, {text}" if key in headers else text

    def on_headers_complete(self) -> None:
        """httptools: all headers are there."""
        message = self._message
        if self._is_server:
            message.status = self._parser.get_status_code()
            if message.status in _INFORMATIONAL and message.status != 101:  # noqa: PLR2004  # switching protocols
                return  # the answer itself comes later
        else:
            message.method = self._parser.get_method().decode("latin-1")
        message.has_head = True
        self._events.append(message)

    def on_body(self, body: bytes) -> None:
        """httptools: a part of the body."""
        message = self._message
        if message.body is None:
            return
        if len(message.body) + len(body) > LARGEST:
            message.body = None
        else:
            message.body += body

    def on_message_complete(self) -> None:
        """httptools: the message ends."""
        message = self._message
        if message.has_head:
            message.is_complete = True
            self._events.append(message)
