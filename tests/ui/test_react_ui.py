"""The deployment pages of the React UI (`ui-v2`) on the mock, as a user goes through them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.ui.site import is_delete, is_patch, is_run, names, open_page

if TYPE_CHECKING:
    from tests.ui.site import Site, Watched

DETAIL = "/v2/deployments/deployment"


def test_the_root_leads_to_it(site: Site, watched: Watched) -> None:
    page, _ = open_page(watched, site, "/")
    expect(page).to_have_url(re.compile("/v2/"))
    expect(page.get_by_role("link", name="Deployments")).to_be_visible()


def test_the_list_is_searched_sorted_and_paged(site: Site, watched: Watched) -> None:
    page, watch = open_page(watched, site, "/v2/deployments")
    expect(page.get_by_text("13 Deployments")).to_be_visible()
    row = page.get_by_role("row", name="hourly")
    expect(row).to_contain_text("orders")
    expect(row).to_contain_text("Not Ready")
    expect(row).to_contain_text("4 schedules")
    assert names(page) == ["hourly", *(f"report-{number:02}" for number in range(9))]

    page.get_by_role("button", name="Go to next page").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    expect(page.get_by_role("link", name="report-11")).to_be_visible()
    assert names(page) == ["report-09", "report-10", "report-11"]
    page.get_by_role("button", name="Go to first page").click()

    page.get_by_role("combobox", name="Deployment sort order").click()
    page.get_by_role("option", name="Z to A").click()
    expect(page.get_by_role("link", name="report-11")).to_be_visible()
    assert names(page)[0] == "report-11"

    page.get_by_placeholder("Search deployments").fill("ORDERS")
    expect(page.get_by_role("link", name="report-11")).to_be_hidden()
    assert names(page) == ["hourly"]
    page.get_by_placeholder("Search deployments").fill("")
    expect(page.get_by_role("link", name="report-11")).to_be_visible()

    page.get_by_role("button", name="Filter by tags").click()
    page.keyboard.type("finance")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="report-11")).to_be_hidden()
    assert names(page) == ["report-09", "report-06", "report-03", "report-00"]
    assert "POST /deployments/count" in watch.asked


def test_each_tab_shows_its_part(site: Site, watched: Watched) -> None:
    page, watch = open_page(watched, site, f"{DETAIL}/{site.world.busy}")
    expect(page.get_by_text("6 Flow runs")).to_be_visible()
    panel = page.get_by_role("tabpanel")
    expect(panel).to_contain_text("Next Run")
    expect(panel).to_contain_text("glad-gnu")
    expect(panel.get_by_text("0 Task runs")).to_have_count(6)
    for state in ("Completed", "Failed", "Running", "Cancelled", "Crashed", "Pending"):
        expect(panel.get_by_text(state, exact=True)).to_be_visible()
    side = page.get_by_role("complementary")
    for text in ("Every 1 hour", "every week on Monday", "flows/orders.py:orders", "1.4.2"):
        expect(side).to_contain_text(text)

    page.get_by_role("tab", name="Upcoming").click()
    for run in ("glad-gnu", "happy-hen", "idle-ibex"):
        expect(page.get_by_role("tabpanel").get_by_role("link", name=run)).to_be_visible()
    page.get_by_role("tab", name="Parameters").click()
    for text in ("region", "dry_run", "days"):
        expect(page.get_by_role("tabpanel")).to_contain_text(text)
    page.get_by_role("tab", name="Configuration").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("command")
    page.get_by_role("tab", name="Description").click()
    expect(page.get_by_role("tabpanel").get_by_text("never twice")).to_be_visible()
    assert not [line for line in watch.asked if line.startswith("SOCKET")]


def test_it_is_paused_and_resumed(site: Site, watched: Watched) -> None:
    page, _ = open_page(watched, site, f"{DETAIL}/{site.world.busy}")
    toggle = page.get_by_role("switch", name="Pause or resume all schedules")
    for paused in (True, False):
        with page.expect_response(is_patch):
            toggle.click()
        assert site.read(f"/deployments/{site.world.busy}")["paused"] is paused
        expect(toggle).to_be_checked(checked=not paused)


def test_a_schedule_is_made_stopped_and_deleted(site: Site, watched: Watched) -> None:
    page, _ = open_page(watched, site, f"{DETAIL}/{site.world.doomed}")
    page.get_by_role("button", name="Schedule", exact=True).click()
    dialog = page.get_by_role("dialog")
    with page.expect_response(lambda response: response.url.endswith("/schedules")):
        dialog.get_by_role("button", name="Save").click()
    switch = page.get_by_role("complementary").get_by_role("switch").last
    with page.expect_response(is_patch):
        switch.click()
    expect(switch).not_to_be_checked()
    page.get_by_role("complementary").get_by_role("button", name="Open menu").last.click()
    page.get_by_role("menuitem", name="Delete").click()
    with page.expect_response(is_delete):
        page.get_by_role("button", name="Delete").last.click()


def test_a_quick_run_is_made(site: Site, watched: Watched) -> None:
    page, _ = open_page(watched, site, f"{DETAIL}/{site.world.busy}")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Quick run").click()
    # It asks for parameters first: one of them is required.
    with page.expect_response(is_run) as made:
        page.get_by_role("dialog").get_by_role("button", name="Run").click()
    run = made.value.json()
    assert run["state_type"] == "SCHEDULED"
    expect(page.get_by_text(run["name"]).first).to_be_visible()


def test_a_custom_run_is_made(site: Site, watched: Watched) -> None:
    page, watch = open_page(watched, site, f"{DETAIL}/{site.world.busy}/run")
    page.get_by_role("textbox", name="Run Name").fill("by-react")
    page.get_by_role("textbox", name="region").fill("asia")
    with page.expect_response(is_run):
        page.get_by_role("button", name="Submit").click()
    (run,) = site.runs(site.world.busy, "by-react")
    assert run["parameters"]["region"] == "asia"
    assert "POST /ui/schemas/validate" in watch.asked


def test_it_is_edited(site: Site, watched: Watched) -> None:
    page, _ = open_page(watched, site, f"{DETAIL}/{site.world.busy}/edit")
    page.get_by_role("spinbutton", name="days").fill("5")
    page.get_by_role("button", name="Remove critical tag").click()
    with page.expect_response(is_patch) as patched:
        page.get_by_role("button", name="Save").click()
    assert patched.value.status == 204
    edited = site.read(f"/deployments/{site.world.busy}")
    assert edited["parameters"] == {"region": "us", "days": 5, "dry_run": False, "mode": "full"}
    assert edited["tags"] == ["sales", "hourly"]


def test_it_is_deleted(site: Site, watched: Watched, allowed: list[str]) -> None:
    doomed = site.world.doomed
    # The page asks once more for what it has just deleted; so it does on a real server.
    allowed += [f"404 to GET {site.origin}/api/deployments/{doomed}", "404 (Not Found)"]
    page, _ = open_page(watched, site, f"{DETAIL}/{doomed}")
    page.get_by_role("main").get_by_role("button", name="Open menu").first.click()
    page.get_by_role("menuitem", name="Delete").click()
    with page.expect_response(is_delete) as deleted:
        page.get_by_role("button", name="Delete").last.click()
    assert deleted.value.status == 204
    open_page(watched, site, "/v2/deployments?page=2")
    expect(page.get_by_role("link", name="report-10")).to_be_visible()
    expect(page.get_by_role("link", name="report-11")).to_be_hidden()
