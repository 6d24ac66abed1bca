"""Each case of the YAML files, on the mock and on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.behaviours.steps import DIFFERENCES, cases

if TYPE_CHECKING:
    from tests.behaviours.steps import Play

FILES = [
    *("envelopes", "routing", "not_found", "bodies", "paging", "create", "update"),
    *("schedules", "runs", "polling", "pools", "supporting", "interface"),
]
CASES = {f"{name}: {case['it']}": case for name in FILES for case in cases(name)}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_behaviour(play: Play, case: dict[str, Any]) -> None:
    play.case(case)


def test_every_case_has_a_name_of_its_own() -> None:
    assert len(CASES) == sum(len(cases(name)) for name in FILES)


def test_every_deliberate_difference_is_tried() -> None:
    steps = [step for case in CASES.values() for step in case.get("steps", [case])]
    assert {step["differs"] for step in steps if "differs" in step} == DIFFERENCES.keys()
