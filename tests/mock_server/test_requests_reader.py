"""Reading a request: what an operation is given, and how a request is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

import openapi
from mock_server.errors import ApiError, BadRequest, RequestInvalid, Unprocessable
from mock_server.requests import Request, Requests
from mock_server.requests.body import refusal as refusal_for
from mock_server.requests.combinations import BODY_CHECKS, check_page
from mock_server.requests.own_errors import reported
from mock_server.requests.url_and_headers import check_version

ID = "5f1e1d5c-0000-4000-8000-000000000000"
JSON = {"content-type": "application/json"}
REQUESTS = Requests(openapi.load())


def read(
    operation: str,
    body: Any = None,
    *,
    content: bytes | None = None,
    path: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Request:
    if content is None:
        content = b"" if body is None else json.dumps(body).encode()
    given = {"content-length": str(len(content)), **JSON, **(headers or {})}
    return REQUESTS.reader(operation).read(path or {"id": ID}, {}, given, content)


def refusal(operation: str, body: Any = None, **options: Any) -> list[tuple[str, Any]]:
    """The type and place of each error of a request that is refused."""
    with pytest.raises(RequestInvalid) as caught:
        read(operation, body, **options)
    return [(error["type"], error["loc"]) for error in caught.value.errors]


def test_a_body_is_given_as_sent_as_coerced_and_in_full() -> None:
    sent = {"limit": "5", "deployments": {"id": {"any_": [ID.upper()]}}, "zzz": 1}
    body = read("read_deployments", sent).body
    assert body.raw == sent
    assert body.sent == {"limit": 5, "deployments": {"id": {"any_": [ID]}}}
    assert body.full["limit"] == 5
    assert body.full["offset"] == 0
    assert body.full["sort"] == "NAME_ASC"
    assert body.full["deployments"]["operator"] == "and_"
    assert "zzz" not in body.full


@pytest.mark.parametrize("content", [b"", b"null", b"{}"])
def test_a_body_of_fields_may_be_absent(content: bytes) -> None:
    body = read("read_deployments", content=content).body
    assert body.sent == {}
    assert body.full["limit"] == 200


@pytest.mark.parametrize("content", [b"", b"null"])
def test_a_body_of_one_model_may_not(content: bytes) -> None:
    assert refusal("update_deployment", content=content) == [("missing", ("body",))]


def test_null_is_the_default_of_a_field() -> None:
    assert read("read_deployments", {"limit": None, "sort": None}).body.sent == {}


def test_no_object_lacks_each_field() -> None:
    assert refusal("schedule_deployment", []) == [
        ("missing", ("body", name))
        for name in ("start_time", "end_time", "min_time", "min_runs", "max_runs")
    ]


@pytest.mark.parametrize(
    ("limit", "words"),
    [(-1, "greater than or equal to 0."), (201, "less than or equal to 200.")],
)
def test_a_limit_out_of_bounds_is_told_alone(limit: int, words: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        read("read_deployments", {"limit": limit, "offset": -1, "sort": "x"})
    assert caught.value.detail == f"Invalid limit: must be {words}"


def test_errors_come_in_the_order_of_the_fields() -> None:
    body = {"sort": "x", "flows": [], "offset": -1, "limit": "x"}
    assert refusal("read_deployments", body) == [
        ("int_parsing", ("body", "limit")),
        ("greater_than_equal", ("body", "offset")),
        ("model_attributes_type", ("body", "flows")),
        ("enum", ("body", "sort")),
    ]


def test_a_number_beyond_64_bits_is_an_error_if_there_is_no_other() -> None:
    assert refusal("read_deployments", {"offset": 2**63}) == [
        ("less_than_equal", ("body", "offset"))
    ]
    assert refusal("read_deployments", {"offset": 2**63, "flows": 1}) == [
        ("model_attributes_type", ("body", "flows"))
    ]
    own = {"type": "less_than_equal", "ctx": {"le": 2**63 - 1}}
    assert reported([own]) == [own]


def test_an_error_that_looks_like_our_own_is_the_servers_where_ours_are_not_checked() -> None:
    own = {"type": "finite_number", "loc": ("body",), "msg": "", "input": None}
    assert refusal_for([own], None, lax=False).errors == [own]
    with pytest.raises(RequestInvalid):
        refusal_for([own], None, lax=True)


def test_a_name_that_paths_cannot_hold_is_an_error_if_there_is_no_other() -> None:
    slashed = {"name": "a/b", "flow_id": "0" * 32}
    assert refusal("create_deployment", slashed) == [("string_pattern_mismatch", ("body", "name"))]
    assert refusal("create_deployment", {**slashed, "tags": None}) == [
        ("list_type", ("body", "tags"))
    ]


def test_a_page_may_not_begin_beyond_64_bits() -> None:
    assert refusal("paginate_deployments", {"page": 10**18}) == [
        ("less_than_equal", ("body", "page"))
    ]
    assert read("paginate_deployments", {"page": 10**18, "limit": 1}).body.sent["page"] == 10**18


@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        ({"min_time": 1e20}, "min_time", "less_than_equal"),
        ({"min_time": -1e20}, "min_time", "greater_than_equal"),
        ({"min_time": "nan"}, "min_time", "finite_number"),
        ({"start_time": "9999-12-31T00:00:00Z"}, "start_time", "less_than_equal"),
        (
            {"start_time": "9000-01-01T00:00:00Z", "min_time": 1e11},
            "min_time",
            "less_than_equal",
        ),
    ],
)
def test_a_plan_stays_in_the_calendar(body: Any, loc: str, kind: str) -> None:
    assert refusal("schedule_deployment", body) == [(kind, ("body", loc))]


def test_each_check_of_a_body_is_about_a_body_that_there_is() -> None:
    schemas = openapi.load()["components"]["schemas"]
    paged = {
        name
        for name, schema in schemas.items()
        if schema.get("x-body-fields") and "page" in schema["properties"]
    }
    assert {name for name, check in BODY_CHECKS.items() if check is check_page} == paged
    assert BODY_CHECKS.keys() <= schemas.keys()


@pytest.mark.parametrize(
    ("content", "position", "words"),
    [
        (b"{", 1, "Expecting property name enclosed in double quotes"),
        (b"  ", 2, "Expecting value"),
        (b"{}{}", 2, "Extra data"),
    ],
)
def test_no_json_is_told_with_its_place(content: bytes, position: int, words: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        read("count_deployments", content=content)
    assert caught.value.body["exception_detail"] == [
        {
            "type": "json_invalid",
            "loc": ("body", position),
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": words},
        }
    ]
    assert caught.value.request_body == content.decode()


@pytest.mark.parametrize("content", [b"\xff", b'{"limit":' + b"1" * 5000 + b"}"])
def test_what_cannot_be_parsed_at_all_is_a_bad_request(content: bytes) -> None:
    with pytest.raises(BadRequest, match="There was an error parsing the body"):
        read("count_deployments", content=content)


@pytest.mark.parametrize("levels", [10_000, 100_000])
def test_nesting_without_end_is_refused_in_a_sentence(levels: int) -> None:
    with pytest.raises(RequestInvalid) as caught:
        read("count_deployments", content=b"[" * levels + b"]" * levels)
    assert caught.value.status == 422
    assert caught.value.errors == [
        {
            "type": "recursion_loop",
            "loc": ("body",),
            "msg": "Input should be nested at most 250 levels deep",
            "input": None,
        }
    ]


@pytest.mark.parametrize(
    "declared", ["application/json", "APPLICATION/JSON; charset=utf-8", "application/ld+json"]
)
def test_declared_json_is_read(declared: str) -> None:
    body = read("read_deployments", {"limit": 3}, headers={"content-type": declared}).body
    assert body.sent == {"limit": 3}


@pytest.mark.parametrize("declared", ["text/plain", "text/json", "application/xml", "", ";"])
def test_anything_else_is_a_text(declared: str) -> None:
    headers = {"content-type": declared}
    assert read("read_deployments", {"limit": -1}, headers=headers).body.sent == {}
    assert refusal("update_deployment", {}, headers=headers) == [
        ("model_attributes_type", ("body",))
    ]


def test_a_body_without_a_type_is_json_when_its_length_is_known() -> None:
    reader = REQUESTS.reader("read_deployments")
    content = b'{"limit":3}'
    known = reader.read({}, {}, {"content-length": str(len(content))}, content)
    assert known.body.sent == {"limit": 3}
    assert reader.read({}, {}, {}, content).body.sent == {}


@pytest.mark.parametrize(
    ("content", "kind", "loc"),
    [
        (b'{"parameters":{"x":NaN}}', "finite_number", ("body", "parameters", "x")),
        (b'{"parameters":{"x":[1e999]}}', "finite_number", ("body", "parameters", "x", 0)),
        (b'{"parameters":{"x":"\\ud800"}}', "string_unicode", ("body", "parameters", "x")),
        (b'{"description":"\\ud800"}', "string_unicode", ("body", "description")),
        (
            b'{"parameters":{"x":' + b"[" * 300 + b"]" * 300 + b"}}",
            "recursion_loop",
            ("body", "parameters"),
        ),
    ],
)
def test_what_cannot_be_kept_is_refused(content: bytes, kind: str, loc: Any) -> None:
    assert refusal("update_deployment", content=content) == [(kind, loc)]


def test_what_is_passed_over_may_be_anything() -> None:
    assert read("read_deployments", content=b'{"zzz":NaN}').body.sent == {}


def test_large_numbers_among_parameters_are_kept() -> None:
    body = {"parameters": {"x": 10**30}}
    assert read("update_deployment", body).body.sent == body


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        ("2026-W02-1", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026/01/02", datetime(2026, 1, 2, tzinfo=UTC)),
        (
            "2026-01-02T03:04:05+05:30",
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        ),
    ],
)
def test_times_are_read_as_the_server_reads_them(value: Any, made: datetime) -> None:
    body = {"flow_runs": {"start_time": {"after_": value}}}
    time = read("count_deployments", body).body.sent["flow_runs"]["start_time"]["after_"]
    assert time == made
    assert time.utcoffset() == made.utcoffset()
    assert type(time.tzinfo) is timezone


@pytest.mark.parametrize("value", ["tomorrow", "", True, [], {}, "9999-12-31T23:59:59-23:59"])
def test_what_is_no_time_is_refused(value: Any) -> None:
    body = {"flow_runs": {"start_time": {"after_": value}}}
    found = refusal("count_deployments", body)
    assert found == [("value_error", ("body", "flow_runs", "start_time", "after_"))]


@pytest.mark.parametrize(
    ("value", "seconds"), [(60, 60.0), ("PT1H", 3600.0), ("1 day", 86400.0), (True, 1.0)]
)
def test_intervals_are_seconds(value: Any, seconds: float) -> None:
    body = read("create_deployment_schedules", [{"schedule": {"interval": value}}]).body
    assert body.sent == [{"schedule": {"interval": seconds, "timezone": "UTC"}}]


def test_a_new_deployment_is_echoed_with_its_parameters() -> None:
    with pytest.raises(RequestInvalid) as caught:
        read("create_deployment", {"work_pool_queue_name": "old"})
    assert caught.value.request_body == {"work_pool_queue_name": "old", "parameters": {}}
    assert caught.value.errors[0]["input"] == {"parameters": {}}


def test_a_deployment_has_one_kind_of_limit() -> None:
    body = {"concurrency_limit": 1, "global_concurrency_limit_id": ID}
    for operation in ("create_deployment", "update_deployment"):
        assert refusal(operation, body) == [("value_error", ("body",))]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"properties": {"x": {"type": "integer"}}}, "'s' is not of type 'integer'"),
        ({"type": "nope"}, "is not valid under any of the given schemas"),
        ({"$ref": "http://127.0.0.1:1/x"}, "Unresolvable"),
        ({"properties": {"x": {"pattern": "("}}}, "'(' is not a 'regex'"),
        ({"$schema": []}, "Validation failed"),
    ],
)
def test_parameters_are_checked_when_the_body_asks_for_it(schema: Any, words: str) -> None:
    body = {
        "name": "n",
        "flow_id": ID,
        "parameters": {"x": "s"},
        "parameter_openapi_schema": schema,
    }
    assert read("create_deployment", body).body.sent["parameters"] == {"x": "s"}
    with pytest.raises(RequestInvalid) as caught:
        read("create_deployment", {**body, "enforce_parameter_schema": True})
    (error,) = caught.value.errors
    assert (error["type"], error["loc"], error["ctx"]) == ("value_error", ("body",), {"error": {}})
    assert words in error["msg"]


@pytest.mark.parametrize("depth", [0, 800])
def test_a_schema_that_never_ends_is_refused(depth: int) -> None:
    schema: Any = {"$ref": "#"}
    for _ in range(depth):
        schema = {"not": schema}
    body = {
        "name": "n",
        "flow_id": ID,
        "enforce_parameter_schema": True,
        "parameter_openapi_schema": schema,
    }
    assert refusal("create_deployment", body) == [("value_error", ("body",))]


@pytest.mark.parametrize("value", [None, "", "0.8.0", "0.8.4", "9.9.9", " 1.0.0"])
def test_versions_from_the_oldest_on_are_served(value: str | None) -> None:
    check_version(value)


@pytest.mark.parametrize("value", ["0.7.9", "abc", "1", "1.2", "1.2.3.4", "0.8.x"])
def test_other_versions_are_not(value: str) -> None:
    with pytest.raises(BadRequest, match=value):
        check_version(value)


def test_the_version_is_looked_at_after_the_syntax_and_before_the_rest() -> None:
    old = {"x-prefect-api-version": "0.7.0"}
    with pytest.raises(RequestInvalid):
        read("count_deployments", content=b"{", headers=old)
    with pytest.raises(BadRequest):
        read("count_deployments", {"flows": 1}, headers=old)


@pytest.mark.parametrize(
    ("operation", "body", "times"),
    [("create_deployment", {"name": "n", "flow_id": ID}, 2)],
)
def test_an_automation_is_a_uuid(operation: str, body: Any, times: int) -> None:
    found = refusal(operation, body, headers={"prefect-automation-id": "zz"})
    assert found == [("uuid_parsing", ("header", "prefect-automation-id"))] * times


def test_ids_in_the_path_are_canonical() -> None:
    request = read("read_deployment", path={"id": ID.replace("-", "").upper()})
    assert request.path == {"id": ID}


def test_a_parsed_body_can_be_read_by_itself() -> None:
    assert REQUESTS.body("count_deployments", {"flows": None}).sent == {}
    with pytest.raises(ApiError):
        REQUESTS.body("count_deployments", [])
    with pytest.raises(KeyError):
        REQUESTS.body("read_deployment", {})


def test_of_very_many_errors_only_the_number_is_told() -> None:
    content = b'{"deployments":{"id":{"any_":[' + b",".join([b"0"] * 10_001) + b"]}}}"
    with pytest.raises(RequestInvalid) as caught:
        read("count_deployments", content=content)
    assert caught.value.errors == [
        {
            "type": "too_many_errors",
            "loc": ("body", "deployments"),
            "msg": "Input has 10001 errors, more than the 10000 that are listed",
            "input": None,
        }
    ]
