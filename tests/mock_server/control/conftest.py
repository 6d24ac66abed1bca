"""One mock with its control API, as it was at its start for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mock_server import serve
from tests.mock_server.control.client import NOW, Control

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shared() -> Iterator[Control]:
    with serve(seed=1, now=NOW) as mock:
        client = Control(mock)
        yield client
        client.close()


@pytest.fixture
def control(shared: Control) -> Iterator[Control]:
    """One mock for all tests, as it was at its start for each."""
    yield shared
    shared.mock.controls.reset()
    for name in shared.mock.controls.snapshots:
        shared.mock.controls.forget(name)


# -- the document
