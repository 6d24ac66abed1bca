"""Slots of a deployment's concurrency limit, taken and given back by its runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mock_server.store import Store
    from mock_server.store.tables import Record

HOLDING: Final = frozenset({"PENDING", "RUNNING", "CANCELLING"})
"""The states in which a run holds a slot of its deployment's limit."""


def in_use(store: Store, limit: Record) -> int:
    """The slots in use: those taken, less the whole ones that have decayed since, never below 0."""
    decay = limit["slot_decay_per_second"]
    if not decay:
        return int(limit["active_slots"])
    passed = (store.now() - limit["updated"]).total_seconds()
    used: int = limit["active_slots"] - math.floor(decay * passed)
    return max(used, 0)


def limit_of(store: Store, deployment: Record | None) -> Record | None:
    """The concurrency limit of a deployment, or None."""
    if deployment is None:
        return None
    return store.get("concurrency_limits", deployment["concurrency_limit_id"])


def take(store: Store, limit: Record) -> bool:
    """Take a slot; whether there was one. A limit that is not active gives none."""
    used = in_use(store, limit)
    if not limit["active"] or used + 1 > limit["limit"]:
        return False
    _set(store, limit, used + 1)
    return True


def give_back(store: Store, limit: Record) -> None:
    """Give a slot back."""
    if limit["active"]:
        _set(store, limit, max(in_use(store, limit) - 1, 0))


def _set(store: Store, limit: Record, slots: int) -> None:
    now = store.tick_coarsely()
    store.update("concurrency_limits", limit["id"], active_slots=slots, updated=now)
