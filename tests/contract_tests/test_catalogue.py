from __future__ import annotations

import json

from click.testing import CliRunner

from contract_tests.cli import main
from contract_tests.rules import catalogue


def told(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, words)
    return done.exit_code, done.stdout, done.stderr


def test_the_list_names_every_rule_with_its_severity_and_source() -> None:
    status, text, _ = told("rules")
    assert status == 0
    for code, rule in catalogue().items():
        assert f"{code}  ({rule.severity}, {rule.source})" in text


def test_json_and_markdown_hold_the_same_rules() -> None:
    listed = json.loads(told("rules", "--format", "json")[1])
    assert [rule["code"] for rule in listed] == list(catalogue())
    assert set(listed[0]) == {
        *("code", "statement", "example", "severity", "source", "operations", "rests_on"),
    }
    table = told("rules", "pages.*", "--format", "markdown")[1]
    assert table.count("\n| `pages.") == sum(code.startswith("pages.") for code in catalogue())


def test_what_a_rule_rests_on_is_there_and_rests_on_it_by_no_way_round() -> None:
    rules = catalogue()

    def below(code: str, above: tuple[str, ...] = ()) -> None:
        assert code not in above, (*above, code)
        for other in rules[code].rests_on:
            below(other, (*above, code))

    for code in rules:
        below(code)
    assert "follows     perhaps" in told("explain", "lifecycle.fresh")[1]


def test_a_pattern_that_meets_nothing_is_told() -> None:
    status, _, error = told("rules", "page.*")
    assert (status, "No rule's code is like" in error) == (2, True)


def test_explain_tells_statement_breach_and_place() -> None:
    status, text, _ = told("explain", "pages.pages")
    assert status == 0
    for part in ("rounded up", "instead of 3", "error: a breach fails", "~1paginate/post"):
        assert part in text
    for code in catalogue():
        assert told("explain", code)[0] == 0


def test_an_unknown_code_leads_to_the_nearest_ones() -> None:
    status, _, error = told("explain", "page.count")
    assert (status, "pages.count" in error) == (2, True)
    assert "filters.members" in told("explain", "members")[2]
    assert "lists them" in told("explain", "zzz")[2]
