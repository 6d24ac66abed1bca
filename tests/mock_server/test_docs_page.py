"""Swagger UI at /docs, by its parts; a browser looks at it in tests/ui."""

from __future__ import annotations

import re

import httpx
import pytest

import openapi
from mock_server import serve
from tests.mock import mock_server


@pytest.fixture(scope="module")
def origin() -> str:
    with mock_server() as base_url:
        yield base_url.removesuffix("/api")


@pytest.mark.parametrize("path", ["/docs", "/api/docs"])
def test_the_page_loads_nothing_from_elsewhere(origin: str, path: str) -> None:
    page = httpx.get(f"{origin}{path}")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    wanted = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    assert len(wanted) == 4
    for part in wanted:
        found = httpx.get(f"{origin}{part}")
        assert (part, found.status_code, bool(found.content)) == (part, 200, True)


@pytest.mark.parametrize("path", ["/openapi.json", "/api/openapi.json"])
def test_the_document_is_the_bundle(origin: str, path: str) -> None:
    assert httpx.get(f"{origin}{path}").json() == openapi.load()


def test_the_page_shows_a_document_that_needs_no_credentials() -> None:
    """As on a real server: of its two, the one below the API asks for them."""
    with serve(fixtures="empty", auth="basic:admin:secret") as mock:
        origin = mock.url.removesuffix("/api")
        script = httpx.get(f"{origin}/docs/start.js").text
        found = re.search(r'url: "([^"]+)"', script)
        assert found is not None
        document = httpx.get(f"{origin}{found[1]}").json()
        assert document["paths"] == openapi.load()["paths"]
        # What its button "Authorize" goes by.
        [name] = document["security"][0]
        told = document["components"]["securitySchemes"][name]
        assert told == {"type": "http", "scheme": "basic"}
        assert httpx.get(f"{mock.url}/openapi.json").status_code == 401


@pytest.mark.parametrize("control", [True, False])
def test_the_root_says_where_to_go_on(*, control: bool) -> None:
    with serve(fixtures="empty", auth="basic:admin:secret", control=control) as mock:
        root = mock.url.removesuffix("api")
        page = httpx.get(root)
        other = httpx.post(root)

    assert (page.status_code, page.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    named = re.findall(r"^  (/\S*) ", page.text, re.MULTILINE)
    assert named == ["/api", "/docs", "/_mock/"][: 3 if control else 2]
    assert (other.status_code, other.json()) == (404, {"detail": "Not Found"})


def test_what_is_none_of_its_files_is_not_found(origin: str) -> None:
    for name in ("nope.js", "..%2f__init__.py", "%2fetc%2fpasswd"):
        response = httpx.get(f"{origin}/docs/{name}")
        assert (response.status_code, response.json()) == (404, {"detail": "Not Found"})
