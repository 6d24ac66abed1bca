"""Random cases: the same for the same seed, sent once, made smaller within a time."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st

from contract_tests.checks.explore import explore
from contract_tests.findings import Finding, Violation
from contract_tests.running.profiles import PROFILES
from contract_tests.running.session import Session
from contract_tests.transport.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS = st.lists(st.integers(0, 1000), max_size=8)


@pytest.fixture
def session() -> Iterator[Session]:
    with Target("http://127.0.0.1:1") as target:
        yield Session(target=target, profile=PROFILES["quick"], seed=5)


def breach(value: object) -> Violation:
    return Violation(Finding("laws.repeat", "count_deployments", "no", "yes", str(value)))


def drawn(session: Session, name: str, examples: int = 50) -> list[list[int]]:
    seen: list[list[int]] = []
    explore(session, name, NUMBERS, seen.append, examples=examples)
    return seen


def test_the_same_seed_and_name_draw_the_same(session: Session) -> None:
    first = drawn(session, "a")
    assert len(first) > 20
    assert first == drawn(session, "a")
    assert first != drawn(session, "b")
    assert first != drawn(Session(session.target, session.profile, seed=6), "a")


def test_no_value_is_sent_twice(session: Session) -> None:
    seen = [str(value) for value in drawn(session, "a", 300)]
    assert len(seen) == len(set(seen))


def test_a_failure_is_made_small(session: Session) -> None:
    def check(value: list[int]) -> None:
        if sum(value) > 100:
            raise breach(value)

    with pytest.raises(Violation) as caught:
        explore(session, "a", NUMBERS, check, examples=200)
    assert caught.value.finding.got == "[101]"


def test_a_failure_that_does_not_come_again_is_told_all_the_same(session: Session) -> None:
    asked = iter([False] * 10 + [True])

    def check(value: list[int]) -> None:
        if next(asked, False):
            raise breach(value)

    with pytest.raises(Violation):
        explore(session, "a", NUMBERS, check, examples=200)


def test_making_it_small_takes_no_longer_than_said(session: Session) -> None:
    session.profile = replace(session.profile, shrink_seconds=0.2)
    failed: list[float] = []

    def check(value: list[int]) -> None:
        if len(value) > 3:
            failed.append(time.monotonic())
            time.sleep(0.05)
            raise breach(value)

    with pytest.raises(Violation):
        explore(session, "a", NUMBERS, check, examples=200)
    assert failed[-1] - failed[0] < 1
