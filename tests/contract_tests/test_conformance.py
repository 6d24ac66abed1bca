from __future__ import annotations

import json
import random
from typing import Any

import pytest

from contract_tests.cases.schemathesis_bridge import bridge_for, can_be_repeated
from contract_tests.checks.conformance import Words, within_64_bits
from contract_tests.rules.shape import shapes_for
from contract_tests.spec.version import spec_for
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.target import UNSET
from openapi.formats import is_cron, is_rrule, is_time_zone

SPEC = spec_for(None)


def rules(
    operation: str, status: int, body: bytes, content_type: str | None = "application/json"
) -> dict[str, str]:
    exchange = Exchange(
        method="GET",
        url="http://x/api/x",
        request_headers={},
        request_body=None,
        status=status,
        headers={} if content_type is None else {"content-type": content_type},
        body=body,
        base_url="http://x/api",
    )
    found = shapes_for(None).check(SPEC.contracts[operation], exchange)
    return {finding.rule: finding.cause for finding in found}


def test_a_right_answer_breaks_no_rule() -> None:
    assert rules("count_deployments", 200, b"5") == {}
    assert rules("delete_deployment", 204, b"", None) == {}
    assert rules("read_deployment", 404, b'{"detail": "Deployment not found"}') == {}
    assert rules("read_deployments", 200, b"[]", "application/json; charset=utf-8") == {}


@pytest.mark.parametrize(
    ("operation", "status", "body", "content_type", "rule"),
    [
        ("count_deployments", 0, b"", None, "shape.answer"),
        ("count_deployments", 500, b"{}", "application/json", "shape.server-error"),
        ("count_deployments", 201, b"5", "application/json", "shape.status"),
        ("count_deployments", 200, b"5", "text/html", "shape.content-type"),
        ("delete_deployment", 204, b"{}", "application/json", "shape.content-type"),
        ("count_deployments", 200, b"five", "application/json", "shape.body"),
        ("count_deployments", 200, b'"5"', "application/json", "shape.body"),
        ("read_deployment", 404, b'{"message": "?"}', "application/json", "shape.body"),
        ("count_deployments", 200, b"-1", "application/json", "shape.body"),
    ],
)
def test_each_fault_of_an_answer_breaks_its_rule(
    operation: str, status: int, body: bytes, content_type: str | None, rule: str
) -> None:
    assert list(rules(operation, status, body, content_type)) == [rule]


def test_a_busy_server_is_no_failing_one() -> None:
    body = b'{"exception_message": "Service Unavailable"}'
    assert rules("count_deployments", 503, body) == {}


def test_the_cause_names_the_field_and_not_the_row() -> None:
    first = rules("read_deployment_schedules", 200, json.dumps([{"id": 5}]).encode())
    second = rules(
        "read_deployment_schedules", 200, json.dumps([{"id": "x"}, {"id": 5}][1:] * 2).encode()
    )
    assert first == second


DATA: dict[str, list[dict[str, Any]]] = {
    "deployments": [{"id": "d1", "name": "n1", "tags": ["red"]}],
    "flows": [{"id": "f1", "name": "flow", "tags": []}],
    "flow_runs": [],
}


def test_words_are_those_of_the_filters_kind() -> None:
    words = Words(DATA, random.Random(1))
    assert words.known("deployments", "tags") == ["red"]
    assert words.known("flow_runs", "deployment_id") == ["d1"]
    assert words.known("flow_runs", "name") == []


def test_values_of_filters_become_ones_that_exist_and_the_rest_stays() -> None:
    body = {
        "limit": 1,
        "deployments": {"tags": {"all_": ["?"] * 40, "is_null_": False}, "name": {"any_": [5]}},
        "flows": None,
    }
    filled = Words(DATA, random.Random(1)).put(body)
    assert set(filled["deployments"]["tags"]["all_"]) == {"?", "red"}
    assert filled["deployments"]["tags"]["is_null_"] is False
    assert filled["deployments"]["name"] == {"any_": [5]}
    assert body["deployments"]["tags"]["all_"] == ["?"] * 40  # type: ignore[index]


def test_nothing_is_stored_that_a_database_turns_into_a_longer_integer() -> None:
    body = {"labels": {"a": 1e200, "b": -1e19, "c": 0.5}, "parameters": [2**70, True, "1e200"]}
    cut = within_64_bits(body)
    assert cut["labels"]["c"] == 0.5
    assert cut["parameters"] == [2**63 - 1, True, "1e200"]
    assert all(abs(int(value)) < 2**63 for value in cut["labels"].values())


@pytest.mark.parametrize(
    "operation", ["read_deployments", "create_deployment", "delete_deployment"]
)
def test_the_same_seed_makes_the_same_cases(operation: str) -> None:
    first, second = (
        bridge_for(None).fuzzing(operation, valid=True, examples=4, seed=7) for _ in range(2)
    )
    assert first == second
    assert len(first) > 0


def test_coverage_has_both_right_and_wrong_bodies() -> None:
    contract = SPEC.contracts["schedule_deployment"]
    schema = contract.body_schema
    bodies = [case.body for case in bridge_for(None).coverage("schedule_deployment")]
    verdicts = {SPEC.readings.verdict(schema, body) for body in bodies if body is not UNSET}
    assert {"accept", "refuse"} <= verdicts


def test_examples_of_the_contract_are_sent() -> None:
    assert list(bridge_for(None).examples("create_deployment"))


def test_formats() -> None:
    assert is_time_zone("Europe/Berlin")
    assert not is_time_zone("europe/berlin?")
    assert is_cron("*/5 * * * 1-5")
    assert not is_cron("@reboot")
    assert not is_cron("H * * * *")
    assert is_rrule("FREQ=DAILY;COUNT=3")
    assert not is_rrule("never")


@pytest.mark.parametrize(
    ("content", "can"),
    [
        (b"{}", True),
        (b"\xff", True),  # read in no encoding, and so refused unread
        (b"\x00\xa4\xda\xabI\x87", False),
        (b"\xed\xa0\x80", False),
        (b"\x00{\x00}", True),
    ],
)
def test_bytes_are_sent_that_a_refusal_can_repeat(content: bytes, can: bool) -> None:  # noqa: FBT001
    assert can_be_repeated(content) is can
