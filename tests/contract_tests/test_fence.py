"""Whatever part of a bulk deletion's filter a server heeds, nothing is met."""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.asking.actor import NOBODY
from contract_tests.cases.constraint_breaking import Breaker
from contract_tests.checks.fence import BULK_DELETION, fenced
from contract_tests.spec.contract import lookup
from contract_tests.spec.version import spec_for

SPEC = spec_for(None)
SCHEMA = lookup(SPEC.view, SPEC.contracts[BULK_DELETION].body_pointer or "")
NOWHERE = {"any_": [NOBODY]}


@pytest.mark.parametrize(
    ("body", "safe"),
    [
        ({}, {"deployments": {"id": NOWHERE}}),
        ({"limit": 0}, {"limit": 0, "deployments": {"id": NOWHERE}}),
        (
            {"deployments": {"id": {"any_": [], "not_any_": []}, "operator": "and_"}},
            {"deployments": {"id": {"any_": [NOBODY], "not_any_": []}, "operator": "and_"}},
        ),
        (
            {"deployments": {"id": {"any_": ["x"]}}},
            {"deployments": {"id": {"any_": ["x"]}, "name": NOWHERE, "tags": NOWHERE}},
        ),
        (
            {"deployments": {"operator": "or_", "paused": {"eq_": True}}},
            {"deployments": {"operator": "or_", "id": NOWHERE}},
        ),
        (None, None),
        ([], None),
        ({"deployments": []}, None),
        # Broken in two places: the fence may mend one.
        (
            {"deployments": {"name": {"any_": 5}, "id": {"any_": 5}}},
            {"deployments": {"name": NOWHERE, "tags": NOWHERE, "id": {"any_": 5}}},
        ),
    ],
)
def test_a_fence(body: Any, safe: Any) -> None:
    assert fenced(SCHEMA, body, SPEC.readings) == safe


def test_every_body_keeps_its_verdict_and_nearly_every_constraint_can_be_tried() -> None:
    breaches = Breaker(SPEC.readings).breaches(SCHEMA)
    places = {(case.path, case.keyword) for case in breaches}
    kept = set()
    for case in breaches:
        safe = fenced(SCHEMA, case.body, SPEC.readings)
        if safe is not None:
            assert SPEC.readings.verdict(SCHEMA, safe) == "refuse"
            kept.add((case.path, case.keyword))
    assert {place for place in places - kept if len(place[0]) > 1} == set()
    assert (("limit",), "maximum") in kept
