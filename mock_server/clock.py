"""What time it is, and fresh ids: injected, so that a run can be repeated exactly.

Whatever the mock stamps, plans or names comes from a store's `clock` and its `rng`, nothing from
anywhere else.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    Clock = Callable[[], datetime]

NAMESPACE: Final = uuid.UUID("6d6f636b-2d73-5572-b665-722d66697874")
"""The namespace of ids that are derived from names."""


def system_clock() -> datetime:
    """Now, aware, in UTC, in microseconds."""
    return datetime.now(UTC)


FIRST: Final = datetime(1971, 1, 1, tzinfo=UTC)
LAST: Final = datetime(9900, 1, 1, tzinfo=UTC)
"""Between these the mock can be put: fixtures reach back, plans reach ahead."""


def parse_time(text: str) -> datetime:
    """A time that the mock can be put at, in UTC.

    Args:
        text: a time in ISO 8601; without an offset it is in UTC.

    Raises:
        ValueError: it is none, or no clock goes there; with a sentence for the user.
    """
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time; write such as 2026-01-01T00:00:00Z") from None
    return _reachable(given.replace(tzinfo=UTC) if given.tzinfo is None else given)


def _reachable(time: datetime) -> datetime:
    if not FIRST <= time <= LAST:
        raise ValueError(f"the clock goes from {FIRST:%Y-%m-%d} to {LAST:%Y-%m-%d}")
    return time.astimezone(UTC)


class MockClock:
    """A clock that can be set, stopped and moved.

    Args:
        start: what it shows now; None for the machine's time.
        runs: whether it goes on from there, as fast as the machine's, or stands still.

    Raises:
        ValueError: no clock goes there.
    """

    def __init__(self, start: datetime | None = None, *, runs: bool = True) -> None:
        if start is None and not runs:
            start = datetime.now(UTC)
        self._start = None if start is None else _reachable(start)
        self._runs = runs
        self._stopped: datetime | None = None
        self._ahead = timedelta(0)
        self.reset()

    def __call__(self) -> datetime:
        """Now."""
        if self._stopped is not None:
            return self._stopped
        return datetime.now(UTC) + self._ahead

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self._stopped is not None

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of the machine's."""
        return self() - datetime.now(UTC) if self.frozen else self._ahead

    def freeze(self, at: datetime | None = None) -> None:
        """Let it stand still, at a time or where it is.

        Raises:
            ValueError: no clock goes there.
        """
        self._stopped = self() if at is None else _reachable(at)

    def advance(self, by: timedelta) -> None:
        """Move it, forward or back; whether it runs stays as it is.

        Raises:
            ValueError: no clock goes there.
        """
        try:
            reached = _reachable(self() + by)
        except OverflowError:
            reached = _reachable(datetime.max.replace(tzinfo=UTC))
        if self._stopped is None:
            self._ahead += by
        else:
            self._stopped = reached

    def release(self, at: datetime | None = None) -> None:
        """Let it run, from a time or from what it shows.

        Raises:
            ValueError: no clock goes there.
        """
        self._ahead = (self() if at is None else _reachable(at)) - datetime.now(UTC)
        self._stopped = None

    def follow(self) -> None:
        """Show the machine's time again."""
        self._stopped, self._ahead = None, timedelta(0)

    def reset(self) -> None:
        """Back to how it began; one that stood still shows the same time again."""
        self.follow()
        if self._start is None:
            return
        if self._runs:
            self.release(self._start)
        else:
            self.freeze(self._start)


def fresh_id(rng: random.Random) -> str:
    """A random id (version 4), canonical."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def ordered_id(rng: random.Random, at: datetime) -> str:
    """An id that sorts by its time of birth (version 7), as states and scheduled runs have."""
    millis = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    value = (millis << 80) | rng.getrandbits(80)
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return str(uuid.UUID(int=value))


def derived_id(*parts: str) -> str:
    """The id of something named: the same parts always give the same id.

    Args:
        parts: the kind and the natural key, such as `"deployments", "etl", "daily"`.
    """
    return str(uuid.uuid5(NAMESPACE, "\x1f".join(parts)))
