"""The rules on whether a flow run may enter the state that a client proposes.

A proposal is accepted, answered with another state, put off or given up. Each reason to do so is a
rule in a table: from which states, to which, and what it decides. The order is the server's, and
the first rule that decides ends the matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from mock_server.operations.parts import limit_slots
from mock_server.operations.parts.client_version import renews_leases, takes_slots
from mock_server.operations.parts.states import new_state
from mock_server.operations.parts.views import TERMINAL_STATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.version import Version

    from mock_server.store import Store
    from mock_server.store.tables import Record

ALL: Final = frozenset(
    {
        *("SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "CRASHED"),
        *("PAUSED", "CANCELLING"),
    }
)
WAIT_FOR_SLOT: Final = timedelta(seconds=30)
LEASE: Final = "deployment_concurrency_lease_id"

# What an answer calls the member of an enum.
MEMBER: Final = "StateType.{}"


@dataclass(frozen=True, slots=True)
class Transition:
    """A proposal: a run, the state that it is in and the one that it shall enter, and by whom."""

    store: Store
    run: Record
    before: Record
    after: Record
    client: Version | None = None

    def detail(self, name: str) -> Any:
        """A detail of the state that the run is in."""
        return self.before["state_details"][name]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A decision against a proposal.

    Attributes:
        status: `REJECT`, `WAIT` or `ABORT`.
        reason: why.
        instead: the state that the run enters instead; None leaves it where it is.
        delay_seconds: for `WAIT`.
        resumes: the run counts as resuming all the same.
        undone: the run had left its end before, and is put back there.
    """

    status: str
    reason: str
    instead: Record | None = None
    delay_seconds: int | None = None
    resumes: bool = False
    undone: bool = False


def abort(reason: str) -> Refusal:
    """Nothing happens; the client is to give up."""
    return Refusal("ABORT", reason)


def reject(reason: str, instead: Record | None = None) -> Refusal:
    """Another state, or the present one, takes the place of the proposed one."""
    return Refusal("REJECT", reason, instead)


# -- the rules


def _same_transition(move: Transition) -> Refusal | None:
    wanted = move.after["state_details"]["transition_id"]
    if wanted is not None and move.detail("transition_id") == wanted:
        return reject("This run has already made this state transition.")
    return None


def leaving_the_end(move: Transition) -> Refusal | None:
    """What has ended goes on only as a run that can; its pauses and retries are forgotten then."""
    target, kept = move.after["type"], _persisted(move.before)
    if target in {"CANCELLING", "PAUSED", "CRASHED"}:
        return abort(f"Run is already in terminal state {move.before['type']}.")
    if move.before["type"] == "COMPLETED" and kept:
        if target not in TERMINAL_STATES:
            return reject("Run is already COMPLETED.")
        if target == "COMPLETED" and not _persisted(move.after):
            return reject(RESULT_KEPT)
    if target == "SCHEDULED" and move.run["deployment_id"] is None:
        return abort("Cannot reschedule a run without an associated deployment.")
    return None


def _losing_a_result(move: Transition) -> Refusal | None:
    if _persisted(move.before) and not _persisted(move.after):
        return reject(RESULT_KEPT)
    return None


def _persisted(state: Record) -> bool:
    data = state["data"]
    return isinstance(data, dict) and bool(data) and data.get("type") != "unpersisted"


def _cancelling(_: Transition) -> Refusal | None:
    return reject("Cannot transition flows that are cancelling to a state other than Cancelled.")


def _nothing_to_cancel(move: Transition) -> Refusal | None:
    planned = move.before["type"] == "SCHEDULED" and not move.run["infrastructure_pid"]
    if planned or move.before["name"] == "Resuming":
        what = "Scheduled"
    elif move.before["type"] == "PAUSED" and move.detail("pause_reschedule"):
        what = "Suspended"
    else:
        return None
    return reject(
        f"{what} flow run has no infrastructure to terminate.",
        new_state(move.store, "CANCELLED"),
    )


def _pending_twice(move: Transition) -> Refusal | None:
    before, name = move.before, move.after["name"]
    if before["type"] == "PENDING" and name not in (before["name"], "Pending"):
        return None
    return abort(
        f"This run is in a {before['type']} state and cannot transition to a PENDING state."
    )


def slot_was_lost(move: Transition) -> bool:
    """Whether the lease of a slot has ended that the client would renew from now on."""
    lease = move.detail(LEASE)
    return bool(lease) and renews_leases(move.client) and move.store.get("leases", lease) is None


def _slot_kept(move: Transition) -> Refusal | None:
    """A run that begins renews the lease of its slot, or takes another slot."""
    deployment = move.store.get("deployments", move.run["deployment_id"])
    limit = limit_slots.limit_of(move.store, deployment)
    if limit is None or deployment is None or not renews_leases(move.client):
        return None
    if not slot_was_lost(move):
        limit_slots.renew(move.store, move.detail(LEASE) or "", limit_slots.lasts(deployment))
        return None
    if limit_slots.take(move.store, limit):
        return None
    message = (
        "Deployment concurrency slot lost during provisioning - no slots available to continue"
        " execution"
    )
    reason = "Deployment concurrency limit reached after lease expiry."
    return reject(reason, new_state(move.store, "CANCELLED", message=message))


def _slot_needed(move: Transition) -> Refusal | None:
    if move.run["deployment_id"] is None or takes_slots(move.client):
        return None
    deployment = move.store.get("deployments", move.run["deployment_id"])
    if deployment is None:
        return abort("Deployment not found.")
    limit = limit_slots.limit_of(move.store, deployment)
    if limit is None:
        return None
    if limit["limit"] == 0:
        return abort(
            "The deployment concurrency limit is 0. The flow will deadlock if submitted again."
        )
    if limit_slots.take(move.store, limit):
        return None
    options = deployment["concurrency_options"] or {}
    if options.get("collision_strategy") == "CANCEL_NEW":
        instead = new_state(move.store, "CANCELLED", message=LIMIT_REACHED)
    else:
        later = move.store.now() + WAIT_FOR_SLOT
        instead = new_state(
            move.store,
            "SCHEDULED",
            name="AwaitingConcurrencySlot",
            details={"scheduled_time": later},
        )
    return reject(LIMIT_REACHED, instead)


def _late(move: Transition) -> Refusal | None:
    if move.after["name"] != "Late":
        return None
    if move.before["type"] != "SCHEDULED":
        return reject("Only scheduled flows can be marked late.")
    if move.before["name"] == "Late":
        return reject("This flow run is already marked late.")
    return None


def _pausing(move: Transition) -> Refusal | None:
    verb = "suspend" if move.after["name"] == "Suspended" else "pause"
    if move.before["type"] != "RUNNING":
        return reject(f"Cannot {verb} flows that are not currently running.")
    details = move.after["state_details"]
    if details["pause_key"] in (move.run["empirical_policy"]["pause_keys"] or ()):
        return reject(f"This {verb} has already fired.")
    if details["pause_reschedule"]:
        if move.run["parent_task_run_id"] is not None:
            return abort(f"Cannot {verb} subflows.")
        if move.run["deployment_id"] is None:
            return abort(f"Cannot {verb} flows without a deployment.")
    return None


def _resuming(move: Transition) -> Refusal | None:
    refusal = _not_resuming(move)
    return None if refusal is None else replace(refusal, resumes=True)


def _not_resuming(move: Transition) -> Refusal | None:
    before, target = MEMBER.format("PAUSED"), move.after["type"]
    name = move.after["name"].lower()
    if target in {"PENDING", "PAUSED"}:
        proposed = MEMBER.format(target)
        return reject(
            f"This run cannot transition to the {proposed} state from the {before} state."
        )
    if move.detail("pause_reschedule") and move.run["deployment_id"] is None:
        return reject(f"Cannot reschedule a {name} flow run without a deployment.")
    timeout = move.detail("pause_timeout")
    if target != "CANCELLING" and timeout is not None and timeout < move.store.now():
        message = f"The flow was {name} and never resumed."
        return reject(
            "The flow run pause has timed out and can no longer resume.",
            new_state(move.store, "FAILED", message=message),
        )
    return None


def _too_early(move: Transition) -> Refusal | None:
    planned = move.detail("scheduled_time")
    if planned is None:
        return None
    delay = planned - move.store.now()
    seconds = math.floor(delay.total_seconds()) + round(delay.microseconds / 1e6)
    if seconds <= 0:
        return None
    return Refusal("WAIT", "Scheduled time is in the future", delay_seconds=seconds)


def _retry(move: Transition) -> Refusal | None:
    policy = move.run["empirical_policy"]
    if policy["retries"] is None or move.run["run_count"] > policy["retries"]:
        return None
    later = move.store.now() + timedelta(seconds=policy["retry_delay"] or 0)
    instead = new_state(
        move.store,
        "SCHEDULED",
        name="AwaitingRetry",
        message=move.after["message"],
        details={"scheduled_time": later, LEASE: move.detail(LEASE)},
    )
    return reject("Retrying", {**instead, "data": move.after["data"]})


RESULT_KEPT: Final = (
    "Cannot overwrite a COMPLETED state that carries persisted result data with one that does not."
)
LIMIT_REACHED: Final = "Deployment concurrency limit reached."


@dataclass(frozen=True, slots=True)
class Rule:
    """When a decision is asked for, and the function that decides."""

    sources: frozenset[str]
    targets: frozenset[str]
    decide: Callable[[Transition], Refusal | None]


def _rule(
    sources: frozenset[str] | set[str],
    targets: frozenset[str] | set[str],
    decide: Callable[[Transition], Refusal | None],
) -> Rule:
    return Rule(frozenset(sources), frozenset(targets), decide)


RULES: Final = (
    _rule(ALL, ALL, _same_transition),
    _rule(TERMINAL_STATES, ALL, leaving_the_end),
    _rule({"CANCELLING"}, ALL - {"CANCELLED"}, _cancelling),
    _rule({"SCHEDULED", "PAUSED"}, {"CANCELLING"}, _nothing_to_cancel),
    _rule({"PENDING", "CANCELLING", "RUNNING", "CANCELLED"}, {"PENDING"}, _pending_twice),
    _rule({"PENDING"}, {"RUNNING"}, _slot_kept),
    _rule(ALL - limit_slots.HOLDING, {"PENDING"}, _slot_needed),
    _rule(ALL, {"SCHEDULED"}, _late),
    _rule(ALL, {"PAUSED"}, _pausing),
    _rule({"PAUSED"}, ALL, _resuming),
    _rule({"SCHEDULED", "PENDING"}, {"RUNNING"}, _too_early),
    _rule({"RUNNING"}, {"FAILED"}, _retry),
)
"""The rules of an ordinary proposal."""

FORCED_RULES: Final = (
    _rule({"COMPLETED"}, {"COMPLETED"}, _losing_a_result),
    _rule({"SCHEDULED", "PAUSED"}, {"CANCELLING"}, _nothing_to_cancel),
)
"""What even force does not override."""
