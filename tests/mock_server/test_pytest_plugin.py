"""The fixture `deployments_mock`, in pytest runs of their own, and what it costs those without."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from mock_server import serve
from mock_server.faults.syntax import FaultError
from mock_server.fixtures import FixtureError

if TYPE_CHECKING:
    from pathlib import Path

    from mock_server.running import RunningMock

import httpx

TESTS = """
import httpx
import pytest

urls = set()


def count(mock):
    return httpx.post(f"{mock.url}/deployments/count", json={}).json()


@pytest.mark.parametrize("turn", range(3))
def test_each_test_begins_anew(deployments_mock, turn):
    urls.add(deployments_mock.url)
    assert len(urls) == 1
    assert count(deployments_mock) == 2
    assert [one["path"] for one in deployments_mock.journal()] == ["/api/deployments/count"]
    for row in httpx.post(f"{deployments_mock.url}/deployments/filter", json={}).json():
        httpx.delete(f"{deployments_mock.url}/deployments/{row['id']}")
    assert count(deployments_mock) == 0
    deployments_mock.fail_next(times=5)
    assert httpx.get(f"{deployments_mock.url}/version").status_code == 503
"""
DATA = """
flows:
  - name: etl
    deployments: [{name: one}, {name: two}]
"""


def run(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
    )


def test_the_fixture_is_there_without_being_asked_for(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "data.yaml").write_text(DATA)
    (tmp_path / "pytest.ini").write_text("[pytest]\ndeployments_mock_fixtures = data.yaml\n")
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_tests_without_it_import_nothing_of_the_mock(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n\n\ndef test_it():\n"
        "    theirs = {name for name in sys.modules if name.startswith('mock_server')}\n"
        "    assert theirs == {'mock_server', 'mock_server.pytest_plugin'}\n"
        "    assert not {'connexion', 'uvicorn', 'pydantic', 'yaml'} & sys.modules.keys()\n"
    )
    done = run(tmp_path, "-p", "no:schemathesis", "-p", "no:tracecov")
    assert done.returncode == 0, done.stdout


def flows(mock: RunningMock) -> int:
    return int(httpx.post(f"{mock.url}/flows/count", json={}).json())


def test_other_data_can_be_loaded(deployments_mock: RunningMock, tmp_path: Path) -> None:
    deployments_mock.load("empty")
    assert flows(deployments_mock) == 0
    file = tmp_path / "data.yaml"
    file.write_text(DATA)
    deployments_mock.load(file)
    assert flows(deployments_mock) == 1
    with pytest.raises(FixtureError):
        deployments_mock.load("nope")
    assert flows(deployments_mock) == 1
    deployments_mock.load()
    assert flows(deployments_mock) > 1


def test_the_journal_tells_what_was_sent(deployments_mock: RunningMock) -> None:
    url = deployments_mock.url
    httpx.post(f"{url}/flows/", json={"name": "mine"})
    httpx.get(f"{url}/nope")
    httpx.post(f"{url}/flows/", json={"nome": "mine"})
    assert [one["status"] for one in deployments_mock.journal()] == [201, 404, 422]
    assert len(deployments_mock.journal(operation="create_flow")) == 2
    assert len(deployments_mock.journal(status="4xx")) == 2
    assert len(deployments_mock.journal(status=404, method="get")) == 1
    (made,) = deployments_mock.journal(contains='"name"')
    assert made["request"]["json"] == {"name": "mine"}
    assert made["response"]["json"]["name"] == "mine"


def test_a_misspelt_operation_makes_no_test_pass(deployments_mock: RunningMock) -> None:
    with pytest.raises(ValueError, match=r"creat_flow; did you mean create_flow\?"):
        deployments_mock.journal(operation="creat_flow")
    with pytest.raises(ValueError, match=r"no operation zzz\*"):
        deployments_mock.journal(operation="zzz*")


def stamp(url: str, name: str) -> datetime:
    made = httpx.post(f"{url}/flows/", json={"name": name}).json()
    return datetime.fromisoformat(made["created"])


def test_the_clock_is_moved_and_stopped(deployments_mock: RunningMock) -> None:
    url, noon = deployments_mock.url, datetime(2099, 3, 1, 12, tzinfo=UTC)
    assert deployments_mock.freeze("2099-03-01T12:00:00Z") == noon == deployments_mock.now
    assert deployments_mock.advance("1h30m") == noon + timedelta(minutes=90)
    assert deployments_mock.advance("-30m") == noon + timedelta(hours=1)
    assert deployments_mock.advance(timedelta(hours=1)) == noon + timedelta(hours=2)
    assert stamp(url, "one") - noon - timedelta(hours=2) < timedelta(seconds=1)
    assert deployments_mock.release(noon) >= noon
    assert deployments_mock.now - noon < timedelta(minutes=5)
    for wrong in ("soon", "+-2h", "9999999w"):
        with pytest.raises(ValueError, match=r"write such as|the clock goes"):
            deployments_mock.advance(wrong)
    deployments_mock.reset()
    assert abs(deployments_mock.now - datetime.now(UTC)) < timedelta(minutes=5)


def test_what_is_due_is_done_when_the_clock_is_moved() -> None:
    with serve(fixtures="empty", services=True) as mock:
        flow = httpx.post(f"{mock.url}/flows/", json={"name": "etl"}).json()["id"]
        schedule = {"schedule": {"interval": 3600}}
        body = {"name": "hourly", "flow_id": flow, "schedules": [schedule]}
        httpx.post(f"{mock.url}/deployments/", json=body)
        mock.advance("2h")
        found = mock.between_requests(lambda: list(mock.store.all("flow_runs")))
    assert {run["state_name"] for run in found} >= {"Late", "Scheduled"}


def test_the_next_request_fails_and_no_other(deployments_mock: RunningMock) -> None:
    url = deployments_mock.url
    deployments_mock.fail_next("read_flows", status=422)
    assert httpx.get(f"{url}/version").status_code == 200
    assert httpx.post(f"{url}/flows/filter").status_code == 422
    assert httpx.post(f"{url}/flows/filter").status_code == 200
    deployments_mock.fail_next(fault="drop")
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/version")
    assert httpx.get(f"{url}/version").status_code == 200
    with pytest.raises(FaultError, match="declares no status 418"):
        deployments_mock.fail_next(status=418)


def test_what_is_called_between_requests_answers_and_raises(deployments_mock: RunningMock) -> None:
    assert deployments_mock.between_requests(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        deployments_mock.between_requests(lambda: 1 // 0)
