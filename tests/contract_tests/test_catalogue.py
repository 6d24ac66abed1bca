from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner

from contract_tests.cli import main
from contract_tests.known.known import ours
from contract_tests.rules import catalogue

if TYPE_CHECKING:
    from pathlib import Path


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


def test_a_wildcard_explains_all_that_it_meets() -> None:
    status, text, _ = told("explain", "pages.*")
    assert status == 0
    heads = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert heads == [code for code in catalogue() if code.startswith("pages.")]


def test_known_deviations_are_explained_by_their_ids(tmp_path: Path) -> None:
    entry = ours()[0]
    status, text, _ = told("explain", entry.id)
    assert (status, text.splitlines()[0]) == (0, entry.id)
    for part in (*entry.operations, *entry.rules, " ".join(entry.reason.split())[:40]):
        assert part in text
    every = told("explain", "*")[1].splitlines()
    assert {one.id for one in ours()} <= set(every)
    assert entry.id in told("explain", entry.id[:-2])[2]
    file = tmp_path / "known.yaml"
    file.write_text("[{id: mine, operations: [read_flow], rules: ['shape.*'], reason: why not}]")
    status, text, _ = told("explain", "mine", "--known", str(file))
    assert (status, "why not" in text) == (0, True)
    assert told("explain", "mine", "--known", str(tmp_path / "x"))[0] == 2


def test_an_unknown_code_leads_to_the_nearest_ones() -> None:
    status, _, error = told("explain", "page.count")
    assert (status, "pages.count" in error) == (2, True)
    assert "filters.members" in told("explain", "members")[2]
    assert "lists them" in told("explain", "zzz")[2]
