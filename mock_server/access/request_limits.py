"""Holds requests to the limits: 413 for what is too large, 408 for what does not arrive."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from mock_server.access.limits import DEFAULT_LIMITS
from mock_server.dispatch import encoded, respond
from mock_server.responses import render

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mock_server.access.limits import Limits

MOST_DIGITS: Final = 18
CLOSE: Final = {"connection": "close"}


class TooLarge(HTTPException):
    """413: the body is larger than the limit.

    The connection stays open, so that a client that is still sending gets to read the answer.
    """

    def __init__(self, max_body: int) -> None:
        super().__init__(
            413,
            f"The body is too large: this mock takes at most {max_body} bytes"
            " (deployments-mock --max-body).",
        )


class TooSlow(HTTPException):
    """408: the body did not arrive in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(408, f"The body did not arrive within {seconds:g} seconds.", headers=CLOSE)


class RequestLimits:
    """Holds requests to the limits.

    What is too much is raised where the body is read. It becomes an answer there, or here.

    Args:
        app: the layers behind it.
        limits: the limits.
    """

    def __init__(self, app: ASGIApp, limits: Limits = DEFAULT_LIMITS) -> None:
        self.app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its body counted as it comes in."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _declared(scope) > self._limits.max_body:
            await _refuse(send, TooLarge(self._limits.max_body))
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, self._counted(receive), watched)
        except (TooLarge, TooSlow) as refusal:
            if started:
                raise
            await _refuse(send, refusal)

    def _counted(self, receive: Receive) -> Receive:
        limits = self._limits
        deadline: float | None = None
        received = 0
        complete = False

        async def counted() -> Message:
            nonlocal deadline, received, complete
            if complete:
                return await receive()  # that the client left, whenever it does
            if deadline is None:
                deadline = asyncio.get_running_loop().time() + limits.body_seconds
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise TooSlow(limits.body_seconds) from None
            received += len(message.get("body", b""))
            if received > limits.max_body:
                raise TooLarge(limits.max_body)
            complete = not message.get("more_body")
            return message

        return counted


async def _refuse(send: Send, refusal: HTTPException) -> None:
    headers = encoded(refusal.headers or {})
    await respond(send, refusal.status_code, render({"detail": refusal.detail}), headers)


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value[:MOST_DIGITS]) if value.isdigit() else 0
    return 0
