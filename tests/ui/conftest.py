"""Chromium on the mock with the web UI of the prefect that the real server's environment has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from mock_server import serve
from tests.real_server.process import RealServerMissingError, prefect_python
from tests.ui.browser import BrowserMissingError, Watch, chromium
from tests.ui.site import Site
from tests.ui.world import make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, ViewportSize

WIDE: ViewportSize = {"width": 1280, "height": 1000}
PATIENCE = 30_000
"""Milliseconds to wait for what should appear; a busy machine takes its time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the browser's tests in one worker: while it runs, nothing else there can be async."""
    for item in items:
        if "ui" in item.path.parent.name:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    try:
        with chromium() as running:
            yield running
    except BrowserMissingError as error:
        # A failure, never a skip: without it nothing here is proven.
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    try:
        python = prefect_python()
    except RealServerMissingError as error:
        pytest.fail(str(error), pytrace=False)
    with serve(fixtures="empty", ui=python) as mock:
        yield Site(mock.url.removesuffix("/api"), make_world(mock.url))


@pytest.fixture
def allowed() -> list[str]:
    """Problems that a test expects; it adds to them."""
    return []


@pytest.fixture
def watched(browser: Browser, allowed: list[str]) -> Iterator[tuple[Page, Watch]]:
    """A page of a new context; what goes wrong on it fails the test."""
    context = browser.new_context(viewport=WIDE, locale="en-US", timezone_id="UTC")
    context.set_default_timeout(PATIENCE)
    watch = Watch(context)
    page = context.new_page()
    yield page, watch
    context.close()
    unexpected = [problem for problem in watch.problems if not _is_allowed(problem, allowed)]
    assert unexpected == []


def _is_allowed(problem: str, allowed: list[str]) -> bool:
    return any(part in problem for part in allowed)
