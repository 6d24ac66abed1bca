"""What time it is, and fresh ids: injected, so that a run can be repeated exactly."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
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
