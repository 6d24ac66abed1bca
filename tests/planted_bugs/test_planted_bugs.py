"""The suite finds what is wrong, names it, and is silent about a server that has nothing wrong.

`make test` plants the bugs of `OFTEN`; `make proof` the whole catalogue, and some in a real server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import httpx
import pytest

from tests.mock import mock_server
from tests.planted_bugs.catalogue import BUGS, CATALOGUE
from tests.planted_bugs.judge import Verdict, judge
from tests.planted_bugs.plant import Bug, Planted
from tests.real_server.process import prefect_server

if TYPE_CHECKING:
    from collections.abc import Iterator

SEEDS: Final = [1, 2, 3]
OFTEN: Final = {
    "deployments.name.any_ is ignored",
    "deployments.paused is ignored",
    "deployments.tags.is_null_ is ignored",
    "deployments.work_queue_name is ignored",
    "flows.tags.all_ is ignored",
    "flow_runs.state.type.any_ is ignored",
    "flow_runs.idempotency_key.any_ is ignored",
    "task_runs.state.name.any_ is ignored",
    "work_pools.type.any_ is ignored",
    "work_pool_queues.name.startswith_ is ignored",
    "tags.all_ acts as any_",
    "like_ minds the case",
    "like_ is a prefix",
    "a refused change is half there",
    "PATCH schedule: day_or is lost",
    "and_ acts as or_",
    "or_ acts as and_",
    "an empty any_ matches all",
    "a null criterion matches nothing",
    "tags.is_null_ is inverted",
    "before_ and after_ are swapped",
    "before_ is exclusive",
    "run and task run need not belong together",
    "count is not filtered",
    "offset is off by one",
    "page is one too small",
    "pages are rounded down",
    "the count is of the page",
    "limit is ignored",
    "the default limit is wrong",
    "sort is ignored",
    "the order is reversed",
    "CREATED_DESC is ascending",
    "flow_id is missing in lists",
    "paused is a string",
    "create answers 200",
    "500 for 404",
    "404 without detail",
    "422 in another envelope",
    "an invalid search is an empty one",
    "any limit is accepted",
    "unknown keys in filters are accepted",
    "an unknown sort is accepted",
    "create loses tags",
    "an upsert duplicates",
    "an upsert makes a new one",
    "an upsert keeps the schedules",
    "PATCH resets the description",
    "PATCH ignores tags",
    "pause does nothing",
    "resume does nothing",
    "delete does nothing",
    "deleted ones are still listed",
    "searches are stale",
    "reads are stale",
    "scheduling makes no runs",
    "runs lose the deployment's tags",
    "run parameters are not merged",
    "idempotency keys are ignored",
    "polling has no time bound",
    "names are read in any case",
    "an update adds to the tags",
    "polling leaves out what is paused",
    "id.any_ knows ten values",
}


def _often(bug: Bug) -> list[pytest.MarkDecorator]:
    return [] if bug.name in OFTEN else [pytest.mark.proof]


def test_the_bugs_planted_often_are_in_the_catalogue() -> None:
    assert set(CATALOGUE) >= OFTEN
    assert len(CATALOGUE) == len(BUGS), "two bugs have one name"


@pytest.mark.parametrize("bug", [pytest.param(bug, id=bug.name, marks=_often(bug)) for bug in BUGS])
def test_the_suite_finds(bug: Bug) -> None:
    with mock_server(middleware=[lambda app: Planted(app, bug.act)]) as url:
        _assert_found(bug, url)


def _assert_found(bug: Bug, url: str) -> None:
    """Exit status 1, and a finding that points at the bug: at once, or in the whole run."""
    verdict = judge(url, seed=SEEDS[0], only=bug.checks, fail_fast=True)
    if not _named(bug, verdict):
        verdict = judge(url, seed=SEEDS[0])
    assert verdict.status == 1, f"{bug.name}: not found\n{verdict.output}"
    assert _named(bug, verdict), f"{bug.name}: found, but not named\n{verdict.output}"


def _named(bug: Bug, verdict: Verdict) -> bool:
    return any(bug.is_named_by(operation) for operation, _, _ in verdict.findings)


def _assert_silent(verdict: Verdict) -> None:
    assert verdict.status == 0, verdict.output
    assert not verdict.findings


@pytest.mark.parametrize("seed", SEEDS)
def test_the_suite_is_silent_on_the_mock(mock_url: str, seed: int) -> None:
    _assert_silent(judge(mock_url, seed=seed))


def test_the_suite_is_silent_on_the_fixtures() -> None:
    with mock_server("default") as url:
        _assert_silent(judge(url, seed=SEEDS[0]))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_suite_is_silent_on_a_real_server(real_server: str, seed: int) -> None:
    _assert_silent(judge(real_server, seed=seed))


@pytest.mark.proof
@pytest.mark.parametrize("seed", SEEDS)
def test_the_standard_profile_is_silent_on_a_real_server(real_server: str, seed: int) -> None:
    _assert_silent(judge(real_server, seed=seed, profile="standard"))


@pytest.mark.proof
@pytest.mark.parametrize("seed", SEEDS)
def test_the_standard_profile_is_silent_on_the_mock(mock_url: str, seed: int) -> None:
    _assert_silent(judge(mock_url, seed=seed, profile="standard"))


@pytest.fixture(scope="module")
def plantable_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prefect_server(tmp_path_factory.mktemp("planted"), planted=True) as url:
        yield url


@pytest.mark.proof
@pytest.mark.xdist_group("real_server")
@pytest.mark.parametrize("name", sorted(OFTEN))
def test_the_suite_finds_in_a_real_server(plantable_server: str, name: str) -> None:
    switch = f"{plantable_server.removesuffix('/api')}/plant"
    with httpx.Client(trust_env=False) as client:
        client.put(f"{switch}/{quote(name)}").raise_for_status()
        try:
            _assert_found(CATALOGUE[name], plantable_server)
        finally:
            client.delete(switch).raise_for_status()
