"""The deployment pages of the Vue UI (`ui`) on the mock, as a user goes through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.ui.site import is_delete, is_patch, is_run, names, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.ui.site import Site, Watched

DETAIL = "/deployments/deployment"


def choose(page: Page, text: str) -> None:
    """An entry of the menu that is open."""
    page.locator(".p-overflow-menu-item", has_text=text).click()


def test_the_list_is_searched_sorted_and_paged(site: Site, watched: Watched) -> None:
    page, watch = open_page(watched, site, "/deployments")
    expect(page.get_by_text("13 Deployments")).to_be_visible()
    row = page.get_by_role("row", name="hourly orders")
    for text in ("orders", "Not Ready", "Hourly", "+3"):
        expect(row).to_contain_text(text)
    assert names(page) == ["hourly", *(f"report-{number:02}" for number in range(9))]

    pager = page.locator(".p-pager__buttons button")
    pager.nth(2).click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    expect(page.get_by_role("link", name="report-11")).to_be_visible()
    assert names(page) == ["report-09", "report-10", "report-11"]
    pager.nth(0).click()
    expect(page.get_by_text("Page 1 of 2")).to_be_visible()

    page.get_by_role("button", name="A to Z").press("ArrowDown")
    page.get_by_role("option", name="Z to A").click()
    expect(page.get_by_role("link", name="report-11")).to_be_visible()
    assert names(page)[0] == "report-11"

    page.get_by_role("searchbox").fill("ORDERS")
    expect(page.get_by_text("1 Deployment", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="report-11")).to_be_hidden()
    assert names(page) == ["hourly"]
    page.get_by_role("searchbox").fill("")

    page.get_by_role("button", name="All tags").click()
    page.keyboard.type("finance")
    page.get_by_role("option", name="finance").click()
    expect(page.get_by_text("4 Deployments", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="report-11")).to_be_hidden()
    assert names(page) == ["report-09", "report-06", "report-03", "report-00"]
    assert "POST /deployments/paginate" in watch.asked


def test_each_tab_shows_its_part(site: Site, watched: Watched) -> None:
    page, watch = open_page(watched, site, f"{DETAIL}/{site.world.busy}")
    expect(page.get_by_text("6 Flow runs", exact=True)).to_be_visible()
    panel = page.get_by_role("tabpanel")
    expect(panel).to_contain_text("Next Run")
    expect(panel).to_contain_text("glad-gnu")
    expect(panel.get_by_text("0 Task runs")).to_have_count(6)
    for state in ("Completed", "Failed", "Running", "Cancelled", "Crashed", "Pending"):
        expect(panel.get_by_text(state, exact=True)).to_be_visible()
    for text in ("monthly", "rrule", "cron", "interval", "flows/orders.py:orders", "1.4.2"):
        expect(page.get_by_text(text, exact=True)).to_be_visible()

    tabs = page.get_by_role("tablist")
    tabs.get_by_text("Upcoming").click()
    for run in ("glad-gnu", "happy-hen", "idle-ibex"):
        expect(page.get_by_role("tabpanel").get_by_role("link", name=run)).to_be_visible()
    tabs.get_by_text("Parameters").click()
    for text in ("region", "dry_run", "days"):
        expect(page.get_by_role("tabpanel")).to_contain_text(text)
    tabs.get_by_text("Configuration").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("command")
    tabs.get_by_text("Description").click()
    expect(page.get_by_role("tabpanel").get_by_text("never twice")).to_be_visible()
    assert not [line for line in watch.asked if line.startswith("SOCKET")]


def test_it_is_paused_and_resumed(site: Site, watched: Watched) -> None:
    page, _ = open_page(watched, site, f"{DETAIL}/{site.world.busy}")
    toggle = page.get_by_role("switch").first
    for paused in (True, False):
        with page.expect_response(is_patch):
            toggle.click()
        assert site.read(f"/deployments/{site.world.busy}")["paused"] is paused
        expect(toggle).to_be_checked(checked=not paused)


def test_a_schedule_is_made_stopped_and_deleted(site: Site, watched: Watched) -> None:
    page, _ = open_page(watched, site, f"{DETAIL}/{site.world.doomed}")
    page.get_by_role("button", name="Schedule", exact=True).click()
    with page.expect_response(lambda response: response.url.endswith("/schedules")):
        page.get_by_role("button", name="Save").click()
    schedules = f"/deployments/{site.world.doomed}/schedules"
    assert len(site.read(schedules)) == 2
    switch = page.get_by_role("switch").nth(1)
    with page.expect_response(is_patch):
        switch.click()
    expect(switch).not_to_be_checked()
    assert sum(not entry["active"] for entry in site.read(schedules)) == 1
    page.locator(
        ".deployment-schedule-card .p-icon-button-menu, .deployment-schedule-card button"
    ).last.click()
    choose(page, "Delete")
    with page.expect_response(is_delete):
        page.get_by_role("button", name="Delete").last.click()
    assert len(site.read(schedules)) == 1


def test_a_quick_run_is_made(site: Site, watched: Watched) -> None:
    page, _ = open_page(watched, site, f"{DETAIL}/{site.world.doomed}")
    page.get_by_role("button", name="Run", exact=True).click()
    with page.expect_response(is_run) as made:
        choose(page, "Quick run")
    run = made.value.json()
    assert run["state_type"] == "SCHEDULED"
    expect(page.get_by_text(run["name"]).first).to_be_visible()


def test_a_custom_run_is_made(site: Site, watched: Watched) -> None:
    page, watch = open_page(watched, site, f"{DETAIL}/{site.world.busy}/run")
    page.locator("input[type=text]").first.fill("by-vue")
    page.locator("textarea").first.fill("asia")
    with page.expect_response(is_run):
        page.get_by_role("button", name="Submit").click()
    (run,) = site.runs(site.world.busy, "by-vue")
    assert run["parameters"]["region"] == "asia"
    assert "POST /ui/schemas/validate" in watch.asked


def test_it_is_edited(site: Site, watched: Watched) -> None:
    page, _ = open_page(watched, site, f"{DETAIL}/{site.world.busy}/edit")
    page.get_by_role("spinbutton").last.fill("5")
    with page.expect_response(is_patch) as patched:
        page.get_by_role("button", name="Save").click()
    assert patched.value.status == 204
    edited = site.read(f"/deployments/{site.world.busy}")
    assert edited["parameters"]["days"] == 5


def test_it_is_deleted(site: Site, watched: Watched, allowed: list[str]) -> None:
    doomed = site.world.doomed
    allowed += [f"404 to GET {site.origin}/api/deployments/{doomed}", "404 (Not Found)"]
    page, _ = open_page(watched, site, f"{DETAIL}/{doomed}")
    expect(page.get_by_role("button", name="Schedule", exact=True)).to_be_visible()
    page.get_by_role("banner").get_by_role("button").last.click()
    choose(page, "Delete")
    with page.expect_response(is_delete) as deleted:
        page.get_by_role("button", name="Delete").last.click()
    assert deleted.value.status == 204
    expect(page.get_by_text("Deployment deleted").first).to_be_visible()
    open_page(watched, site, "/deployments?page=2")
    expect(page.get_by_text("12 Deployments")).to_be_visible()
    expect(page.get_by_role("link", name="report-11")).to_be_hidden()
