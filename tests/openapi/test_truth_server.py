"""A real server takes and refuses what the request schemas say, constraint by constraint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.cases.constraint_breaking import Breaker, dotted
from contract_tests.spec.contract import lookup
from tests.openapi.truth import SPEC, Truth, constraints

if TYPE_CHECKING:
    from collections.abc import Iterator

WITH_BODY = {id_: found for id_, found in SPEC.contracts.items() if found.body_pointer is not None}
CORE = [id_ for id_, found in WITH_BODY.items() if "Deployments" in found.definition["tags"]]
SUPPORTING = [id_ for id_ in WITH_BODY if id_ not in CORE]
FILTERS = frozenset(
    {"flows", "flow_runs", "task_runs", "deployments", "work_pools", "work_pool_queues"}
)
RUN_FIELDS = frozenset(WITH_BODY["create_flow_run_from_deployment"].body_schema["properties"])
# Their schemas are those of another operation; `make proof` asks both.
ASKED_ELSEWHERE = {
    "read_deployments": FILTERS,
    "paginate_deployments": FILTERS,
    "bulk_create_flow_runs_from_deployment": RUN_FIELDS,
}
# It deletes what it finds, and other tests have their data on the same server.
HARMFUL = {"bulk_delete_deployments"}

# Constraints without a body that breaks nothing but them, and why. The edges of the core schemas
# that are chosen by hand (test_core_spec_server.py) have those of numbers.
WITHOUT_BREACH = {
    "maximum": "where it is the largest number that can be stored, a server fails instead",
    "minimum": "of an interval: zero breaks it, the next number above may be rounded",
    "required": "of one of several shapes: without it the value may be of another shape",
    "minItems": "of a pair: an empty list is sent as a value of the wrong type already",
    "multipleOf": "of whole numbers that may be written as text",
    "type": "of one of several shapes that take any value together",
    "enum": "of one of several shapes that take any value together",
}


@pytest.fixture(scope="module")
def truth(real_server: str) -> Iterator[Truth]:
    asking = Truth(real_server)
    yield asking
    asking.close()


@pytest.fixture(scope="module")
def own_truth(own_real_server: str) -> Iterator[Truth]:
    asking = Truth(own_real_server)
    yield asking
    asking.close()


@pytest.mark.parametrize("operation", WITH_BODY)
def test_each_constraint_has_a_body_that_breaks_it(operation: str) -> None:
    contract = WITH_BODY[operation]
    schema: Any = lookup(SPEC.view, contract.body_pointer or "")
    hints = {"flow_id": "x", "schedule": {"interval": 3600}, "name": "x", "deployment_ids": []}
    broken = {(case.path, case.keyword) for case in Breaker(SPEC.readings, hints).breaches(schema)}
    missing = {
        f"{dotted(path)}: {keyword}"
        for path, keyword in constraints(contract)
        if (path, keyword) not in broken and keyword not in WITHOUT_BREACH
    }
    assert missing == set()


@pytest.mark.parametrize("operation", [id_ for id_ in CORE if id_ not in HARMFUL])
def test_a_core_operation_takes_and_refuses_as_its_schema_says(
    truth: Truth, operation: str
) -> None:
    without = ASKED_ELSEWHERE.get(operation, frozenset())
    found = truth.disagreements(WITH_BODY[operation], every=False, without=without)
    assert "\n".join(map(str, found)) == ""


@pytest.mark.proof
@pytest.mark.parametrize("operation", [*CORE, *SUPPORTING])
def test_every_body_is_taken_and_refused_as_its_schema_says(
    own_truth: Truth, operation: str
) -> None:
    found = own_truth.disagreements(WITH_BODY[operation], every=operation in CORE)
    assert "\n".join(map(str, found)) == ""
