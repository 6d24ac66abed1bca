"""Operations on the schedules of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mock_server.call import Call, Reply
from mock_server.operations.parts import deployment_records, views
from mock_server.operations.parts.records_and_bodies import NO_CONTENT, by_id, found, touch
from mock_server.operations.parts.schedule_plan import changes

if TYPE_CHECKING:
    from mock_server.store.tables import Record

NO_DEPLOYMENT: Final = "Deployment not found."
NO_SCHEDULE: Final = "Schedule not found."


def read_deployment_schedules(call: Call) -> Reply:
    """The schedules of a deployment, the one that was written last first."""
    deployment = by_id(call, "deployments", NO_DEPLOYMENT)
    return Reply(200, views.schedules(call.store, deployment["id"]))


def create_deployment_schedules(call: Call) -> Reply:
    """Add schedules to a deployment; they are answered in the order of the request."""
    deployment = by_id(call, "deployments", NO_DEPLOYMENT)
    made = deployment_records.add_schedules(
        call.store, deployment["id"], call.full, keep_maximum=True
    )
    return Reply(201, [views.pick(record, views.SCHEDULE) for record in made])


def update_deployment_schedule(call: Call) -> Reply:
    """Change a schedule; a null changes nothing, but parameters not sent become `{}`."""
    schedule = _schedule(call)
    fields = changes(call.store, call.full)
    touch(call.store, "deployment_schedules", schedule["id"], **{"parameters": {}, **fields})
    owner = schedule["deployment_id"]
    deployment_records.delete_planned_runs(call.store, owner, auto_only=True, future_only=True)
    return NO_CONTENT


def delete_deployment_schedule(call: Call) -> Reply:
    """Delete a schedule and every planned run of its deployment that a schedule made."""
    schedule = _schedule(call)
    call.store.delete("deployment_schedules", schedule["id"])
    deployment_records.delete_planned_runs(call.store, schedule["deployment_id"], auto_only=True)
    return NO_CONTENT


def _schedule(call: Call) -> Record:
    deployment = by_id(call, "deployments", NO_DEPLOYMENT)
    schedule = by_id(call, "deployment_schedules", NO_SCHEDULE, "schedule_id")
    return found(schedule if schedule["deployment_id"] == deployment["id"] else None, NO_SCHEDULE)
