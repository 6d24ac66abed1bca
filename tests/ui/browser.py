"""Chromium, and a watch on what goes wrong in it."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page, Response

NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MISSING: Final = (
    "There is no Chromium for the tests of the web UI: `make chromium` installs Debian's (as root,"
    " or with sudo), or set CHROMIUM to the executable of another."
)
# Nothing that a page asks for may leave the machine.
OPTIONS: Final = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
ABORTED: Final = "net::ERR_ABORTED"
"""What becomes of requests when a page is left before they are answered."""


class BrowserMissingError(RuntimeError):
    """There is no Chromium."""


def executable() -> str:
    """The path of Chromium: $CHROMIUM, or the first that is found.

    Raises:
        BrowserMissingError: there is none.
    """
    told = os.environ.get("CHROMIUM")
    found = shutil.which(told) if told else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise BrowserMissingError(f"{told} is no program. {MISSING}" if told else MISSING)
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium without a window."""
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*OPTIONS])
        try:
            yield browser
        finally:
            browser.close()


class Watch:
    """What went wrong in the pages of a context, and what they asked the API for.

    Args:
        context: the context, before it has a page.

    Attributes:
        problems: failed requests, answers from 400 on, errors on the console and in scripts.
        asked: method and path of each request to the API.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.problems: list[str] = []
        self.asked: list[str] = []
        context.on("page", self._attach)

    def _attach(self, page: Page) -> None:
        page.on("response", self._response)
        page.on("requestfailed", lambda request: self._failed(request.url, request.failure))
        page.on("pageerror", lambda error: self.problems.append(f"error on the page: {error}"))
        page.on("websocket", lambda socket: self.asked.append(f"SOCKET {socket.url}"))
        page.on(
            "console",
            lambda line: (
                self.problems.append(f"console: {line.text}") if line.type == "error" else None
            ),
        )

    def _response(self, response: Response) -> None:
        method, url = response.request.method, response.url
        if "/api/" in url:
            self.asked.append(f"{method} {url.partition('/api')[2]}")
        if response.status >= 400:
            self.problems.append(f"{response.status} to {method} {url}")

    def _failed(self, url: str, failure: str | None) -> None:
        if failure != ABORTED:
            self.problems.append(f"{failure}: {url}")
