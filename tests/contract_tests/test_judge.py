"""Wrong answers are found, told in a useful way, and told once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.asking.actor import NOBODY
from contract_tests.cases.generators import Case, Window
from contract_tests.checks.oracle import UNSTEADY
from contract_tests.findings import Violation, describe
from contract_tests.known.known import Known, parse
from contract_tests.reports.model import HIDDEN
from contract_tests.rules.blame import blamed, features
from contract_tests.rules.laws import hold, same_number
from contract_tests.running.session import Session
from contract_tests.spec.searches import COUNT, FILTER, PAGINATE, PATHS
from contract_tests.transport.target import UNSET, Target, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from contract_tests.checks.judge import Judge
    from contract_tests.transport.exchange import Exchange

    Change = Callable[[str, Any, Any], Any]

WHOLE = Case({}, "")


def test_right_answers_pass(contract_session: Session) -> None:
    judge = contract_session.judgement
    for case in (WHOLE, Case({"deployments": {"tags": {"any_": ["red"]}}}, "tags")):
        judge.count(case)
        for start in (0.0, 0.5, 1.0, 2.0):
            judge.filter(case, Window("NAME_DESC", 3, start))
            judge.page(case, Window("UPDATED_DESC", 3, start))


class Deaf(Target):
    """A target that does not hear some keys of a body."""

    deaf_to: tuple[str, ...] = ()

    def post(self, path: str, body: Any = UNSET) -> Exchange:
        if isinstance(body, dict) and path in (PATHS[FILTER], PATHS[PAGINATE]):
            exchange = super().post(
                path, {key: value for key, value in body.items() if key not in self.deaf_to}
            )
            return replace(exchange, request_body=encode(body))
        return super().post(path, body)


@pytest.mark.parametrize("filters", [{}, {"deployments": {"id": {"not_any_": [NOBODY]}}}])
@pytest.mark.parametrize(
    ("asked", "rule", "told"),
    [
        ((FILTER, ("limit",), Window(None, 2, 0.0)), "pages.window", "`limit`"),
        ((FILTER, ("limit",), Window(None, 0, 0.0)), "pages.window", "`limit: 0`"),
        ((FILTER, ("offset",), Window(None, 2, 0.5)), "pages.window", "`offset`"),
        (
            (FILTER, ("limit", "offset"), Window(None, 2, 0.5)),
            "pages.window",
            "`limit` and `offset`",
        ),
        (
            (FILTER, ("sort",), Window("CREATED_DESC", 3, 0.0)),
            "pages.order",
            "`sort: CREATED_DESC`",
        ),
        ((FILTER, ("sort",), Window("NAME_DESC", 1, 0.5)), "pages.order", "`sort: NAME_DESC`"),
        ((PAGINATE, ("limit",), Window(None, 2, 0.0)), "pages.window", "`limit`"),
        ((PAGINATE, ("page",), Window(None, 2, 0.5)), "pages.window", "`page`"),
        ((PAGINATE, ("sort",), Window("NAME_DESC", 3, 0.0)), "pages.order", "`sort: NAME_DESC`"),
    ],
)
def test_a_key_that_is_not_heard_is_named(
    contract_session: Session,
    filters: dict[str, Any],
    asked: tuple[str, tuple[str, ...], Window],
    rule: str,
    told: str,
) -> None:
    operation, keys, window = asked
    with Deaf(contract_session.target.base_url) as target:
        session = Session(target=target, profile=contract_session.profile, seed=1)
        session.dataset = contract_session.dataset
        judge = session.judgement
        judge.oracle.expect({})
        target.deaf_to = keys
        case = Case(filters, "all but one" if filters else "")
        with pytest.raises(Violation, match=f"{told} is ignored: answers") as caught:
            judge.ask(operation, case, window)
        assert caught.value.finding.rule == rule


def test_what_a_team_accepted_hides_no_more_than_is_told(
    judged: Callable[[Change], Judge],
) -> None:
    """A known deviation of the whole keeps what holds it from being judged, and says so."""
    judge = judged(lambda name, _, told: told + 1 if name == "count" else told)
    entry = {
        "id": "x",
        "operations": [COUNT],
        "rules": ["filters.count"],
        "cause": "",
        "reason": "y",
    }
    judge.session.known = Known(parse(json.dumps([entry]), ""), None)
    judge.count(WHOLE)
    judge.count(Case({"deployments": {"tags": {"any_": ["red"]}}}, "tags"))
    assert judge.session.unjudged == {HIDDEN: 1}


def test_held_against_another_server_a_wrong_answer_is_asked_for_once(
    judged: Callable[[Change], Judge],
) -> None:
    judge = judged(lambda name, _, told: told + 1 if name == "count" else told)
    target = judge.session.target
    judge.session.reference = "http://127.0.0.1:1/api"
    before = target.requests
    judge.count(WHOLE)
    hold(judge, lambda ask: same_number(ask, {}))
    assert target.requests - before == 3


def paged(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    return lambda name, _, told: {**told, **change(told)} if name == "paginate" else told


def listed(change: Callable[[list[Any]], list[Any]]) -> Change:
    def wrong(name: str, _: Any, told: Any) -> Any:
        if name == "filter":
            return change(told)
        return {**told, "results": change(told["results"])} if name == "paginate" else told

    return wrong


@pytest.mark.parametrize(
    ("operation", "change", "rule"),
    [
        (COUNT, lambda name, _, told: told + 1 if name == "count" else told, "filters.count"),
        (COUNT, lambda name, _, told: str(told) if name == "count" else told, "filters.count"),
        (FILTER, listed(lambda rows: rows[:-1]), "pages.window"),
        (FILTER, listed(lambda rows: rows + rows[:1]), "pages.window"),
        (FILTER, listed(lambda rows: rows[::-1]), "pages.order"),
        (FILTER, lambda *_: {"results": []}, "filters.accepted"),
        (FILTER, listed(lambda rows: [{"name": "no id"} for _ in rows]), "filters.accepted"),
        (FILTER, listed(lambda rows: [{**r, "id": "x"} for r in rows]), "filters.members"),
        (PAGINATE, listed(lambda rows: rows[::-1]), "pages.order"),
        (PAGINATE, paged(lambda told: {"count": len(told["results"])}), "pages.count"),
        (PAGINATE, paged(lambda told: {"pages": told["count"] // told["limit"]}), "pages.pages"),
        (PAGINATE, paged(lambda _: {"limit": 200}), "pages.echo"),
        (PAGINATE, paged(lambda _: {"page": 7}), "pages.echo"),
        (PAGINATE, paged(lambda _: {"results": None}), "filters.accepted"),
        (PAGINATE, lambda *_: [], "filters.accepted"),
    ],
)
def test_wrong_answers_are_found(
    judged: Callable[[Change], Judge], operation: str, change: Change, rule: str
) -> None:
    judge = judged(change)
    with pytest.raises(Violation) as caught:
        judge.ask(operation, WHOLE, Window("NAME_ASC", 3, 0.0))
    finding = caught.value.finding
    assert (finding.operation, finding.rule) == (operation, rule)
    assert finding.exchange is not None
    assert f"curl -sS {judge.session.target.base_url}/deployments/" in describe(finding)
    assert finding.spec_pointer


def test_a_fault_is_told_once_and_what_contains_it_is_passed_over(
    judged: Callable[[Change], Judge],
) -> None:
    def no_tags(name: str, sent: Any, told: Any) -> Any:
        return 0 if name == "count" and "tags" in sent.get("deployments", {}) else told

    judge = judged(no_tags)
    tags = {"tags": {"any_": ["red"]}}
    with pytest.raises(Violation):
        judge.count(Case({"deployments": tags}, "deployments.tags.any_ one"))
    sent = judge.session.target.requests
    judge.count(Case({"deployments": {**tags, "paused": {"eq_": True}}}, "both"))
    assert judge.session.target.requests == sent
    judge.count(Case({"deployments": {"paused": {"eq_": True}}}, "the other"))
    assert judge.session.target.requests == sent + 1


def test_a_target_that_changes_is_no_fault(judged: Callable[[Change], Judge]) -> None:
    wrong = iter([0])

    def first_wrong(name: str, _: Any, told: Any) -> Any:
        return next(wrong, told) if name == "count" else told

    judge = judged(first_wrong)
    judge.count(WHOLE)
    assert judge.session.unjudged[UNSTEADY] == 1


def test_within_a_tie_any_order_is_right(contract_session: Session) -> None:
    same = [row for row in contract_session.dataset.deployments if row["name"].endswith("-same")]
    assert len(same) == 2
    case = Case({"deployments": {"name": {"any_": [same[0]["name"]]}}}, "tie")
    for start in (0.0, 1.0):
        contract_session.judgement.filter(case, Window("NAME_ASC", 1, start))


def test_features_name_what_a_body_contains() -> None:
    body = {"flows": {"operator": "or_", "name": None, "tags": {}}, "task_runs": None}
    assert features(body) == {"flows", "flows.name", "flows.tags", "flows:or_", "task_runs=null"}
    assert blamed(body) == {"flows:or_"}
    assert blamed({"flows": {}, "flow_runs": {}}) == {"flow_runs&flows"}
    assert blamed({"flows": {"name": {}}}) == {"flows.name"}
    assert blamed({"flows": {}}) == {"flows"}
    assert blamed({}) == frozenset()


def test_what_is_wrong_now_and_then_is_told_once_nobody_else_can_be_at_fault(
    judged: Callable[[Change], Judge],
) -> None:
    wrong = {"deployments": {"tags": {"any_": ["red"]}}}
    numbers = iter(range(1_000))

    def change(name: str, body: Any, told: Any) -> Any:
        held = name == "count" and (body or {}).get("deployments") == wrong["deployments"]
        return told + (next(numbers) % 2 == 0) if held else told

    judge = judged(change)
    case = Case({"deployments": {"tags": {"any_": ["red"]}}}, "tags")
    judge.count(case)  # the first time, somebody else may have changed something and back
    assert judge.oracle.scoped
    with pytest.raises(Violation) as caught:
        judge.count(case)
    assert caught.value.finding.rule == "filters.steady"
