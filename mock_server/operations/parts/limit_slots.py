"""Slots of concurrency limits, taken and given back by runs and by whoever asks for them."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from mock_server.store import Store
    from mock_server.store.tables import Record

HOLDING: Final = frozenset({"PENDING", "RUNNING", "CANCELLING"})
"""The states in which a run holds a slot of its deployment's limit."""

SHORTEST_USE: Final = 0.1
LONGEST_WAIT: Final = 30.0
SAMPLES: Final = 2
"""Seconds that a slot is taken to be in use, and how many uses of each slot the mean is made of."""

LEASE: Final = timedelta(minutes=5)
"""How long a run has its slot before somebody has to renew the lease."""


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
    return bool(limit["active"]) and take_all(store, [limit], 1)


def take_all(store: Store, limits: Sequence[Record], slots: int) -> bool:
    """Take slots of each of some active limits, or none; whether there were so many."""
    if any(in_use(store, limit) + slots > limit["limit"] for limit in limits):
        return False
    for limit in limits:
        _set(store, limit, in_use(store, limit) + slots)
    return True


def give_back(store: Store, limit: Record, slots: int = 1, seconds: float | None = None) -> None:
    """Give slots back.

    Args:
        store: where the limit is.
        limit: whose slots; nothing happens if it is not active.
        slots: how many.
        seconds: how long they were in use, if that is known.
    """
    if not limit["active"]:
        return
    changes: dict[str, Any] = {}
    if seconds:
        mean, over = limit["avg_slot_occupancy_seconds"], limit["limit"] * SAMPLES
        use = max(seconds / slots, SHORTEST_USE)
        changes["avg_slot_occupancy_seconds"] = mean + (use - mean) / over if over else mean
    _set(store, limit, max(in_use(store, limit) - slots, 0), **changes)


def deny(store: Store, limits: Iterable[Record], slots: int) -> float:
    """Take note that slots were asked for in vain; in how many seconds to ask again."""
    waits = []
    for limit in limits:
        denied = _denied(store, limit)
        waits.append(_wait(limit, slots + denied))
        now = store.tick_coarsely()
        changes = {"active_slots": in_use(store, limit), "denied_slots": denied + slots}
        store.update("concurrency_limits", limit["id"], **changes, updated=now)
    return store.rng.uniform(0.7, 1.3) * max(waits, default=0.0)


def _wait(limit: Record, wanted: int) -> float:
    """For how long nearly all of what is wanted of a limit comes free."""
    if limit["slot_decay_per_second"]:
        return float(wanted / limit["slot_decay_per_second"])
    use = min(limit["avg_slot_occupancy_seconds"], LONGEST_WAIT)
    return float(min(use * wanted / limit["limit"], LONGEST_WAIT))


def _denied(store: Store, limit: Record) -> int:
    """The slots that were asked for in vain, less those that would have come free since."""
    use = min(max(limit["avg_slot_occupancy_seconds"], SHORTEST_USE), LONGEST_WAIT)
    rate = limit["slot_decay_per_second"] or 1 / use
    passed = (store.now() - limit["updated"]).total_seconds()
    denied: int = limit["denied_slots"] - math.floor(rate * passed)
    return max(denied, 0)


def _set(store: Store, limit: Record, slots: int, **changes: Any) -> None:
    changes |= {"active_slots": slots, "denied_slots": _denied(store, limit)}
    now = store.tick_coarsely()
    store.update("concurrency_limits", limit["id"], **changes, updated=now)


# -- leases


def lease(store: Store, limits: Iterable[Record], slots: int, lasts: timedelta = LEASE) -> str:
    """Note for how long slots were taken; the id of the lease."""
    record = {
        "id": store.new_id(),
        "created": store.now(),
        "expires": store.now() + lasts,
        "limit_ids": [limit["id"] for limit in limits],
        "slots": slots,
    }
    return str(store.insert("leases", record)["id"])


def lasts(deployment: Record) -> timedelta:
    """For how long a run of a deployment has its slot at first."""
    seconds = (deployment["concurrency_options"] or {}).get("grace_period_seconds")
    return LEASE if seconds is None else timedelta(seconds=seconds)


def renew(store: Store, identity: str, lasts: timedelta) -> bool:
    """Let a lease last from now on; whether there is one."""
    if store.get("leases", identity) is None:
        return False
    store.update("leases", identity, expires=store.now() + lasts)
    return True


def end_lease(store: Store, record: Record) -> None:
    """Give back the slots of a lease, which ends."""
    used: datetime = record["created"]
    seconds = (store.now() - used).total_seconds()
    for identity in record["limit_ids"]:
        limit = store.get("concurrency_limits", identity)
        if limit is not None:
            give_back(store, limit, record["slots"], seconds)
    store.delete("leases", record["id"])
