"""Walks around what is done to several at once: one that fails is no reason to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contract_tests.asking.actor import CREATED, FAR, NOBODY, NOT_FOUND, OK, Actor, ids, value_of
from contract_tests.lifecycle import judges
from contract_tests.lifecycle.existence import check_gone
from contract_tests.lifecycle.walks_runs import STRICT, count_runs, scheduled

if TYPE_CHECKING:
    from contract_tests.asking.actor import Record

_UNFIT: Final = 1  # the place of the item that cannot be made


@judges("bulk-delete", "create", "delete-runs", "gone", "read")
def walk_bulk_delete(actor: Actor) -> None:
    """Bulk deletion deletes what matches and no more than asked for."""
    if not actor.has("bulk_delete_deployments"):
        actor.session.leave_out("bulk_delete_deployments is not in this version")
        return
    flow = actor.flow()
    doomed = [actor.deployment(flow) for _ in range(3)]
    safe = actor.deployment(flow)
    waits = actor.call(
        "create_flow_run_from_deployment", id=doomed[0]["id"], json={"state": scheduled(FAR)}
    )
    waiting = actor.made(waits, "creating a flow run")["id"]
    rule = "lifecycle.bulk-delete"
    # What is not there comes first: it is no reason to stop.
    chosen: Any = {"deployments": {"id": {"any_": [NOBODY, *ids(doomed)]}}}
    for limit, left in ((2, 2), (50, 1)):
        answer = actor.call("bulk_delete_deployments", json={**chosen, "limit": limit})
        if not actor.status(answer, OK, rule=rule, when="deleting in bulk"):
            return
        deleted = (value_of(answer) or {}).get("deleted", [])
        number, counting = actor.count(
            "count_deployments", {"flows": {"id": {"any_": [flow["id"]]}}}
        )
        actor.expect(
            number in (left, None),
            rule,
            counting,
            "bulk deletion leaves a wrong number",
            expected=left,
            got=number,
            after=answer,
        )
        actor.expect(
            isinstance(deleted, list)
            and set(deleted) <= set(ids(doomed))
            and len(deleted) == (2 if limit == 2 else 1),  # noqa: PLR2004 - of three
            rule,
            answer,
            "what is told to be deleted is not what was",
            expected=f"{3 - left} of {ids(doomed)}",
            got=deleted,
        )
    for one in doomed:
        check = actor.call("read_deployment", id=one["id"])
        actor.status(check, NOT_FOUND, rule="lifecycle.gone", when="reading after a bulk deletion")
    run = actor.call("read_flow_run", id=waiting)
    actor.expect(
        run.status == NOT_FOUND,
        "lifecycle.delete-runs",
        run,
        "a run that waits to start outlives a bulk deletion",
        expected=NOT_FOUND,
        got=run.status,
        after=answer,
    )
    check_gone(actor, flow, doomed[0], answer)
    actor.read(safe["id"])


@judges("bulk-delete", "create")
def walk_bulk_delete_chosen(actor: Actor) -> None:
    """Bulk deletion minds all that its filter says, and not the ids alone."""
    if not actor.has("bulk_delete_deployments"):
        actor.session.leave_out("bulk_delete_deployments is not in this version")
        return
    flow = actor.flow()
    one, two, three, four = (
        actor.deployment(flow, tags=tags, paused=paused)
        for tags, paused in ((["x"], False), (["y"], False), (["x", "y"], False), (["x"], True))
    )
    all_, second = ids((one, two, three, four)), {"any_": [two["name"]]}
    # Whatever a server makes of the rest, it is held to ours by ids or names that nobody else has.
    steps: tuple[tuple[Record, list[Record]], ...] = (
        ({"id": {"any_": all_, "not_any_": all_[:1]}, "tags": {"all_": ["x", "y"]}}, [three]),
        ({"id": {"any_": all_}, "name": second, "tags": {"any_": ["x"]}}, []),
        ({"id": {"any_": all_, "not_any_": all_[1:]}, "paused": {"eq_": True}}, []),
        ({"id": {"any_": all_}, "paused": {"eq_": True}}, [four]),
        (
            {"operator": "or_", "id": {"any_": all_[:1]}, "name": {"any_": [two["name"]]}},
            [one, two],
        ),
    )
    rule = "lifecycle.bulk-delete"
    for chosen, due in steps:
        answer = actor.call("bulk_delete_deployments", json={"deployments": chosen})
        if not actor.status(answer, OK, rule=rule, when="deleting in bulk"):
            return
        deleted = (value_of(answer) or {}).get("deleted")
        actor.expect(
            isinstance(deleted, list) and sorted(map(str, deleted)) == sorted(ids(due)),
            rule,
            answer,
            "bulk deletion deletes others than those that match",
            expected=ids(due),
            got=deleted,
            cause=f"bulk deletion by {', '.join(chosen)}",
        )


@judges("bulk-runs", "create")
def walk_bulk_runs(actor: Actor) -> None:
    """Bulk creation makes a run for each item, also where another one cannot be made."""
    operation = "bulk_create_flow_runs_from_deployment"
    if not actor.has(operation):
        actor.session.leave_out(f"{operation} is not in this version")
        return
    owner = actor.deployment(
        actor.flow(),
        tags=["base"],
        parameter_openapi_schema=STRICT,
        enforce_parameter_schema=True,
        parameters={"y": "text"},
    )
    names = [actor.name("run") for _ in range(4)]
    sent: list[Record] = [
        {"name": name, "tags": [f"t{i}"], "state": scheduled(FAR)} for i, name in enumerate(names)
    ]
    sent[_UNFIT]["parameters"] = {"y": 5}
    rule = "lifecycle.bulk-runs"
    answer = actor.call(operation, id=owner["id"], json=sent)
    if not actor.status(answer, OK, CREATED, rule=rule, when="creating runs in bulk"):
        return
    results = (value_of(answer) or {}).get("results", [])
    actor.expect(
        len(results) == len(sent),
        rule,
        answer,
        "not as many results as items",
        expected=len(sent),
        got=len(results),
    )
    told = [result.get("status") for result in results if isinstance(result, dict)]
    actor.expect(
        told == ["FAILED" if i == _UNFIT else "CREATED" for i in range(len(sent))],
        rule,
        answer,
        "what is told to have become of the items is not what became of them",
        expected="CREATED, but for the second, whose parameters break the schema: FAILED",
        got=told,
    )
    count_runs(actor, owner, len(sent) - 1, rule, answer)
    for i, (name, result) in enumerate(zip(names, results, strict=False)):
        if i == _UNFIT:
            continue
        reading = actor.call("read_flow_run", id=str(result.get("flow_run_id")))
        run = value_of(reading) or {}
        actor.compare(
            rule,
            reading,
            {"name": name, "deployment_id": owner["id"], "next_scheduled_start_time": FAR},
            run,
            "a run of a bulk is not as asked for",
            after=answer,
        )
        actor.expect(
            set(run.get("tags") or ()) == {"base", f"t{i}"},
            rule,
            reading,
            "a run of a bulk has other tags",
            expected=["base", f"t{i}"],
            got=run.get("tags"),
            after=answer,
        )
    unknown = actor.call(operation, id=NOBODY, json=sent)
    actor.status(unknown, NOT_FOUND, rule=rule, when="runs in bulk of an unknown deployment")
