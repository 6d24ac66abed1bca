"""WebSockets: events and logs as they come, and events that clients tell of.

OpenAPI 3.0 has no words for them, so they stand here and not in the spec. A client of today asks
for the subprotocol `prefect`, sends `{"type": "auth", "token": ...}`, is told
`{"type": "auth_success"}`, and then sends its filter, `{"type": "filter", "filter": {...}}`; one
that does not ask for it goes without the first two.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from mock_server.call import Call
from mock_server.edges import requests
from mock_server.errors import ApiError, RequestInvalid
from mock_server.responses import render

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from mock_server.access.auth import Credentials
    from mock_server.operations.parts.event_filters import Predicate
    from mock_server.store import Store
    from mock_server.store.tables import Record

SUBPROTOCOL: Final = "prefect"
LOOK_SECONDS: Final = 0.1
"""How long something new may go unnoticed."""

PROTOCOL_ERROR: Final = 1002
POLICY_VIOLATION: Final = 1008
LONGEST_REASON: Final = 120
"""Bytes of a reason for closing that fit into a frame, nearly."""


class Streams:
    """Answers WebSockets at the paths that the released server has them.

    Args:
        app: answers everything else.
        store: where events and logs are.
        base: the path of the API.
        credentials: what a client must send as its token, if anything.
    """

    def __init__(
        self, app: ASGIApp, *, store: Store, base: str, credentials: Credentials | None = None
    ) -> None:
        self.app = app
        self._store = store
        self._secret = None if credentials is None else credentials.secret
        self._paths: Mapping[str, Callable[[WebSocket], Awaitable[None]]] = {
            f"{base}/events/in": self._take_events,
            f"{base}/events/out": self._give_events,
            f"{base}/logs/out": self._give_logs,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a socket at one of the paths, or pass it on."""
        serve = self._paths.get(scope["path"]) if scope["type"] == "websocket" else None
        if serve is None:
            await self.app(scope, receive, send)
            return
        socket = WebSocket(scope, receive, send)
        try:
            if await self._accepted(socket):
                await serve(socket)
        except WebSocketDisconnect:
            return
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
            # No such client as the protocol is made for.
            await _close(socket, PROTOCOL_ERROR, "Not understood")

    async def _accepted(self, socket: WebSocket) -> bool:
        if SUBPROTOCOL not in socket.scope.get("subprotocols", ()):
            if self._secret is not None:
                await socket.close(PROTOCOL_ERROR)
                return False
            await socket.accept()
            return True
        await socket.accept(subprotocol=SUBPROTOCOL)
        message = await socket.receive_json()
        if message.get("type") != "auth":
            await _close(socket, POLICY_VIOLATION, "Expected 'auth' message")
            return False
        if self._secret is not None and not self._admitted(message.get("token")):
            reason = "Invalid token" if message.get("token") else NO_TOKEN
            await _close(socket, POLICY_VIOLATION, reason)
            return False
        await socket.send_json({"type": "auth_success"})
        return True

    def _admitted(self, token: object) -> bool:
        told = token.encode() if isinstance(token, str) else b""
        return hmac.compare_digest(told, self._secret or b"")

    async def _take_events(self, socket: WebSocket) -> None:
        from mock_server.operations import OPERATIONS  # noqa: PLC0415 - they are loaded last

        while True:
            told = [json.loads(await socket.receive_text())]
            try:
                body = requests().body("create_events", told)
            except ApiError:
                await _close(socket, PROTOCOL_ERROR, "Invalid event")
                return
            OPERATIONS["create_events"](Call(self._store, body=body.sent, full=body.full))

    async def _give_events(self, socket: WebSocket) -> None:
        from mock_server.operations.parts import event_filters, views  # noqa: PLC0415 - as above

        message = await socket.receive_json()
        body = await self._filter(socket, message, "read_events", "filter")
        if body is None:
            return
        matches = event_filters.events(body, self._store.now())
        tail = Tail(self._store, "events", matches, from_start=message.get("backfill", True))
        await _pour(socket, tail, "event", views.EVENT)

    async def _give_logs(self, socket: WebSocket) -> None:
        from mock_server.operations import logs  # noqa: PLC0415 - as above
        from mock_server.operations.parts import views  # noqa: PLC0415 - as above

        message = await socket.receive_json()
        body = await self._filter(socket, message, "read_logs", "logs")
        if body is None:
            return
        tail = Tail(self._store, "logs", logs.predicate_of(body), from_start=False)
        await _pour(socket, tail, "log", views.LOG)

    async def _filter(
        self, socket: WebSocket, message: Mapping[str, Any], operation: str, field: str
    ) -> Mapping[str, Any] | None:
        """The filter of a message, as the operation reads it; None when the socket is closed."""
        if message["type"] != "filter":
            await _close(socket, PROTOCOL_ERROR, "Expected 'filter' message")
            return None
        try:
            sent = requests().body(operation, {field: message["filter"]}).sent
        except RequestInvalid as error:
            fault = error.errors[0]
            place = ".".join(map(str, fault["loc"][1:]))
            await _close(socket, PROTOCOL_ERROR, f"Invalid filter: {place}: {fault['msg']}")
            return None
        found: Mapping[str, Any] = sent[field] or {}
        return found


NO_TOKEN: Final = "Auth required but no token provided"  # noqa: S105 - says that there is none


class Tail:
    """The records of a kind that match, as they come.

    Args:
        store: where they come.
        kind: their kind.
        matches: which of them.
        from_start: whether those that are there count as new.
    """

    def __init__(self, store: Store, kind: str, matches: Predicate, *, from_start: bool) -> None:
        self._table = store.tables[kind]
        self._matches = matches
        self._place = 0 if from_start else max(self._table.places.values(), default=0)

    def new(self) -> list[Record]:
        """Those that have come since the last call, oldest first."""
        found = list(self._later())
        if found:
            self._place = self._table.places[found[0]["id"]]
        return [record for record in reversed(found) if self._matches(record)]

    def _later(self) -> Iterator[Record]:
        for identity in reversed(self._table.records):
            if self._table.places[identity] <= self._place:
                return
            yield self._table.records[identity]


async def _pour(socket: WebSocket, tail: Tail, name: str, keys: tuple[str, ...]) -> None:
    """Send what is new until the client goes away."""
    heard = asyncio.ensure_future(socket.receive())
    try:
        while True:
            for record in tail.new():
                shown = {key: record.get(key) for key in keys}
                await socket.send_text(render({"type": name, name: shown}).decode())
            await asyncio.wait({heard}, timeout=LOOK_SECONDS)
            if heard.done():
                if heard.result()["type"] == "websocket.disconnect":
                    return
                heard = asyncio.ensure_future(socket.receive())
    finally:
        heard.cancel()


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    short = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
    with suppress(WebSocketDisconnect):
        await socket.close(code, reason=short)
