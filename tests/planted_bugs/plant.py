"""Planting: a bug stands between a client and a server's ASGI application.

A bug is an async function of a request and the server behind it, so that the same bug can be
planted in the mock and in a real server. It may change the request, the answer, ask the server
other things besides, or not ask at all.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BASE_PATH: Final = "/api"
SEARCHES: Final = ("/deployments/filter", "/deployments/paginate", "/deployments/count")
# A planted server answers uncompressed: the mock compresses outside of the bug, a client decodes.
_DROPPED: Final = (b"content-length", b"accept-encoding")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the bug sees it; `path` without the base path."""

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json"),)

    @property
    def json(self) -> Any:
        """The body's value; None when there is none or it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def having(self, value: Any) -> Request:
        """The same request with another JSON body."""
        return replace(self, body=json.dumps(value).encode())

    def at(self, path: str, value: Any = None, method: str = "POST") -> Request:
        """Another request by the same client."""
        body = b"" if value is None else json.dumps(value).encode()
        return replace(self, method=method, path=path, body=body)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json"),)

    @property
    def json(self) -> Any:
        """The body's value; None when there is none or it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def having(self, value: Any) -> Response:
        """The same answer with another JSON body."""
        return replace(self, body=json.dumps(value).encode())


Server = Callable[[Request], Awaitable[Response]]
Act = Callable[[Request, Server], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Bug:
    """A bug and what a finding about it may say.

    Attributes:
        name: what is wrong, as a test id.
        act: the wrong behaviour.
        operations: operationIds of which one must stand in a finding.
        checks: which of the suite's checks is asked first; a hint that saves time. A check draws
            from a seed of its own, so what it finds alone it finds among the others.
    """

    name: str
    act: Act
    operations: frozenset[str]
    checks: str = "meaning"

    def is_named_by(self, operation: str) -> bool:
        """Whether a finding about this operation points at the bug."""
        return operation in self.operations


class Planted:
    """An ASGI application with a bug."""

    def __init__(self, app: ASGIApp, act: Act) -> None:
        self._app = app
        self._act = act

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(
            scope["method"],
            scope["path"].removeprefix(BASE_PATH),
            await _read(receive),
            tuple((name, value) for name, value in scope["headers"] if name not in _DROPPED),
        )

        async def server(sent: Request) -> Response:
            return await _ask(self._app, scope, sent)

        await _answer(send, await self._act(request, server))


async def _read(receive: Receive) -> bytes:
    content: bytes = b""
    while True:
        message = await receive()
        content += message.get("body", b"")
        if not message.get("more_body"):
            return content


async def _ask(app: ASGIApp, scope: Scope, request: Request) -> Response:
    path = BASE_PATH + request.path
    headers = list(request.headers)
    if request.body:
        headers.append((b"content-length", b"%d" % len(request.body)))
    inner = {**scope, "method": request.method, "headers": headers}
    if path != scope["path"]:
        inner |= {"path": path, "raw_path": path.encode(), "query_string": b""}
    messages: list[Message] = []
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    await app(inner, receive, send)
    start = messages[0]
    body = b"".join(message.get("body", b"") for message in messages[1:])
    shown = tuple((n, v) for n, v in start.get("headers", ()) if n.lower() not in _DROPPED)
    return Response(start["status"], body, shown)


async def _answer(send: Send, response: Response) -> None:
    headers = list(response.headers)
    if response.status != 204:
        headers.append((b"content-length", b"%d" % len(response.body)))
    start = {"type": "http.response.start", "status": response.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": response.body})
