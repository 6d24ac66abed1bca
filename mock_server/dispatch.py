"""A routed request, from its bytes to those of the answer.

The released server's order: read, check, act, answer. An operation runs to its end without
awaiting, so each is atomic.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

from mock_server.call import Call, Text
from mock_server.errors import INTERNAL_ERROR, UNAVAILABLE, ApiError
from mock_server.framework import RoutedAPI, RoutedMiddleware
from mock_server.requests.reader import NotStorable
from mock_server.responses import NonConforming, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mock_server.call import Reply
    from mock_server.framework import AbstractOperation
    from mock_server.requests import Reader
    from mock_server.requests.reader import Request
    from mock_server.responses import Answers
    from mock_server.store import Store

logger: Final = logging.getLogger(__name__)


JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"


class Disconnected(Exception):  # noqa: N818 - reads as what happened
    """The client went away before its request was complete."""


async def respond(
    send: Send,
    status: int,
    content: bytes | None,
    headers: Iterable[tuple[bytes, bytes]] = (),
    media_type: str = JSON,
) -> None:
    """Send an answer of JSON, or of another type, or without a body and its type."""
    sent = list(headers)
    if content is not None:
        sent += [(b"content-length", b"%d" % len(content)), (b"content-type", media_type.encode())]
    elif status != 204:  # noqa: PLR2004 - no content, and no length of it
        sent.append((b"content-length", b"0"))
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": content or b""})


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI takes them."""
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
    ]


async def read(receive: Receive) -> bytes:
    """The whole body of a request.

    Raises:
        Disconnected: the client went away.
    """
    message = await receive()
    content: bytes = message.get("body", b"")
    parts = [content]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    if message["type"] == "http.disconnect":
        raise Disconnected
    return content if len(parts) == 1 else b"".join(parts)


def header_map(scope: Scope) -> dict[str, str]:
    """Headers by lower-case name; of several of one name, the first, as the server does."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in reversed(scope["headers"])
    }


class _UndoneError(Exception):
    """Ends a transaction that was only tried."""


class Operation:
    """One operation of the document: its checks, its function, its answers.

    Args:
        name: its id.
        function: what it does.
        store: what it does it to.
        reader: makes what reads its requests.
        answers: makes what renders its answers.
    """

    def __init__(
        self,
        name: str,
        function: Callable[[Call], Reply],
        store: Store,
        reader: Callable[[str], Reader],
        answers: Callable[[str], Answers],
    ) -> None:
        self.name = name
        self._function = function
        self._store = store
        self._make = (reader, answers)
        self._made: tuple[Reader, Answers] | None = None

    def prepare(self) -> tuple[Reader, Answers]:
        """Make the models and validators, which takes milliseconds; the first call does it."""
        if self._made is None:
            reader, answers = self._make
            self._made = (reader(self.name), answers(self.name))
        return self._made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        reader, answers = self.prepare()
        headers: list[tuple[bytes, bytes]] = []
        media_type = JSON
        try:
            content = b"" if reader.body is None else await read(receive)
            reply = self._reply(reader, scope, content)
            status, body = reply.status, answers.render(reply.status, reply.body)
            if isinstance(reply.body, Text):
                media_type = TEXT
        except ApiError as error:
            status, body = _refusal(answers, error)
            headers = encoded(error.headers)
        await respond(send, status, body, headers, media_type)

    def _reply(self, reader: Reader, scope: Scope, content: bytes) -> Reply:
        headers = header_map(scope)
        query = _query(scope) if reader.parameters.reads_query else {}
        try:
            request = reader.read(scope["path_params"], query, headers, content, self._store.clock)
        except NotStorable as refusal:
            self._try(self._call(refusal.request, headers))
            raise
        return self._function(self._call(request, headers))

    def _try(self, call: Call) -> None:
        """Carry out what is refused because it cannot be kept, and undo it.

        Raises:
            ApiError: the released server refuses it for another reason, before.
        """
        with suppress(_UndoneError), self._store.transaction():
            try:
                self._function(call)
            except ApiError:
                raise
            except Exception as error:
                raise _UndoneError from error
            raise _UndoneError

    def _call(self, request: Request, headers: Mapping[str, str]) -> Call:
        body = request.body
        return Call(
            store=self._store,
            path=request.path,
            query=request.query,
            headers=headers,
            body=body.sent,
            full=body.full,
            raw=body.raw,
        )


def _query(scope: Scope) -> dict[str, str]:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


def _refusal(answers: Answers, error: ApiError) -> tuple[int, bytes | None]:
    """Status and bytes of an error, which the spec must allow as it must any other answer."""
    try:
        if isinstance(error, NonConforming):
            raise error
        return error.status, answers.render(error.status, error.body)
    except NonConforming as fault:
        return fault.status, render(fault.body)


class DispatchAPI(RoutedAPI):  # type: ignore[misc] # connexion has no types
    """The operations of one document.

    Args:
        store: the state.
        validator_map: `request` makes an operation's reader, `response` its answers.
        options: what Connexion hands to each of its parts.
    """

    def __init__(
        self, *args: Any, store: Store, validator_map: Mapping[str, Any], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._store = store
        self._validators = validator_map
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> Operation:
        """The operation, with its function resolved."""
        return Operation(
            operation.operation_id,
            operation.function,
            self._store,
            self._validators["request"],
            self._validators["response"],
        )


class Dispatch(RoutedMiddleware[DispatchAPI]):  # type: ignore[misc] # connexion has no types
    """The place of Connexion's validation, parameter and response middlewares in one."""

    api_cls = DispatchAPI


class Errors:
    """The outermost layer of the mock: what is raised behind it becomes an answer.

    Args:
        app: the layers behind it.
        base: where the API stands. What is refused outside is said to depend on the encoding that
            is asked for, too: there, the server may compress whatever is short.
    """

    def __init__(self, app: ASGIApp, base: str) -> None:
        self.app = app
        self._base = f"{base}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer if that raises."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Disconnected:
            return
        except ConnectionResetError:  # on purpose, by a fault
            raise
        except (Exception, asyncio.CancelledError) as error:
            if started:
                raise
            status, body, headers = _answer(error)
            if scope["path"][:1] == "/" and not scope["path"].startswith(self._base):
                headers = {**headers, "vary": "Accept-Encoding"}
            await respond(send, status, None if body is None else render(body), encoded(headers))


def _answer(error: BaseException) -> tuple[int, Any, Mapping[str, str]]:
    """Status, body and headers of what was raised."""
    if isinstance(error, ApiError):
        return error.status, error.body, error.headers
    if isinstance(error, HTTPException):
        return error.status_code, {"detail": error.detail}, error.headers or {}
    if isinstance(error, asyncio.CancelledError):
        # The server stops, and this request never came to its end.
        return 503, {"exception_message": UNAVAILABLE}, {"connection": "close"}
    logger.error("An operation failed", exc_info=error)
    return 500, {"exception_message": INTERNAL_ERROR}, {"connection": "close"}
