"""Operations on flow runs."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson

from mock_server import query
from mock_server.call import Call, Reply
from mock_server.errors import ApiError, BadRequest
from mock_server.operations.parts import (
    limit_slots,
    new_flow_runs,
    pools_and_queues,
    run_inputs,
    views,
)
from mock_server.operations.parts.client_version import client_version, renews_leases
from mock_server.operations.parts.orchestration import Outcome, propose
from mock_server.operations.parts.parameter_checks import check_job_variables_of_run
from mock_server.operations.parts.records_and_bodies import NO_CONTENT, by_id, full, sent, touch
from mock_server.operations.parts.run_creator import creator
from mock_server.operations.parts.run_names import run_name
from mock_server.operations.parts.search import filters, page_of, search

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

NOT_FOUND: Final = "Flow run not found"
GOING_ON: Final = ("RUNNING", "CANCELLING")


def create_flow_run(call: Call) -> Reply:
    """Make a run of a flow: 201, or 200 with the one that has this idempotency key."""
    store, request, body = call.store, full(call), sent(call)
    queue_id = None
    if request.get("work_pool_name"):
        queue_id = _queue(store, request)
    fields = {
        "job_variables": None,
        **request,
        "empirical_policy": body.get("empirical_policy"),
        "work_queue_id": queue_id,
        "labels": _labels(store, request),
        "created_by": creator(call),
    }
    run, created = new_flow_runs.create(
        store, fields, state=body.get("state"), default_state="PENDING"
    )
    shown = views.flow_run(store, run)
    return Reply(201, views.as_sent(shown, run)) if created else Reply(200, shown)


def _queue(store: Store, request: Mapping[str, Any]) -> str:
    pool, queue = request["work_pool_name"], request.get("work_queue_name")
    if queue:
        return str(pools_and_queues.queue_named(store, pool, queue)["id"])
    return str(pools_and_queues.pool_named(store, pool)["default_queue_id"])


def _labels(store: Store, request: Mapping[str, Any]) -> dict[str, Any]:
    flow = store.get("flows", request["flow_id"])
    inherited = {} if flow is None else flow["labels"] or {}
    system = {"prefect.flow.id": request["flow_id"]}
    deployment = store.get("deployments", request.get("deployment_id"))
    if deployment is not None:
        inherited = deployment["labels"] or {}
        # The deployment's flow, also where the run is one of another flow.
        system = {
            "prefect.flow.id": deployment["flow_id"],
            "prefect.deployment.id": deployment["id"],
        }
    return {**inherited, **system, **(request.get("labels") or {})}


def read_flow_run(call: Call) -> Reply:
    """One flow run by its id."""
    return Reply(200, views.flow_run(call.store, by_id(call, "flow_runs", NOT_FOUND)))


def update_flow_run(call: Call) -> Reply:
    """Change fields of a flow run; job variables only while it is planned."""
    store, body = call.store, dict(sent(call))
    run = by_id(call, "flow_runs", NOT_FOUND)
    if body.get("job_variables") is not None:
        _check_job_variables(store, run, body["job_variables"])
    if body.get("empirical_policy") is not None:
        body["empirical_policy"] = new_flow_runs.policy(body["empirical_policy"])
    if "name" in body and not body["name"]:
        body["name"] = run_name(store.rng)
    touch(store, "flow_runs", run["id"], **body)
    return NO_CONTENT


def _check_job_variables(store: Store, run: Record, variables: Mapping[str, Any]) -> None:
    if run["state_type"] != "SCHEDULED":
        raise BadRequest(
            f"Job variables for a flow run in state {run['state_type']} cannot be updated"
        )
    deployment = store.get("deployments", run["deployment_id"])
    if deployment is None:
        raise BadRequest("A deployment for the flow run could not be found")
    check_job_variables_of_run(store, deployment, variables, doing="updating")


def delete_flow_run(call: Call) -> Reply:
    """Delete a flow run with its task runs; the slot that it holds becomes free."""
    store, run = call.store, by_id(call, "flow_runs", NOT_FOUND)
    if run["state_type"] in limit_slots.HOLDING:
        limit = limit_slots.limit_of(store, store.get("deployments", run["deployment_id"]))
        if limit is not None:
            limit_slots.give_back(store, limit)
    store.delete("flow_runs", run["id"])
    return NO_CONTENT


def read_flow_runs(call: Call) -> Reply:
    """The flow runs that match, sorted, one stretch of them."""
    return search(call, "flow_runs", views.flow_run)


def paginate_flow_runs(call: Call) -> Reply:
    """One page of the flow runs that match."""
    return page_of(call, "flow_runs", views.flow_run)


def count_flow_runs(call: Call) -> Reply:
    """How many flow runs match."""
    return Reply(200, query.count(call.store.data(), "flow_runs", filters(call)))


def set_flow_run_state(call: Call) -> Reply:
    """Propose a state for a flow run, and tell what became of the proposal."""
    run = _run_to_move(call)
    force = bool(full(call).get("force"))
    client = client_version(call.headers)
    outcome = propose(call.store, run, sent(call)["state"], force=force, client=client)
    if outcome.status == "ACCEPT" and not force and not renews_leases(client):
        _keep_slot(call.store, run, outcome.state)
    return Reply(outcome.http_status, outcome.answer())


def _keep_slot(store: Store, run: Record, state: Record | None) -> None:
    """Let a run that nobody will renew a lease for have its slot until its end."""
    before = run["state"]
    if before and before["type"] == "PENDING" and state and state["type"] in GOING_ON:
        lease = before["state_details"]["deployment_concurrency_lease_id"]
        store.delete("leases", lease or "")


def _run_to_move(call: Call) -> Record:
    run = call.store.get("flow_runs", call.path["id"])
    if run is None:
        # A few operations word it unlike all others.
        message = f"Flow run with id {call.path['id']} not found"
        raise ApiError(HTTPStatus.NOT_FOUND, {"exception_message": message})
    return run


def resume_flow_run(call: Call) -> Reply:
    """Propose that a paused run goes on, in its process or, where that has ended, in a new one."""
    run = by_id(call, "flow_runs", NOT_FOUND)
    if run["state_type"] != "PAUSED":
        outcome = Outcome("ABORT", reason="Cannot resume a flow run that is not paused.")
        return Reply(outcome.http_status, outcome.answer())
    details = run["state"]["state_details"]
    keys, given = details["run_input_keyset"], dict[str, Any]()
    if keys:
        try:
            given = run_inputs.checked(call.store, run, full(call).get("run_input") or {})
        except run_inputs.InputRefusedError as error:
            answer = Outcome("REJECT", run["state"], str(error)).answer()
            return Reply(200, {**answer, "details": {**answer["details"], "type": "abort_details"}})
    state = {"type": "RUNNING"}
    if details["pause_reschedule"]:
        state = {"type": "SCHEDULED", "name": "Resuming"}
    client = client_version(call.headers)
    outcome = propose(call.store, run, state, force=False, client=client)
    if given and outcome.status == "ACCEPT":
        value = orjson.dumps(given).decode()
        run_inputs.keep(call.store, run["id"], key=keys["response"], value=value)
    return Reply(outcome.http_status, outcome.answer())


def update_flow_run_labels(call: Call) -> Reply:
    """Set some labels of a flow run."""
    run = _run_to_move(call)
    touch(call.store, "flow_runs", run["id"], labels={**(run["labels"] or {}), **sent(call)})
    return NO_CONTENT
