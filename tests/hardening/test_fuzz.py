"""The mock answers whatever Schemathesis makes as its spec declares, and never with a 5xx."""

from __future__ import annotations

import pytest

from mock_server import serve
from tests.hardening.fuzz import Fuzzer, Outcome


def assert_clean(outcome: Outcome) -> None:
    assert [status for status in outcome.statuses if status >= 500] == []
    assert outcome.failures == {}


def test_some_cases_of_some_operations() -> None:
    with serve() as mock:
        outcome = Fuzzer(mock, seed=1).run(examples=4, operations=12)
    assert_clean(outcome)
    assert outcome.cases > 60


@pytest.mark.proof
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(4))
def test_twenty_five_thousand_cases_of_each_seed(seed: int) -> None:
    with serve() as mock:
        outcome = Fuzzer(mock, seed).run(examples=170)
    assert_clean(outcome)
    assert outcome.cases >= 25_000, outcome.statuses
