"""The mock, served in this process on a free port."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def mock_server(fixtures: str = "empty") -> Iterator[str]:
    """Serve the mock on fixture data; yields its base URL, ending in /api."""
    from mock_server import serve  # noqa: PLC0415 - most tests need no server

    with serve(port=0, fixtures=fixtures) as base_url:
        yield base_url
