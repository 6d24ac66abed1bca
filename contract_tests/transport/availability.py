"""Which operations the target was too busy for: a 429 or 503 says nothing about a rule."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from contract_tests.spec.operations import operations
from contract_tests.transport.connection import BUSY

if TYPE_CHECKING:
    from contract_tests.transport.exchange import Exchange

_FEWEST: Final = 3  # so many answers tell an operation that is down from a busy moment


class Availability:
    """Counts answers by operation. Observe by `target.observers.append(availability.observe)`."""

    def __init__(self) -> None:
        self._busy: Counter[str] = Counter()
        self._all: Counter[str] = Counter()

    def observe(self, exchange: Exchange) -> None:
        """Take note of an answer, the last one where a request was sent again."""
        operation = operations().match(exchange.method, exchange.path)
        if operation is not None:
            self._all[operation.id] += 1
            self._busy[operation.id] += exchange.status in BUSY

    def unjudged(self) -> Counter[str]:
        """Reason -> answers that came from a busy target."""
        told = {f"{name} stayed busy (429 or 503)": n for name, n in self._busy.items() if n}
        return Counter(told)

    def outage(self) -> str | None:
        """A sentence on operations that answered nothing else; None when there are none."""
        down = [
            f"{name} ({count}x)"
            for name, count in self._all.items()
            if count >= _FEWEST and self._busy[name] == count
        ]
        if not down:
            return None
        return (
            f"Nothing but 429 or 503 came from {', '.join(down)}: "
            "look at the server's own log, and run again when it answers."
        )
