"""Whether a deployment is there, or gone: every operation that could tell is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract_tests.asking.actor import (
    NOT_FOUND,
    OK,
    Actor,
    ids,
    only,
    rows,
    steady,
    value_of,
)
from contract_tests.transport.target import UNSET

if TYPE_CHECKING:
    from contract_tests.asking.actor import Record
    from contract_tests.transport.exchange import Exchange


def check_gone(actor: Actor, flow: Record, gone: Record, deletion: Exchange) -> None:
    """Expect 404 of all operations that take the id, and that no search finds it."""
    for operation, body in (
        ("read_deployment", UNSET),
        ("delete_deployment", UNSET),
        ("update_deployment", {"description": "x"}),
        ("pause_deployment", UNSET),
        ("resume_deployment", UNSET),
        ("create_flow_run_from_deployment", {}),
        ("read_deployment_schedules", UNSET),
        ("work_queue_check_for_deployment", UNSET),
    ):
        answer = actor.call(operation, json=body, id=gone["id"])
        actor.status(
            answer, NOT_FOUND, rule="lifecycle.gone", when=f"{operation} of a deleted deployment"
        )
    by_name = actor.call(
        "read_deployment_by_name", flow_name=flow["name"], deployment_name=gone["name"]
    )
    actor.status(
        by_name, NOT_FOUND, rule="lifecycle.gone", when="reading a deleted deployment by name"
    )
    found = actor.call("read_deployments", json={**only(gone["id"]), "limit": 1})
    actor.expect(
        found.status != OK or not rows(found),
        "lifecycle.gone",
        found,
        "a deleted deployment is found",
        expected="[]",
        got=ids(rows(found)),
        after=deletion,
    )
    number, counting = actor.count("count_deployments", only(gone["id"]))
    actor.expect(
        number in (0, None),
        "lifecycle.gone",
        counting,
        "a deleted deployment is counted",
        expected=0,
        got=number,
        after=deletion,
    )


def check_found(actor: Actor, record: Record) -> None:
    """Expect filter, paginate and count to find a deployment, and to show it as it is read."""
    for criterion in (
        {"id": {"any_": [record["id"]]}},
        {"name": {"any_": [record["name"]]}},
    ):
        body = {"deployments": criterion, "flows": {"id": {"any_": [record["flow_id"]]}}}
        number, counting = actor.count("count_deployments", body)
        actor.expect(
            number in (1, None),
            "lifecycle.found",
            counting,
            "a deployment is not counted",
            expected=1,
            got=number,
        )
    answer = actor.call("read_deployments", json={**only(record["id"]), "limit": 2})
    found = rows(answer)
    if answer.status == OK and actor.expect(
        ids(found) == [record["id"]],
        "lifecycle.found",
        answer,
        "a deployment is not found",
        expected=[record["id"]],
        got=ids(found),
    ):
        actor.compare("lifecycle.read", answer, steady(record), found[0], "found otherwise")
    page = actor.call("paginate_deployments", json={**only(record["id"]), "limit": 2})
    shown = (value_of(page) or {}).get("results", []) if page.status == OK else [record]
    if actor.expect(
        ids(shown) == [record["id"]],
        "lifecycle.found",
        page,
        "a deployment is not on its page",
        expected=[record["id"]],
        got=ids(shown),
    ):
        actor.compare("lifecycle.read", page, steady(record), shown[0], "paginated otherwise")
