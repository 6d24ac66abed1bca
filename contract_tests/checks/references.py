"""Bodies that name what is not there: each is refused, with the status of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from contract_tests.asking.actor import CONFLICT, NOBODY, NOT_FOUND

if TYPE_CHECKING:
    from contract_tests.asking.actor import Actor
    from contract_tests.data.ground import Ground
    from contract_tests.spec.contract import Contract

_NO_POOL: Final = "no-such-pool-3f1d"


class Reference(NamedTuple):
    """A field that names something, and how it is refused that there is no such thing."""

    operation: str
    schema: str
    field: str
    what: str
    status: int
    value: Any = NOBODY


# In the order of their worth: a quick run asks the first of an operation only.
REFERENCES: Final[tuple[Reference, ...]] = (
    Reference("create_deployment", "DeploymentCreate", "flow_id", "flow", CONFLICT),
    Reference(
        "create_deployment", "DeploymentCreate", "work_pool_name", "work pool", NOT_FOUND, _NO_POOL
    ),
    Reference(
        "create_deployment",
        "DeploymentCreate",
        "global_concurrency_limit_id",
        "concurrency limit",
        NOT_FOUND,
    ),
    Reference("create_deployment", "DeploymentCreate", "storage_document_id", "block", CONFLICT),
    Reference(
        "create_deployment", "DeploymentCreate", "infrastructure_document_id", "block", CONFLICT
    ),
    Reference(
        "update_deployment",
        "DeploymentUpdate",
        "global_concurrency_limit_id",
        "concurrency limit",
        NOT_FOUND,
    ),
    Reference("update_deployment", "DeploymentUpdate", "storage_document_id", "block", CONFLICT),
    Reference(
        "update_deployment", "DeploymentUpdate", "infrastructure_document_id", "block", CONFLICT
    ),
    Reference(
        "create_flow_run_from_deployment",
        "DeploymentFlowRunCreate",
        "parent_task_run_id",
        "task run",
        CONFLICT,
    ),
)
OPERATIONS: Final = tuple(dict.fromkeys(reference.operation for reference in REFERENCES))


def send(actor: Actor, ground: Ground, contract: Contract) -> None:
    """Name what is not there, in each field of an operation's body that names something."""
    operation = contract.operation.id
    known = [
        reference
        for reference in REFERENCES
        if reference.operation == operation and actor.knows(reference.schema, reference.field)
    ]
    quick = actor.session.profile.name == "quick"
    for reference in known[:1] if quick else known:
        body: dict[str, Any] = {}
        if operation == "create_deployment":
            body = {"name": actor.name(), "flow_id": ground.shared("flows")["id"]}
        body[reference.field] = reference.value
        answer = actor.call(operation, json=body, at=ground.place(contract))
        actor.status(
            answer,
            reference.status,
            rule="refusal.unknown-reference",
            when=f"a {reference.what} that is not there, in {reference.field},",
        )
