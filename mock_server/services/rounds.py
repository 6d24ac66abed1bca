"""The rounds of the services: each looks at its records at fixed times, by the mock's clock.

Nothing happens between two requests that a client could see: so the rounds that a running clock has
passed, or that one was moved over, are made up for before the next request, each at its own time.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mock_server.services.overdue import LATE_RUNS, LEASES, PAUSES
from mock_server.services.scheduler import RECENT_ROUNDS, ROUNDS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mock_server.services.service import Service
    from mock_server.store import Store
    from mock_server.store.tables import Record

    # When, the place of the service, the place of the record in its table, its id.
    Due = tuple[datetime, int, int, str]

logger: Final = logging.getLogger(__name__)

SERVICES: Final = (ROUNDS, RECENT_ROUNDS, LATE_RUNS, PAUSES, LEASES)
SHORTEST: Final = min(service.every for service in SERVICES)
LONGEST: Final = timedelta(days=1)
"""How much of the time that a clock jumps over is lived through, as by a server that was off."""

LOOK_SECONDS: Final = 0.5


class Rounds:
    """The services of one mock.

    Args:
        store: what they look at and change.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._began: datetime | None = None
        self._done: datetime | None = None

    def restart(self) -> None:
        """Begin anew, with a round of all services."""
        self._began = self._done = None

    def catch_up(self) -> None:
        """Do what the services do until now."""
        now = self._store.now()
        if self._began is None or self._done is None or now < self._done:
            self._began = self._done = now
            self._live(now, now, now)
        elif now >= self._done + SHORTEST:
            first = max(self._done + SHORTEST, _round_at(self._began, now - LONGEST, SHORTEST))
            self._done = self._began + (now - self._began) // SHORTEST * SHORTEST
            self._live(self._began, first, self._done)

    async def run(self) -> None:
        """Keep up with the clock, for those who watch without asking."""
        while True:
            self.catch_up()
            await asyncio.sleep(LOOK_SECONDS)

    def _live(self, began: datetime, first: datetime, last: datetime) -> None:
        """Make the rounds from the first to the last, skipping those with nothing to do."""
        waiting: list[Due] = []

        def watch(service: Service, records: Iterable[Record], since: datetime) -> None:
            since = _round_at(began, since, service.every)
            if since > last:
                return
            places = self._store.tables[service.kind].places
            for record in records:
                due = service.due(self._store, record, since)
                at = None if due is None else _round_at(began, due, service.every)
                if at is not None and at <= last:
                    key = (at, SERVICES.index(service), places[record["id"]], record["id"])
                    heapq.heappush(waiting, key)

        for service in SERVICES:
            watch(service, self._store.all(service.kind), first)
        while waiting:
            at, place, _, identity = heapq.heappop(waiting)
            service = SERVICES[place]
            made = self._act(service, identity, at)
            watch(service, self._records(service, identity), at + service.every)
            for other in SERVICES:
                if other.kind == "flow_runs":
                    watch(other, made, at)

    def _records(self, service: Service, identity: str) -> list[Record]:
        record = self._store.get(service.kind, identity)
        return [] if record is None else [record]

    def _act(self, service: Service, identity: str, at: datetime) -> list[Record]:
        """What a service does to a record in a round; a fault of it does not end the others."""
        try:
            with self._store.at(at), self._store.transaction():
                return [
                    run
                    for record in self._records(service, identity)
                    for run in service.act(self._store, record)
                ]
        except Exception:
            logger.exception("A background service failed at the record %s", identity)
            return []


def _round_at(began: datetime, time: datetime, every: timedelta) -> datetime:
    """The first round at or after a time."""
    return began + -((began - time) // every) * every
