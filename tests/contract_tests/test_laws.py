"""The laws hold for the query engine, and breaches of them are found."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.cases.generators import join, some
from contract_tests.data.vocabulary import Vocabulary
from contract_tests.findings import Violation
from contract_tests.rules import laws
from contract_tests.spec.criteria import criteria
from contract_tests.spec.searches import COUNT, FILTER, PAGINATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from contract_tests.checks.judge import Judge
    from contract_tests.running.session import Session

RED = {"deployments": {"tags": {"any_": ["red"]}}}
PAUSED = {"deployments": {"paused": {"eq_": True}}}


class Engine(laws.Asker):
    """Asks the query engine instead of a server."""

    def count(self, filters: dict[str, Any]) -> int:
        rows = self._judge.oracle.expect(filters)
        assert rows is not None
        return len(rows)


@pytest.mark.parametrize("seed", range(8))
def test_laws_of_two_criteria_hold_for_every_pair(contract_session: Session, seed: int) -> None:
    ask, rng = Engine(contract_session.judgement), random.Random(seed)
    words = Vocabulary(contract_session.dataset)
    here = [criterion for criterion in criteria() if not criterion.ignored]
    for one in here:
        for two in here:
            if one == two or one.filter != two.filter:
                continue
            a, b = some(one, words, rng), some(two, words, rng)
            both, either = join(a, b, "and_"), join(a, b, "or_")
            if both is None or either is None or not all(map(laws.plain, (a, b))):
                continue
            laws.narrowing(ask, a, b, both)
            laws.widening(ask, a, b, either)
            if one.filter in ("deployments", "flows"):
                laws.either_and_both(ask, a, b, both, either)


Answer = dict[str, Any]
# A law's code, how an answer is wrong (operation, sent, answer), and the law as it is asked.
BREACHES: list[tuple[str, Callable[[str, Answer, Any], Any], Callable[[laws.Asker], None]]] = [
    (
        "laws.null-is-absent",
        lambda op, sent, told: 0 if op == COUNT and None in sent.values() else told,
        lambda ask: laws.null_is_absent(ask, RED),
    ),
    (
        "laws.null-is-absent",
        lambda op, sent, told: {} if op == PAGINATE and "sort" in sent else told,
        lambda ask: laws.null_is_absent(ask, RED),
    ),
    (
        "laws.null-is-absent",
        lambda op, sent, told: [] if op == FILTER and "offset" in sent else told,
        lambda ask: laws.null_is_absent(ask, RED),
    ),
    (
        "laws.no-body-is-empty",
        lambda op, sent, told: 0 if op == COUNT and not isinstance(sent, dict) else told,
        laws.no_body_is_empty,
    ),
    (
        "laws.spelling",
        lambda op, sent, told: 0 if op == COUNT and "true" in str(sent) else told,
        lambda ask: laws.spelling(
            ask, COUNT, PAUSED, [{"deployments": {"paused": {"eq_": "true"}}}]
        ),
    ),
    (
        "laws.spelling",
        lambda op, sent, told: told[:1] if op == FILTER and sent["limit"] == "2" else told,
        lambda ask: laws.spelling(ask, FILTER, {"limit": 2}, [{"limit": 2.0}, {"limit": "2"}]),
    ),
    (
        "laws.list-order",
        lambda op, sent, told: (
            1
            if op == COUNT and len(sent.get("deployments", RED["deployments"])["tags"]["any_"]) > 1
            else told
        ),
        lambda ask: laws.list_order(ask, RED),
    ),
    (
        "laws.default-operator",
        lambda _op, sent, told: 1 if "operator" in sent.get("deployments", {}) else told,
        lambda ask: laws.default_operator(ask, RED),
    ),
    (
        "laws.repeat",
        lambda op, _sent, told: random.random() if op == COUNT else told,
        lambda ask: laws.repeat(ask, RED),
    ),
    (
        "laws.same-number",
        lambda op, _sent, told: {**told, "count": 1} if op == PAGINATE else told,
        lambda ask: laws.same_number(ask, RED),
    ),
    (
        "laws.same-number",
        lambda op, _sent, told: [{"id": "x"}] if op == FILTER else told,
        lambda ask: laws.same_number(ask, RED),
    ),
    (
        "laws.same-number",
        lambda op, _sent, told: [] if op == FILTER else told,
        lambda ask: laws.same_number(ask, RED),
    ),
    (
        "laws.narrowing",
        lambda _op, sent, told: 20 if len(sent.get("deployments", {})) > 2 else told,
        lambda ask: laws.narrowing(ask, RED, PAUSED, join(RED, PAUSED, "and_") or {}),
    ),
    (
        "laws.widening",
        lambda _op, sent, told: 0 if len(sent.get("deployments", {})) > 2 else told,
        lambda ask: laws.widening(ask, RED, PAUSED, join(RED, PAUSED, "or_") or {}),
    ),
    (
        "laws.either-and-both",
        lambda _op, sent, told: (
            99 if sent.get("deployments", {}).get("operator") == "or_" else told
        ),
        lambda ask: laws.either_and_both(
            ask, RED, PAUSED, join(RED, PAUSED, "and_") or {}, join(RED, PAUSED, "or_") or {}
        ),
    ),
    (
        "laws.disjoint",
        lambda _op, _sent, told: told,
        lambda ask: laws.parts(ask, {}, RED, PAUSED, RED),
    ),
    (
        "laws.complete",
        lambda _op, _sent, told: told,
        lambda ask: laws.parts(ask, {}, RED, PAUSED, None),
    ),
    (
        "laws.pages-join",
        lambda _op, sent, told: told[1:] if sent.get("offset", 0) > 1 else told,
        lambda ask: laws.pages_join(ask, FILTER, RED, "CREATED_DESC", 2),
    ),
    (
        "laws.pages-join",
        lambda _op, sent, told: (
            {**told, "results": told["results"][::2]} if sent.get("page", 0) > 1 else told
        ),
        lambda ask: laws.pages_join(ask, PAGINATE, RED, "CREATED_DESC", 2),
    ),
    (
        "laws.sort-permutes",
        lambda _op, sent, told: told[1:] if sent.get("sort") == "UPDATED_DESC" else told,
        lambda ask: laws.sort_permutes(ask, FILTER, RED),
    ),
    (
        "laws.sort-permutes",
        lambda _op, sent, told: told[::-1] if sent.get("sort") == "NAME_DESC" else told,
        lambda ask: laws.sort_permutes(ask, FILTER, RED),
    ),
    (
        "laws.offset-drops",
        lambda _op, sent, told: told[::-1] if "offset" in sent else told,
        lambda ask: laws.offset_drops(ask, RED, "CREATED_DESC", 2),
    ),
]


@pytest.mark.parametrize(("rule", "change", "law"), BREACHES)
def test_a_breach_is_found(
    judged: Callable[[Any], Judge],
    rule: str,
    change: Callable[[str, Answer, Any], Any],
    law: Callable[[laws.Asker], None],
) -> None:
    names = {"count": COUNT, "filter": FILTER, "paginate": PAGINATE}
    judge = judged(lambda name, sent, told: change(names[name], sent, told))
    with pytest.raises(Violation) as caught:
        laws.hold(judge, law)
    assert caught.value.finding.rule == rule


# Of these not the answer is wrong but what is asked: parts that overlap, or are too few.
BROKEN_BY_ANY = {"laws.disjoint", "laws.complete"}


@pytest.mark.parametrize("law", [law for code, _, law in BREACHES if code not in BROKEN_BY_ANY])
def test_a_server_that_keeps_the_laws_passes(
    contract_session: Session, law: Callable[[laws.Asker], None]
) -> None:
    laws.hold(contract_session.judgement, law)


def test_useless_answers_are_left_to_other_rules(judged: Callable[[Any], Judge]) -> None:
    judge = judged(lambda *_: {"detail": "no"})
    for code, _, law in BREACHES:
        if code != "laws.no-body-is-empty":
            laws.hold(judge, law)
