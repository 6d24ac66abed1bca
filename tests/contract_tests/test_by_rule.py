"""Each operation and rule is an item of its own, and a check is sent once for all of its items."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from contract_tests.findings import Finding
from contract_tests.rules import catalogue
from contract_tests.running.by_rule import Outcome, Part
from tests.contract_tests.test_run import pytest_face
from tests.mock import mock_server
from tests.planted_bugs.catalogue import CATALOGUE
from tests.planted_bugs.plant import Planted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WINDOWS = "test_without_filters[paginate_deployments"
COUNT = Part("count_deployments", "filters.count")
GONE = Part(None, "lifecycle.gone")


def finding(operation: str, rule: str) -> Finding:
    return Finding(rule, operation, "is wrong", "this", "that")


@pytest.fixture(scope="module")
def rounding_down() -> Iterator[str]:
    """A mock that tells one page too few."""
    bug = CATALOGUE["pages are rounded down"]
    with mock_server(middleware=[lambda app: Planted(app, bug.act)]) as url:
        yield url


def failed(output: str) -> set[str]:
    return set(re.findall(r"^FAILED .*::(\S+)", output, re.MULTILINE))


def sent(output: str) -> int:
    told = re.search(r"^(\d+) requests in", output, re.MULTILINE)
    assert told is not None, output
    return int(told[1])


def test_only_the_item_of_the_broken_rule_fails(rounding_down: str, tmp_path: Path) -> None:
    words = ["--base-url", rounding_down, "--contract-seed", "1", "-k", "test_without_filters"]
    done = pytest_face(*words, cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    assert failed(done.stdout) == {f"{WINDOWS}-pages.pages]"}
    whole = pytest_face(*words, "--contract-items", "check", cwd=tmp_path)
    assert failed(whole.stdout) == {f"{WINDOWS}]"}
    assert sent(done.stdout) == sent(whole.stdout), "a check is sent once for all of its items"


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two"])
def test_items_are_chosen_by_operation_and_rule(
    rounding_down: str, tmp_path: Path, workers: list[str]
) -> None:
    words = ["--base-url", rounding_down, "-k", "test_without and paginate and pages.", *workers]
    done = pytest_face(*words, cwd=tmp_path)
    assert failed(re.sub("@test_without.*?]", "", done.stdout)) == {f"{WINDOWS}-pages.pages]"}
    assert "1 failed, 4 passed" in done.stdout
    assert done.stdout.count("VIOLATES the contract: 1 fault") == 1


def test_an_item_runs_by_its_id(rounding_down: str, tmp_path: Path) -> None:
    told = {}
    for rule in ("pages.pages", "pages.count"):
        item = f"contract_tests.test_meaning::{WINDOWS}-{rule}]"
        done = pytest_face("--base-url", rounding_down, cwd=tmp_path, items=item)
        told[rule] = done.stdout
    assert "1 failed" in told["pages.pages"]
    assert "1 passed" in told["pages.count"]
    assert "findings of rules that were not chosen (-k) (1 case)" in told["pages.count"]


def test_of_a_part_the_verdict_says_how_much_was_judged(mock_url: str, tmp_path: Path) -> None:
    words = ["--base-url", mock_url, "-k", "test_parts"]
    for more in ([], ["-n", "2"]):
        told = pytest_face(*words, *more, cwd=tmp_path).stdout
        assert re.search(r"conforms \(only 3 of \d,\d+ checks were judged\)", told), told
    item = "contract_tests.test_laws::test_parts[count_deployments-laws.complete]"
    told = pytest_face("--base-url", mock_url, cwd=tmp_path, items=item).stdout
    assert "conforms (only laws: 1 check)" in told


@pytest.mark.parametrize("items", ["rule", "check"])
@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two"])
def test_what_cannot_be_judged_is_skipped_with_the_reason(
    items: str, workers: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "x.xml"
    words = ["-k", "test_walk and slugs or test_parts", "--contract-read-only", *workers]
    words += ["--contract-report", f"junit={file}", "--junitxml", str(tmp_path / "own.xml")]
    with mock_server("default") as url:
        done = pytest_face("--base-url", url, "--contract-items", items, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    why = "lifecycle: a read-only run changes nothing"
    for xml in (file, tmp_path / "own.xml"):
        cases = re.findall(
            r"<testcase [^>]*name=\"test_walk[^>]*slugs[^>]*>\s*<skipped.*", xml.read_text()
        )
        assert cases, xml
        assert all(why in case for case in cases)
    judged = 1 if items == "check" else 3
    assert re.search(rf"{judged} passed, \d+ skipped", done.stdout)
    assert f"conforms (only {judged} of " in done.stdout


def test_where_nothing_can_be_judged_there_is_no_verdict(tmp_path: Path) -> None:
    words = ["-k", "test_walk and slugs", "--contract-read-only"]
    with mock_server("default") as url:
        told = [pytest_face("--base-url", url, *words, *n, cwd=tmp_path) for n in ([], ["-n", "2"])]
    for done in told:
        assert done.returncode == 2, done.stdout
        assert "could NOT be judged" in done.stdout
        assert "nothing was judged: lifecycle: a read-only run changes nothing" in done.stdout


def test_every_operation_has_its_items(tmp_path: Path) -> None:
    """Of the rules that the suite judges by without credentials or a second server."""
    done = pytest_face("--collect-only", "-q", cwd=tmp_path)
    names = [line.rpartition("::")[2] for line in done.stdout.splitlines() if "::" in line]
    assert len(names) == len(set(names))
    for rule in catalogue().values():
        kind = rule.code.partition(".")[0]
        if kind == "compare":
            continue  # items of a comparison are checks
        mine = [name for name in names if name.endswith(f"{rule.code}]")]
        assert mine, rule.code
        for operation in rule.operations:
            assert operation == "all" or any(operation in name for name in mine), rule.code


def test_a_finding_is_told_once_by_the_item_that_it_belongs_to() -> None:
    here, elsewhere = (finding("count_deployments", rule) for rule in ("filters.count", "pages.x"))
    outcome = Outcome([here, elsewhere])
    assert outcome.share(None, [COUNT, GONE]) == [elsewhere]
    assert outcome.share(COUNT, []) == [here]
    assert outcome.share(COUNT, []) == []


def test_an_item_of_any_operation_tells_findings_of_all() -> None:
    assert GONE.holds(finding("read_deployment", "lifecycle.gone"))
    assert not GONE.holds(finding("read_deployment", "lifecycle.read"))
    assert not COUNT.holds(finding("read_deployments", "filters.count"))


def test_without_items_of_its_own_a_check_tells_everything() -> None:
    found = [finding("count_deployments", "filters.count")]
    assert Outcome(found).share(None, []) == found
