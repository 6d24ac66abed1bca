"""The page of the control API: one file that asks nobody else for anything."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import httpx
import pytest

from mock_server import serve
from mock_server.control import document
from mock_server.control.page import page
from mock_server.faults.syntax import KINDS

NO_ID = "00000000-0000-4000-8000-000000000000"
TEXT = page().content.decode()


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def elements() -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(TEXT)
    return parser.found


def test_it_offers_every_kind_of_fault(elements: list[tuple[str, dict[str, str | None]]]) -> None:
    offered = [attributes.get("value") for tag, attributes in elements if tag == "option"]
    assert offered[-len(KINDS) :] == [*KINDS]


def test_it_is_served_with_a_policy_that_lets_nothing_else_run() -> None:
    with serve(fixtures="empty") as mock:
        answer = httpx.get(mock.url.removesuffix("/api") + "/_mock", follow_redirects=True)

    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in policy
    assert len(re.findall(r"script-src 'sha256-[^']+'", policy)) == 1
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"


def test_it_loads_nothing_from_anywhere(
    elements: list[tuple[str, dict[str, str | None]]],
) -> None:
    for _, attributes in elements:
        for name in ("src", "href", "action", "srcset"):
            assert (attributes.get(name) or "data:").startswith("data:")
        # The policy forbids them, so they would do nothing.
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    without_icon = re.sub(r"href=\"data:[^\"]+\"", "", TEXT)
    assert "http://" not in without_icon
    assert "https://" not in without_icon
    assert "@import" not in TEXT


def test_it_shows_what_strangers_sent_as_text_only() -> None:
    for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert unsafe not in TEXT


def test_every_field_has_a_name_for_those_who_do_not_see_it(
    elements: list[tuple[str, dict[str, str | None]]],
) -> None:
    fields = [attributes for tag, attributes in elements if tag in {"input", "select", "textarea"}]
    labelled = re.findall(r"<label[^>]*>.*?</label>", TEXT, re.DOTALL)
    inside = "".join(labelled)
    for attributes in fields:
        key = attributes.get("name") or attributes.get("id") or ""
        hidden = "hidden" in attributes
        assert hidden or attributes.get("aria-label") or f'"{key}"' in inside, attributes


def test_tabs_and_panels_belong_together(
    elements: list[tuple[str, dict[str, str | None]]],
) -> None:
    ids = {attributes.get("id") for _, attributes in elements}
    tabs = [attributes for _, attributes in elements if attributes.get("role") == "tab"]
    panels = [attributes for _, attributes in elements if attributes.get("role") == "tabpanel"]

    assert len(tabs) == len(panels) == 4
    assert {tab["aria-controls"] for tab in tabs} <= ids
    assert {panel["aria-labelledby"] for panel in panels} == {tab["id"] for tab in tabs}


def test_it_asks_only_for_what_the_control_api_has() -> None:
    asked = re.findall(r'ask\("(GET|POST|PUT|DELETE)", "([a-z_/]+)', TEXT)

    assert len(asked) > 15
    for method, path in asked:
        if path.endswith("/"):
            tried = [f"/{path}{rest}" for rest in ("x", "x/restore", f"x/{NO_ID}", "1")]
        else:
            tried = [f"/{path}"]
        known = [document.routes().matching(item) for item in tried]
        methods = {key for found in known for route, _ in found for key in route.operations}
        assert method in methods, (method, path)
