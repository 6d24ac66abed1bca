"""Checks of a flow run as it is read: as it was made, and as its creation answered."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from contract_tests.findings import MISSING, Violation
from contract_tests.rules.rows import differs, is_as, is_equal
from contract_tests.rules.rows import expected as expected_deployment
from contract_tests.spec.version import spec_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from contract_tests.data.dataset import DataSet
    from contract_tests.running.session import Session
    from contract_tests.transport.exchange import Exchange

Record = dict[str, Any]
CREATE: Final = "create_flow_run_from_deployment"
PLAN: Final = "schedule_deployment"

# What a run is that was created without a word on it.
DEFAULTS: Final[Mapping[str, Any]] = {
    "parameters": {},
    "context": {},
    "job_variables": {},
    "idempotency_key": None,
    "parent_task_run_id": None,
    "flow_version": None,
}
TERMINAL: Final = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
STARTED: Final = TERMINAL | {"RUNNING"}
_TIMES: Final = ("expected_start_time", "next_scheduled_start_time")
# What a server adds keys to.
_GROWS: Final = frozenset({"created_by", "empirical_policy", "state"})
# Told as of now, or of no meaning for what was made: another server may draw them anew.
_FLEETING: Final = frozenset({"estimated_run_time", "estimated_start_time_delta", "updated"})
_AUTO: Final = "auto-scheduled"


def check(session: Session) -> None:
    """Hold each run of the data set against the request that made it, and against its answer.

    Nothing is asked: the runs were read when the data set was made.

    Raises:
        ExceptionGroup: of violations of `rows.run`, `rows.run-answer` or `rows.planned`.
    """
    found: list[Violation] = []
    known = spec_for(session.target.version).properties("FlowRunResponse")
    for row in session.dataset.flow_runs:
        for rule, told, exchange, wanted in _wanted(session.dataset, row):
            operation = PLAN if rule == "rows.planned" else CREATE
            otherwise = partial(differs, session, operation, exchange, rule=rule)
            for key, right in wanted.items():
                got = row.get(key, MISSING)
                if key not in known or _holds(key, got, right):
                    continue
                try:
                    about = f"`{key}` of a run is read other than {told}"
                    about = about if key in row else f"`{key}` of a run is missing"
                    session.judge(otherwise(about=about, right=right, got=got))
                except Violation as violation:
                    found.append(violation)
    if found:
        raise ExceptionGroup("runs", found)


def _wanted(data: DataSet, row: Record) -> Iterator[tuple[str, str, Exchange, Record]]:
    """Rule, words, the request that made the run, and what must be read of the run."""
    owner = str(row.get("deployment_id"))
    if owner not in data.sent:
        return
    flow = next((f for f in data.flows if f["id"] == data.sent[owner]["flow_id"]), {})
    later = data.later.get(owner, ())
    if row["id"] in data.made_by:
        made_by = data.made_by[row["id"]]
        # Runs are made when deployments have been created again, and not been updated yet.
        before = [step for step in later if step[0] == "create_deployment"]
        deployment = {"id": owner, **expected_deployment(data.sent[owner], before, flow)}
        wanted = expected(made_by.sent_json(), deployment)
        yield "rows.run", "asked for", made_by, wanted
        answered = {k: v for k, v in made_by.json().items() if k not in _FLEETING}
        yield "rows.run-answer", "its creation answered", made_by, answered
    elif row.get("auto_scheduled") and owner in data.made_by:
        deployment = {"id": owner, **expected_deployment(data.sent[owner], later, flow)}
        wanted = planned(row, deployment)
        yield "rows.planned", "its schedule and deployment say", data.made_by[owner], wanted


def expected(sent: Record, owner: Record) -> Record:
    """What must be read of a run, as far as the request and its deployment say it.

    Args:
        sent: the body that created it.
        owner: the deployment as it was then.
    """
    plain = ("name", "idempotency_key", "context", "parent_task_run_id", "empirical_policy")
    wanted = {**DEFAULTS, **{key: sent[key] for key in (*plain, "job_variables") if key in sent}}
    wanted |= _inherited(owner)
    wanted["parameters"] = {**owner["parameters"], **sent.get("parameters", {})}
    wanted["tags"] = [*owner["tags"], *sent.get("tags", ())]
    wanted["labels"] = {**wanted["labels"], **sent.get("labels", {})}
    wanted["auto_scheduled"] = False
    if sent.get("work_queue_name"):
        wanted["work_queue_name"] = sent["work_queue_name"]
    return wanted | _of_state(sent.get("state", {"type": "SCHEDULED"}))


def planned(row: Record, owner: Record) -> Record:
    """What must be read of a run that a schedule made, if its deployment has but one schedule.

    Args:
        row: the run; tells when it is planned for.
        owner: the deployment.
    """
    schedules = owner["schedules"]
    if len(schedules) != 1:
        return {}
    (schedule,) = schedules
    return {
        **_inherited(owner),
        "parameters": {**owner["parameters"], **schedule.get("parameters", {})},
        "tags": [_AUTO, *owner["tags"]],
        "auto_scheduled": True,
        "created_by": {"type": "SCHEDULE"},
        "job_variables": {},
        **_of_state({"type": "SCHEDULED"}),
        "next_scheduled_start_time": row.get("expected_start_time"),
    }


def _inherited(owner: Record) -> Record:
    return {
        "deployment_id": owner["id"],
        "flow_id": owner["flow_id"],
        "deployment_version": owner["version"],
        "work_pool_name": owner.get("work_pool_name"),
        "work_queue_name": owner.get("work_queue_name"),
        # The server's own prevail over those of the deployment; those of a request over all.
        "labels": {
            **owner["labels"],
            "prefect.flow.id": owner["flow_id"],
            "prefect.deployment.id": owner["id"],
        },
    }


def _of_state(state: Record) -> Record:
    kind = state["type"]
    name = state.get("name") or kind.capitalize()
    told = {"type": kind, "name": name, "message": state.get("message")}
    wanted: Record = {"state_type": kind, "state_name": name}
    if "message" in state or "name" in state:
        wanted["state"] = told if "message" in state else {"type": kind, "name": name}
    wanted["start_time"] = _SOME if kind in STARTED else None
    wanted["end_time"] = _SOME if kind in TERMINAL else None
    when = state.get("state_details", {}).get("scheduled_time")
    if kind != "SCHEDULED":
        wanted["next_scheduled_start_time"] = None
    elif when is not None:
        wanted |= dict.fromkeys(_TIMES, when)
    if kind == "RUNNING":
        wanted["run_count"] = 1
    return wanted


_SOME: Final = "any time"


def _holds(key: str, got: Any, right: Any) -> bool:
    if key.endswith("_time"):
        return (right is _SOME and got is not None) or _moment(got) == _moment(right)
    if key == "tags":
        # Together, without repetition, in any order.
        return isinstance(got, list) and sorted(map(str, got)) == sorted(set(map(str, right)))
    return is_as(got, right) if key in _GROWS else is_equal(got, right)


def _moment(value: Any) -> Any:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
