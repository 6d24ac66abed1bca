"""The mock, served in this process on a free port."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def mock_server(fixtures: str = "empty", middleware: Sequence[Any] = ()) -> Iterator[str]:
    """Serve the mock on fixture data; yields its base URL, ending in /api."""
    from mock_server import serve  # noqa: PLC0415 - most tests need no server

    with serve(fixtures=fixtures, middleware=middleware) as mock:
        yield mock.url
