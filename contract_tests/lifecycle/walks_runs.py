"""Walks around runs: by hand, in bulk, polled by workers, and what a deletion leaves of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from contract_tests.asking.actor import (
    CONFLICT,
    CREATED,
    FAR,
    NO_CONTENT,
    NOBODY,
    NOT_FOUND,
    OK,
    Actor,
    ids,
    only,
    rows,
    steady,
    value_of,
)
from contract_tests.lifecycle import judges

if TYPE_CHECKING:
    from contract_tests.asking.actor import Record
    from contract_tests.transport.exchange import Exchange

_RUN = "lifecycle.flow-run"
STRICT: Final[Record] = {
    "type": "object",
    "properties": {"x": {"type": "integer"}, "y": {"type": "string"}},
    "required": ["y"],
}
"""A schema of parameters that `{"y": 5}` does not meet."""


@judges("create", "flow-run", "idempotency", "read")
def walk_flow_run(actor: Actor) -> None:
    """A run takes over what the deployment says and adds what the request says."""
    flow = actor.flow()
    owner = actor.deployment(
        flow, parameters={"x": 1, "y": "a"}, tags=["base", "both"], enforce_parameter_schema=False
    )
    body: Record = {
        "name": actor.name("run"),
        "parameters": {"y": "b", "z": None},
        "tags": ["both", "extra"],
        "idempotency_key": actor.name("key"),
        "context": {"k": "v"},
        "state": scheduled(FAR),
    }
    answer = actor.call("create_flow_run_from_deployment", id=owner["id"], json=body)
    actor.status(answer, CREATED, rule=_RUN, when="creating a flow run")
    run = actor.made(answer, "creating a flow run")
    want = {
        "name": body["name"],
        "deployment_id": owner["id"],
        "flow_id": flow["id"],
        "parameters": {"x": 1, "y": "b", "z": None},
        "idempotency_key": body["idempotency_key"],
        "context": {"k": "v"},
        "state_type": "SCHEDULED",
        "auto_scheduled": False,
    }
    actor.compare(_RUN, answer, want, run, "the run is not what was asked for")
    tags = run.get("tags")
    actor.expect(
        isinstance(tags, list) and sorted(tags) == ["base", "both", "extra"],
        _RUN,
        answer,
        "tags are not those of deployment and request together",
        expected=["base", "both", "extra"],
        got=tags,
    )
    reading = actor.call("read_flow_run", id=run["id"])
    if actor.status(reading, OK, rule=_RUN, when="reading a run that was made"):
        actor.compare(
            _RUN,
            reading,
            want,
            value_of(reading) or {},
            "the run is read otherwise",
            after=answer,
        )
    after, deployment = actor.read(owner["id"])
    actor.compare(
        _RUN,
        deployment,
        steady(owner),
        after,
        "creating a run changes the deployment",
        after=answer,
    )
    _idempotent(actor, owner, body, run, answer)
    bare = actor.call("create_flow_run_from_deployment", id=owner["id"], json={"name": ""})
    told = actor.made(bare, "creating a flow run")
    want = {
        "state_type": "SCHEDULED",
        "parameters": {"x": 1, "y": "a"},
        "idempotency_key": None,
        "context": {},
    }
    actor.compare(_RUN, bare, want, told, "the run is not what was asked for")
    actor.expect(
        bool(told.get("name")),
        _RUN,
        bare,
        "a run has no name",
        expected="any",
        got=told.get("name"),
    )
    unknown = actor.call("create_flow_run_from_deployment", id=NOBODY, json={})
    actor.status(unknown, NOT_FOUND, rule=_RUN, when="creating a run of an unknown deployment")


def _idempotent(actor: Actor, owner: Record, body: Record, run: Record, first: Exchange) -> None:
    again = actor.call(
        "create_flow_run_from_deployment",
        id=owner["id"],
        json={**body, "name": actor.name("again")},
    )
    rule = "lifecycle.idempotency"
    actor.status(again, OK, rule=rule, when="creating a run of a key that is in use")
    got = (value_of(again) or {}).get("id")
    actor.expect(
        got == run["id"],
        rule,
        again,
        "the same key makes another run",
        expected=run["id"],
        got=got,
        after=first,
    )
    count_runs(actor, owner, 1, rule, again)
    other = actor.call(
        "create_flow_run_from_deployment",
        id=owner["id"],
        json={"idempotency_key": actor.name("key"), "state": scheduled(FAR)},
    )
    actor.status(other, CREATED, rule=rule, when="creating a run of a new key")
    got = (value_of(other) or {}).get("id")
    actor.expect(
        got != run["id"],
        rule,
        other,
        "another key finds the first run",
        expected="a new run",
        got=got,
        after=first,
    )
    count_runs(actor, owner, 2, rule, other)


@judges("create", "parameters", "update")
def walk_parameters(actor: Actor) -> None:
    """Parameters are held to the deployment's schema, unless that is not enforced."""
    flow = actor.flow()
    strict, lenient = (
        actor.deployment(
            flow,
            parameters={"x": 1},
            parameter_openapi_schema=STRICT,
            enforce_parameter_schema=enforced,
        )
        for enforced in (False, False)
    )
    change = actor.call(
        "update_deployment", id=strict["id"], json={"enforce_parameter_schema": True}
    )
    if not actor.status(change, NO_CONTENT, rule="lifecycle.update", when="enforcing the schema"):
        return
    switched_off = actor.fit("DeploymentFlowRunCreate", {"enforce_parameter_schema": False})
    for owner, parameters, status, more in (
        (strict, {"y": "text"}, CREATED, {}),
        (strict, {"y": 5}, CONFLICT, {}),
        (strict, {}, CONFLICT, {}),
        (strict, {"y": 5}, CREATED if switched_off else CONFLICT, switched_off),
        (lenient, {"y": 5}, CREATED, {}),
    ):
        answer = actor.call(
            "create_flow_run_from_deployment",
            id=owner["id"],
            json={"parameters": parameters, "state": scheduled(FAR), **more},
        )
        actor.status(
            answer,
            status,
            rule="lifecycle.parameters",
            when=f"parameters {'of' if status == CREATED else 'against'} the schema",
        )
    count_runs(actor, strict, 2 if switched_off else 1, "lifecycle.parameters", answer)


@judges("create", "polling", "queues")
def walk_polling(actor: Actor) -> None:
    """Polling finds the scheduled runs of the deployments asked for, and no others."""
    flow = actor.flow()
    owner, neighbour = actor.deployment(flow), actor.deployment(flow)
    operation = "get_scheduled_flow_runs_for_deployments"
    runs: list[Record] = []
    # Times as they are made up: neither in order nor due, so that no server starts or marks them.
    for hours in (3, 1, 2):
        when = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
        answer = actor.call(
            "create_flow_run_from_deployment", id=owner["id"], json={"state": scheduled(when)}
        )
        runs.append(actor.made(answer, "creating a scheduled run"))
    for state in (scheduled(FAR), {"type": "COMPLETED"}):
        actor.call("create_flow_run_from_deployment", id=neighbour["id"], json={"state": state})
    late, early, middle = runs
    between = (datetime.now(UTC) + timedelta(hours=2.5)).isoformat()
    polls: tuple[tuple[Record, list[Record]], ...] = (
        ({}, [early, middle, late]),
        ({"limit": 2}, [early, middle]),
        ({"limit": 0}, []),
        ({"scheduled_before": between}, [early, middle]),
        ({"deployment_ids": [NOBODY]}, []),
    )
    for body, want in polls:
        answer = actor.call(operation, json={"deployment_ids": [owner["id"]], **body})
        if actor.status(answer, OK, rule="lifecycle.polling", when="polling"):
            actor.expect(
                ids(rows(answer)) == ids(want),
                "lifecycle.polling",
                answer,
                f"polling with {', '.join(body) or 'ids alone'} answers other runs",
                expected=ids(want),
                got=ids(rows(answer)),
            )
    answer = actor.call(operation, json={"deployment_ids": [neighbour["id"]]})
    actor.expect(
        answer.status != OK or len(rows(answer)) == 1,
        "lifecycle.polling",
        answer,
        "polling does not answer the scheduled runs alone",
        expected="one run",
        got=f"{len(rows(answer))} runs",
    )
    check = actor.call("work_queue_check_for_deployment", id=owner["id"])
    actor.status(check, OK, rule="lifecycle.queues", when="the work queue check")


@judges("bystander", "create", "delete", "delete-runs")
def walk_delete_runs(actor: Actor) -> None:
    """A deletion takes along what waits to start, and leaves what has run."""
    flow = actor.flow()
    doomed = actor.deployment(flow)
    neighbour = actor.deployment(flow)
    made = {}
    for owner, label, state in (
        (doomed, "waiting", scheduled(FAR)),
        (doomed, "done", {"type": "COMPLETED"}),
        (neighbour, "theirs", scheduled(FAR)),
    ):
        answer = actor.call(
            "create_flow_run_from_deployment", id=owner["id"], json={"state": state}
        )
        made[label] = actor.made(answer, "creating a flow run")["id"]
    deletion = actor.call("delete_deployment", id=doomed["id"])
    if not actor.status(
        deletion, NO_CONTENT, rule="lifecycle.delete", when="deleting a deployment with runs"
    ):
        return
    for label, status in (("waiting", NOT_FOUND), ("done", OK), ("theirs", OK)):
        answer = actor.call("read_flow_run", id=made[label])
        rule = "lifecycle.bystander" if label == "theirs" else "lifecycle.delete-runs"
        actor.expect(
            answer.status == status,
            rule,
            answer,
            f"after a deletion the run that is {label} answers {answer.status}",
            expected=status,
            got=answer.status,
            after=deletion,
        )


def scheduled(when: str) -> Record:
    """The state of a run that is to start at a time."""
    return {"type": "SCHEDULED", "state_details": {"scheduled_time": when}}


def count_runs(actor: Actor, owner: Record, want: int, rule: str, cause: Exchange) -> None:
    """Expect a deployment to have so many runs."""
    number, answer = actor.count("count_flow_runs", only(owner["id"]))
    actor.expect(
        number in (want, None),
        rule,
        answer,
        "the deployment has a wrong number of runs",
        expected=want,
        got=number,
        after=cause,
    )
