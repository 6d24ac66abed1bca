"""Operations that take and give back slots of global concurrency limits."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from mock_server.call import Call, Reply
from mock_server.errors import ApiError, Unprocessable
from mock_server.operations.parts import limit_slots, views
from mock_server.operations.parts.records_and_bodies import NO_CONTENT, full, sent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from mock_server.store.tables import Record

SHOWN: Final = ("id", "name", "limit")
USUAL_SECONDS: Final = 300.0
GONE: Final = "Lease not found - it may have expired or been revoked"


def bulk_increment_active_slots(call: Call) -> Reply:
    """Take slots of some limits."""
    return Reply(200, _shown(_taken(call)))


def bulk_increment_active_slots_with_lease(call: Call) -> Reply:
    """Take slots of some limits for a time."""
    limits = _taken(call)
    lease = limit_slots.lease(call.store, limits, full(call)["slots"], _duration(call))
    return Reply(200, {"lease_id": lease, "limits": _shown(limits)})


def bulk_decrement_active_slots(call: Call) -> Reply:
    """Give slots of some limits back."""
    store, request, limits = call.store, full(call), _limits(call)
    for limit in limits:
        limit_slots.give_back(store, limit, request["slots"], request.get("occupancy_seconds"))
    return Reply(200, _shown(limits))


def bulk_decrement_active_slots_with_lease(call: Call) -> Reply:
    """Give back what a lease holds."""
    lease = call.store.get("leases", full(call)["lease_id"])
    if lease is not None:
        limit_slots.end_lease(call.store, lease)
    return NO_CONTENT


def renew_concurrency_lease(call: Call) -> Reply:
    """Let a lease last longer."""
    if not limit_slots.renew(call.store, call.path["lease_id"], _duration(call)):
        raise ApiError(HTTPStatus.GONE, {"detail": GONE})
    return NO_CONTENT


def _duration(call: Call) -> timedelta:
    return timedelta(seconds=sent(call).get("lease_duration") or USUAL_SECONDS)


def _limits(call: Call) -> list[Record]:
    """The limits that the body names, each once."""
    found = (call.store.find("concurrency_limits", name=name) for name in full(call)["names"])
    return list({limit["id"]: limit for limit in found if limit is not None}.values())


def _shown(limits: Iterable[Record]) -> list[dict[str, Any]]:
    return [views.pick(limit, SHOWN) for limit in limits]


def _taken(call: Call) -> list[Record]:
    """Take the slots that the body asks for; the limits."""
    store, request, limits = call.store, full(call), _limits(call)
    active = [limit for limit in limits if limit["active"]]
    if any(limit["limit"] < request["slots"] for limit in active):
        raise Unprocessable("Slots requested is greater than the limit")
    if request.get("mode") == "rate_limit":
        _check_decay(active)
    if not limit_slots.take_all(store, active, request["slots"]):
        seconds = limit_slots.deny(store, active, request["slots"])
        raise ApiError(
            HTTPStatus.LOCKED, {"detail": "Locked"}, headers={"retry-after": f"{seconds:.6f}"}
        )
    return limits


def _check_decay(limits: Iterable[Record]) -> None:
    lasting = [limit["name"] for limit in limits if not limit["slot_decay_per_second"]]
    if lasting:
        raise Unprocessable(
            "Only concurrency limits with slot decay can be used for rate limiting. The following"
            f" limits do not have a decay configured: {','.join(lasting)!r}"
        )
