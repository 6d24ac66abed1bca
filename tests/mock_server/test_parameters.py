"""Parameters against their schema, job variables against a template; messages are a server's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.parameters.lenient import lenient
from mock_server.parameters.validation import (
    CircularSchema,
    SchemaInvalid,
    UnknownBlock,
    ValuesInvalid,
    first_violation,
    validate_job_variables,
    validate_parameters,
    value_errors,
)

INTEGER = {"type": "integer"}
SCHEMA = {
    "type": "object",
    "properties": {"x": INTEGER, "y": {"type": "string", "default": "a"}},
    "required": ["x"],
}


@pytest.mark.parametrize(
    ("values", "schema", "message"),
    [
        ({}, SCHEMA, "Validation failed. Failure reason: 'x' is a required property"),
        (
            {"x": "s"},
            SCHEMA,
            "Validation failed for field 'x'. Failure reason: 's' is not of type 'integer'",
        ),
        (
            {"x": 1, "y": 1},
            SCHEMA,
            "Validation failed for field 'y'. Failure reason: 1 is not of type 'string'",
        ),
        # What is not required and has no default also admits null, hence the wording.
        (
            {"x": "s"},
            {"properties": {"x": INTEGER}},
            (
                "Validation failed for field 'x'. Failure reason:"
                " 's' is not valid under any of the given schemas"
            ),
        ),
        (
            {"a": {"b": [1, "s"]}},
            {"properties": {"a": {"properties": {"b": {"items": INTEGER}}}}},
            "Validation failed for field 'a.b[1]'. Failure reason: 's' is not of type 'integer'",
        ),
        (
            {"z": 1},
            {"additionalProperties": False},
            (
                "Validation failed. Failure reason:"
                " Additional properties are not allowed ('z' was unexpected)"
            ),
        ),
        (
            {"x": 1},
            {"$ref": "http://127.0.0.1:9/schema"},
            "Validation failed. Failure reason: Unresolvable: http://127.0.0.1:9/schema",
        ),
    ],
)
def test_values_that_do_not_fit(
    values: dict[str, Any], schema: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValuesInvalid) as raised:
        validate_parameters(values, schema)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("values", "schema"),
    [
        ({"x": 1}, SCHEMA),
        ({"anything": 1}, {}),
        ({"x": None}, {"properties": {"x": INTEGER}}),
        ({"x": "not a date"}, {"properties": {"x": {"type": "string", "format": "date"}}}),
        ({"x": [1, "s"]}, {"properties": {"x": {"items": [INTEGER, {"type": "string"}]}}}),
        (
            {"x": {"$ref": "00000000-0000-0000-0000-000000000001"}},
            {
                "properties": {"x": {"$ref": "#/definitions/Block"}},
                "definitions": {
                    "Block": {"title": "Block", "block_type_slug": "b", "required": ["path"]}
                },
            },
        ),
    ],
)
def test_values_that_fit(values: dict[str, Any], schema: dict[str, Any]) -> None:
    validate_parameters(values, schema)


def test_null_where_there_is_a_default() -> None:
    with pytest.raises(ValuesInvalid, match="None is not of type 'string'"):
        validate_parameters({"x": 1, "y": None}, SCHEMA)
    validate_parameters({"x": 1, "y": None}, SCHEMA, none_with_default=True)
    with pytest.raises(ValuesInvalid, match="None is not of type 'integer'"):
        validate_parameters({"x": None}, SCHEMA, none_with_default=True)


def test_what_is_required_may_be_missing_when_asked() -> None:
    validate_parameters({}, SCHEMA, required=False)


def test_references_that_never_end() -> None:
    with pytest.raises(CircularSchema) as raised:
        validate_parameters({}, {"$ref": "#"})
    message = "Invalid schema: Unable to validate schema with circular references."
    assert str(raised.value) == message


def test_a_schema_that_is_none() -> None:
    with pytest.raises(SchemaInvalid, match="Invalid schema: 'integr' is not valid under any"):
        validate_parameters({}, {"type": "integr"})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["properties", "required", "type", "default", "items", "title", "block_type_slug"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["properties", "definitions", "required"]), json_values))
def test_any_object_can_be_read_leniently_and_is_left_alone(schema: dict[str, Any]) -> None:
    before = repr(schema)
    try:
        lenient(schema)
    except TypeError:
        # `required` of a type that holds nothing.
        assert schema.get("required") is not None
    assert repr(schema) == before


# -- job variables

TEMPLATE = {
    "variables": {
        "type": "object",
        "required": ["size"],
        "properties": {"size": INTEGER, "image": {"type": "string", "default": "python"}},
    }
}


def no_blocks(_: str) -> None:
    return None


def check(*layers: dict[str, Any] | None, template: Any = None, **options: Any) -> None:
    arguments = {"required": True, "blocks": no_blocks, **options}
    validate_job_variables(TEMPLATE if template is None else template, *layers, **arguments)


def test_later_layers_win() -> None:
    check({"size": "big"}, {"size": 1})
    with pytest.raises(ValuesInvalid, match="'big' is not of type 'integer'"):
        check({"size": 1}, {"size": "big"})


def test_required_variables() -> None:
    with pytest.raises(ValuesInvalid) as raised:
        check({}, None)
    assert str(raised.value) == ("Validation failed. Failure reason: 'size' is a required property")
    check({}, required=False)


def test_nothing_to_check_against() -> None:
    check({"size": "big"}, template={"job_configuration": {}})
    validate_job_variables(None, {"size": "big"}, required=True, blocks=no_blocks)


def test_a_default_that_does_not_fit_is_left_out_and_nothing_required() -> None:
    broken = {"variables": {"required": ["size"], "properties": {"size": INTEGER, "n": {}}}}
    broken["variables"]["properties"]["n"] = {"type": "integer", "default": "x"}
    check(template=broken)
    with pytest.raises(ValuesInvalid, match="'x' is not valid under any of the given schemas"):
        check({"size": 1}, template=broken, check_defaults=True)


def test_a_default_that_refers_to_a_block() -> None:
    properties = {"aws": {"type": "object", "default": {"$ref": {"block_document_id": "b1"}}}}
    template = {"variables": {"properties": properties, "required": ["aws"]}}
    check(template=template, blocks={"b1": {"key": 1}}.get)
    with pytest.raises(UnknownBlock, match="Block not found"):
        check(template=template)
    no_id = {"aws": {"type": "object", "default": {"$ref": {}}}}
    with pytest.raises(ValuesInvalid, match="'aws' is a required property"):
        check(template={"variables": {"properties": no_id, "required": ["aws"]}})


def test_variables_that_are_no_schema() -> None:
    with pytest.raises(SchemaInvalid, match="Invalid schema: "):
        check({"size": 1}, template={"variables": {"type": 5}})


def test_the_bare_error() -> None:
    shown = "<ValidationError: \"'big' is not of type 'integer'\">"
    schema = {"properties": {"size": INTEGER}, "required": ["size", "more"]}
    assert first_violation({"size": "big"}, schema) == shown
    assert first_violation({}, schema) is None


# -- errors as the web interface shows them


def test_errors_by_place() -> None:
    schema = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "sizes": {"type": "array", "items": INTEGER, "default": []},
            "inner": {"properties": {"deep": {"enum": [1]}}},
        },
    }
    values = {"sizes": [1, "s", "t"], "inner": {"deep": 2}}
    found = value_errors(values, schema, variables={})
    assert not found["valid"]
    deep = {"property": "deep", "errors": ["2 is not one of [1]"]}
    assert {"property": "inner", "errors": [deep]} in found["errors"]
    assert {"property": "name", "errors": ["'name' is a required property"]} in found["errors"]
    (sizes,) = (error for error in found["errors"] if error["property"] == "sizes")
    assert sizes["errors"] == [
        {"index": 1, "errors": ["'s' is not of type 'integer'"]},
        {"index": 2, "errors": ["'t' is not of type 'integer'"]},
    ]
    assert value_errors({"name": "a"}, schema, variables={}) == {"errors": [], "valid": True}


def test_errors_of_values_that_are_not_made_yet() -> None:
    schema = {"type": "object", "properties": {"n": INTEGER, "m": INTEGER}, "required": ["n", "m"]}
    values = {
        "n": {"__prefect_kind": "jinja", "template": "{{ x }}"},
        "m": {"__prefect_kind": "json", "value": "{"},
    }
    found = value_errors(values, schema, variables={})
    (error,) = found["errors"]
    assert error["property"] == "m"
    assert error["errors"][0].startswith("Invalid JSON: ")
    variable = {"n": {"__prefect_kind": "workspace_variable", "variable_name": "v"}, "m": 1}
    assert value_errors(variable, schema, variables={"v": 3})["valid"]
    assert not value_errors(variable, schema, variables={"v": "s"})["valid"]
    missing = value_errors(variable, schema, variables={})
    assert missing["errors"] == [
        {"property": "n", "errors": ["Variable 'v' not found in workspace."]}
    ]


def test_a_schema_that_cannot_be_applied_is_told() -> None:
    with pytest.raises(SchemaInvalid, match="Invalid schema: 'integr' is not valid"):
        value_errors({}, {"type": "integr"}, variables={})
    with pytest.raises(SchemaInvalid, match="Invalid schema: Validation failed"):
        value_errors({}, {"$ref": "#/nowhere"}, variables={})
    with pytest.raises(CircularSchema):
        value_errors({}, {"$ref": "#"}, variables={})
