"""The data set can tell right from wrong, and the cases that are made of it do."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, find, given, settings

from contract_tests.cases.generators import alone, crowds, filters, join, pairs, together
from contract_tests.data.vocabulary import Vocabulary
from contract_tests.rules import laws
from contract_tests.spec.criteria import Criterion, criteria
from contract_tests.spec.version import spec_for

if TYPE_CHECKING:
    from contract_tests.running.session import Session

EACH = pytest.mark.parametrize("criterion", criteria(), ids=lambda criterion: criterion.name)
# What holds for every deployment, or for none, by what it says.
ALL_OR_NONE = {"flows.deployment", "deployments.concurrency_limit"}


def words(session: Session) -> Vocabulary:
    return Vocabulary(session.dataset)


def test_every_criterion_of_the_spec_is_there() -> None:
    names = {criterion.name for criterion in criteria()}
    assert len(names) == len(criteria()) >= 42
    assert {"flow_runs.state.type", "work_pool_queues.name", "flow_runs.created_by"} <= names


def test_criteria_that_are_newer_than_a_server_are_left_out() -> None:
    assert "flow_runs.created_by" not in {criterion.name for criterion in criteria("3.4.25")}


@EACH
def test_each_criterion_has_deployments_that_match_and_others(
    contract_session: Session, criterion: Criterion
) -> None:
    judge = contract_session.judgement
    everything = judge.matching({})
    assert everything is not None
    answers = [
        judge.matching(case.filters)
        for case in alone(criterion, words(contract_session), random.Random(1))
    ]
    if criterion.name not in ALL_OR_NONE:
        assert any(answer and answer < everything for answer in answers)


@EACH
def test_each_operator_alone_changes_an_answer(
    contract_session: Session, criterion: Criterion
) -> None:
    """Ignoring an operator would be noticed: each has a value that does not match everything."""
    judge = contract_session.judgement
    without = judge.matching({criterion.filter: {}})
    for operator in criterion.operators:
        values = words(contract_session).classes(criterion, operator, random.Random(1))
        answers = {judge.matching(criterion.body({operator: value})) for _, value in values}
        if not criterion.ignored:
            assert answers - {without}, operator


@EACH
def test_joined_criteria_can_be_told_from_each_alone(
    contract_session: Session, criterion: Criterion
) -> None:
    judge = contract_session.judgement

    def tells(*bodies: dict[str, Any]) -> bool:
        answers = [judge.matching(body) for body in bodies]
        return all(answers[-1] != answer for answer in answers[:-1])

    cases = list(together(criterion, criteria(), words(contract_session), random.Random(1), tells))
    joined = {"and_": 0, "or_": 0, "": 0}
    for case in cases:
        how = case.says.rpartition(" ")[2]
        if " empty with " not in case.says:  # that one is sent whether it tells or not
            joined[how if how in joined else ""] += 1
    if criterion.name not in ALL_OR_NONE:
        assert all(joined.values()), joined


def test_each_two_filters_are_joined_so_that_it_can_be_told(contract_session: Session) -> None:
    judge = contract_session.judgement

    def tells(*bodies: dict[str, Any]) -> bool:
        *each, joined = map(judge.matching, bodies)
        return joined not in each

    cases = list(pairs(criteria(), words(contract_session), random.Random(1), tells))
    assert {frozenset(case.filters) for case in cases} >= {
        frozenset({"flows", "deployments"}),
        frozenset({"flow_runs", "task_runs"}),
        frozenset({"work_pools", "work_pool_queues"}),
    }
    assert len(cases) >= 13  # of 15


def test_crowds_hold_many_criteria_and_most_filters(contract_session: Session) -> None:
    here = [criterion for criterion in criteria() if not criterion.ignored]
    matching = contract_session.judgement.matching
    cases = list(crowds(here, words(contract_session), random.Random(1), matching))
    inner = [len(body) - ("operator" in body) for case in cases for body in case.filters.values()]
    assert max(inner) >= 4
    assert max(len(case.filters) for case in cases) >= 4
    assert all(matching(case.filters) for case in cases), "each matches something"


def test_long_lists_hold_one_value_that_exists_at_their_end(contract_session: Session) -> None:
    by_name = {criterion.name: criterion for criterion in criteria()}
    found = words(contract_session).many(by_name["deployments.id"], "any_")
    assert len(found) > 100
    held = {row["id"] for row in contract_session.dataset.deployments}
    assert [value in held for value in found[-2:]] == [False, True]


@EACH
def test_cases_are_the_same_for_the_same_seed(
    contract_session: Session, criterion: Criterion
) -> None:
    first, second = (
        [(case.filters, case.says) for case in alone(criterion, words(contract_session), rng)]
        for rng in (random.Random(7), random.Random(7))
    )
    assert first == second


def test_random_bodies_are_right_by_the_spec(contract_session: Session) -> None:
    view = spec_for(None).view
    schema = {"$ref": "#/components/schemas/DeploymentsCountBody", "components": view["components"]}
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    bodies = filters(criteria(), words(contract_session), random.Random(1))

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(bodies)
    def check(body: dict[str, Any]) -> None:
        validator.validate(body)

    check()


def test_random_bodies_reach_deep(contract_session: Session) -> None:
    bodies = filters(criteria(), words(contract_session), random.Random(1))
    for wanted in (
        lambda body: len(body) == 3,
        lambda body: "or_" in json.dumps(body),
        lambda body: any(inner is None for inner in body.values()),
    ):
        find(bodies, wanted)


def test_join_keeps_both_sides() -> None:
    one = {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}
    two = {"flow_runs": {"state": {"name": {"any_": ["Late"]}}}}
    assert join(one, two, "or_") == {
        "flow_runs": {
            "operator": "or_",
            "state": {
                "operator": "or_",
                "type": {"any_": ["RUNNING"]},
                "name": {"any_": ["Late"]},
            },
        }
    }
    assert join(one, one, "and_") is None
    assert join(one, {"flows": {}}, "") == {**one, "flows": {}}


def test_laws_are_not_asked_of_bodies_for_which_they_do_not_hold() -> None:
    assert laws.plain({"flows": {"name": {"any_": []}}})
    assert not laws.plain({"flows": {"name": None}})
    assert not laws.plain({"deployments": {"concurrency_limit": {"ge_": 1}}})
