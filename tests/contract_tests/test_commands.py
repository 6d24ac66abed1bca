"""The commands besides `run`, and the parts that a run can be split into, on a mock with a bug."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from contract_tests.cli import main
from contract_tests.commands.cleaning import remains, remove
from contract_tests.commands.replay import ask, lines, read
from contract_tests.commands.replay import status as exit_status
from contract_tests.errors import CannotJudge
from contract_tests.running.run import Options, run
from contract_tests.transport.target import Target
from mock_server import serve
from openapi.commands.check_traffic import check_traffic
from tests.contract_tests.test_janitor import ids
from tests.contract_tests.test_run import command, pytest_face
from tests.mock import mock_server
from tests.planted_bugs.catalogue import CATALOGUE
from tests.planted_bugs.plant import Planted, Request, Response, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUG = CATALOGUE["pages are rounded down"]
# The part of a run in which paginate is asked without filters, and little else.
PAGINATE = ("--only", "meaning", "--shard", "3/90")
TIMES = r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?"


@contextmanager
def planted() -> Iterator[str]:
    with mock_server(middleware=[lambda app: Planted(app, BUG.act)]) as url:
        yield url


@pytest.fixture(scope="module")
def broken() -> Iterator[str]:
    with planted() as url:
        yield url


@pytest.fixture(scope="module")
def right() -> Iterator[str]:
    with mock_server() as url:
        yield url


@pytest.fixture(scope="module")
def report(broken: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The JSON report of a run that found the bug."""
    file = tmp_path_factory.mktemp("report") / "report.json"
    words = ["--base-url", broken, "--seed", "3", *PAGINATE]
    done = command("run", *words, "--report", f"json={file}")
    assert done.returncode == 1, done.stdout
    return file


def test_a_failed_case_is_still_broken_or_fixed(report: Path, right: str) -> None:
    told = json.loads(report.read_text("utf-8"))
    (fault,) = told["faults"]
    assert fault["rule"] == "pages.pages"
    done = command("replay", str(report), "--case", fault["id"][:5])
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"still broken  paginate_deployments: {fault['message']}" in done.stdout
    done = command("replay", str(report), "--base-url", right)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"[pages.pages] (asked 5 times)\n{report}: 1 of 1 fixed, 0 still broken" in done.stdout


def test_what_comes_now_and_then_is_asked_several_times(report: Path) -> None:
    """Wrong in each third run only: in the third, at the latest, it is seen again."""
    runs = 0

    async def act(request: Request, server: Server) -> Response:
        nonlocal runs
        # Each run begins by asking for the version.
        runs += request.path == "/admin/version"
        return await (BUG.act(request, server) if runs % 3 == 0 else server(request))

    with mock_server(middleware=[lambda app: Planted(app, act)]) as url:
        done = command("replay", str(report), "--base-url", url)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "still broken" in done.stdout
        assert "(asked 3 times)" in done.stdout
        done = command("replay", str(report), "--base-url", url, "--times", "2")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "(asked 2 times)" in done.stdout


def test_what_is_seen_again_may_be_told_otherwise(report: Path) -> None:
    whole = read(str(report))
    (fault,) = whole.faults
    steady = replace(fault, rule="filters.steady", cause="now and then", message="now and then")
    elsewhere = replace(steady, operation="count_deployments")
    left_out = [replace(one, outcome="left out", told="not here") for one in whole.checks]
    for found, checks, says, status in (
        ([steady], whole.checks, "still broken", 1),
        ([elsewhere], whole.checks, "fixed", 0),
        ([], left_out, "not judged", 2),
    ):
        now = replace(whole, faults=found, checks=checks)
        cases = ask([fault], lambda _, now=now: now, 2)  # type: ignore[misc]
        assert cases is not None
        assert (next(lines(cases, "x")).startswith(says), exit_status(cases)) == (True, status)


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [
        (None, [], "cannot be read"),
        ("{}", [], "no report of this version: write one with --report json=FILE"),
        ("", ["--case", "zz"], "no case zz; there are"),
    ],
)
def test_what_cannot_be_replayed(
    text: str | None, words: list[str], says: str, report: Path, tmp_path: Path
) -> None:
    file = report if text == "" else tmp_path / "x.json"
    if text:
        file.write_text(text)
    done = CliRunner().invoke(main, ["replay", str(file), *words])
    assert (done.exit_code, says in done.stderr) == (2, True), done.output
    assert len(done.stderr.splitlines()) == 1


def test_what_is_accepted_fails_no_more(broken: str, tmp_path: Path) -> None:
    """By any seed, and with the same fault only."""
    file = tmp_path / "known.yaml"
    words = ["run", "--base-url", broken, *PAGINATE, "--known", str(file)]
    done = command(*words, "--seed", "3", "--known-update")
    assert done.returncode == 0, done.stdout
    accepted = f"1 fault accepted from now on: 1 deviation written to {file}"
    assert f"{broken} conforms (but for {accepted}; part 3/90 alone)" in done.stdout
    known = file.read_text("utf-8")
    assert "rules:\n  - pages.pages" in known
    done = command(*words, "--seed", "4")
    assert done.returncode == 0, done.stdout
    assert "Found on" in done.stdout
    assert f"{broken} conforms (part 3/90 alone)\n" in done.stdout
    assert file.read_text("utf-8") == known


def test_two_servers_alike_and_two_that_differ(right: str, broken: str) -> None:
    words = ["compare", "--base-url", right, "--seed", "2"]
    with mock_server() as other, Target(right) as one, Target(other) as two:
        before = (ids(one), ids(two))
        done = command(*words, "--reference", other, "--shard", "5/40")
        assert done.returncode == 0, done.stdout
        assert f"{right} and {other} answer the same" in done.stdout
        assert (ids(one), ids(two)) == before
    done = command(*words, "--reference", broken, *PAGINATE)
    assert done.returncode == 1, done.stdout
    assert "differs from the reference in body.pages" in done.stdout
    assert "rule      compare.body" in done.stdout


def test_one_server_by_two_addresses_is_asked_for_changes_once(right: str) -> None:
    """As a gateway and its origin are."""
    words = ["--only", "lifecycle", "--shard", "1/8", "--seed", "2"]
    other = right.replace("127.0.0.1", "localhost")
    done = command("compare", "--base-url", right, "--reference", other, *words)
    assert done.returncode == 0, done.stdout
    assert "both addresses lead to the same data" in done.stdout
    done = command("compare", "--base-url", right, "--reference", right)
    assert (done.returncode, "the same address" in done.stdout) == (2, True)


def test_shards_are_merged_to_the_whole(right: str, tmp_path: Path) -> None:
    files = [str(tmp_path / f"{number}.json") for number in (1, 2)]
    for number, file in enumerate(files, 1):
        words = ["--base-url", right, "--seed", "1", "--only", "laws", "--shard", f"{number}/2"]
        assert command("run", *words, "--report", f"json={file}").returncode == 0
    done = CliRunner().invoke(main, ["merge", *files, "--report", f"junit={tmp_path / 'x.xml'}"])
    assert done.exit_code == 0, done.output
    assert f"{right} conforms" in done.output
    names = re.findall(r'<testcase [^>]*\sname="([^"]*)"', (tmp_path / "x.xml").read_text("utf-8"))
    assert len(names) == len(set(names))
    assert {"test_rows", "test_parts", "test_no_body_is_empty"} <= set(names)
    done = CliRunner().invoke(main, ["merge", files[0]])
    assert done.exit_code == 2
    assert "the part 2/2 is missing" in done.output


def test_workers_share_seed_and_summary(broken: str, tmp_path: Path) -> None:
    """By xdist, in the plain pytest face: one verdict of all, and one report."""
    file = tmp_path / "all.json"
    words = ["-n", "2", "-k", "without_filters or test_parts or test_no_body"]
    words += ["--contract-report", f"json={file}", "--contract-seed", "5"]
    with Target(broken) as target:
        before = ids(target)
        done = pytest_face("--base-url", broken, *words, cwd=tmp_path)
        assert ids(target) == before
    assert done.returncode == 1, done.stdout
    assert done.stdout.count("VIOLATES the contract: 1 fault") == 1
    told = json.loads(file.read_text("utf-8"))
    ran = [check for check in told["checks"] if check["outcome"] != "left out"]
    names = [check["id"].partition("::")[2] for check in ran]
    assert len(names) == len(set(names)), "no item runs twice"
    assert {"test_parts", "test_without_filters[count_deployments-filters.count]"} <= set(names)
    assert told["run"]["seed"] == 5


def test_what_a_dead_run_left_is_removed(right: str) -> None:
    with Target(right) as target:
        before = ids(target)
        with run(Options(right, seed=77)) as session:
            assert session.dataset.deployments
            prefix = session.prefix
            done = CliRunner().invoke(
                main, ["clean", "--base-url", right, "--prefix", prefix, "--dry-run"]
            )
            assert (done.exit_code, "would remove /deployments/" in done.output) == (0, True)
            found = remains(target, prefix)
            assert remove(target, prefix, found) == []
            assert remains(target, prefix) == []
            assert ids(target) == before
        with pytest.raises(CannotJudge, match="no prefix of a run"):
            remains(target, "ct-")


@pytest.mark.parametrize(
    ("words", "least"),
    [
        pytest.param(["--shard", "2/30"], 60, id="a part"),
        pytest.param([], 3000, id="the whole", marks=pytest.mark.proof),
    ],
)
def test_the_same_seed_sends_the_same_traffic(words: list[str], least: int, tmp_path: Path) -> None:
    """Two runs on fresh mocks that make the same names, by their archives; clocks are their own."""
    told: list[list[Any]] = []
    for number in (1, 2):
        file = tmp_path / f"{number}.har"
        with serve(fixtures="empty", seed=1) as mock:
            url = mock.url
            done = command(
                "run", "--base-url", url, "--seed", "9", *words, "--report", f"har={file}"
            )
            assert done.returncode == 0, done.stdout
        entries = json.loads(file.read_text("utf-8"))["log"]["entries"]
        told.append(in_order([plain(entry["request"], url) for entry in entries]))
    assert len(told[0]) > least
    assert told[0] == told[1]
    # What a conforming server answered, whatever it was asked, is as the contract says.
    checked = CliRunner().invoke(check_traffic, [str(tmp_path / "1.har")])
    assert checked.exit_code == 0, checked.output
    assert "nothing wrong" in checked.output


def in_order(requests: list[list[Any]]) -> list[list[Any]]:
    """The requests, with those at the end that are sent at once, of which any may come first."""
    at_once = [one for one in requests if "concurrent-upserts" in one[2]]
    return [one for one in requests if one not in at_once] + sorted(at_once)


def plain(request: dict[str, Any], url: str) -> list[Any]:
    """Method, address and body without ids and clocks."""
    text = request.get("postData", {}).get("text", "")
    parts = [request["method"], request["url"].replace(url, ""), text]
    uuid = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    return [re.sub(TIMES, "TIME", re.sub(uuid, "ID", part)) for part in parts]


@pytest.mark.parametrize("value", ["pdf=report.pdf", "html", "html="])
def test_a_report_of_no_known_form_is_told_in_a_sentence(value: str) -> None:
    words = ["run", "--base-url", "http://127.0.0.1:9/api", "--report", value]
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, type(done.exception)) == (2, SystemExit)
    assert f"--report {value}: " in done.output
    assert "Traceback" not in done.output
