"""A session on a mock with the data set, shared by the tests that only ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contract_tests.run import Options, run
from tests.mock import mock_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract_tests.session import Session


@pytest.fixture(scope="session")
def contract_session() -> Iterator[Session]:
    """A run with seed 1 on a mock of its own; nobody changes the mock's data."""
    with mock_server() as url, run(Options(url, seed=1)) as session:
        yield session
