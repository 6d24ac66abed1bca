"""The one process of real clients that all tests here share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients.driving import Driver
from tests.clients.driving import driver as start

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """A process of Prefect's command line and SDK."""
    with start(tmp_path_factory.mktemp("prefect-client")) as running:
        yield running
