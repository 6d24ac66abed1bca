"""Credentials and CSRF tokens: asked for as the released server does, case by case on both."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import openapi
from mock_server import serve
from mock_server.access.auth import OPEN, Credentials
from mock_server.access.csrf import CHANGING, MOST_CLIENTS, CsrfTokens
from mock_server.call import Call
from mock_server.clock import MockClock
from mock_server.edges import responses
from mock_server.store import Store
from tests.real_server.process import prefect_server

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "us:er:pass"  # what stands behind the first colon is the password
UNAUTHORIZED = {"exception_message": "Unauthorized"}
SETTINGS = {
    "PREFECT_SERVER_API_AUTH_STRING": SECRET,
    "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
}
NO_TOKEN = {"detail": "Missing CSRF token."}
NO_CLIENT = {"detail": "Missing client identifier."}
INVALID = {"detail": "Invalid CSRF token or client identifier."}


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


RIGHT = basic(SECRET)


@pytest.fixture(scope="module", params=["mock", pytest.param("real", marks=pytest.mark.proof)])
def guarded(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[str]:
    """The base URL of a server that asks for both."""
    if request.param == "real":
        home = tmp_path_factory.mktemp("prefect")
        with prefect_server(home, settings=SETTINGS) as url:
            yield url
    else:
        with serve(fixtures="empty", auth=f"basic:{SECRET}", csrf=True) as mock:
            yield mock.url


def ask(
    base: str, method: str, path: str, *, credentials: str | None = RIGHT, **headers: str
) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if credentials is not None:
        sent["authorization"] = credentials
    # Path and base are joined as text: some of the paths lie outside the base.
    root = base.removesuffix("/api")
    return httpx.request(method, f"{root}{path}", headers=sent, timeout=60)


@pytest.mark.parametrize("path", ["/api/health", "/docs"])
def test_some_paths_are_open(guarded: str, path: str) -> None:
    assert ask(guarded, "GET", path, credentials=None).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/version",
        "/api/hello",
        "/api/admin/settings",
        "/api/csrf-token?client=a",
        "/api/openapi.json",
        "/api/nope",
        "/api/deployments/zz",
        "/api/health/",
        "/api/ui-settings",
    ],
)
def test_all_else_of_the_api_is_not(guarded: str, path: str) -> None:
    answer = ask(guarded, "GET", path, credentials=None, origin="http://x")
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "www-authenticate" not in answer.headers


def test_credentials_come_before_the_version(guarded: str) -> None:
    answer = ask(guarded, "GET", "/api/version", credentials=None, x_prefect_api_version="abc")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("credentials", "status"),
    [
        (RIGHT, 200),
        (RIGHT.replace(" ", "  "), 200),
        (RIGHT.lower(), 401),
        (RIGHT.replace("Basic", "basic"), 401),
        (RIGHT.replace("Basic", "Bearer"), 401),
        (f"Bearer {SECRET}", 401),
        (f"Basic {SECRET}", 401),
        (RIGHT.removeprefix("Basic "), 401),
        (basic("us:er"), 401),
        (basic("us:er:pas"), 401),
        (basic("us:er:pass "), 401),
        (basic("US:er:pass"), 401),
        ("Basic", 401),
        ("Basic zzz", 401),
        ("", 401),
    ],
)
def test_only_the_right_credentials_open(guarded: str, credentials: str, status: int) -> None:
    assert ask(guarded, "GET", "/api/version", credentials=credentials).status_code == status


def test_preflights_need_no_credentials(guarded: str) -> None:
    answer = ask(
        guarded,
        "OPTIONS",
        "/api/deployments/count",
        credentials=None,
        origin="http://x",
        access_control_request_method="POST",
    )
    assert (answer.status_code, answer.text) == (200, "OK")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/deployments/count"),
        ("POST", "/api/deployments"),
        ("PUT", "/api/deployments/count"),
        ("PATCH", "/api/deployments/zz"),
        ("DELETE", "/api/deployments/00000000-0000-0000-0000-000000000001"),
        ("POST", "/api/health"),
        ("POST", "/api/nope"),
        ("POST", "/nope"),
    ],
)
@pytest.mark.parametrize("credentials", [RIGHT, None])
def test_changes_need_a_token_before_all_else(
    guarded: str, method: str, path: str, credentials: str | None
) -> None:
    answer = ask(guarded, method, path, credentials=credentials, origin="http://x")
    assert (answer.status_code, answer.json()) == (403, NO_TOKEN)
    assert "access-control-allow-origin" not in answer.headers
    assert "vary" not in answer.headers


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_what_changes_nothing_needs_none(guarded: str, method: str) -> None:
    assert ask(guarded, method, "/api/health").status_code == 405


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"prefect_csrf_client": "a"}, NO_TOKEN),
        ({"prefect_csrf_token": "a"}, NO_CLIENT),
        ({"prefect_csrf_token": "", "prefect_csrf_client": ""}, INVALID),
        ({"prefect_csrf_token": "a", "prefect_csrf_client": "unknown"}, INVALID),
    ],
)
def test_each_refusal_is_told(guarded: str, headers: dict[str, str], told: Any) -> None:
    answer = ask(guarded, "POST", "/api/deployments/count", **headers)
    assert (answer.status_code, answer.json()) == (403, told)
    allowed = {"access-control-allow-origin"} & answer.headers.keys()
    assert bool(allowed) == (told == INVALID)


def count(base: str, client: str, token: str) -> int:
    headers = {"prefect_csrf_client": client, "prefect_csrf_token": token}
    return ask(base, "POST", "/api/deployments/count", **headers).status_code


def test_a_token_is_good_for_its_client_until_it_is_renewed(guarded: str) -> None:
    first = ask(guarded, "GET", "/api/csrf-token?client=me").json()
    assert first.keys() == {"id", "created", "updated", "token", "client", "expiration"}
    assert (first["client"], len(first["token"])) == ("me", 64)
    assert [count(guarded, "me", first["token"]) for _ in range(2)] == [200, 200]
    assert count(guarded, "you", first["token"]) == 403
    assert count(guarded, "me", first["token"] + "x") == 403
    second = ask(guarded, "GET", "/api/csrf-token?client=me").json()
    assert second["token"] != first["token"]
    same = ("id", "created", "updated", "client")
    assert [second[name] for name in same] == [first[name] for name in same]
    assert count(guarded, "me", first["token"]) == 403
    assert count(guarded, "me", second["token"]) == 200


def test_a_client_without_a_name_is_refused_and_an_empty_one_is_not(guarded: str) -> None:
    assert ask(guarded, "GET", "/api/csrf-token").status_code == 422
    assert ask(guarded, "GET", "/api/csrf-token?client=").json()["client"] == ""


def test_the_spec_declares_both_refusals_with_these_bodies() -> None:
    for path, item in openapi.load()["paths"].items():
        for method, operation in item.items():
            if method.upper() not in {"GET", *CHANGING}:
                continue
            answers = responses().answers(operation["operationId"])
            if path not in OPEN:
                answers.render(401, UNAUTHORIZED)
            if method.upper() in CHANGING:
                for body in (NO_TOKEN, NO_CLIENT, INVALID):
                    answers.render(403, body)


# -- what the mock alone has, and what cannot be waited for


def test_bytes_that_are_no_text_are_no_credentials() -> None:
    assert not Credentials.parse("basic:a:b").admit("Basic /////w==")
    assert not Credentials.parse("basic:a:b").admit("Basic \xff")
    assert Credentials.parse("basic:é:ü").admit(basic("é:ü"))


def test_bearer_tokens_are_for_gateways() -> None:
    with serve(fixtures="empty", auth="bearer:t-1") as mock:
        for credentials, status in (("Bearer t-1", 200), ("Bearer t-2", 401), ("Basic t-1", 401)):
            headers = {"authorization": credentials}
            assert httpx.get(f"{mock.url}/version", headers=headers).status_code == status


@pytest.mark.parametrize(
    "text",
    ["", "basic", "basic:hush", "basic::hush", "bearer:", "bearer:hu sh", "bearer:hüsh", "x:hush"],
)
def test_what_is_no_credentials_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"basic|bearer") as caught:
        Credentials.parse(text)
    assert "hush" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    assert "hush" not in repr(Credentials.parse("basic:me:hush"))
    assert "hush" not in repr(Credentials.parse("bearer:hush"))


class Tokens:
    """The tokens of a mock whose clock can be moved."""

    def __init__(self) -> None:
        self.clock = MockClock(runs=False)
        self.tokens = CsrfTokens()
        self._store = Store(clock=self.clock)

    def make(self, client: str) -> str:
        made = self.tokens.create(Call(self._store, query={"client": client}))
        return str(made.body["token"])

    def refusal(self, client: str, token: str) -> str | None:
        headers = {
            b"prefect-csrf-client": client.encode(),
            b"prefect-csrf-token": token.encode(),
        }
        return self.tokens.refusal(headers, self.clock())


def test_a_token_ends_after_an_hour() -> None:
    held = Tokens()
    token = held.make("me")
    held.clock.advance(timedelta(minutes=59))
    assert held.refusal("me", token) is None
    held.clock.advance(timedelta(minutes=2))
    assert held.refusal("me", token) == INVALID["detail"]
    assert held.refusal("me", held.make("me")) is None


def test_the_tokens_of_very_many_clients_do_not_pile_up() -> None:
    held = Tokens()
    first, second = held.make("0"), held.make("1")
    for number in range(2, MOST_CLIENTS + 1):
        held.make(str(number))
    assert held.refusal("0", first) == INVALID["detail"]
    assert held.refusal("1", second) is None
