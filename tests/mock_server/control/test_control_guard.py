"""Who may use the control API."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from mock_server import create_app, serve
from mock_server.control.guard import denial, means_loopback

TOKEN = "correct-horse"
LOCAL = ("127.0.0.1", 4200)
REMOTE = ("192.0.2.7", 50000)


def scope(
    client: Any = LOCAL,
    server: Any = LOCAL,
    **headers: Any,
) -> dict[str, Any]:
    told = {"host": "127.0.0.1:4200", **headers}
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in told.items()]
    return {"scheme": "http", "client": client, "server": server, "headers": pairs}


def status(asked: dict[str, Any], token: str | None = None) -> int:
    denied = denial(asked, token)
    return 200 if denied is None else int(denied.status)


@pytest.mark.parametrize(
    "asked",
    [
        scope(),
        scope(host="localhost:4200"),
        scope(host="LocalHost"),
        scope(host="mock.localhost:4200"),
        scope(host="127.1.2.3"),
        scope(("::1", 1, 0, 0), ("::1", 4200, 0, 0), host="[::1]:4200"),
        scope(("::ffff:127.0.0.1", 1), ("::ffff:127.0.0.1", 4200)),
        scope(origin="http://127.0.0.1:4200", sec_fetch_site="same-origin"),
        scope(sec_fetch_site="none"),
    ],
)
def test_this_machine_is_let_in(asked: dict[str, Any]) -> None:
    assert status(asked) == 200


@pytest.mark.parametrize(
    "asked",
    [
        scope(REMOTE),
        scope(REMOTE, host="localhost"),
        scope(server=("192.0.2.1", 4200)),
        scope(None),
        scope(server=None),
        scope(server=("/run/mock.sock", None)),
        scope(("testclient", 50000)),
        scope(host="evil.example"),
        scope(host="127.0.0.1.evil.example"),
        scope(host="localhost.evil.example:4200"),
        scope(host="evil.example:127"),
        scope(host=""),
        scope(host="[::1"),
        scope(host="[::1].evil.example"),
        scope(host="[::1]evil:80"),
        scope(host="localhost/@evil.example"),
        scope(host="user@localhost"),
        scope(host="user@evil.example"),
        scope(origin="http://evil.example"),
        scope(origin="http://127.0.0.1:9999"),
        scope(origin="https://127.0.0.1:4200"),
        scope(origin="null"),
        scope(sec_fetch_site="cross-site"),
        scope(sec_fetch_site="same-site"),
    ],
)
def test_others_are_not(asked: dict[str, Any]) -> None:
    assert status(asked) == 403


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("host", "127.0.0.1:4200", "evil.example"),
        ("origin", "http://127.0.0.1:4200", "http://evil.example"),
        ("sec-fetch-site", "same-origin", "cross-site"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_header_that_is_sent_twice_is_not_half_read(
    name: str, good: str, bad: str, *, turned: bool
) -> None:
    asked = scope()
    values = [bad, good] if turned else [good, bad]
    others = [pair for pair in asked["headers"] if pair[0] != name.encode()]
    asked["headers"] = [*others, *((name.encode(), value.encode()) for value in values)]
    assert status(asked) == 403


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"any:{password}".encode()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {TOKEN}"},
        {"authorization": f"bearer {TOKEN}"},
        {"authorization": basic(TOKEN)},
        {"x_mock_token": TOKEN},
        {"x_mock_token": TOKEN, "authorization": "Bearer of-the-api"},
    ],
)
def test_the_token_lets_in_from_anywhere(headers: dict[str, str]) -> None:
    assert status(scope(REMOTE, host="mock.example", **headers), TOKEN) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer "},
        {"authorization": f"Bearer {TOKEN}x"},
        {"authorization": f"Digest {TOKEN}"},
        {"authorization": "Basic ?"},
        {"authorization": basic("")},
        {"authorization": basic("wrong")},
        {"x_mock_token": ""},
        {"x_mock_token": TOKEN[:-1]},
    ],
)
def test_without_the_token_nobody_is_let_in_not_even_this_machine(headers: dict[str, str]) -> None:
    assert status(scope(**headers), TOKEN) == 401
    assert status(scope(REMOTE, **headers), TOKEN) == 401


def test_a_page_of_another_site_is_refused_though_the_browser_has_the_token() -> None:
    asked = scope(authorization=basic(TOKEN), origin="http://evil.example")

    assert status(asked, TOKEN) == 403


@pytest.mark.parametrize("host", ["1", "0.0.0.0", "::1", "localhost.", "localhost:x"])
def test_odd_names_are_no_error(host: str) -> None:
    assert means_loopback(host) in {True, False}


def test_an_empty_token_is_none() -> None:
    with pytest.raises(ValueError, match="An empty control token"):
        create_app(fixtures="empty", control_token="")


PATHS = ("", "/", "/status", "/openapi.json", "/nope")


def statuses(url: str, **headers: str) -> list[int]:
    root = url.replace("0.0.0.0", "127.0.0.1").removesuffix("/api")
    return [httpx.get(f"{root}/_mock{path}", headers=headers).status_code for path in PATHS]


def test_on_loopback_it_is_there_for_loopback() -> None:
    with serve(fixtures="empty") as mock:
        assert statuses(mock.url) == [307, 200, 200, 200, 404]
        assert statuses(mock.url, host="evil.example") == [403] * 5


def test_one_that_listens_elsewhere_has_none_without_a_token() -> None:
    with serve(fixtures="empty", host="0.0.0.0") as mock:
        assert statuses(mock.url) == [404] * 5


def test_with_a_token_over_http() -> None:
    with serve(fixtures="empty", host="0.0.0.0", control_token=TOKEN) as mock:
        url = mock.url.replace("0.0.0.0", "127.0.0.1").removesuffix("/api") + "/_mock/status"

        refused = httpx.get(url)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic")
        assert "token" in refused.json()["detail"]
        assert httpx.get(url, headers={"x-mock-token": TOKEN}).status_code == 200
        assert httpx.get(url, auth=("me", TOKEN)).status_code == 200


def test_it_can_be_switched_off() -> None:
    with serve(fixtures="empty", control=False) as mock:
        assert httpx.get(mock.url.removesuffix("/api") + "/_mock/status").status_code == 404


def test_other_origins_get_no_leave_to_read() -> None:
    with serve(fixtures="empty") as mock:
        url = mock.url.removesuffix("/api") + "/_mock/status"
        asked = {"origin": "http://evil.example", "access-control-request-method": "POST"}
        answer = httpx.options(url, headers=asked)

        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
