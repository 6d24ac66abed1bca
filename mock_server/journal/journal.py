"""The last so many exchanges, and the layer that writes them down."""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final

from mock_server.journal.exchange import KEY, Exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mock_server.clock import Clock
    from mock_server.journal.wanted import Wanted

KEPT: Final = 1000
"""Exchanges that are kept; the oldest go first."""


class Journal:
    """The last exchanges.

    Args:
        clock: tells when a request came.
        kept: how many are kept.
    """

    def __init__(self, clock: Clock, kept: int = KEPT) -> None:
        self._clock = clock
        self._exchanges: deque[Exchange] = deque(maxlen=kept)
        self._last = 0

    def __len__(self) -> int:
        return len(self._exchanges)

    @property
    def kept(self) -> int:
        """How many exchanges are kept."""
        return self._exchanges.maxlen or 0

    def begin(self, scope: Scope) -> Exchange:
        """Take in a request."""
        self._last += 1
        exchange = Exchange(self._last, self._clock(), scope)
        self._exchanges.append(exchange)
        return exchange

    def get(self, number: int) -> Exchange | None:
        """The exchange of a number, if it is still kept."""
        return next((item for item in self._exchanges if item.number == number), None)

    def find(self, wanted: Wanted, *, newest_first: bool = False) -> Iterator[Exchange]:
        """The exchanges that are asked for, oldest first unless told otherwise."""
        tests = wanted.tests()
        exchanges = reversed(self._exchanges) if newest_first else iter(self._exchanges)
        return (item for item in exchanges if all(test(item) for test in tests))

    def page(self, wanted: Wanted, limit: int) -> list[Exchange]:
        """The newest of the exchanges that are asked for, newest first."""
        return list(islice(self.find(wanted, newest_first=True), limit))

    def count(self, wanted: Wanted) -> int:
        """How many exchanges are asked for."""
        return sum(1 for _ in self.find(wanted))

    def clear(self) -> None:
        """Forget all exchanges; the next has the next number."""
        self._exchanges.clear()

    def reset(self) -> None:
        """Forget all exchanges; the next is the first."""
        self.clear()
        self._last = 0


class Journalling:
    """The layer that writes the journal.

    Args:
        app: what answers.
        journal: where to.
    """

    def __init__(self, app: ASGIApp, journal: Journal) -> None:
        self.app = app
        self.journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and keep what is said."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = self.journal.begin(scope)
        scope[KEY] = exchange
        took, gave = exchange.took, exchange.gave

        async def taking() -> Message:
            message = await receive()
            took(message)
            return message

        async def giving(message: Message) -> None:
            gave(message)
            await send(message)

        try:
            await self.app(scope, taking, giving)
        except (Exception, asyncio.CancelledError):
            exchange.ended()
            raise
        exchange.ended()
