"""Making flow runs, whoever asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_server.operations.parts.records_and_bodies import newborn
from mock_server.operations.parts.run_names import run_name
from mock_server.operations.parts.states import NO_STATE, enter, requested_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

POLICY: Final[Mapping[str, Any]] = {
    "max_retries": 0,
    "retry_delay_seconds": 0.0,
    "retries": None,
    "retry_delay": None,
    "pause_keys": [],
    "resuming": False,
    "retry_type": None,
}

OWN_FIELDS: Final[Mapping[str, Any]] = {
    "flow_id": None,
    "deployment_id": None,
    "deployment_version": None,
    "work_queue_id": None,
    "work_queue_name": None,
    "flow_version": None,
    "parameters": {},
    "idempotency_key": None,
    "context": {},
    "tags": [],
    "labels": {},
    "parent_task_run_id": None,
    "auto_scheduled": False,
    "infrastructure_document_id": None,
    "infrastructure_pid": None,
    "created_by": None,
    "job_variables": {},
}
"""What a flow run has of its own, and what it has when nobody says."""

NULL_AS_DEFAULT: Final = frozenset({"context", "parameters", "labels", "tags"})


def create(
    store: Store,
    fields: Mapping[str, Any],
    *,
    state: Mapping[str, Any] | None = None,
    default_state: str = "SCHEDULED",
    in_bulk: bool = False,
) -> tuple[Record, bool]:
    """Insert a flow run and let it enter its first state.

    Args:
        store: where to.
        fields: what the request and the deployment say of it.
        state: the state that the request describes.
        default_state: the type of its state when the request describes none.
        in_bulk: it is planned by a schedule: it is not named in its state, and its id tells
            when it was planned.

    Returns:
        The run, and whether it is new: a run of this flow with this idempotency key is
        answered as it is.
    """
    key = fields.get("idempotency_key")
    if key:
        existing = store.find("flow_runs", flow_id=fields["flow_id"], idempotency_key=key)
        if existing is not None:
            return existing, False
    if in_bulk:
        fields = {**fields, "id": fields.get("id") or store.new_ordered_id()}
    run = store.insert("flow_runs", new_run(store, fields))
    first = requested_state(store, state, default_state)
    return enter(store, "flow_runs", run, first, named=not in_bulk), True


def new_run(store: Store, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a flow run that is in no state yet."""
    own = {
        name: default
        if fields.get(name) is None and (name in NULL_AS_DEFAULT or name not in fields)
        else fields[name]
        for name, default in OWN_FIELDS.items()
    }
    if own["job_variables"] is None and not own["idempotency_key"]:
        # With a key the released server stores the null as it is.
        own["job_variables"] = {}
    return {
        **newborn(store, fields),
        "name": fields.get("name") or run_name(store.rng),
        **own,
        **NO_STATE,
        "empirical_policy": policy(fields.get("empirical_policy")),
    }


def policy(sent: Mapping[str, Any] | None) -> dict[str, Any]:
    """A run's policy with every key; a null that was sent stays one."""
    merged = {**POLICY, **(sent or {})}
    return {**merged, "retry_delay_seconds": float(merged["retry_delay_seconds"] or 0)}
