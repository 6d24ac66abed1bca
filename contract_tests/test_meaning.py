"""What filters mean: count, filter and paginate answer what the query engine does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st

from contract_tests.cases.generators import (
    SORTS,
    Case,
    Window,
    alone,
    crowds,
    filters,
    pairs,
    together,
    windows,
)
from contract_tests.checks.explore import explore
from contract_tests.data.vocabulary import Vocabulary
from contract_tests.findings import Violation, raise_all
from contract_tests.spec.criteria import Criterion, criteria
from contract_tests.spec.searches import COUNT, FILTER, PAGINATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from contract_tests.checks.judge import Judge
    from contract_tests.running.session import Session

# A criterion by which some deployments match and others do not gives more than one answer.
_TELLING = 2
_NEWER = "criteria that are newer than the server's version"
_SOME = 40
OPERATIONS = (COUNT, FILTER, PAGINATE)
EACH = pytest.mark.parametrize("operation", OPERATIONS)
SEARCHES = pytest.mark.judges(
    "filters.count", "filters.members", "filters.accepted", "filters.steady", "pages.*"
)
ALL = pytest.mark.parametrize("criterion", criteria(), ids=lambda criterion: criterion.name)


@pytest.fixture(scope="module")
def judge(session: Session) -> Judge:
    """The oracle, and what it found so far."""
    return session.judgement


@SEARCHES
@EACH
def test_without_filters(judge: Judge, operation: str) -> None:
    """Everything is there, in every order, in every window."""
    for sort in (None, *SORTS):
        for limit in (judge.session.profile.rows, 0, 1):
            for start in (0.0, 1.0, 0.4, 2.0):
                judge.ask(operation, Case({}, ""), Window(sort, limit, start))
    judge.ask(operation, Case({}, ""), Window(limit=None, start=0.0))


@SEARCHES
@EACH
def test_order_under_filters(judge: Judge, operation: str) -> None:
    """What a filter lists, and in what order, says nothing of the order of what is found."""
    ids = [row["id"] for row in judge.session.dataset.deployments][:_SOME]
    rng = judge.session.random("order under filters")
    case = Case({"deployments": {"id": {"any_": rng.sample(ids, len(ids))}}}, "ids in any order")
    for sort in (None, *SORTS) if operation != COUNT else (None,):
        judge.ask(operation, case, Window(sort, limit=None, start=0.0))


@SEARCHES
@ALL
def test_criterion(judge: Judge, criterion: Criterion) -> None:
    """A criterion by itself, with each operator and each class of values."""
    session = judge.session
    if criterion not in criteria(session.target.version):
        session.leave_out(_NEWER)
        return
    rng = session.random(f"alone {criterion.name}")
    cases = list(alone(criterion, Vocabulary(session.dataset), rng, _teller(judge)))
    _run(judge, cases, criterion)
    answers = {judge.matching(case.filters) for case in cases}
    if len(answers) < _TELLING and not criterion.ignored:
        session.leave_out(f"{criterion.name}: the target's data cannot tell right from wrong")


@SEARCHES
@ALL
def test_joined(judge: Judge, criterion: Criterion) -> None:
    """A criterion with others: under and_ and or_ in one filter, and across filters."""
    session = judge.session
    here = criteria(session.target.version)
    if criterion not in here:
        session.leave_out(_NEWER, 0)
        return
    rng = session.random(f"joined {criterion.name}")
    words = Vocabulary(session.dataset)
    _run(judge, together(criterion, here, words, rng, _teller(judge)), criterion)


@SEARCHES
def test_crowds(judge: Judge) -> None:
    """Each two filters, many criteria of one filter at once, and all six filters."""
    session = judge.session
    here = [c for c in criteria(session.target.version) if not c.ignored]
    words, rng = Vocabulary(session.dataset), session.random("crowds")
    _run(judge, pairs(here, words, rng, _teller(judge)))
    _run(judge, crowds(here, words, rng, judge.matching))


def _teller(judge: Judge) -> Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], bool]:
    """Whether the join of two bodies, given third, can be told from each of them."""

    def tells(*bodies: dict[str, Any]) -> bool:
        *each, joined = map(judge.matching, bodies)
        return joined not in each

    return tells


@pytest.mark.judges("filters.letters")
def test_letters(judge: Judge) -> None:
    """Beyond ASCII, like_ tells upper from lower case, as the released server on SQLite does."""
    names = [str(row.get("name", "")) for row in judge.session.dataset.deployments]
    strange = [name for name in names if not name.isascii()]
    if not strange:
        judge.session.leave_out("letters beyond ASCII: the target's data has no such names")
    for name in strange[:4]:
        place = next(place for place, char in enumerate(name) if not char.isascii())
        part = name[place : place + 3]
        for pattern in (part, part.swapcase()):
            body = {"deployments": {"name": {"like_": pattern}}}
            judge.letters(Case(body, "letters beyond ASCII"))


@SEARCHES
@EACH
def test_random(judge: Judge, operation: str) -> None:
    """Random bodies over all filters, sorts and windows."""
    session = judge.session
    rng = session.random(f"values {operation}")
    bodies = filters(criteria(session.target.version), Vocabulary(session.dataset), rng)

    def check(drawn: tuple[dict[str, Any], Window]) -> None:
        body, window = drawn
        judge.ask(operation, Case(body, _says(body)), window)

    explore(
        session,
        f"random {operation}",
        st.tuples(bodies, windows(session.profile.rows)),
        check,
        # A count costs a server a fraction of what rows do.
        examples=session.profile.meaning_examples * (4 if operation == COUNT else 1),
    )


def _run(judge: Judge, cases: Iterable[Case], criterion: Criterion | None = None) -> None:
    """Ask all cases of count, and of the others in turn; each operation up to its first fault."""
    name, pointer = (criterion.name, criterion.pointer) if criterion else ("crowds", "")
    rng = judge.session.random(f"windows {name}")
    found: dict[str, Violation] = {}
    for number, case in enumerate(cases):
        told = Case(case.filters, case.says, pointer)
        window = Window(
            sort=rng.choice((None, *SORTS)),
            limit=rng.choice((judge.session.profile.rows, 1, 1, 0)),
            start=rng.choice((1.0, 1.0, 0.0, 0.5)),
        )
        for operation in _turns(number, judge.session.profile.every):
            if operation not in found:
                try:
                    judge.ask(operation, told, window)
                except Violation as violation:
                    found[operation] = violation
    raise_all(list(found.values()))


def _turns(number: int, every: int) -> tuple[str, ...]:
    """Who is asked a case: count always, as it costs least, filter and paginate each n-th time."""
    if every == 1:
        return OPERATIONS
    turn, rest = divmod(number, every)
    return (COUNT,) if rest else (COUNT, (FILTER, PAGINATE)[turn % 2])


def _says(body: dict[str, Any]) -> str:
    names = sorted(f"{name}.{key}" for name, inner in body.items() for key in inner or {"null": 0})
    return ", ".join(names)
