from __future__ import annotations

import json
from typing import Any

import pytest

from contract_tests.cases.constraint_breaking import Breaker, Case
from contract_tests.known.known import Known
from contract_tests.rules.refusal import accepted, refused
from contract_tests.spec.contract import lookup
from contract_tests.spec.leniency import lax, narrow, widen
from contract_tests.spec.version import as_of, spec_for
from contract_tests.transport.exchange import Exchange

SPEC = spec_for(None)
WITH_BODY = [name for name, contract in SPEC.contracts.items() if contract.body_pointer]


def schema_of(operation: str) -> Any:
    pointer = SPEC.contracts[operation].body_pointer
    assert pointer is not None
    return lookup(SPEC.view, pointer)


def verdict(operation: str, body: Any) -> str:
    return SPEC.readings.verdict(schema_of(operation), body)


@pytest.mark.parametrize(
    "body",
    [
        {"limit": "1"},
        {"limit": True},
        {"limit": 1.0},
        {"offset": " 3 "},
        {"zzz": 1},
        {"deployments": {"paused": {"eq_": "yes"}}},
        {"deployments": {"paused": {"eq_": 0}}},
        {"deployments": {"id": {"any_": ["3C90C3CC0D444B5088888DD25736052A"]}}},
        {"flow_runs": {"start_time": {"after_": 1700000000}}},
        {"flow_runs": {"start_time": {"after_": "2030-01-01"}}},
    ],
)
def test_what_a_server_may_take_either_way_is_not_judged(body: Any) -> None:
    assert verdict("read_deployments", body) == "either"


@pytest.mark.parametrize(
    "body",
    [
        {"limit": -1},
        {"limit": 201},
        {"limit": "many"},
        {"limit": 1.5},
        {"sort": "name_asc"},
        {"deployments": {"zzz": 1}},
        {"deployments": {"operator": None}},
        {"deployments": {"tags": {"all_": "red"}}},
        {"deployments": {"id": {"any_": ["no-id"]}}},
        {"deployments": []},
        [],
        5,
    ],
)
def test_what_is_wrong_under_any_reading_must_be_refused(body: Any) -> None:
    assert verdict("read_deployments", body) == "refuse"


@pytest.mark.parametrize(
    "body",
    [
        {},
        None,
        {"limit": 0},
        {"limit": 200, "offset": 0, "sort": "NAME_DESC"},
        {"limit": None, "flows": None},
        {"deployments": {"operator": "or_", "paused": {"eq_": True}, "tags": {"all_": []}}},
    ],
)
def test_what_keeps_the_contract_must_be_accepted(body: Any) -> None:
    assert verdict("read_deployments", body) == "accept"


def test_bounds_that_only_say_what_can_be_stored_are_not_judged() -> None:
    assert verdict("read_deployments", {"offset": 2**63}) == "either"


@pytest.mark.parametrize("operation", WITH_BODY)
def test_each_breach_breaks_and_each_edge_keeps_its_schema(operation: str) -> None:
    breaker, schema = Breaker(SPEC.readings), schema_of(operation)
    breaches, edges = breaker.breaches(schema), breaker.edges(schema)
    assert breaches
    assert edges
    assert not any(SPEC.readings.valid(schema, case.body) for case in breaches)
    assert all(SPEC.readings.valid(schema, case.body) for case in edges)


@pytest.mark.parametrize("operation", WITH_BODY)
def test_every_required_and_every_forbidden_key_of_a_body_is_tried(operation: str) -> None:
    breaker = Breaker(SPEC.readings)
    schema = breaker.flatten(schema_of(operation))
    tried = {(case.path, case.keyword) for case in breaker.breaches(schema_of(operation))}
    for name in schema.get("required", ()):
        assert ((name,), "required") in tried
    if schema.get("additionalProperties") is False:
        assert (("zzz_unknown",), "additionalProperties") in tried


def test_constraints_deep_in_filters_are_broken() -> None:
    tried = {
        (case.path, case.keyword)
        for case in Breaker(SPEC.readings).breaches(schema_of("read_deployments"))
    }
    assert (("limit",), "minimum") in tried
    assert (("limit",), "maximum") in tried
    assert (("offset",), "minimum") in tried
    assert (("sort",), "enum") in tried
    assert (("flow_runs", "state", "type", "any_", 0), "enum") in tried
    assert (("flow_runs", "id", "any_", 0), "format") in tried
    assert (("deployments", "tags", "zzz_unknown"), "additionalProperties") in tried


def test_a_value_of_the_wrong_type_does_not_have_the_type() -> None:
    schema = {
        "type": "object",
        "properties": {
            "ids": {"type": "array", "items": {"type": "string"}},
            "when": {"type": "string", "format": "uuid"},
            "step": {"type": "number", "multipleOf": 1},
        },
    }
    breaches = Breaker(SPEC.readings).breaches(schema)
    wrong: dict[Any, set[type]] = {("ids",): set(), ("when",): set()}
    for case in breaches:
        if case.keyword == "type" and case.path in wrong:
            wrong[case.path].add(type(case.body[case.path[0]]))
    assert list not in wrong["ids",]
    assert {str, dict, int} <= wrong["ids",]
    assert str not in wrong["when",]
    assert dict in wrong["when",]
    assert [case.body for case in breaches if case.keyword == "multipleOf"] == [{"step": 1.5}]


def test_hints_stand_where_fields_are_required() -> None:
    breaker = Breaker(SPEC.readings, {"flow_id": "f", "name": "n"})
    assert breaker.sample(schema_of("create_deployment")) == {"name": "n", "flow_id": "f"}


def test_widening_opens_leaves_and_keeps_enums() -> None:
    wide = widen({"properties": {"a": {"type": "integer"}, "b": {"enum": [1]}}}, lax())
    assert "anyOf" in wide["properties"]["a"]
    assert wide["properties"]["b"] == {"enum": [1]}


@pytest.mark.parametrize(
    ("interval", "told"),
    [(0, "refuse"), (-1.5, "refuse"), (60, "accept"), ("60", "either"), ("PT0S", "either")],
)
def test_a_number_keeps_the_bounds_of_the_branch_for_numbers(interval: Any, told: str) -> None:
    body = [{"schedule": {"interval": interval}, "active": True}]
    assert verdict("create_deployment_schedules", body) == told


def test_narrowing_closes_what_is_open_and_keeps_maps() -> None:
    assert narrow({"properties": {"a": {}}})["additionalProperties"] is False
    assert "additionalProperties" not in narrow({"type": "object"})


def exchange(status: int, body: Any) -> Exchange:
    return Exchange(
        method="POST",
        url="http://x/api/deployments/filter",
        request_headers={},
        request_body=b"{}",
        status=status,
        headers={"content-type": "application/json"},
        body=json.dumps(body).encode(),
        base_url="http://x/api",
    )


def listed(*locs: list[str | int]) -> dict[str, Any]:
    details = [{"type": "x", "loc": loc, "msg": "", "input": None} for loc in locs]
    return {
        "exception_message": "Invalid request received.",
        "exception_detail": details,
        "request_body": None,
    }


def rules(
    status: int, body: Any, path: tuple[str | int, ...], *, sentence: bool = False
) -> set[str]:
    case = Case(path, "type", {}, "")
    contract = SPEC.contracts["read_deployments"]
    found = refused(contract, case, exchange(status, body), sentence=sentence)
    return {finding.rule for finding in found}


def test_a_refusal_is_held_against_status_envelope_and_place() -> None:
    path = ("flows", "id", "any_", 0)
    right = listed(["body", "flows", "id", "any_", 0])
    assert rules(422, right, path) == set()
    assert rules(200, [], path) == {"refusal.accepted"}
    assert rules(400, {"detail": "no"}, path) == {"refusal.status"}
    assert rules(422, {"detail": "no"}, path) == {"refusal.envelope"}
    assert rules(422, right, path, sentence=True) == {"refusal.envelope"}
    assert rules(422, {"detail": "no"}, path, sentence=True) == set()
    assert rules(422, listed(["body", "flows"]), path) == {"refusal.location"}


def test_names_of_union_branches_may_stand_in_a_place() -> None:
    loc: list[str | int] = ["body", "schedules", 0, "schedule", "RRuleSchedule", "rrule"]
    assert rules(422, listed(loc), ("schedules", 0, "schedule", "rrule")) == set()


def test_server_errors_are_left_to_the_rules_of_shape() -> None:
    assert rules(500, {}, ("limit",)) == set()
    assert rules(0, {}, ("limit",)) == set()


@pytest.mark.parametrize(
    ("status", "own_rules", "body", "right"),
    [
        (200, False, [], True),
        (404, False, {"detail": "no"}, True),
        (422, False, {"detail": "no"}, False),
        (422, True, {"detail": "no"}, True),
        (422, True, listed(["body", "limit"]), False),
        (400, False, {"detail": "no"}, False),
    ],
)
def test_what_keeps_the_contract_is_not_refused_as_invalid(
    status: int,
    own_rules: bool,  # noqa: FBT001 - a column of the table above
    body: Any,
    right: bool,  # noqa: FBT001
) -> None:
    case = Case(("limit",), "maximum", {}, "")
    contract = SPEC.contracts["read_deployments"]
    found = list(accepted(contract, case, exchange(status, body), rules_of_its_own=own_rules))
    assert (found == []) is right


def test_an_older_version_has_neither_newer_operations_nor_newer_properties() -> None:
    newer = {"x-prefect-since": "3.6.0"}
    document = {
        "paths": {"/a": {"get": {}, "post": {**newer}}},
        "required": ["a", "b"],
        "properties": {"a": {}, "b": {**newer}},
    }
    assert as_of(document, "3.5.9") == {
        "paths": {"/a": {"get": {}}},
        "required": ["a"],
        "properties": {"a": {}},
    }
    assert as_of(document, "3.6.0") == document


def test_known_inputs_name_operations_that_exist() -> None:
    for entry in Known.load("3.8.8").entries:
        assert entry.operations <= SPEC.contracts.keys()
