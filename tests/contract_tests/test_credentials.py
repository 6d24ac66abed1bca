from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from contract_tests.errors import CannotJudge, WrongTarget
from contract_tests.transport.credentials import Credentials, without_userinfo
from contract_tests.transport.masking import HIDDEN, Mask, is_secret_name
from contract_tests.transport.target import Target
from tests.contract_tests.stub import Answer, Sent
from tests.contract_tests.stub import serve_requests as serve

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "pa:ss w"
SENT = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()


@pytest.mark.parametrize(
    ("auth", "sent"),
    [(f"basic:me:{PASSWORD}", SENT), (f"BASIC:me:{PASSWORD}", SENT), ("bearer:t0k", "Bearer t0k")],
)
def test_what_is_given_is_sent(auth: str, sent: str) -> None:
    credentials = Credentials.of(auth, ["X-Tenant: a:b"])
    assert credentials.headers == {"authorization": sent, "x-tenant": "a:b"}
    assert credentials.secret_names == ("authorization",)
    assert credentials.wrong()["authorization"] not in ("", sent)


@pytest.mark.parametrize("auth", ["basic:", "bearer", "digest:hush-hush", "hush-hush", "bearer:é"])
def test_what_is_no_credentials_is_not_repeated(auth: str) -> None:
    with pytest.raises(CannotJudge, match=r"basic:USER:PASS or bearer:TOKEN\.$") as caught:
        Credentials.of(auth, [])
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("header", ["no-colon-hush", ": hush", "a: b\nc"])
def test_what_is_no_header_is_not_repeated(header: str) -> None:
    with pytest.raises(CannotJudge, match=r"NAME:VALUE\.$") as caught:
        Credentials.of(None, [header])
    assert "hush" not in str(caught.value)


def test_an_address_may_hold_them() -> None:
    assert without_userinfo("https://me:p%40ss@x.example:8/api") == (
        "https://x.example:8/api",
        "basic:me:p@ss",
    )
    assert without_userinfo("http://x/api") == ("http://x/api", None)
    with Target("http://me:hush@127.0.0.1:1/api") as target:
        assert target.base_url == "http://127.0.0.1:1/api"
        assert target.mask.hide("hush!") == f"{HIDDEN}!"


def test_names_give_secrets_away() -> None:
    secret = ["Authorization", "cookie", "Set-Cookie", "Prefect-Csrf-Token", "X-API-Key", "x-auth"]
    assert all(map(is_secret_name, secret))
    assert not any(map(is_secret_name, ["content-type", "www-authenticate", "location", "vary"]))


def test_a_secret_is_hidden_in_every_form() -> None:
    mask = Mask()
    mask.add('a"b c', "a")
    for form in ('a"b c', "a%22b%20c", base64.b64encode(b'a"b c').decode(), json.dumps('a"b c')):
        assert HIDDEN in mask.hide(f"x {form} y")
    assert mask.hide("bananas") == "bananas"
    assert mask.value({"k": ['a"b c', 1, None]}) == {"k": [HIDDEN, 1, None]}
    assert mask.headers({"Cookie": "x", "A": "b"}) == {"cookie": HIDDEN, "a": "b"}


def test_an_exchange_shows_no_secret_and_none_is_sent_when_told_so() -> None:
    seen: list[str | None] = []

    def answer(sent: Sent) -> Answer:
        seen.append(sent.headers.get("authorization"))
        return Answer(200, b"3", {"set-cookie": "session=1"})

    with serve(answer) as url, Target(url, auth="bearer:hush-hush") as target:
        exchanges = [target.send("GET", "/x", use=use) for use in ("given", "none", "wrong")]
    assert seen == ["Bearer hush-hush", None, "Bearer wrong-token"]
    for exchange in exchanges:
        assert "hush" not in repr(vars(exchange)) + exchange.curl()
        assert exchange.headers["set-cookie"] == HIDDEN


def asking_for_tokens(valid: list[str]) -> Callable[[Sent], Answer]:
    """A server that asks for the last of some CSRF tokens, and gives it to who asks."""

    def answer(sent: Sent) -> Answer:
        if sent.path.startswith("/csrf-token?client="):
            return Answer(body=json.dumps({"token": valid[-1]}).encode())
        if sent.method == "POST" and sent.headers.get("prefect-csrf-token") != valid[-1]:
            return Answer(403, b'{"detail":"Missing CSRF token."}')
        return Answer(body=b"3")

    return answer


def test_csrf_tokens_are_fetched_where_asked_for_and_again_when_they_expire() -> None:
    valid = ["token-one"]
    with serve(asking_for_tokens(valid)) as url, Target(url) as target:
        assert target.get("/x").status == 200
        assert not target.connection.csrf
        target.probe()
        assert target.connection.csrf
        valid.append("token-two")
        exchange = target.post("/deployments/count", {})
        assert exchange.status == 200
        assert target.mask.hide("token-one token-two") == f"{HIDDEN} {HIDDEN}"
        with target.connection.without_fetching():
            valid.append("token-three")
            assert target.post("/deployments/count", {}).status == 403


@pytest.mark.parametrize(("auth", "says"), [(None, "give them by"), ("bearer:t0k", "refuses")])
def test_who_is_not_let_in_is_told_what_to_give(auth: str | None, says: str) -> None:
    with (
        serve(lambda _: Answer(401, b'{"exception_message":"Unauthorized"}')) as url,
        Target(url, auth=auth) as target,
        pytest.raises(WrongTarget, match=says) as caught,
    ):
        target.probe()
    assert "t0k" not in str(caught.value)
