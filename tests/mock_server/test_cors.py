"""What pages of other origins may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from click.testing import CliRunner

from mock_server import serve
from mock_server.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "http://localhost:5173"
THERE = "https://app.example.com"
ELSEWHERE = "http://localhost:5174"
HEADERS = "content-type, x-prefect-ui, x-anything"


@pytest.fixture(scope="module")
def anyone() -> Iterator[str]:
    with serve(fixtures="empty") as mock:
        yield mock.url


@pytest.fixture(scope="module")
def named() -> Iterator[str]:
    with serve(fixtures="empty", cors_origins=[HERE, THERE]) as mock:
        yield mock.url


def preflight(url: str, method: str, origin: str) -> httpx.Response:
    headers = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": HEADERS,
    }
    return httpx.options(f"{url}/deployments/filter", headers=headers)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_any_origin_may_call_with_any_header(anyone: str, method: str) -> None:
    response = preflight(anyone, method, ELSEWHERE)
    assert (response.status_code, response.text) == (200, "OK")
    assert response.headers["access-control-allow-origin"] == "*"
    assert method in response.headers["access-control-allow-methods"].split(", ")
    assert response.headers["access-control-allow-headers"] == HEADERS
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize("origin", [HERE, THERE])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_a_named_origin_may_send_credentials(named: str, method: str, origin: str) -> None:
    response = preflight(named, method, origin)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == origin
    assert response.headers["access-control-allow-credentials"] == "true"
    assert response.headers["access-control-allow-headers"] == HEADERS
    assert "Origin" in response.headers["vary"]


def test_an_origin_that_is_not_named_is_refused(named: str) -> None:
    assert preflight(named, "POST", ELSEWHERE).status_code == 400
    response = httpx.get(f"{named}/health", headers={"origin": ELSEWHERE})
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/nope", 404),
        ("PUT", "/health", 405),
        ("POST", "/deployments/", 422),
        ("POST", "/deployments/filter", 422),
    ],
)
def test_errors_carry_the_headers_too(
    anyone: str, named: str, method: str, path: str, status: int
) -> None:
    for url, allowed in ((anyone, "*"), (named, HERE)):
        body = {"json": {"limit": -1}} if method == "POST" else {}
        response = httpx.request(method, f"{url}{path}", headers={"origin": HERE}, **body)
        assert response.status_code == status
        assert response.headers["access-control-allow-origin"] == allowed


@pytest.mark.parametrize("wrong", ["localhost:5173", "http://a/b", "ftp://a", "http://", "a b"])
def test_the_command_refuses_what_is_no_origin(wrong: str) -> None:
    result = CliRunner().invoke(main, ["--port", "0", "--cors-origin", wrong])
    assert result.exit_code == 2
    assert "is no origin" in result.output
