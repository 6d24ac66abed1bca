"""What a background service is: which records it watches, when they are due, what it then does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, timedelta

    from mock_server.store import Store
    from mock_server.store.tables import Record


@dataclass(frozen=True, slots=True)
class Service:
    """A service that looks at its records every so often.

    Attributes:
        every: how much time is between two looks.
        kind: the kind of records that it looks at.
        due: when it has something to do to a record as it is, if nobody changes it until then: the
            earliest time from a given one on, or None for never.
        act: does it, at the time that the store shows; the flow runs that it made.
    """

    every: timedelta
    kind: str
    due: Callable[[Store, Record, datetime], datetime | None]
    act: Callable[[Store, Record], Iterable[Record]]
