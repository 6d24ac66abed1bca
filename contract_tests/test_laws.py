"""Laws between answers, which hold on any data and need no oracle."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st

from contract_tests.cases.generators import filters, join, some
from contract_tests.cases.other_spellings import WINDOWS, spellings
from contract_tests.checks.explore import explore
from contract_tests.data.vocabulary import Vocabulary
from contract_tests.rules import laws, rows, runs
from contract_tests.spec.criteria import criteria
from contract_tests.spec.searches import COUNT, FILTER, PAGINATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from contract_tests.cases.generators import Filters
    from contract_tests.checks.judge import Judge
    from contract_tests.rules.laws import Asker
    from contract_tests.running.session import Session

# Laws about one body, each for any body.
OF_ONE: dict[str, Callable[[Asker, Filters], None]] = {
    "null-is-absent": laws.null_is_absent,
    "list-order": laws.list_order,
    "default-operator": laws.default_operator,
    "repeat": laws.repeat,
    "same-number": laws.same_number,
}
# Filters of which each deployment has exactly one record: only for these do criteria and their
# opposites part the whole, and either-or adds up.
SINGLE = ("deployments", "flows")
_FEW = 6
_SOME = 40
_CHRONOLOGICAL = ("CREATED_DESC", "UPDATED_DESC")  # the orders in which there are no ties


@pytest.fixture(scope="module")
def judge(session: Session) -> Judge:
    """The judge, for what it found to be wrong already."""
    return session.judgement


@pytest.mark.judges("laws.no-body-is-empty")
def test_no_body_is_empty(judge: Judge) -> None:
    """No body, null and {} are one."""
    laws.hold(judge, laws.no_body_is_empty)


@pytest.mark.judges("laws.extra-keys")
def test_extra_keys(judge: Judge) -> None:
    """What an operation does not take changes nothing."""
    ids = [row["id"] for row in judge.session.dataset.deployments][:_SOME]
    laws.hold(judge, lambda ask: laws.extra_keys(ask, ids))


@pytest.mark.judges("laws.{law}")
@pytest.mark.parametrize("law", OF_ONE)
def test_of_one_body(judge: Judge, law: str) -> None:
    """What holds for each body by itself."""
    _explore(judge, law, _bodies(judge, law), OF_ONE[law])


@pytest.mark.judges("laws.spelling")
def test_spellings(judge: Judge) -> None:
    """A value that is spelled otherwise is refused, or means the same."""
    session = judge.session
    rng = session.random("spellings")
    here = [criterion for criterion in criteria(session.target.version) if not criterion.ignored]
    every = 2 * session.profile.every - 1
    drawn = spellings(here, Vocabulary(session.dataset), rng.choice, every)
    for body, others in drawn:
        laws.hold(judge, partial(laws.spelling, operation=COUNT, body=body, others=others))
    ids = [row["id"] for row in session.dataset.deployments][:_SOME]
    few = {"deployments": {"id": {"any_": ids}}}
    for operation, window, windows in WINDOWS:
        others = [{**few, **told} for told in windows]
        body = {**few, **window}
        laws.hold(judge, partial(laws.spelling, operation=operation, body=body, others=others))


@pytest.mark.judges("laws.{law}")
@pytest.mark.parametrize("law", ["narrowing", "widening", "either-and-both"])
def test_of_two_criteria(judge: Judge, law: str) -> None:
    """What joining two criteria of one filter does."""
    names = SINGLE if law == "either-and-both" else None

    def check(ask: Asker, pair: tuple[Filters, Filters]) -> None:
        both, either = join(*pair, "and_"), join(*pair, "or_")
        if both is None or either is None:
            raise laws.Useless
        if law == "narrowing":
            laws.narrowing(ask, *pair, both)
        elif law == "widening":
            laws.widening(ask, *pair, either)
        else:
            laws.either_and_both(ask, *pair, both, either)

    _explore(judge, law, _pairs(judge, law, names), check)


@pytest.mark.judges("laws.narrowing")
def test_of_two_filters(judge: Judge) -> None:
    """One more filter never adds a deployment."""
    bodies = _bodies(judge, "two filters")
    pairs = st.tuples(bodies, bodies).filter(lambda pair: not set(pair[0]) & set(pair[1]))

    def check(ask: Asker, pair: tuple[Filters, Filters]) -> None:
        laws.narrowing(ask, *pair, {**pair[0], **pair[1]})

    _explore(judge, "two filters", pairs, check)


@pytest.mark.judges("laws.disjoint", "laws.complete")
def test_parts(judge: Judge) -> None:
    """A criterion and its opposite part the whole."""
    session = judge.session
    words, rng = Vocabulary(session.dataset), session.random("parts")
    for criterion in criteria(session.target.version):
        if criterion.filter not in SINGLE or criterion.ignored:
            continue
        opposites: list[tuple[Any, Any, Any]] = []
        if "not_any_" in criterion.operators:
            values = words.existing(criterion, "any_")
            few = rng.sample(values, min(_FEW, len(values)))
            opposites.append(({"any_": few}, {"not_any_": few}, {"any_": few, "not_any_": few}))
        opposites += [
            ({operator: True}, {operator: False}, None)
            for operator in ("eq_", "is_null_")
            if criterion.operators.get(operator) == "boolean"
        ]
        for yes, no, both in opposites:
            bodies = [None if part is None else criterion.body(part) for part in (yes, no, both)]
            laws.hold(judge, lambda ask, b=bodies: laws.parts(ask, {}, *b))  # type: ignore[misc]


@pytest.mark.judges("laws.pages-join", "laws.sort-permutes", "laws.offset-drops")
@pytest.mark.parametrize("operation", [FILTER, PAGINATE])
def test_windows(judge: Judge, operation: str) -> None:
    """Pages join to the whole; every sort answers the same; an offset only drops."""
    session = judge.session
    rng = session.random(f"windows {operation}")
    ids = [row["id"] for row in session.dataset.deployments]
    for _ in range(max(1, session.profile.law_examples // 8)):
        few = {"deployments": {"id": {"any_": rng.sample(ids, min(_FEW, len(ids)))}}}
        sort, limit = rng.choice(_CHRONOLOGICAL), rng.randint(1, 4)
        found: list[Callable[[Asker], None]] = [
            partial(laws.pages_join, operation=operation, filters=few, sort=sort, limit=limit),
            partial(laws.sort_permutes, operation=operation, filters=few),
        ]
        if operation == FILTER:
            offset = rng.randint(1, 3)
            found.append(partial(laws.offset_drops, filters=few, sort=sort, offset=offset))
        for law in found:
            laws.hold(judge, law)


@pytest.mark.judges("rows.same", "rows.kept", "rows.default")
def test_rows(judge: Judge) -> None:
    """A deployment reads the same everywhere, and as it was made."""
    session = judge.session
    deployments = list(session.dataset.deployments)
    if not session.dataset.own:
        deployments = session.random("rows").sample(deployments, min(_FEW, len(deployments)))
    rows.check(session, deployments)


@pytest.mark.judges("rows.run", "rows.run-answer", "rows.planned")
def test_runs(judge: Judge) -> None:
    """A run is as the request that made it asked for, and as the answer told it."""
    if not judge.session.dataset.own:
        judge.session.leave_out("runs: a read-only run does not know what made them")
    runs.check(judge.session)


def _bodies(judge: Judge, name: str) -> st.SearchStrategy[Filters]:
    session = judge.session
    rng = session.random(f"values of {name}")
    here = [criterion for criterion in criteria(session.target.version) if not criterion.ignored]
    return filters(here, Vocabulary(session.dataset), rng).filter(laws.plain)


def _pairs(
    judge: Judge, name: str, names: tuple[str, ...] | None
) -> st.SearchStrategy[tuple[Filters, Filters]]:
    """Bodies of one criterion each, of the same filter."""
    session = judge.session
    rng = session.random(f"values of {name}")
    words = Vocabulary(session.dataset)
    here = [criterion for criterion in criteria(session.target.version) if not criterion.ignored]
    groups = [[c for c in here if c.filter == one] for one in {c.filter: None for c in here}]
    pairs = [
        (a, b)
        for group in groups
        for a in group
        for b in group
        if a != b and (names is None or a.filter in names)
    ]
    drawn = [(some(a, words, rng), some(b, words, rng)) for a, b in pairs for _ in range(2)]
    return st.sampled_from([pair for pair in drawn if all(map(laws.plain, pair))])


def _explore(
    judge: Judge, name: str, strategy: st.SearchStrategy[Any], law: Callable[[Asker, Any], None]
) -> None:
    session = judge.session

    def check(value: Any) -> None:
        laws.hold(judge, lambda ask: law(ask, value))

    explore(session, f"law {name}", strategy, check, examples=session.profile.law_examples)
