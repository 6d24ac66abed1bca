"""A mock with the web UI, and what tests ask of it beside their browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

    from tests.ui.browser import Watch
    from tests.ui.world import World

    Watched = tuple[Page, Watch]


@dataclass(frozen=True, slots=True)
class Site:
    """A mock that serves the web UI.

    Attributes:
        origin: where its pages are.
        world: the data in it.
    """

    origin: str
    world: World

    def read(self, path: str) -> Any:
        """What the API says of one thing."""
        return httpx.get(f"{self.origin}/api{path}").json()

    def runs(self, deployment: str, name: str) -> list[dict[str, Any]]:
        """The runs of a deployment that have a name."""
        body = {
            "deployments": {"id": {"any_": [deployment]}},
            "flow_runs": {"name": {"any_": [name]}},
        }
        url = f"{self.origin}/api/flow_runs/filter"
        found: list[dict[str, Any]] = httpx.post(url, json=body).json()
        return found


def open_page(watched: Watched, site: Site, path: str) -> Watched:
    """Open a page of the UI."""
    page, watch = watched
    page.goto(f"{site.origin}{path}")
    return page, watch


def names(page: Page) -> list[str]:
    """The deployments of the list, from above."""
    links = page.get_by_role("table").locator("a[href*='/deployments/deployment/']")
    return links.all_inner_texts()


def is_patch(response: Response) -> bool:
    """Something was changed."""
    return response.request.method == "PATCH"


def is_delete(response: Response) -> bool:
    """Something was deleted."""
    return response.request.method == "DELETE"


def is_run(response: Response) -> bool:
    """A run was made."""
    return response.url.endswith("/create_flow_run")
