"""How requests are refused, case by case: unchanged on the mock and on a real server."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

UNKNOWN = "5f1e1d5c-0000-4000-8000-000000000000"
DEPLOYMENT = f"/deployments/{UNKNOWN}"
JSON = {"content-type": "application/json"}
NOT_FOUND = {"detail": "Not Found"}
DICTIONARY = "Input should be a valid dictionary or object to extract fields from"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


def ask(
    server: str,
    method: str,
    path: str,
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Send a request as it stands; a client library would mend it."""
    address = urlsplit(server)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    try:
        connection.putrequest(method, address.path + path, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if content is not None:
            connection.putheader("content-length", str(len(content)))
        connection.endheaders(content)
        response = connection.getresponse()
        sent = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, sent, response.read())
    finally:
        connection.close()


def listed(*errors: dict[str, Any], body: Any) -> dict[str, Any]:
    return {
        "exception_message": "Invalid request received.",
        "exception_detail": list(errors),
        "request_body": body,
    }


def error(kind: str, loc: list[Any], msg: str, value: Any, **context: Any) -> dict[str, Any]:
    made = {"type": kind, "loc": ["body", *loc], "msg": msg, "input": value}
    return {**made, "ctx": context} if context else made


def missing(*loc: Any, value: Any = None) -> dict[str, Any]:
    return error("missing", list(loc), "Field required", value)


@dataclass(frozen=True)
class Case:
    """A request and the refusal of it."""

    method: str
    path: str
    content: bytes
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=lambda: JSON)


FILTER_FIELDS = (
    *("limit", "offset", "flows", "flow_runs", "task_runs", "deployments", "work_pools"),
    *("work_pool_queues", "sort"),
)
SORT = "Input should be 'CREATED_DESC', 'UPDATED_DESC', 'NAME_ASC' or 'NAME_DESC'"
BAD_TYPE = {"content-type": "text/plain"}
VERSION_FORMAT = (
    "Invalid X-PREFECT-API-VERSION header format.Expected header in format 'x.y.z' but received "
)
INTERVAL = "function-after[validate_timezone(), IntervalSchedule]"
CRON = "function-after[validate_timezone(), CronSchedule]"
EXTRA = "Extra inputs are not permitted"


def version(value: str, detail: str) -> Case:
    headers = {**JSON, "x-prefect-api-version": value}
    return Case("POST", "/deployments/count", b"{}", 400, {"detail": detail}, headers)


CASES = {
    "syntax": Case(
        "POST",
        "/deployments/count",
        b"{",
        422,
        listed(
            {
                "type": "json_invalid",
                "loc": ["body", 1],
                "msg": "JSON decode error",
                "input": {},
                "ctx": {"error": "Expecting property name enclosed in double quotes"},
            },
            body="{",
        ),
    ),
    "no text": Case(
        "POST",
        "/deployments/count",
        b"\xff",
        400,
        {"detail": "There was an error parsing the body"},
    ),
    "a list for fields": Case(
        "POST",
        "/deployments/filter",
        b"[]",
        422,
        listed(*[missing(name) for name in FILTER_FIELDS], body=[]),
    ),
    "limit": Case(
        "POST",
        "/deployments/filter",
        b'{"limit":201,"offset":-1}',
        422,
        {"detail": "Invalid limit: must be less than or equal to 200."},
    ),
    "negative limit": Case(
        "POST",
        "/deployments/paginate",
        b'{"limit":-1}',
        422,
        {"detail": "Invalid limit: must be greater than or equal to 0."},
    ),
    "all errors": Case(
        "POST",
        "/deployments/filter",
        b'{"sort":"x","limit":1.5,"deployments":{"operator":null}}',
        422,
        listed(
            error(
                "int_from_float",
                ["limit"],
                "Input should be a valid integer, got a number with a fractional part",
                1.5,
            ),
            error(
                "enum",
                ["deployments", "operator"],
                "Input should be 'and_' or 'or_'",
                None,
                expected="'and_' or 'or_'",
            ),
            error("enum", ["sort"], SORT, "x", expected=SORT.removeprefix("Input should be ")),
            body={"sort": "x", "limit": 1.5, "deployments": {"operator": None}},
        ),
    ),
    "a filter of the wrong type": Case(
        "POST",
        "/deployments/count",
        b'{"flow_runs":[]}',
        422,
        listed(
            error("model_attributes_type", ["flow_runs"], DICTIONARY, []), body={"flow_runs": []}
        ),
    ),
    "required ids": Case(
        "POST",
        "/deployments/get_scheduled_flow_runs",
        b"",
        422,
        listed(missing("deployment_ids"), body=None),
    ),
    "required ids as text": Case(
        "POST",
        "/deployments/get_scheduled_flow_runs",
        b"{}",
        422,
        listed(missing("deployment_ids"), body="{}"),
        BAD_TYPE,
    ),
    "no body for a model": Case("POST", "/deployments/", b"", 422, listed(missing(), body=None)),
    "null for a model": Case("PATCH", DEPLOYMENT, b"null", 422, listed(missing(), body=None)),
    "an empty deployment": Case(
        "POST",
        "/deployments/",
        b"{}",
        422,
        listed(
            missing("name", value={"parameters": {}}),
            missing("flow_id", value={"parameters": {}}),
            body={"parameters": {}},
        ),
    ),
    "both limits": Case(
        "PATCH",
        DEPLOYMENT,
        b'{"concurrency_limit":1,"global_concurrency_limit_id":"%b"}' % UNKNOWN.encode(),
        422,
        listed(
            {
                **error(
                    "value_error",
                    [],
                    "Value error, A deployment cannot have both a concurrency limit and a global"
                    " concurrency limit.",
                    {"concurrency_limit": 1, "global_concurrency_limit_id": UNKNOWN},
                    error={},
                )
            },
            body={"concurrency_limit": 1, "global_concurrency_limit_id": UNKNOWN},
        ),
    ),
    "a run of the wrong type": Case(
        "POST",
        f"{DEPLOYMENT}/create_flow_run",
        b"[]",
        422,
        listed(error("model_attributes_type", [], DICTIONARY, []), body=[]),
    ),
    "no list of schedules": Case(
        "POST",
        f"{DEPLOYMENT}/schedules",
        b"{}",
        422,
        listed(error("list_type", [], "Input should be a valid list", {}), body={}),
    ),
    "a schedule of no kind": Case(
        "POST",
        f"{DEPLOYMENT}/schedules",
        b'[{"schedule":{"interval":-1}}]',
        422,
        listed(
            error(
                "value_error",
                [0, "schedule", INTERVAL, "interval"],
                "Value error, interval must be positive",
                -1,
                error={},
            ),
            missing(0, "schedule", CRON, "cron", value={"interval": -1}),
            error("extra_forbidden", [0, "schedule", CRON, "interval"], EXTRA, -1),
            missing(0, "schedule", "RRuleSchedule", "rrule", value={"interval": -1}),
            error("extra_forbidden", [0, "schedule", "RRuleSchedule", "interval"], EXTRA, -1),
            body=[{"schedule": {"interval": -1}}],
        ),
    ),
    "too many scheduled runs": Case(
        "PATCH",
        f"{DEPLOYMENT}/schedules/{UNKNOWN}",
        b'{"max_scheduled_runs":51}',
        422,
        listed(
            error(
                "value_error",
                ["max_scheduled_runs"],
                "Value error, `max_scheduled_runs` must be less than or equal to 50.",
                51,
                error={},
            ),
            body={"max_scheduled_runs": 51},
        ),
    ),
    "a nested label": Case(
        "POST",
        "/flows/",
        b'{"name":"f","labels":{"a":[]}}',
        422,
        listed(
            error("bool_type", ["labels", "a", "bool"], "Input should be a valid boolean", []),
            error("int_type", ["labels", "a", "int"], "Input should be a valid integer", []),
            error("float_type", ["labels", "a", "float"], "Input should be a valid number", []),
            error("string_type", ["labels", "a", "str"], "Input should be a valid string", []),
            body={"name": "f", "labels": {"a": []}},
        ),
    ),
    "an old version": version(
        "0.7.9",
        "The request specified API version 0.7.9 but this server requires version 0.8.0 or higher.",
    ),
    "no version": version("abc", VERSION_FORMAT + "abc"),
    "half a version": version("1.2", VERSION_FORMAT + "1.2"),
    "syntax before version": Case(
        "POST",
        "/deployments/count",
        b"\xff",
        400,
        {"detail": "There was an error parsing the body"},
        {**JSON, "x-prefect-api-version": "abc"},
    ),
    "no such path": Case("GET", "/nope", b"", 404, NOT_FOUND),
    "no such path in that case": Case("POST", "/Deployments/filter", b"{}", 404, NOT_FOUND),
    "no id, no look at the body": Case("PATCH", "/deployments/zz", b"{", 404, NOT_FOUND),
    "a slash in a name": Case("GET", "/deployments/name/a%2Fb/c", b"", 404, NOT_FOUND),
    "two slashes": Case("POST", "/deployments//", b"{}", 404, NOT_FOUND),
    "only a prefix": Case("GET", "/", b"", 404, NOT_FOUND),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_refusal(server: str, case: Case) -> None:
    answer = ask(server, case.method, case.path, case.content, case.headers)
    assert (answer.status, answer.body) == (case.status, case.body)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["PUT", "POST", "HEAD", "OPTIONS"])
def test_a_wrong_method(server: str, method: str) -> None:
    answer = ask(server, method, DEPLOYMENT)
    assert answer.status == 405
    assert answer.headers["allow"] == "PATCH"
    if method != "HEAD":
        assert answer.body == {"detail": "Method Not Allowed"}


@pytest.mark.parametrize(
    ("method", "path", "location"),
    [
        ("POST", "/deployments", "/deployments/"),
        ("POST", "/deployments/filter/?a=b%20c", "/deployments/filter?a=b%20c"),
        ("GET", f"{DEPLOYMENT}/", DEPLOYMENT),
    ],
)
def test_a_slash_more_or_less(server: str, method: str, path: str, location: str) -> None:
    answer = ask(server, method, path)
    assert (answer.status, answer.content) == (307, b"")
    assert answer.headers["location"] == server + location
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("path", ["/deployments/count", "/deployments/filter"])
@pytest.mark.parametrize("content", [b"", b"null", b'{"zzz":1}', b"\xef\xbb\xbf{}"])
def test_no_body_acts_like_an_empty_one(server: str, path: str, content: bytes) -> None:
    assert ask(server, "POST", path, content, JSON).status == 200


def test_a_body_of_another_type_acts_like_none(server: str) -> None:
    answer = ask(server, "POST", "/deployments/count", b'{"flows":1}', BAD_TYPE)
    assert answer.status == 200


def test_duplicate_keys_the_last_one_counts(server: str) -> None:
    answer = ask(server, "POST", "/deployments/filter", b'{"limit":-1,"limit":0}', JSON)
    assert (answer.status, answer.body) == (200, [])


def test_errors_carry_the_headers_of_cors(server: str) -> None:
    answer = ask(server, "GET", "/nope", headers={"origin": "http://ui.test"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in ask(server, "GET", "/nope").headers


def test_preflight(server: str) -> None:
    headers = {
        "origin": "http://ui.test",
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "content-type,x-prefect-ui",
    }
    answer = ask(server, "OPTIONS", DEPLOYMENT, headers=headers)
    assert (answer.status, answer.content) == (200, b"OK")
    assert answer.headers["access-control-allow-headers"] == "content-type,x-prefect-ui"
    assert "PATCH" in answer.headers["access-control-allow-methods"]


def test_large_answers_are_compressed_when_asked(server: str) -> None:
    headers = {**JSON, "accept-encoding": "gzip"}
    large = ask(server, "POST", "/deployments/count", b"[]", headers)
    assert large.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in large.headers["vary"]
    small = ask(server, "POST", "/deployments/count", b"{}", headers)
    assert "content-encoding" not in small.headers


@pytest.mark.parametrize("content", [b"NaN", b"[NaN]", b'"\\ud800"', b'{"offset":1e400}'])
def test_where_a_real_server_fails_the_mock_refuses(mock_url: str, content: bytes) -> None:
    answer = ask(mock_url, "POST", "/deployments/filter", content, JSON)
    assert answer.status == 422
    assert answer.body["exception_message"] == "Invalid request received."
