"""Operations on deployments: create, read, find, update, delete, pause and resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_server import query
from mock_server.call import Call, Reply
from mock_server.errors import Conflict
from mock_server.operations.parts import deployment_records, emitted_events, pools_and_queues, views
from mock_server.operations.parts.parameter_checks import check_job_variables
from mock_server.operations.parts.records_and_bodies import (
    NO_CONTENT,
    by_id,
    found,
    newborn,
    sent,
    touch,
)
from mock_server.operations.parts.search import filters, page_of, search

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

NOT_FOUND: Final = "Deployment not found"

DEFAULTS: Final[Mapping[str, Any]] = {
    "version": None,
    "description": None,
    "paused": False,
    "concurrency_limit_id": None,
    "concurrency_options": None,
    "job_variables": {},
    "parameters": {},
    "tags": [],
    "labels": {},
    "work_queue_name": None,
    "work_queue_id": None,
    "last_polled": None,
    "parameter_openapi_schema": {},
    "path": None,
    "pull_steps": [],
    "entrypoint": None,
    "storage_document_id": None,
    "infrastructure_document_id": None,
    "created_by": None,
    "updated_by": None,
    "status": "NOT_READY",
    "enforce_parameter_schema": True,
}
"""What a new deployment has where the request says nothing; not all of it is in the schema."""

STORED: Final = frozenset(DEFAULTS) - {"work_queue_id", "last_polled", "status", "labels"}
DOCUMENTS: Final = {
    "infrastructure_document_id": "infrastructure block",
    "storage_document_id": "storage block",
}


def create_deployment(call: Call) -> Reply:
    """Insert a deployment, or update the one of this flow with this name: 201 or 200."""
    store, body = call.store, sent(call)
    pool_name = body.get("work_pool_name")
    if pool_name and pool_name != pools_and_queues.DEFAULT_AGENT_POOL:
        check_job_variables(
            store, pools_and_queues.pool_named(store, pool_name), body.get("job_variables")
        )
    sent_fields = {key: value for key, value in body.items() if key in STORED}
    fields = deployment_records.with_parameter_schema(sent_fields)
    if "global_concurrency_limit_id" in body:
        fields["concurrency_limit_id"] = _shared_limit(store, body["global_concurrency_limit_id"])
    queue_id = pools_and_queues.place(store, pool_name, body.get("work_queue_name"))
    if queue_id is not None:
        fields["work_queue_id"] = queue_id
    _check_documents(store, body)
    fields["labels"] = deployment_records.labels(store, body["flow_id"], body.get("labels"))
    fields.setdefault("parameters", {})
    if "concurrency_options" in fields:
        fields["concurrency_options"] = deployment_records.options(call.full["concurrency_options"])
    existing = store.find("deployments", flow_id=body["flow_id"], name=body["name"])
    if existing is None:
        deployment = _insert(store, body, fields)
    else:
        deployment = store.update("deployments", existing["id"], **fields, updated=store.now())
        planned = existing["id"]
        deployment_records.delete_planned_runs(store, planned, auto_only=True, future_only=True)
        deployment_records.delete_schedules(store, planned)
    deployment_records.add_schedules(store, deployment["id"], call.full.get("schedules") or ())
    if "concurrency_limit" in body:
        deployment_records.set_limit(store, deployment["id"], body["concurrency_limit"])
    deployment = store.tables["deployments"].records[deployment["id"]]
    if existing is None:
        emitted_events.deployment(store, "created", deployment)
    else:
        emitted_events.deployment_update(store, existing, deployment)
    shown = views.deployment(store, deployment)
    return Reply(201 if existing is None else 200, shown)


def _insert(store: Store, body: Mapping[str, Any], fields: Mapping[str, Any]) -> Record:
    birth = newborn(store, body)
    names = {"name": body["name"], "flow_id": body["flow_id"]}
    return store.insert(
        "deployments", {**birth, **names, **DEFAULTS, **fields, "created": store.tick()}
    )


def _shared_limit(store: Store, identity: str | None) -> str | None:
    if identity:
        found(store.get("concurrency_limits", identity), "Concurrency limit not found")
    return identity


def _check_documents(store: Store, body: Mapping[str, Any]) -> None:
    for field, what in DOCUMENTS.items():
        identity = body.get(field)
        if identity is not None and store.get("block_documents", identity) is None:
            raise Conflict(
                f"Error creating deployment. Could not find {what} with id: {identity}. This"
                " usually occurs when applying a deployment specification that was built against"
                " a different Prefect database / workspace."
            )


def read_deployment(call: Call) -> Reply:
    """One deployment by its id."""
    return Reply(200, views.deployment(call.store, by_id(call, "deployments", NOT_FOUND)))


def read_deployment_by_name(call: Call) -> Reply:
    """One deployment by its flow's name and its own."""
    store = call.store
    flow = found(store.find("flows", name=call.path["flow_name"]), NOT_FOUND)
    deployment = store.find("deployments", flow_id=flow["id"], name=call.path["deployment_name"])
    return Reply(200, views.deployment(store, found(deployment, NOT_FOUND)))


def read_deployments(call: Call) -> Reply:
    """The deployments that match, sorted, one stretch of them."""
    return search(call, "deployments", views.deployment)


def paginate_deployments(call: Call) -> Reply:
    """One page of the deployments that match, with their count and the number of pages."""
    return page_of(call, "deployments", views.deployment)


def count_deployments(call: Call) -> Reply:
    """How many deployments match."""
    return Reply(200, query.count(call.store.data(), "deployments", filters(call)))


def delete_deployment(call: Call) -> Reply:
    """Delete a deployment and what is planned of it; its other runs stay."""
    deployment_records.delete_deployment(call.store, by_id(call, "deployments", NOT_FOUND)["id"])
    return NO_CONTENT


def bulk_delete_deployments(call: Call) -> Reply:
    """Delete the deployments that match, the first by name; the ids of those deleted, sorted."""
    store = call.store
    matching = query.select(
        store.data(), "deployments", filters(call, "deployments"), limit=call.full["limit"]
    )
    ids = sorted(record["id"] for record in matching)
    for identity in ids:
        deployment_records.delete_deployment(store, identity)
    return Reply(200, {"deleted": ids})


def pause_deployment(call: Call) -> Reply:
    """Pause a deployment and delete the runs that its schedules planned, past ones too."""
    deployment = by_id(call, "deployments", NOT_FOUND)
    if not deployment["paused"]:
        touch(call.store, "deployments", deployment["id"], paused=True)
    deployment_records.delete_planned_runs(call.store, deployment["id"], auto_only=True)
    return Reply(200, None)


def resume_deployment(call: Call) -> Reply:
    """Resume a deployment; planning runs again is left to the scheduler."""
    deployment = by_id(call, "deployments", NOT_FOUND)
    if deployment["paused"]:
        touch(call.store, "deployments", deployment["id"], paused=False)
    return Reply(200, None)


def work_queue_check_for_deployment(call: Call) -> Reply:
    """The work queues, of any pool, that do not restrict themselves to other deployments."""
    deployment = by_id(call, "deployments", NOT_FOUND)
    queues = [queue for queue in call.store.all("work_queues") if _takes(queue, deployment)]
    return Reply(200, [views.bare_work_queue(queue) for queue in queues])


def _takes(queue: Record, deployment: Record) -> bool:
    """Whether the filter of an old agent's queue, if it has one, lets a deployment through."""
    wanted = queue["filter"] or {}
    ids = wanted.get("deployment_ids")
    return set(wanted.get("tags") or ()) <= set(deployment["tags"]) and (
        not ids or deployment["id"] in ids
    )
