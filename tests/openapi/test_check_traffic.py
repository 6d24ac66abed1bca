"""Recorded traffic is read whatever recorded it, and judged by openapi-core."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from openapi import load
from openapi.cli import main
from openapi.formats import CHECKS
from openapi.har import read_har
from openapi.traffic import TRAFFIC_CODES, TrafficJudge
from openapi.traffic_report import TrafficReport
from openapi.traffic_report import check_traffic as check

BASE = "http://127.0.0.1:4200/api"
NOBODY = "00000000-0000-4000-8000-000000000000"
JSON = {"name": "Content-Type", "value": "application/json"}


def entry(
    method: str, url: str, body: Any = ..., status: int = 200, answer: Any = ..., **more: Any
) -> dict[str, Any]:
    request: dict[str, Any] = {"method": method, "url": url, "headers": [JSON]}
    if body is not ...:
        request["postData"] = {"mimeType": "application/json", "text": json.dumps(body)}
    content = {} if answer is ... else {"mimeType": "application/json", "text": json.dumps(answer)}
    response = {"status": status, "headers": [JSON] if content else [], "content": content}
    request |= more.get("request", {})
    response |= more.get("response", {})
    return {"request": request, "response": response}


def counted(**more: Any) -> dict[str, Any]:
    return entry("POST", f"{BASE}/deployments/count", {}, 200, 5, **more)


@pytest.fixture
def har(tmp_path: Path) -> Path:
    return tmp_path / "traffic.har"


def report(har: Path, *entries: Any, base_path: str | None = None) -> TrafficReport:
    har.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    judge = TrafficJudge(load(), base_path, CHECKS)
    return check(read_har(har), judge, "traffic.har")


def codes(har: Path, *entries: Any) -> list[tuple[str, str, str]]:
    return [
        (group.breach.severity.value, group.breach.code, group.breach.pointer)
        for group in report(har, *entries).faults
    ]


def test_what_keeps_the_contract_has_no_findings(har: Path) -> None:
    found = report(
        har,
        counted(),
        entry("POST", f"{BASE}/deployments/count", status=200, answer=0),
        entry("DELETE", f"{BASE}/deployments/{NOBODY}", status=204),
        entry("GET", f"{BASE}/deployments/{NOBODY}", ..., 404, {"detail": "Not Found"}),
    )
    assert found.faults == ()
    assert found.operations == {
        "count_deployments": 2,
        "delete_deployment": 1,
        "read_deployment": 1,
    }


COUNT = f"{BASE}/deployments/count"
BROKEN = [
    (entry("POST", COUNT, {}, 200, "x"), ("error", "response-body", "")),
    (entry("POST", COUNT, {}, 200), ("error", "response-body", "")),
    (entry("POST", COUNT, {}, 418, {}), ("error", "undeclared-status", "")),
    (
        entry("POST", COUNT, {"flows": {"name": {"any_": 5}}}, 200, 1),
        ("error", "request-body", "/flows/name/any_"),
    ),
    (
        entry("POST", f"{BASE}/deployments/filter", {"limit": 201}, 422, {"detail": "x"}),
        ("warning", "request-body", "/limit"),
    ),
    (
        entry("GET", f"{BASE}/deployments/zz", ..., 404, {"detail": "x"}),
        ("warning", "request-parameter", "id"),
    ),
    (
        entry("POST", f"{BASE}/deployments/{NOBODY}/schedules", [{"schedule": {"cron": "x"}}], 422,
              {"exception_message": "x", "exception_detail": [], "request_body": None}),
        ("warning", "request-body", "/0/schedule/cron"),
    ),
    (
        entry("POST", f"{BASE}/deployments/{NOBODY}/schedules",
              [{"schedule": {"cron": "0 0 * * *", "timezone": []}}], 422,
              {"exception_message": "x", "exception_detail": [], "request_body": None}),
        ("warning", "request-body", "/0/schedule/timezone"),
    ),
    (
        counted(request={"postData": {"mimeType": "application/json", "text": "\udcff"}}),
        ("error", "request-unreadable", ""),
    ),
    (entry("GET", f"{BASE}/nothing", ..., 404, {}), ("warning", "unknown-path", "")),
    (entry("PUT", COUNT, {}, 405, {}), ("warning", "unknown-method", "")),
    (
        counted(response={"headers": [{"name": "content-type", "value": "text/html"}]}),
        ("error", "response-media-type", ""),
    ),
    (
        counted(request={"headers": [JSON, {"name": "X-Prefect-Api-Version", "value": "abc"}]}),
        ("error", "request-parameter", "x-prefect-api-version"),
    ),
    (
        counted(request={"postData": {"mimeType": "application/json", "text": "{"}}),
        ("error", "request-unreadable", ""),
    ),
    (
        counted(response={"content": {"mimeType": "application/json", "text": "{"}}),
        ("error", "response-unreadable", ""),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("broken", "expected"), BROKEN, ids=lambda part: str(part)[:60])
def test_what_breaks_it_is_found(har: Path, broken: Any, expected: tuple[str, str, str]) -> None:
    found = codes(har, counted(), broken)
    assert expected in found
    assert {code for _, code, _ in found} <= TRAFFIC_CODES.keys()


def packed(value: Any) -> str:
    return base64.b64encode(gzip.compress(json.dumps(value).encode())).decode()


GZIP = {"name": "Content-Encoding", "value": "gzip"}


@pytest.mark.parametrize(
    "content",
    [
        {"text": base64.b64encode(b'"x"').decode(), "encoding": "base64"},
        {"text": packed("x"), "encoding": "base64"},
        {"text": '"x"'},
    ],
)
def test_bodies_are_unpacked(har: Path, content: Any) -> None:
    content = {"mimeType": "application/json", **content}
    packed_answer = counted(response={"headers": [JSON, GZIP], "content": content})
    [group] = report(har, packed_answer).faults
    assert group.breach.message == "'x' is not of type 'integer'"


def test_a_packed_request_is_unpacked(har: Path) -> None:
    posted = {"mimeType": "application/json", "text": packed({"flows": 5}), "encoding": "base64"}
    assert codes(har, counted(request={"headers": [JSON, GZIP], "postData": posted})) == [
        ("error", "request-body", "/flows")
    ]


def test_a_body_that_was_not_recorded_is_not_missed(har: Path) -> None:
    assert codes(har, counted(response={"content": {"size": 7, "mimeType": "x"}})) == []


def test_the_same_fault_is_told_once(har: Path) -> None:
    wrong = entry("POST", COUNT, {}, 200, "x")
    [group] = report(har, counted(), wrong, counted(), wrong).faults
    assert group.entries == (2, 4)


def test_what_is_no_business_of_ours_is_counted(har: Path) -> None:
    preflight = {"headers": [{"name": "Access-Control-Request-Method", "value": "POST"}]}
    found = report(
        har,
        counted(),
        entry("GET", "https://example.com/api/x.js"),
        entry("GET", "http://127.0.0.1:4200/assets/x.js"),
        entry("GET", "ws://127.0.0.1:4200/api/events/out"),
        entry("GET", f"{BASE}/events/out", status=101),
        entry("GET", f"{BASE}/hello", status=0),
        entry("GET", "data:text/plain,x"),
        entry("OPTIONS", COUNT, request=preflight),
    )
    assert found.judged == 1
    assert found.ignored == {
        "of another host": 1,
        "outside of the base path": 1,
        "websocket": 2,
        "without an answer": 1,
        "other than http": 1,
        "preflight": 1,
    }


@pytest.mark.parametrize("base_path", ["", "/", "/prefect/api", "prefect/api/"])
def test_any_base_path_will_do(har: Path, base_path: str) -> None:
    prefix = f"/{base_path.strip('/')}" if base_path.strip("/") else ""
    url = f"https://gateway.example{prefix}/deployments/count"
    assert report(har, entry("POST", url, {}, 200, 1), base_path=base_path).judged == 1


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check-traffic", *arguments])


def test_the_command_in_all_forms(har: Path) -> None:
    wrong = entry("POST", COUNT, {}, 200, "x")
    har.write_text(json.dumps({"log": {"entries": [counted(), wrong]}}))
    text = run(str(har))
    assert text.exit_code == 1
    assert "error response-body: count_deployments: 'x' is not of type" in text.output
    assert "(entry 2)" in text.output
    assert "1 error in 2 exchanges of 1 operations" in text.output
    told = json.loads(run(str(har), "--format", "json").output)
    assert told["judged"] == 2
    assert told["findings"][0]["entries"] == [2]
    assert run(str(har), "--format", "github").output.startswith("::error file=")


def test_a_refused_request_fails_only_strictly(har: Path) -> None:
    refused = entry("GET", f"{BASE}/deployments/zz", ..., 404, {"detail": "x"})
    har.write_text(json.dumps({"log": {"entries": [refused]}}))
    assert run(str(har)).exit_code == 0
    assert run(str(har), "--strict").exit_code == 1


def test_where_bad_requests_are_sent_on_purpose_answers_are_judged(har: Path) -> None:
    taken = entry("POST", COUNT, {"flows": 5}, 200, 5)
    wrong = entry("POST", COUNT, {"flows": 5}, 200, "x")
    log = {"_badRequestsOnPurpose": True, "entries": [taken]}
    for content, words in (({"log": log}, []), ({"log": {"entries": [taken]}}, ["--answers-only"])):
        har.write_text(json.dumps(content))
        done = run(str(har), "--strict", *words)
        assert done.exit_code == 0
        assert "nothing wrong in 1 answer of 1 operations" in done.output
    har.write_text(json.dumps({"log": {**log, "entries": [taken, wrong]}}))
    done = run(str(har))
    assert done.exit_code == 1
    assert "error response-body: count_deployments" in done.output
    assert "request-body" not in done.output


def test_only_the_hosts_that_were_named(har: Path) -> None:
    other = entry("POST", "http://other:1/api/deployments/count", {}, 200, "x")
    har.write_text(json.dumps({"log": {"entries": [counted(), other]}}))
    assert run(str(har)).exit_code == 1
    assert run(str(har), "--host", "127.0.0.1:4200").exit_code == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("{", "no JSON"),
        ("[]", "no list at log.entries"),
        ('{"log": {"entries": [{}]}}', "entry 1): 'request' is missing"),
        ('{"log": {"entries": [{"request": 5, "response": {}}]}}', "entry 1"),
        ('{"log": {"entries": []}}', "it is empty"),
    ],
)
def test_what_is_no_archive_is_told(har: Path, content: str | None, says: str) -> None:
    if content is not None:
        har.write_text(content)
    result = run(str(har))
    assert result.exit_code == 2
    assert says.replace("'", "") in result.output.replace("'", "")


def test_no_exchange_below_the_base_path_is_told(har: Path) -> None:
    har.write_text(json.dumps({"log": {"entries": [counted()]}}))
    result = run(str(har), "--base-path", "/elsewhere")
    assert result.exit_code == 2
    assert "Is --base-path right?" in result.output
