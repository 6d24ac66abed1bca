from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

import contract_tests
from contract_tests.errors import CannotJudge
from contract_tests.findings import Finding
from contract_tests.known.known import Known, parse, view
from contract_tests.rules import catalogue
from contract_tests.spec.operations import operations
from contract_tests.transport.exchange import Exchange

SLASH = """
- id: slash
  versions: ">=3.0,<4"
  operations: [create_deployment]
  rules: ["shape.*"]
  status: 500
  when:
    properties: {body: {type: object, required: [name], properties: {name: {pattern: "[/%&<>]"}}}}
    required: [body]
  reason: the name is checked too late
"""


def sent(content: bytes, status: int = 500, path: str = "/deployments/") -> Exchange:
    return Exchange(
        method="POST",
        url=f"http://x/api{path}",
        request_headers={"content-type": "application/json"},
        request_body=content,
        status=status,
        headers={},
        body=b"",
        base_url="http://x/api",
    )


def finding(exchange: Exchange, rule: str = "shape.server-error") -> Finding:
    return Finding(rule, "create_deployment", "fails", "201", "500", exchange)


def known(version: str | None = "3.8.8") -> Known:
    return Known(parse(SLASH, "x.yaml"), version)


def test_a_finding_is_covered_only_as_narrowly_as_the_entry_says() -> None:
    entries = known()
    assert entries.covers(finding(sent(b'{"name": "a/b"}')))
    assert not entries.covers(finding(sent(b'{"name": "ab"}')))
    assert not entries.covers(finding(sent(b'{"name": "a/b"}', status=502)))
    assert not entries.covers(finding(sent(b'{"name": "a/b"}'), rule="filters.count"))
    assert not entries.covers(Finding("shape.x", "update_deployment", "", "", "", sent(b"{}")))
    assert entries.met == {"slash": 1}


@pytest.mark.parametrize("version", ["2.20.0", "4.0.0", None, "unknown"])
def test_other_versions_have_no_excuse(version: str | None) -> None:
    assert not known(version).covers(finding(sent(b'{"name": "a/b"}')))


def test_an_entry_may_hold_for_any_version_and_by_its_cause() -> None:
    text = SLASH.replace('  versions: ">=3.0,<4"\n', "") + "  cause: x.*\n"
    for version in ("3.8.8", None):
        entries = Known(parse(text, ""), version)
        one = finding(sent(b'{"name": "a/b"}'))
        assert not entries.covers(one)
        assert entries.covers(replace(one, cause="x.any_ several"))


def test_what_has_expired_fails_again_and_is_told() -> None:
    text = SLASH + "  expires: 2026-05-31\n  issue: https://tracker.example/7\n"
    one = finding(sent(b'{"name": "a/b"}'))
    last_day = Known(parse(text, ""), "3.8.8", today=date(2026, 5, 31))
    assert last_day.covers(one)
    assert not last_day.expired()
    later = Known(parse(text, ""), "3.8.8", today=date(2026, 6, 1))
    assert not later.covers(one)
    assert [entry.id for entry in later.expired()] == ["slash"]
    assert later.occurred() == []


def test_what_no_longer_occurs_is_told() -> None:
    entries = known()
    assert entries.gone() == []
    entries.observe(sent(b'{"name": "a/b"}', status=201))
    assert [entry.id for entry in entries.gone()] == ["slash"]
    entries.observe(sent(b'{"name": "a/b"}', status=500))
    assert entries.gone() == []


def test_the_schema_sees_bodies_that_are_no_clean_json() -> None:
    assert "body" not in view(sent(b"{"))
    assert view(sent(b"\xff"))["text"] == "\\udcff"
    assert view(sent(b'{"a": NaN}'))["body"] == {"a": None}
    assert view(sent(b'{"a": "\\ud800"}'))["body"] == {"a": "?"}
    assert view(sent(b"[" * 100_000))["path"] == "/deployments/"
    huge = b'{"offset": 9223372036854775808}'
    assert view(sent(huge))["body"] == {"offset": 2**63}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "must be a list"),
        ("- id: x", "entry 1: 'operations' is missing"),
        ("- x", "entry 1: it must be a mapping"),
        (SLASH.replace("status:", "state:"), "entry 1: unknown key state"),
        (SLASH.replace("[create_deployment]", "create_deployment"), "must be a list of names"),
        (SLASH + "  expires: soon\n", "'expires' must be a date such as 2027-03-31, not 'soon'"),
        ("- [", "no YAML"),
        (SLASH.replace(">=3.0,<4", "newest"), "entry 1: .*newest"),
        (SLASH.replace("type: object", "type: 5"), "entry 1"),
    ],
)
def test_a_file_that_is_wrong_is_told_where(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=says):
        parse(text, "x.yaml")
    file = tmp_path / "known.yaml"
    file.write_text(text)
    with pytest.raises(CannotJudge, match=says) as caught:
        Known.load("3.8.8", file)
    assert str(caught.value).count(str(file)) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"operations": ["count_deployment"]}, "did you mean 'count_deployments'?"),
        ({"rules": ["pages.page"]}, "did you mean 'pages.pages'?"),
        ({"rules": ["nope.*"]}, "'rules' has 'nope.*', which there is not"),
    ],
)
def test_a_name_that_there_is_not(change: dict[str, list[str]], told: str) -> None:
    entry = {"id": "x", "operations": ["count_deployments"], "rules": ["pages.*"], "reason": "y"}
    assert parse(json.dumps([entry]), "")
    with pytest.raises(ValueError, match=r"^entry 1: ") as caught:
        parse(json.dumps([{**entry, **change}]), "")
    assert told in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "none.yaml"
    with pytest.raises(CannotJudge) as caught:
        Known.load("3.8.8", file)
    assert str(caught.value) == f"--known {file}: there is no such file; --known-update writes one."
    assert len(Known.load("3.8.8", file, update=True).entries) == len(Known.load("3.8.8").entries)
    with pytest.raises(CannotJudge, match=r"--known .*: it cannot be read \(Is a directory\)"):
        Known.load("3.8.8", tmp_path)


def test_our_own_entries_name_operations_and_rules_that_exist() -> None:
    ids = {operation.id for operation in operations()}
    seen: set[str] = set()
    for file in sorted((Path(contract_tests.__file__).parent / "known").glob("*.yaml")):
        for entry in parse(file.read_text(), file.name):
            assert entry.operations <= ids, entry.id
            assert entry.id not in seen
            seen.add(entry.id)
            assert any(entry.names(code) for code in catalogue()), entry.id
            assert entry.reason.strip()
        assert yaml.safe_load(file.read_text())


@pytest.mark.parametrize(
    ("entry", "operation", "path", "body", "shows"),
    [
        ("run-states-in-and-out", "count_deployments", "/deployments/count", body, shows)
        for body, shows in (
            (
                {"flow_runs": {"state": {"type": {"any_": ["FAILED"], "not_any_": ["PAUSED"]}}}},
                True,
            ),
            ({"flow_runs": {"state": {"name": {"any_": ["a"], "not_any_": ["b"]}}}}, True),
            ({"flow_runs": {"state": {"type": {"any_": ["FAILED"], "not_any_": []}}}}, False),
            ({"flow_runs": {"state": {"type": {"any_": ["FAILED"]}}}}, False),
            ({"flow_runs": {"state": None}}, False),
            ({}, False),
        )
    ]
    + [
        ("start-of-runs-that-have-not-started", "count_deployments", "/deployments/count", *row)
        for row in (
            ({"flow_runs": {"start_time": {"before_": "2030-01-01T00:00:00Z"}}}, True),
            ({"flow_runs": {"start_time": {"is_null_": True, "after_": None}}}, False),
            ({"task_runs": {"start_time": {"before_": "2030-01-01T00:00:00Z"}}}, False),
        )
    ]
    + [
        ("schedules-of-an-update-are-whole", "update_deployment", "/deployments/x", *row)
        for row in (
            ({"schedules": [{"schedule": {}, "active": True}, {}]}, True),
            ({"schedules": [{"schedule": {}, "active": None}]}, True),
            ({"schedules": [{"schedule": {}}]}, False),
            ({"schedules": []}, False),
        )
    ]
    + [
        ("id-that-is-none-by-its-type", "update_deployment", path, {}, shows)
        for path, shows in (
            ("/deployments/x", True),
            ("/deployments/00000000-0000-4000-8000-00000000dead/schedules/x", True),
            ("/deployments/00000000-0000-4000-8000-00000000dead", False),
            ("/deployments/00000000-0000-4000-8000-00000000dead/schedules", False),
            ("/deployments/00000000000040008000000000000000", False),
        )
    ]
    + [
        ("task-tried-again-after-a-fraction", "create_task_run", "/task_runs/", *row)
        for row in (
            ({"empirical_policy": {"retry_delay": 1.5}}, True),
            ({"empirical_policy": {"retry_delay": [1, 0.1]}}, True),
            ({"empirical_policy": {"retry_delay": [1, 2]}}, False),
        )
    ]
    + [
        ("task-input-out-of-a-flow-run", "create_task_run", "/task_runs/", *row)
        for row in (
            ({"task_inputs": {"a": [], "b": [{"input_type": "flow_run", "id": "x"}]}}, True),
            ({"task_inputs": {"a": [{"input_type": "task_run", "id": "x"}]}}, False),
            ({"task_inputs": {}}, False),
        )
    ],
)
def test_what_older_releases_do_otherwise_is_as_narrow_as_that(
    entry: str,
    operation: str,
    path: str,
    body: object,
    shows: bool,  # noqa: FBT001 - a column of the table above
) -> None:
    found = {one.id: one for one in Known.load("3.0.11").entries}
    exchange = sent(json.dumps(body).encode(), path=path)
    assert found[entry].triggered_by(operation, view(exchange)) is shows
    assert entry not in {one.id for one in Known.load("3.8.8").entries}


@pytest.mark.parametrize(
    ("schema", "enforce", "shows"),
    [
        (5, True, True),
        (1.5, "yes", True),
        (0, 1, True),
        ("a$schema", True, True),
        (["$schema"], True, True),
        ({"$schema": []}, True, True),
        (5, False, False),
        (5, 0, False),
        (True, True, False),
        ("schema", True, False),
        (["$schema "], True, False),
        ({"$schema": "x"}, True, False),
        ({"type": 1}, True, False),
    ],
)
def test_a_parameter_schema_of_no_object_is_excused_as_narrowly_as_it_fails(
    schema: object, enforce: object, *, shows: bool
) -> None:
    (entry,) = [
        one
        for one in Known.load("3.8.8").entries
        if one.id == "deployment-with-a-parameter-schema-of-no-object"
    ]
    body = {"parameter_openapi_schema": schema, "enforce_parameter_schema": enforce}
    told = view(sent(json.dumps(body).encode()))
    assert entry.triggered_by("create_deployment", told) is shows
    del body["enforce_parameter_schema"]
    told = view(sent(json.dumps(body).encode()))
    assert not entry.triggered_by("create_deployment", told)


@pytest.mark.parametrize(
    ("end", "seconds", "shows"),
    [
        ("1006-06-09T05:07:34Z", 6.8e13, True),
        ("2026-02-01T00:00:00Z", 2.52e11, True),
        ("9999-12-31T00:00:00Z", 1e6, True),
        ("2026-02-01T00:00:00Z", 86400, False),
        ("2026-02-01T00:00:00Z", 1e8, False),
        ("9999-12-31T00:00:00Z", 3600, False),
        ("2026-02-01T00:00:00Z", "x", False),
    ],
)
def test_a_history_that_ends_beyond_the_calendar(end: str, seconds: object, *, shows: bool) -> None:
    found = {one.id: one for one in Known.load("3.8.8").entries}
    body = {"history_end": end, "history_interval_seconds": seconds}
    told = view(sent(json.dumps(body).encode(), path="/flow_runs/history"))
    entry = found["history-that-ends-beyond-the-calendar"]
    assert entry.triggered_by("flow_run_history", told) is shows
