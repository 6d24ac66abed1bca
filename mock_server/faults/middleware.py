"""The layer in which requests meet their faults: behind the routing, before the operation."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from mock_server.dispatch import encoded, read, respond
from mock_server.errors import BadRequest
from mock_server.faults.declared_answers import declared_answers
from mock_server.faults.rules import RETRY_AFTER, TOO_MANY, asked_for
from mock_server.faults.syntax import DROP, DROP_ANSWER, TRUNCATE, FaultError
from mock_server.framework import ROUTING_CONTEXT
from mock_server.journal.exchange import CONNECTION, KEY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mock_server.faults.rules import Faults, Strike


class ConnectionDropped(ConnectionResetError):  # noqa: N818 - reads as what happened
    """The connection was closed on purpose, where there is none to close: a call in process."""


class Faulting:
    """Lets requests go wrong as they, or the mock's faults, ask for.

    Args:
        app: what answers.
        faults: the mock's faults.
    """

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or let it go wrong."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        operation = scope["extensions"][ROUTING_CONTEXT]["operation_id"]
        exchange = scope.get(KEY)
        if exchange is not None:
            exchange.operation = operation
        strike = self._strike(scope, operation)
        if strike is None:
            await self.app(scope, receive, send)
            return
        if exchange is not None:
            exchange.fault = _told(strike)
        if strike.delay:
            await asyncio.sleep(strike.delay)
        await self._happen(strike, scope, receive, send)

    def _strike(self, scope: Scope, operation: str | None) -> Strike | None:
        try:
            asked = asked_for(scope["headers"], operation, self.faults.rng)
        except FaultError as error:
            raise BadRequest(f"This fault cannot be: {error}.") from None
        if asked is not None:
            return asked
        return self.faults.strike(operation) if self.faults and operation is not None else None

    async def _happen(self, strike: Strike, scope: Scope, receive: Receive, send: Send) -> None:
        fault = strike.fault
        if fault.fault == DROP:
            await read(receive)
            await _close(receive, abort=True)
        elif fault.fault == DROP_ANSWER:
            await self.app(scope, receive, _swallow)
            await _close(receive, abort=True)
        elif fault.fault == TRUNCATE:
            messages: list[Message] = []

            async def keep(message: Message) -> None:
                messages.append(message)

            await self._answer(strike, scope, receive, keep)
            await _send_half(messages, send)
            await _close(receive, abort=False)
        else:
            await self._answer(strike, scope, receive, send)

    async def _answer(self, strike: Strike, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer of the status that is asked for, or the real one."""
        fault = strike.fault
        if fault.status is None:
            await self.app(scope, receive, send)
            return
        await read(receive)
        declared = declared_answers()[fault.operation][fault.status]
        headers = list(declared.headers)
        seconds = fault.retry_after
        if seconds is None and fault.status == TOO_MANY:
            seconds = RETRY_AFTER
        if seconds is not None:
            headers += encoded({"retry-after": str(seconds)})
        content = declared.content(fault.example)
        await respond(send, fault.status, content, headers, declared.media_type)


def _told(strike: Strike) -> str:
    span = (strike.delay, strike.delay) if strike.delay else None
    fault = replace(strike.fault, delay=span, rate=1.0, times=None)
    told = fault.as_json()
    words = [
        f"{key}={value}"
        for key, value in told.items()
        if value is not None and key not in {"operation", "rate"}
    ]
    return " ".join(words)


async def _swallow(_message: Message) -> None:
    """Send nothing."""


async def _send_half(messages: list[Message], send: Send) -> None:
    """Send the headers and the first half of the body, and promise more."""
    start = next(item for item in messages if item["type"] == "http.response.start")
    body = b"".join(item.get("body", b"") for item in messages if item is not start)
    await send(start)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


async def _close(receive: Receive, *, abort: bool) -> None:
    """Close the connection of the request, and wait until it is.

    Args:
        receive: tells when it is closed.
        abort: at once; otherwise when everything is sent.

    Raises:
        ConnectionDropped: there is no connection.
    """
    server = getattr(CONNECTION.get(None), "__self__", None)
    transport = getattr(server, "transport", None)
    if transport is None:
        raise ConnectionDropped("The mock dropped the connection, as it was asked to.")
    if abort:
        transport.abort()
    else:
        transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
