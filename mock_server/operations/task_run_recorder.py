"""Task runs as clients tell of them: by events, one for each state that a task run enters.

A client runs tasks by itself and asks nobody; so what a server knows of them it has from these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from mock_server.edges import requests
from mock_server.errors import ApiError
from mock_server.operations.parts.event_filters import RESOURCE_ID, ROLE
from mock_server.operations.parts.states import STATE_DETAILS, default_name, utc
from mock_server.operations.task_runs import new_task_run
from mock_server.requests.formats import PlainTime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

KIND: Final = "prefect.task-run."
FLOW_RUN: Final = "prefect.flow-run."
ORCHESTRATION: Final = "prefect.orchestration"
TOLD: Final = (
    *("name", "task_key", "dynamic_key", "cache_key", "cache_expiration", "task_version"),
    *("empirical_policy", "tags", "labels", "task_inputs"),
)
STATE_TOLD: Final = ("type", "name", "message", "data", "state_details")
TIMES: Final = ("expected_start_time", "next_scheduled_start_time", "start_time", "end_time")
COUNTS: Final = ("run_count", "flow_run_run_count")
SPENT: Final = "total_run_time"
TIME: Final[TypeAdapter[Any]] = TypeAdapter(PlainTime | None)
COUNT: Final[TypeAdapter[Any]] = TypeAdapter(Annotated[int, Field(ge=0, le=2**63 - 1)])
SECONDS: Final[TypeAdapter[Any]] = TypeAdapter(Annotated[float, Field(allow_inf_nan=False)])


def record(store: Store, event: Record) -> None:
    """Bring the task run that an event tells of to the state that it tells.

    An event of something else is passed over, and so is one that is older than what is known, or
    that tells of no task run that there can be.
    """
    if not event["event"].startswith(KIND) or event["resource"].get(ORCHESTRATION) != "client":
        return
    try:
        told = _told(event)
    except (ApiError, ValidationError, AttributeError, KeyError, TypeError):
        return
    flow_run_id = told["flow_run_id"]
    if flow_run_id is not None and store.get("flow_runs", flow_run_id) is None:
        return
    known = _known(store, told)
    if known is None:
        store.insert("task_runs", {**new_task_run(store, told), **told, **_entered(event, told)})
    elif known["state"] is None or known["state"]["timestamp"] < event["occurred"]:
        changes = {**told, "id": known["id"]}
        changes |= _entered(event, changes)
        store.update("task_runs", known["id"], **changes, updated=store.now())


def _told(event: Record) -> dict[str, Any]:
    """What the event tells of the task run, as records have it; `state` is still as it was sent.

    Raises:
        ApiError: a task run cannot be so.
        ValidationError: it is none of a time or a number.
    """
    sent, state = event["payload"]["task_run"], event["payload"]["validated_state"]
    body: dict[str, Any] = {key: sent[key] for key in TOLD if key in sent}
    body["id"] = event["resource"][RESOURCE_ID].removeprefix(KIND)
    body["flow_run_id"] = _flow_run(event)
    body["state"] = {key: state[key] for key in STATE_TOLD if key in state}
    read: Mapping[str, Any] = requests().body("create_task_run", body).full
    told = {key: read[key] for key in body}
    for names, adapter in ((TIMES, TIME), (COUNTS, COUNT), ((SPENT,), SECONDS)):
        for name in names:
            if name in sent:
                told[name] = adapter.validate_python(sent[name])
    return told | {name: utc(told[name]) for name in TIMES if name in told}


def _flow_run(event: Record) -> str | None:
    for resource in event["related"]:
        if resource.get(ROLE) == "flow-run":
            return str(resource[RESOURCE_ID]).removeprefix(FLOW_RUN)
    return None


def _known(store: Store, told: Mapping[str, Any]) -> Record | None:
    """The task run that is there already: of this id, or of these keys in this flow run."""
    keys = {name: told[name] for name in ("flow_run_id", "task_key", "dynamic_key")}
    if keys["flow_run_id"] is None:
        return store.get("task_runs", told["id"])
    return store.find("task_runs", **keys) or store.get("task_runs", told["id"])


def _entered(event: Record, told: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that tell the state."""
    given = told["state"]
    sent = given.get("state_details") or {}
    details = {key: value for key, value in sent.items() if key in STATE_DETAILS}
    own = {"flow_run_id": told["flow_run_id"], "task_run_id": told["id"]}
    name = given.get("name")
    state = {
        "id": event["id"],
        "type": given["type"],
        "name": default_name(given["type"]) if name is None else name,
        "timestamp": event["occurred"],
        "message": given.get("message"),
        "data": given.get("data"),
        "state_details": {**STATE_DETAILS, **details, **own},
    }
    return {
        "state": state,
        "state_id": state["id"],
        "state_type": state["type"],
        "state_name": state["name"],
    }
