"""What bends a mock from outside of its API: its clock, faults, journal, snapshots and fixtures."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mock_server.clock import MockClock, parse_time, system_clock
from mock_server.journal.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from mock_server.faults.rules import Faults
    from mock_server.services.rounds import Rounds
    from mock_server.store import Snapshot, Store

MOST_SNAPSHOTS: Final = 50
SET_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*(?::[0-9]{1,6})?")
"""The name of a set of fixtures, and of no file."""

START: Final = "start"
"""The fixtures that the mock began with, whatever they are."""

SENT: Final = "a file that was sent"
"""Where the data came from when it was given as text."""


class UnknownSnapshotError(KeyError):
    """There is no snapshot of this name."""


class TooManySnapshotsError(Exception):
    """There are so many snapshots that there may be no more."""


class FixedClockError(Exception):
    """The clock is one that the caller gave, and not to be set from here."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot with what else is to come back.

    Attributes:
        snapshot: the records.
        drawn: the state of the generator of ids; None if it goes on, as without a seed it does.
        at: when it was taken, by the mock's clock.
        counts: kind -> number of records.
        source: what the data came from.
    """

    snapshot: Snapshot
    drawn: Any
    at: datetime
    counts: dict[str, int]
    source: str


def make_clock(now: str | datetime | None, *, runs: bool) -> MockClock | None:
    """The clock of a mock; None if nothing was asked of it.

    Args:
        now: what it is to show.
        runs: whether it goes on from there, or stands still.

    Raises:
        ValueError: that is no time, or no clock goes there.
    """
    if now is None:
        return None
    return MockClock(parse_time(now if isinstance(now, str) else now.isoformat()), runs=runs)


class Controls:
    """The controls of one mock, for Python; `/_mock/` offers them over HTTP.

    Use them between requests.

    Args:
        store: the state.
        faults: what goes wrong on purpose.
        fixtures: what the state began with.
        seed: of ids and names; None for any.
        kept: how many exchanges the journal keeps.
        services: what a server does of its own accord; None for nothing.

    Attributes:
        store: the state.
        faults: what goes wrong on purpose.
        journal: what was asked and answered.
        fixtures: what the state began with.
        seed: of ids and names; None for any.
        services: what a server does of its own accord; None for nothing.
        also_reset: called by `reset` besides.
    """

    def __init__(
        self,
        store: Store,
        faults: Faults,
        *,
        fixtures: str | Path,
        seed: int | None = None,
        kept: int,
        services: Rounds | None = None,
    ) -> None:
        if store.clock is system_clock:
            store.clock = MockClock()
        self.store = store
        self.faults = faults
        self.journal = Journal(store.now, kept)
        self.seed = seed
        self.services = services
        self.also_reset: list[Callable[[], None]] = []
        self.fixtures = fixtures
        self._snapshots: dict[str, Kept] = {}
        self._start = self._keep()

    @property
    def clock(self) -> MockClock:
        """The mock's clock.

        Raises:
            FixedClockError: it is none that can be set.
        """
        if isinstance(self.store.clock, MockClock):
            return self.store.clock
        raise FixedClockError("This mock's clock is the caller's own: it cannot be set from here")

    # -- as a whole

    def reset(self) -> None:
        """Back to how the mock began: data, clock, ids, faults, and an empty journal.

        Snapshots stay.
        """
        if isinstance(self.store.clock, MockClock):
            self.store.clock.reset()
        self._bring_back(self._start)
        self.faults.reset()
        self.journal.reset()
        for reset in self.also_reset:
            reset()
        self._restart_services()

    def catch_up(self) -> None:
        """Let the services do what they do until now, by the mock's clock."""
        if self.services is not None:
            self.services.catch_up()

    def _restart_services(self) -> None:
        if self.services is not None:
            self.services.restart()

    # -- snapshots

    @property
    def snapshots(self) -> dict[str, Kept]:
        """The snapshots by name, oldest first."""
        return dict(self._snapshots)

    def snapshot(self, name: str) -> Kept:
        """Keep the data as it is now, under a name; one that has it already is replaced.

        Raises:
            TooManySnapshotsError: there are too many.
        """
        if name not in self._snapshots and len(self._snapshots) >= MOST_SNAPSHOTS:
            raise TooManySnapshotsError(f"There are {MOST_SNAPSHOTS} snapshots: remove one first")
        self._snapshots.pop(name, None)
        kept = self._snapshots[name] = self._keep()
        return kept

    def restore(self, name: str) -> None:
        """Bring data back as it was; the clock goes on.

        Raises:
            UnknownSnapshotError: there is no such snapshot.
        """
        if name not in self._snapshots:
            raise UnknownSnapshotError(name)
        self._bring_back(self._snapshots[name])

    def forget(self, name: str) -> None:
        """Remove a snapshot.

        Raises:
            UnknownSnapshotError: there is no such snapshot.
        """
        if self._snapshots.pop(name, None) is None:
            raise UnknownSnapshotError(name)

    def _keep(self) -> Kept:
        store = self.store
        drawn = None if self.seed is None else store.rng.getstate()
        return Kept(store.snapshot(), drawn, store.now(), self.counts(), store.source)

    def _bring_back(self, kept: Kept) -> None:
        self.store.rollback(kept.snapshot)
        self.store.source = kept.source
        if kept.drawn is not None:
            self.store.rng.setstate(kept.drawn)

    def counts(self) -> dict[str, int]:
        """How many records there are of each kind."""
        return {kind: len(table) for kind, table in self.store.tables.items()}

    # -- fixtures

    def load(self, fixtures: str | Path = START) -> None:
        """Replace the data by fixtures, their times relative to the clock as it is.

        Args:
            fixtures: the name of a set, the path of a file, or `start` for what the mock began
                with.

        Raises:
            FixtureError: there are no such fixtures, or they are broken.
        """
        from mock_server.fixtures import load_fixtures  # noqa: PLC0415 - YAML only when needed

        load_fixtures(self.store, self.fixtures if fixtures == START else fixtures)
        self._restart_services()

    def load_text(self, text: str) -> None:
        """Replace the data by fixtures that are given as YAML.

        Raises:
            FixtureError: they are broken.
        """
        from mock_server.fixtures.loader import load_text  # noqa: PLC0415 - the same

        load_text(self.store, text)
        self.store.source = SENT
        self._restart_services()

    def dump(self, *, relative: bool = False) -> str:
        """The data as the text of a fixture file; see `mock_server.fixtures.writer`."""
        from mock_server.fixtures.writer import dump_store  # noqa: PLC0415 - the same

        about = f"The state of a mock at {self.store.now():%Y-%m-%d %H:%M:%S} UTC."
        return dump_store(self.store, about=about, relative=relative)


def seeded(seed: int | None) -> random.Random:
    """The generator of ids and names; without a seed, any."""
    return random.Random() if seed is None else random.Random(seed)
