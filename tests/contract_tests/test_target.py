from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from contract_tests.errors import CannotJudge, Unreachable, WouldChange, WrongTarget
from contract_tests.transport.target import Target, encode, may_change, segment
from tests.contract_tests.stub import Answer, serve

if TYPE_CHECKING:
    from contract_tests.transport.exchange import Exchange

HTML = {"content-type": "text/html; charset=utf-8"}


@pytest.mark.parametrize(
    ("method", "path", "changes"),
    [
        ("GET", "/deployments/1", False),
        ("POST", "/deployments/filter", False),
        ("POST", "/work_pools/a/queues/filter", False),
        ("POST", "/flows/paginate", False),
        ("POST", "/task_runs/count", False),
        ("POST", "/deployments/", True),
        ("POST", "/deployments/get_scheduled_flow_runs", True),
        ("POST", "/deployments/1/schedule", True),
        ("PATCH", "/deployments/1", True),
        ("DELETE", "/deployments/1", True),
        ("PUT", "/deployments/filter", True),
    ],
)
def test_what_may_change_a_target(method: str, path: str, *, changes: bool) -> None:
    assert may_change(method, path) is changes


def test_read_only_sends_nothing_that_could_change_the_target() -> None:
    seen: list[str] = []

    def answer(method: str, path: str, _: bytes) -> Answer:
        seen.append(f"{method} {path}")
        return Answer(body=b"[]")

    with serve(answer) as url, Target(url, read_only=True) as target:
        target.post("/deployments/filter", {})
        with pytest.raises(WouldChange):
            target.send("DELETE", "/deployments/1")
        with pytest.raises(WouldChange):
            target.post("/deployments/get_scheduled_flow_runs", {})
    assert seen == ["POST /deployments/filter"]


def test_exchange_holds_what_went_over_the_wire() -> None:
    seen: list[Exchange] = []
    answer = Answer(status=422, body=b'{"detail": "no"}')
    with serve(lambda *_: answer) as url, Target(url + "/api/") as target:
        target.observers.append(seen.append)
        exchange = target.send("post", "/x", json={"é": None}, headers={"X-Y": "z"})
    assert (exchange.status, exchange.json()) == (422, {"detail": "no"})
    assert (exchange.method, exchange.path) == ("POST", "/x")
    assert exchange.request_body == '{"é": null}'.encode()
    assert exchange.request_headers["x-y"] == "z"
    assert seen == [exchange]
    assert (target.requests, target.writes) == (1, 1)


def test_bodies_can_be_absent_null_or_bytes() -> None:
    bodies: list[bytes] = []

    def answer(_method: str, _path: str, body: bytes) -> Answer:
        bodies.append(body)
        return Answer()

    with serve(answer) as url, Target(url) as target:
        target.post("/x")
        target.post("/x", None)
        target.send("POST", "/x", content=b"\xff")
    assert bodies == [b"", b"null", b"\xff"]


def test_lone_surrogates_are_escaped() -> None:
    assert encode("\ud800é") == b'"\\ud800\\u00e9"'
    assert encode("é") == '"é"'.encode()


def test_segment_escapes_what_would_end_a_segment() -> None:
    assert segment("a/b ?#%é") == "a%2Fb%20%3F%23%25%C3%A9"


def test_a_busy_server_is_asked_again() -> None:
    busy = iter([503, 429, 200])

    with serve(lambda *_: Answer(status=next(busy))) as url, Target(url) as target:
        assert target.get("/x").status == 200
    assert target.requests == 3
    assert target.connection.repeated == {503: 1, 429: 1}


def test_a_server_that_stays_busy_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contract_tests.transport.connection._TRIES", 2)
    with serve(lambda *_: Answer(status=503)) as url, Target(url) as target:
        assert target.get("/x").status == 503


def test_a_dropped_connection_is_no_answer_but_no_end() -> None:
    def answer(_method: str, path: str, _: bytes) -> Answer | None:
        return Answer() if path == "/health" else None

    with serve(answer) as url, Target(url) as target:
        exchange = target.get("/x")
    assert (exchange.status, exchange.body) == (0, b"")


def test_nothing_there() -> None:
    with serve(lambda *_: Answer()) as url:
        pass
    with Target(url) as target, pytest.raises(Unreachable, match="is the server running"):
        target.probe()


def test_a_server_that_never_answers() -> None:
    def answer(*_: object) -> Answer:
        import time  # noqa: PLC0415

        time.sleep(0.6)
        return Answer()

    with (
        serve(answer) as url,
        Target(url, timeout=0.1) as target,
        pytest.raises(Unreachable, match=r"did not answer GET /x within 0\.1 s"),
    ):
        target.get("/x")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(404, b"<html>", HTML), "HTML .* usually ends in /api"),
        (Answer(200, b"<html>", HTML), "HTML .* usually ends in /api"),
        (Answer(307, b"", {"location": "https://new.example/api"}), "redirects to https://new"),
        (Answer(302, b"", {"location": "https://id.example/login?to=/"}), "to a login page"),
        (Answer(401, b"{}"), "asks for credentials .* --auth bearer:TOKEN"),
        (Answer(403, b'{"detail":"Missing CSRF token."}'), "CSRF token and gives none"),
        (Answer(404, b'{"detail":"Not Found"}'), "status 404, which no deployment API"),
        (Answer(200, b'"hello"'), "which no deployment API"),
        (Answer(200, b"not json"), "which no deployment API"),
    ],
)
def test_something_else_there(answer: Answer, says: str) -> None:
    with (
        serve(lambda *_: answer) as url,
        Target(url) as target,
        pytest.raises(WrongTarget, match=says) as caught,
    ):
        target.probe()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "right"),
    [
        *(("", "/api"), ("/x/api", "/x"), ("/api/deployments", "/api"), ("/deployments", "/api")),
        *(("/api/deployments/filter/", "/api"), ("/v1/api/docs", "/v1/api"), ("/API", "/api")),
    ],
)
def test_a_wrong_base_path_is_told_with_the_right_one(given: str, right: str) -> None:
    def answer(_method: str, path: str, _: bytes) -> Answer:
        found = path == f"{right}/deployments/count"
        return Answer(body=b"3") if found else Answer(404, b'{"detail":"Not Found"}')

    with (
        serve(answer) as url,
        Target(url + given) as target,
        pytest.raises(
            WrongTarget, match=re.escape(f"{url}{right} has: use --base-url {url}{right}.")
        ),
    ):
        target.probe()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", "usually ends in /api: {url}/api."),
        ("/x", "usually ends in /api: {url}/api."),
        ("/x/api/deployments", "without what is below it: {url}/x/api."),
        ("/x/api", "base path included (usually /api)."),
    ],
)
def test_where_no_address_is_right_its_form_is_told(given: str, says: str) -> None:
    with (
        serve(lambda *_: Answer(404, b'{"detail":"Not Found"}')) as url,
        Target(url + given) as target,
        pytest.raises(WrongTarget, match=re.escape(says.format(url=url))),
    ):
        target.probe()


@pytest.mark.parametrize("broken", ["count", "filter", "paginate"])
def test_a_server_with_a_bug_is_a_target_all_the_same(broken: str) -> None:
    def answer(_method: str, path: str, _: bytes) -> Answer:
        if path.endswith(broken):
            return Answer(500, b"oops")
        return Answer(body=b"3" if path.endswith("count") else b"[]")

    with serve(answer) as url, Target(url) as target:
        target.probe()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:port/api", "no http address"),
        ("http://[::1/api", "no http address"),
        ("127.0.0.1:4200/api", "no http address"),
        ("http://x/api?a=1", "query"),
        ("", "no http"),
    ],
)
def test_what_is_no_address(url: str, says: str) -> None:
    with pytest.raises(CannotJudge, match=says):
        Target(url)


def test_an_answer_that_cannot_be_unpacked_is_none() -> None:
    packed = {"content-encoding": "gzip", "content-type": "application/json"}
    with serve(lambda *_: Answer(200, b"no gzip", packed)) as url, Target(url) as target:
        assert target.get("/x").status == 0


def test_plain_http_where_tls_is_asked_for() -> None:
    with (
        serve(lambda *_: Answer()) as url,
        Target(url.replace("http:", "https:")) as target,
        pytest.raises(Unreachable, match="cannot be reached by TLS"),
    ):
        target.probe()


@pytest.mark.parametrize(
    ("told", "version"), [(b'"3.8.8"', "3.8.8"), (b"{}", None), (b"<html>", None), (b'"x"', None)]
)
def test_version(told: bytes, version: str | None) -> None:
    with serve(lambda *_: Answer(body=told)) as url, Target(url) as target:
        assert target.version == version
