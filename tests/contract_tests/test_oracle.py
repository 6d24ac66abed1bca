"""The oracle on rows that lack fields: of an older version, or by a fault of the target."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.cases.generators import Case, alone
from contract_tests.data.vocabulary import Vocabulary
from contract_tests.running.session import Session
from contract_tests.spec.criteria import criteria

if TYPE_CHECKING:
    from contract_tests.checks.judge import Judge

KINDS = ("deployments", "flow_runs", "flows", "task_runs", "work_pools", "work_queues")


def judge_of(session: Session, kind: str, *lacking: str) -> Judge:
    """A judge whose data set lacks fields of a kind."""
    rows = tuple(
        {key: value for key, value in row.items() if key not in lacking}
        for row in session.dataset.records[kind]
    )
    other = Session(target=session.target, profile=session.profile, seed=1)
    other.dataset = replace(session.dataset, records={**session.dataset.records, kind: rows})
    judge = other.judgement
    judge.oracle.scoped = True
    return judge


def cases(session: Session) -> list[Case]:
    found: list[Case] = []
    for criterion in criteria():
        rng = session.random(criterion.name)
        found += alone(criterion, Vocabulary(session.dataset), rng)
    return found


def answers(judge: Judge, asked: list[Case]) -> list[Any]:
    return [judge.matching(case.filters) for case in asked]


def test_work_queues_are_found_by_their_names_when_deployments_do_not_tell_ids(
    contract_session: Session,
) -> None:
    asked = [
        case
        for case in cases(contract_session)
        if case.filters.keys() & {"work_pools", "work_pool_queues"}
    ]
    whole = answers(judge_of(contract_session, "deployments"), asked)
    assert len(set(whole)) > 5
    assert answers(judge_of(contract_session, "deployments", "work_queue_id"), asked) == whole


def test_a_lacking_field_is_told_and_what_looks_at_it_is_not_judged(
    contract_session: Session,
) -> None:
    judge = judge_of(contract_session, "deployments", "paused")
    paused = Case({"deployments": {"paused": {"eq_": True}}}, "paused")
    assert judge.matching(paused.filters) is None
    before = judge.session.target.requests
    judge.count(paused)
    assert judge.session.target.requests == before
    reason = "the target's rows have no 'paused', which filters look at"
    assert judge.session.unjudged == Counter({reason: 1})
    assert judge.matching({"deployments": {"tags": {"any_": ["red"]}}}) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_no_lacking_field_ends_a_check(contract_session: Session, kind: str) -> None:
    fields = {key for row in contract_session.dataset.records[kind] for key in row} - {"id"}
    for field in sorted(fields):
        judge = judge_of(contract_session, kind, field)
        asked = cases(judge.session)[::10]
        assert len(answers(judge, asked)) == len(asked)
