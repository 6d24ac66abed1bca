"""Walks around deletions: what is gone, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract_tests.asking.actor import (
    CREATED,
    NO_CONTENT,
    NOT_FOUND,
    Actor,
    schedule,
    value_of,
)
from contract_tests.lifecycle import judges
from contract_tests.lifecycle.existence import check_gone
from contract_tests.lifecycle.walks_deployments import count_is, same_as

if TYPE_CHECKING:
    from contract_tests.asking.actor import Record


@judges("bystander", "create", "delete", "gone")
def walk_delete(actor: Actor) -> None:
    """What is deleted is gone, everywhere, and nothing else is."""
    flow = actor.flow()
    lost = {"description": "lost", "tags": ["lost"], "concurrency_limit": 1}
    sent = actor.fit("DeploymentCreate", {**lost, "schedules": [schedule(active=False)]})
    doomed = actor.deployment(flow, **sent)
    neighbour = actor.deployment(flow, schedules=[schedule(active=False)])
    like_it = actor.deployment(actor.flow(), name=doomed["name"])
    # Others may delete theirs meanwhile: only what this run made is counted.
    ours = {"like_": actor.session.prefix}
    rest: Record = {"deployments": {"id": {"not_any_": [doomed["id"]]}, "name": ours}}
    before, _ = actor.count("count_deployments", rest)
    answer = actor.call("delete_deployment", id=doomed["id"])
    actor.status(answer, NO_CONTENT, rule="lifecycle.delete", when="deleting a deployment")
    after, counting = actor.count("count_deployments", rest)
    actor.expect(
        before is None or after is None or after >= before,
        "lifecycle.bystander",
        counting,
        "deleting one deployment takes away others",
        expected=before,
        got=after,
        after=answer,
    )
    check_gone(actor, flow, doomed, answer)
    limit = (doomed.get("global_concurrency_limit") or {}).get("id")
    if limit:
        told = actor.call("read_concurrency_limit_v2", id_or_name=limit)
        when = "reading the limit of a deleted deployment"
        actor.status(told, NOT_FOUND, rule="lifecycle.gone", when=when)
    for one in (neighbour, like_it):
        same_as(actor, one, "delete_deployment", answer)
    count_is(actor, flow, 1, "lifecycle.delete", answer)
    again = actor.post_deployment(flow, name=doomed["name"])
    actor.status(
        again, CREATED, rule="lifecycle.delete", when="creating a deleted deployment again"
    )
    body = value_of(again)
    if isinstance(body, dict):
        actor.expect(
            body.get("id") != doomed["id"],
            "lifecycle.delete",
            again,
            "an id is given out twice",
            expected="a new id",
            got=body.get("id"),
            after=answer,
        )
        anew: Record = {"description": None, "tags": [], "schedules": []}
        actor.compare("lifecycle.delete", again, anew, body, "what was deleted is back")
