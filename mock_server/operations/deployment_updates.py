"""The operation that changes a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_server.operations.parts import deployment_records, emitted_events, pools_and_queues
from mock_server.operations.parts.parameter_checks import (
    check_job_variables_of_update,
    check_parameters_of_update,
    hydrated_for_deployment,
)
from mock_server.operations.parts.records_and_bodies import NO_CONTENT, by_id, found, sent, touch
from mock_server.operations.parts.schedule_plan import plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.call import Call, Reply
    from mock_server.store import Store

NOT_FOUND: Final = "Deployment not found."
STORED: Final = (
    *("version", "description", "paused", "parameters", "tags", "concurrency_options"),
    *("job_variables", "work_queue_name", "path", "entrypoint", "pull_steps"),
    *("parameter_openapi_schema", "enforce_parameter_schema"),
    *("storage_document_id", "infrastructure_document_id"),
)


def update_deployment(call: Call) -> Reply:
    """Change the fields that the body names; every update deletes the planned future runs."""
    store, body = call.store, sent(call)
    deployment = by_id(call, "deployments", NOT_FOUND)
    identity = deployment["id"]
    schedules = plan(store, identity, call.full["schedules"] if "schedules" in body else None)
    if body.get("work_pool_name"):
        pool = pools_and_queues.pool_named(store, body["work_pool_name"])
        check_job_variables_of_update(pool, body.get("job_variables"))
    fields = _stored(call)
    if fields.get("parameters") is not None:
        fields["parameters"] = hydrated_for_deployment(store, fields["parameters"])
    check_parameters_of_update(deployment, fields)
    if "global_concurrency_limit_id" in body:
        limit = body["global_concurrency_limit_id"]
        if limit:
            found(store.get("concurrency_limits", limit), "Concurrency limit not found")
        fields["concurrency_limit_id"] = limit
    fields |= _place(store, body)
    touch(store, "deployments", identity, **fields)
    deployment_records.delete_planned_runs(store, identity, auto_only=True, future_only=True)
    schedules.apply(store, identity)
    # A limit of its own is no change of the deployment that anybody is told.
    emitted_events.deployment_update(
        store, deployment, store.tables["deployments"].records[identity]
    )
    if "concurrency_limit" in body:
        deployment_records.set_limit(store, identity, body["concurrency_limit"])
    return NO_CONTENT


def _stored(call: Call) -> dict[str, Any]:
    body = sent(call)
    fields = deployment_records.with_parameter_schema(
        {key: body[key] for key in STORED if key in body}
    )
    if fields.get("job_variables", ...) is None:
        # A null changes nothing, where other fields would refuse it.
        del fields["job_variables"]
    if fields.get("concurrency_options") is not None:
        fields["concurrency_options"] = deployment_records.options(call.full["concurrency_options"])
    return fields


def _place(store: Store, body: Mapping[str, Any]) -> dict[str, Any]:
    pool_name, queue_name = body.get("work_pool_name"), body.get("work_queue_name")
    if pool_name or (queue_name and "work_pool_name" not in body):
        return {"work_queue_id": pools_and_queues.place(store, pool_name, queue_name)}
    if "work_pool_name" in body and pool_name is None:
        # Taken off its pool; the name of the queue stays behind.
        return {"work_queue_id": None}
    if queue_name:
        return {"work_queue_id": pools_and_queues.agent_queue(store, queue_name)["id"]}
    return {}
