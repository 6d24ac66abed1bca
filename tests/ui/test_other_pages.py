"""The pages of both UIs that lie around the deployments: nothing that they ask for goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.ui.site import open_page

if TYPE_CHECKING:
    from tests.ui.site import Site, Watched

NEW_POOL = "work-pools/create"
RUN = "runs/flow-run/<run>"
PAGES = {
    RUN: "tidy-ant",
    "flows/flow/<flow>": "orders",
    "work-pools/work-pool/boxes": "boxes",
    "work-pools/work-pool/boxes/queue/default": "default",
    NEW_POOL: "Kubernetes",
    "blocks": "Blocks",
    "events": "Event",
    "artifacts": "Artifacts",
}
TABS = '[role="tab"], .p-tab, .p-tabs__tab, .p-tab-navigation__tab'


@pytest.mark.parametrize("root", ["", "v2/"], ids=["vue", "react"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_and_its_tabs(
    site: Site, watched: Watched, allowed: list[str], root: str, path: str
) -> None:
    if path == NEW_POOL:  # pictures of clouds, from a host elsewhere
        allowed.append("net::ERR_NAME_NOT_RESOLVED")
    deployment = site.read(f"/deployments/{site.world.busy}")
    (run,) = site.runs(deployment["id"], PAGES[RUN])
    filled = path.replace("<run>", run["id"]).replace("<flow>", deployment["flow_id"])
    page, watch = open_page(watched, site, f"/{root}{filled}")
    expect(page.get_by_text(PAGES[path]).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    for tab in page.locator(TABS).all():
        if tab.is_visible():
            tab.click()
            page.wait_for_load_state("networkidle")
    if path == RUN:
        asked = {line.replace(run["id"], "<run>").partition("?")[0] for line in watch.asked}
        assert {"GET /flow_runs/<run>/graph-v2", "POST /artifacts/filter"} <= asked
