"""Swagger UI at /docs, looked at in a browser that reaches nothing but this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.ui.site import open_page

if TYPE_CHECKING:
    from tests.ui.site import Site, Watched


def test_it_shows_the_operations_and_tries_them(site: Site, watched: Watched) -> None:
    page, _ = open_page(watched, site, "/docs")
    expect(page.get_by_role("heading", name="Prefect deployment API")).to_be_visible()
    operation = page.locator("#operations-Deployments-count_deployments")
    expect(operation).to_contain_text("/deployments/count")
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.locator("textarea").first.fill("{}")
    with page.expect_response(lambda response: response.url.endswith("/deployments/count")) as sent:
        operation.get_by_role("button", name="Execute").click()
    assert sent.value.status == 200
    status = operation.locator(".live-responses-table tbody .response-col_status")
    expect(status.first).to_have_text("200")
