"""The suite is silent about a server that keeps its data in PostgreSQL, and finds bugs in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.planted_bugs.judge import judge
from tests.real_server.postgres import postgres
from tests.real_server.process import prefect_server

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("real_server")]


@pytest.fixture(scope="module")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres() as address:
        settings = {"PREFECT_API_DATABASE_CONNECTION_URL": address}
        with prefect_server(tmp_path_factory.mktemp("postgres"), settings=settings) as url:
            yield url


@pytest.mark.parametrize(
    ("profile", "seed"),
    [("quick", 1), ("quick", 2), ("quick", 3), ("standard", 1), ("standard", 2)],
)
def test_the_suite_is_silent_on_postgres(postgres_server: str, profile: str, seed: int) -> None:
    verdict = judge(postgres_server, seed=seed, profile=profile)
    assert verdict.status == 0, verdict.output
