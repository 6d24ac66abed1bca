"""A run from its command: the two faces, their exit status, what they print and leave behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from contract_tests import test_laws, test_meaning
from contract_tests.running.run import Options, run
from contract_tests.spec.criteria import criteria
from contract_tests.spec.searches import COUNT, FILTER, PAGINATE
from contract_tests.transport.target import Target, may_change
from mock_server import serve as mock_server_with
from tests.contract_tests.stub import Answer, serve
from tests.contract_tests.test_janitor import ids
from tests.mock import mock_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from contract_tests.transport.exchange import Exchange

SCREEN = 24


def command(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "contract_tests", *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=cwd,
    )


def pytest_face(
    *words: str, cwd: Path, items: str = "contract_tests"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--pyargs", items, *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=cwd,
    )


@pytest.fixture(scope="module")
def busy_mock() -> Iterator[str]:
    """A mock with the fixture data, as others' data."""
    with mock_server("default") as url:
        yield url


def test_a_conforming_server(busy_mock: str, tmp_path: Path) -> None:
    """From any folder, whatever pytest is told there; on others' data, which stays as it is."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    with Target(busy_mock) as target:
        before = ids(target)
    done = command("run", "--base-url", busy_mock, "--seed", "4", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    summary = done.stdout.partition("\n\n")[2].splitlines()
    assert summary[0] == f"{busy_mock} conforms"
    assert len(summary) <= SCREEN
    assert re.search(
        r"\d+ requests in .* server .*, profile quick, seed 4$", done.stdout, re.MULTILINE
    )
    told = done.stdout.partition("\n\n")[0].splitlines()
    assert any(re.search(r"meaning +done: \d+ checks, .* no faults$", line) for line in told)
    again = f"again: deployments-contract run --base-url {busy_mock} --profile quick --seed 4"
    assert summary[-1] == again
    with Target(busy_mock) as target:
        assert ids(target) == before


def test_the_pytest_face_runs_the_same_items(busy_mock: str, tmp_path: Path) -> None:
    done = pytest_face("--base-url", busy_mock, "-k", "test_parts or paused", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    done = pytest_face(
        "--base-url",
        busy_mock,
        "-k",
        "test_parts or paused",
        "--contract-items",
        "check",
        cwd=tmp_path,
    )
    assert "3 passed" in done.stdout
    assert f"{busy_mock} conforms" in done.stdout


def test_the_pytest_face_needs_a_target(tmp_path: Path) -> None:
    done = pytest_face(cwd=tmp_path)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "needs --base-url" in done.stdout + done.stderr


@pytest.mark.parametrize("face", ["command", "pytest"])
def test_a_violation(face: str, tmp_path: Path) -> None:
    """One fault, told at once and once, with all that is needed to see it again."""
    with relaying(adds=1) as broken:
        words = ["--base-url", broken]
        if face == "command":
            done = command("run", *words, "--fail-fast", cwd=tmp_path)
        else:
            done = pytest_face(*words, "-x", "-k", "without_filters", cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    told = done.stdout
    assert "count_deployments: counts wrong: no filter" in told
    assert "expected  22" in told
    assert "got       23" in told
    assert "rule      filters.count" in told
    assert "body      {}" in told
    assert f"repeat    curl -sS {broken}/deployments/count" in told
    assert "spec      #/paths/~1deployments~1count/post" in told
    assert "VIOLATES the contract: 1 fault" in told


@contextmanager
def relaying(*, adds: int = 0, dies_after: int = 10**9) -> Iterator[str]:
    """A server before a mock that counts wrong, or stops answering; yields its base URL."""
    asked = iter(range(dies_after))
    with mock_server() as url, Target(url) as target:

        def answer(method: str, path: str, body: bytes) -> Answer | None:
            if next(asked, None) is None:
                return None
            kind = {"content-type": "application/json"} if body else {}
            below = path.removeprefix("/api")
            told = target.send(method, below, content=body or None, headers=kind)
            if below == "/deployments/count" and told.status == 200:
                return Answer(200, str(told.json() + adds).encode())
            return Answer(told.status, told.body)

        with serve(answer) as front:
            yield f"{front}/api"


@pytest.mark.parametrize("face", ["command", "pytest"])
def test_what_cannot_be_judged(face: str, tmp_path: Path) -> None:
    page = Answer(200, b"<html>", {"content-type": "text/html"})
    with serve(lambda *_: page) as url:
        words = ["--base-url", url]
        done = command("run", *words) if face == "command" else pytest_face(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert f"{url} answers with HTML (status 200)" in done.stdout
    if face == "command":
        assert len(done.stdout.splitlines()) == 1


def test_a_server_that_stops_answering_midway(tmp_path: Path) -> None:
    with relaying(dies_after=300) as dying:
        done = command("run", "--base-url", dying, "--seed", "1", cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert "could NOT be judged" in done.stdout
    assert "stopped answering at" in done.stdout
    assert "Could not be removed from the target:" in done.stdout
    assert f"deployments-contract clean --base-url {dying} --prefix ct-000001-" in done.stdout
    assert f"curl -X DELETE {dying}/flows/" in done.stdout


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_run_that_is_stopped_leaves_nothing(name: str, mock_url: str) -> None:
    with Target(mock_url) as target:
        before = ids(target)
        process = subprocess.Popen(
            [sys.executable, "-m", "contract_tests", "run", "--base-url", mock_url],
            stdout=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 60
        while target.post("/task_runs/count", {}).json() < 5:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(process.pid, getattr(signal, name))
        told = process.communicate(timeout=60)[0]
        assert process.returncode == 2, told
        assert f"interrupted ({name}) before the end" in told
        assert ids(target) == before


def ask_everything(options: Options, profile_share: int = 6) -> list[Exchange]:
    """The exchanges of a run of a part of the items."""
    seen: list[Exchange] = []
    with run(options) as session:
        session.target.observers.append(seen.append)
        judge = session.judgement
        for operation in (COUNT, FILTER, PAGINATE):
            test_meaning.test_without_filters(judge, operation)
            test_meaning.test_random(judge, operation)
        for criterion in criteria()[::profile_share]:
            test_meaning.test_criterion(judge, criterion)
            test_meaning.test_joined(judge, criterion)
        for law in test_laws.OF_ONE:
            test_laws.test_of_one_body(judge, law)
        test_laws.test_parts(judge)
        test_laws.test_rows(judge)
        assert not session.findings
    return seen


def test_read_only_sends_only_what_reads(busy_mock: str) -> None:
    with Target(busy_mock) as target:
        before = ids(target)
        seen = ask_everything(Options(busy_mock, seed=2, read_only=True))
        assert len(seen) > 200
        assert not [e for e in seen if may_change(e.method, e.path)]
        assert ids(target) == before


def test_the_same_seed_sends_the_same_requests() -> None:
    def bodies(seed: int) -> list[str]:
        with mock_server() as url:
            seen = ask_everything(Options(url, seed=seed))
        return [plain(f"{e.method} {e.path} {(e.request_body or b'').decode()}") for e in seen]

    def plain(text: str) -> str:
        """Without ids and clocks, which are the server's."""
        text = re.sub(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}", "ID", text)
        return re.sub(r"20[0-8]\d-\d\d-\d\dT[\d:.]+(Z|[+-][\d:]+)", "TIME", text)

    first, second = bodies(11), bodies(11)
    assert first == second
    assert bodies(12) != first


def test_what_is_read_otherwise_is_told_with_the_change_that_was_to_make_it_so() -> None:
    """So a failure of the change is seen to be the cause, and no other operation is blamed."""
    faults = ["operation=update_deployment status=500"]
    with mock_server_with(fixtures="empty", faults=faults) as mock:
        words = ["--base-url", mock.url, "--seed", "1", "--only", "laws", "--only", "conformance"]
        done = command("run", *words)
    assert "update_deployment: `global_concurrency_limit` is read other than sent" in done.stdout
    assert "before    curl -sS -X PATCH" in done.stdout
    assert "create_deployment: " not in done.stdout
    assert re.search(r"\d+ more that may follow from it: rows.kept", done.stdout)


def test_help_fits_a_screen_and_shows_an_example() -> None:
    for words in (["--help"], ["run", "--help"]):
        told = command(*words).stdout
        assert len(told.splitlines()) <= SCREEN + 8
    assert "deployments-contract run --base-url http://127.0.0.1:4200/api" in told


def test_an_operation_that_is_never_available_is_not_judged() -> None:
    faults = ["operation=count_deployments status=503"]
    with mock_server_with(fixtures="empty", faults=faults) as mock:
        done = command("run", "--base-url", mock.url, "--seed", "1", "--only", "laws")
    assert done.returncode == 2
    assert "Nothing but 429 or 503 came from count_deployments" in done.stdout
