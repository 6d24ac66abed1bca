"""Fixtures of all tests: the mock and a real server, apart or one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mock import mock_server
from tests.real_server.process import RealServerMissingError, prefect_server

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGETS = {"mock": ["mock"], "real": ["real"], "both": ["mock", "real"]}
# Tests that need a server that nobody else writes to start their own.
REAL_FIXTURES = {"real_server", "own_real_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--target",
        choices=sorted(TARGETS),
        default="both",
        help="which servers the tests run on that run unchanged on both (default: both)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "proof: takes minutes; `make proof` runs it")
    config.addinivalue_line("markers", "npm: needs node and npm; `make npm` runs it")
    config.addinivalue_line("markers", "releases: installs other releases; `make releases` runs it")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" in metafunc.fixturenames:
        targets = TARGETS[metafunc.config.getoption("target")]
        metafunc.parametrize("server", targets, indirect=True, scope="session")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what talks to a real server in one worker: a second server costs more than it saves."""
    for item in items:
        if _uses_real_server(item):
            item.add_marker(pytest.mark.xdist_group("real_server"))


def _uses_real_server(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function):
        return False
    called = getattr(item, "callspec", None)
    is_real = called is not None and called.params.get("server") == "real"
    return is_real or not REAL_FIXTURES.isdisjoint(item.fixturenames)


@pytest.fixture(scope="session")
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a real Prefect server; tests share it and leave their data behind."""
    yield from _real_server(tmp_path_factory)


@pytest.fixture(scope="module")
def own_real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a real Prefect server with an empty database, for one module."""
    yield from _real_server(tmp_path_factory)


def _real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with prefect_server(tmp_path_factory.mktemp("prefect")) as base_url:
            yield base_url
    except RealServerMissingError as error:
        # A failure, never a skip: without it nothing here is proven.
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def mock_url() -> Iterator[str]:
    """The base URL of a mock without data, new for each test."""
    with mock_server() as base_url:
        yield base_url


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The base URL of the mock, then of a real server: for cases that run unchanged on both.

    `--target mock|real|both` chooses. Both are shared by all such tests, so make names of your own.
    """
    if request.param == "real":
        yield request.getfixturevalue("real_server")
    else:
        with mock_server() as base_url:
            yield base_url
