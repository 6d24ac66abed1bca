"""A mock for tests: the fixture `deployments_mock`.

Loaded by every pytest run where the package is installed, so it brings in nothing of the mock until
a test asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_server.running import RunningMock

FIXTURES = "deployments_mock_fixtures"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting that chooses the data."""
    parser.addini(
        FIXTURES,
        "data that deployments_mock begins each test with: the name of a set, or a YAML file (from"
        " the rootdir)",
        default="default",
    )


@pytest.fixture(scope="session")
def deployments_mock_session(pytestconfig: pytest.Config) -> Iterator[RunningMock]:
    """The mock that the tests of this session share; use `deployments_mock` for one as new."""
    from mock_server.server import serve  # noqa: PLC0415 - only who uses it pays

    fixtures: str = pytestconfig.getini(FIXTURES)
    if fixtures.endswith((".yaml", ".yml")):
        fixtures = str(pytestconfig.rootpath / fixtures)
    with serve(fixtures=fixtures) as mock:
        yield mock


@pytest.fixture
def deployments_mock(deployments_mock_session: RunningMock) -> Iterator[RunningMock]:
    """A mock of Prefect's deployment API, as new for each test.

    `url` is its address, for PREFECT_API_URL. `load`, `journal`, `fail_next`, `reset` and, of its
    clock, `advance`, `freeze`, `release` and `now` bend it; `store` is its state.
    """
    deployments_mock_session.reset()
    yield deployments_mock_session
    deployments_mock_session.reset()
