"""A proposed state of a flow run: judged by the rules, written, and accounted for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mock_server.errors import Conflict
from mock_server.operations.parts import limit_slots
from mock_server.operations.parts.client_version import takes_slots
from mock_server.operations.parts.states import enter, requested_state
from mock_server.operations.parts.transition_rules import (
    FORCED_RULES,
    LEASE,
    RULES,
    Refusal,
    Transition,
    leaving_the_end,
    slot_was_lost,
)
from mock_server.operations.parts.views import TERMINAL_STATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.version import Version

    from mock_server.store import Store
    from mock_server.store.tables import Record


NOBODY_TAKES_IT: Final = (
    "The run cannot give back the slot that it holds: the concurrency limit is not active, or has"
    " been deleted."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a proposal.

    Attributes:
        status: `ACCEPT`, `REJECT`, `WAIT` or `ABORT`.
        state: the state that the run is in, or None when nothing was written.
        reason: why it was not accepted.
        delay_seconds: how long to wait before proposing again.
        entered: whether the run has entered a state.
    """

    status: str
    state: Record | None = None
    reason: str | None = None
    delay_seconds: int | None = None
    entered: bool = False

    @property
    def http_status(self) -> int:
        """201 when a state was written, else 200."""
        return 201 if self.entered else 200

    def answer(self) -> dict[str, Any]:
        """The body that tells of it."""
        details: dict[str, Any] = {"type": f"{self.status.lower()}_details"}
        if self.status == "WAIT":
            details["delay_seconds"] = self.delay_seconds
        if self.status != "ACCEPT":
            details["reason"] = self.reason
        return {"state": self.state, "status": self.status, "details": details}


def propose(
    store: Store,
    run: Record,
    body: Mapping[str, Any],
    *,
    force: bool,
    client: Version | None = None,
) -> Outcome:
    """Judge a proposed state, and let the run enter it or what the rules put in its place.

    Args:
        store: the state of the server.
        run: the flow run.
        body: the state that the request describes.
        force: skip all rules but those that protect results and infrastructure.
        client: the release of Prefect's client that proposes it, if it is one.

    Raises:
        Conflict: the run would leave a slot that no limit takes back.
    """
    wanted = requested_state(store, body, "PENDING")
    before = run["state"]
    if before is None:
        enter(store, "flow_runs", run, wanted)
        return Outcome(
            "ACCEPT", store.tables["flow_runs"].records[run["id"]]["state"], entered=True
        )
    move = Transition(store, run, before, wanted, client)
    refusal = _judged(move, force=force)
    state = wanted if refusal is None else refusal.instead
    if state is None:
        assert refusal is not None  # noqa: S101 - what was not refused has a state
        if refusal.resumes:
            _change_policy(store, run, resuming=True)
        if refusal.undone and not _is_policy(
            run, _policy(move, wanted, accepted=True, force=force)
        ):
            store.update("flow_runs", run["id"], updated=store.tick_coarsely())
        return Outcome(refusal.status, before, refusal.reason, refusal.delay_seconds)
    entered = _enter(move, state, accepted=refusal is None, force=force)
    if refusal is not None and refusal.resumes:
        _change_policy(store, entered, resuming=True)
    if refusal is None:
        return Outcome("ACCEPT", entered["state"], entered=True)
    return Outcome(refusal.status, entered["state"], refusal.reason, entered=True)


def _judged(move: Transition, *, force: bool) -> Refusal | None:
    source, target = move.before["type"], move.after["type"]
    leaves = False
    for rule in FORCED_RULES if force else RULES:
        if source in rule.sources and target in rule.targets:
            refusal = rule.decide(move)
            if refusal is not None:
                return replace(refusal, undone=leaves)
            leaves |= rule.decide is leaving_the_end and _leaves_its_end(source, target)
    return None


def _enter(move: Transition, state: Record, *, accepted: bool, force: bool) -> Record:
    store, before = move.store, move.before
    policy = move.run["empirical_policy"]
    details = dict(state["state_details"])
    if not force:
        if state["type"] == "PENDING" and before["type"] in {"SCHEDULED", "PENDING"}:
            planned = before["state_details"]["scheduled_time"]
            details["scheduled_time"] = details["scheduled_time"] or planned
        if accepted:
            details[LEASE] = _lease(move, state)
    _change_policy(store, move.run, **_policy(move, state, accepted=accepted, force=force))
    leaves_its_end = not force and _leaves_its_end(before["type"], state["type"])
    run = enter(
        store,
        "flow_runs",
        store.tables["flow_runs"].records[move.run["id"]],
        {**state, "state_details": details},
        resuming=bool(policy["resuming"]) and not leaves_its_end,
    )
    _release(move, state, accepted=accepted)
    return run


def _lease(move: Transition, state: Record) -> str | None:
    """The lease of a run's slot: new with a slot just taken, else handed on from state to state."""
    kept: str | None = move.before["state_details"][LEASE]
    source, target = move.before["type"], state["type"]
    begins = (source, target) == ("PENDING", "RUNNING")
    if target == "PENDING" and source not in limit_slots.HOLDING:
        taken = not takes_slots(move.client)
    else:
        taken = begins and slot_was_lost(move)
    deployment = move.store.get("deployments", move.run["deployment_id"])
    limit = limit_slots.limit_of(move.store, deployment)
    if taken and limit is not None and deployment is not None:
        return limit_slots.lease(move.store, [limit], 1, limit_slots.lasts(deployment))
    sent: str | None = state["state_details"][LEASE]
    return kept if begins else sent or kept


def _leaves_its_end(source: str, target: str) -> bool:
    return source in TERMINAL_STATES and target not in TERMINAL_STATES


def _policy(move: Transition, state: Record, *, accepted: bool, force: bool) -> dict[str, Any]:
    """What a transition changes in the run's policy: its pauses, and how it is being retried."""
    source, target, wanted = move.before["type"], state["type"], move.after["type"]
    policy, changes = move.run["empirical_policy"], dict[str, Any]()
    # A run that was sent elsewhere than it wanted keeps the policy that it had.
    if not force and accepted and _leaves_its_end(source, target):
        changes |= {"resuming": False, "pause_keys": []}
        changes["retry_type"] = "reschedule" if target == "SCHEDULED" else None
    if not force and (source, wanted) == ("RUNNING", "FAILED"):
        if accepted:
            changes["retry_type"] = None
        else:
            changes |= {"resuming": False, "pause_keys": [], "retry_type": "in_process"}
    if not force and accepted and target == "PAUSED":
        key = state["state_details"]["pause_key"] or move.store.new_id()
        changes["pause_keys"] = [*(policy["pause_keys"] or ()), key]
    if target == "RUNNING" or target in TERMINAL_STATES:
        changes["resuming"] = False
    if not force and source == "PAUSED" and accepted:
        changes["resuming"] = True
    return changes


def _is_policy(run: Record, changes: Mapping[str, Any]) -> bool:
    return all(run["empirical_policy"][name] == value for name, value in changes.items())


def _change_policy(store: Store, run: Record, **changes: Any) -> None:
    if not _is_policy(run, changes):
        policy = {**run["empirical_policy"], **changes}
        store.update("flow_runs", run["id"], empirical_policy=policy, updated=store.tick_coarsely())


def _release(move: Transition, state: Record, *, accepted: bool) -> None:
    """Give back the slot of a run that leaves the states that hold one.

    Raises:
        Conflict: its limit takes none: it is not active, or has been deleted meanwhile.
    """
    if move.before["type"] not in limit_slots.HOLDING or state["type"] in limit_slots.HOLDING:
        return
    if not accepted and state["name"] == "AwaitingRetry":
        return
    store = move.store
    lease = store.get("leases", move.before["state_details"][LEASE])
    if lease is None:
        deployment = store.get("deployments", move.run["deployment_id"])
        own = None if deployment is None else deployment["concurrency_limit_id"]
        held = [] if own is None else [own]
    else:
        held = lease["limit_ids"]
    for identity in held:
        limit = store.get("concurrency_limits", identity)
        if limit is None or not limit["active"]:
            raise Conflict(NOBODY_TAKES_IT)
        limit_slots.give_back(store, limit)
    if lease is not None:
        store.delete("leases", lease["id"])
