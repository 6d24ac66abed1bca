"""Models made of schemas: each keyword means what the released server means by it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

import openapi
from mock_server.requests import Requests
from mock_server.requests.models import Models
from mock_server.requests.rules import FIELD_TYPES, VALIDATORS

NULL = {"type": "object", "nullable": True, "enum": [None]}


def models(**schemas: Any) -> Models:
    return Models({"components": {"schemas": {"Null": NULL, **schemas}}})


def adapter(schema: dict[str, Any], **schemas: Any) -> TypeAdapter[Any]:
    return TypeAdapter(models(**schemas).type_of(schema, name="It"))


def errors(schema: dict[str, Any], value: Any, **schemas: Any) -> list[tuple[str, Any]]:
    """The type and place of each error."""
    with pytest.raises(ValidationError) as caught:
        adapter(schema, **schemas).validate_python(value)
    return [(error["type"], error["loc"]) for error in caught.value.errors()]


@pytest.mark.parametrize(
    ("schema", "value", "made"),
    [
        ({"type": "integer"}, "1", 1),
        ({"type": "integer"}, True, 1),
        ({"type": "number"}, "1.5", 1.5),
        ({"type": "boolean"}, "yes", True),
        ({"type": "string"}, "a", "a"),
        ({"type": "array", "items": {"type": "integer"}}, ["1", 2.0], [1, 2]),
        ({"type": "array"}, [1, None], [1, None]),
        ({"type": "object"}, {"a": [1]}, {"a": [1]}),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"a": "1"}, {"a": 1}),
        ({}, [None], [None]),
        ({"type": "integer", "nullable": True}, None, None),
        ({"type": "string", "enum": ["a", "b"]}, "b", "b"),
        ({"type": "string", "enum": ["a"]}, "a", "a"),
        (
            {"type": "string", "format": "uuid"},
            "5F1E1D5C000040008000000000000000",
            "5f1e1d5c-0000-4000-8000-000000000000",
        ),
    ],
)
def test_what_is_meant_is_taken(schema: dict[str, Any], value: Any, made: Any) -> None:
    kind = adapter(schema)
    taken = kind.validate_python(value)
    assert kind.dump_python(taken) == made
    assert type(kind.dump_python(taken)) is type(made)


@pytest.mark.parametrize(
    ("schema", "value", "kind"),
    [
        ({"type": "integer"}, 1.5, "int_from_float"),
        ({"type": "integer", "minimum": 1}, 0, "greater_than_equal"),
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, 0, "greater_than"),
        ({"type": "integer", "maximum": 1}, 2, "less_than_equal"),
        ({"type": "number", "maximum": 1, "exclusiveMaximum": True}, 1, "less_than"),
        ({"type": "string", "minLength": 1}, "", "string_too_short"),
        ({"type": "string", "maxLength": 1}, "ab", "string_too_long"),
        ({"type": "string", "pattern": "^a"}, "b", "string_pattern_mismatch"),
        ({"type": "array", "maxItems": 1}, [1, 2], "too_long"),
        ({"type": "string", "enum": ["a", "b"]}, "c", "enum"),
        ({"type": "string", "enum": ["a"]}, "c", "literal_error"),
        ({"type": "string"}, None, "string_type"),
        ({"type": "string", "format": "uuid"}, "x", "uuid_parsing"),
        ({"type": "string", "format": "date-time"}, "tomorrow", "value_error"),
    ],
)
def test_what_is_not_is_refused(schema: dict[str, Any], value: Any, kind: str) -> None:
    assert errors(schema, value) == [(kind, ())]


def test_a_component_is_a_model_of_its_name() -> None:
    made = models(
        Thing={
            "type": "object",
            "additionalProperties": False,
            "required": ["a"],
            "properties": {"a": {"type": "integer"}, "b": {"type": "string", "default": "x"}},
        }
    ).component("Thing")
    assert made.__name__ == "Thing"
    assert made(a=1).model_dump() == {"a": 1, "b": "x"}
    assert made(a=1).model_dump(exclude_unset=True) == {"a": 1}


@pytest.mark.parametrize(
    ("additional", "left"),
    [({}, {"a": 1}), ({"additionalProperties": True}, {"a": 1, "zzz": 2})],
)
def test_unknown_keys_go_by_additional_properties(
    additional: dict[str, Any], left: dict[str, Any]
) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, **additional}
    kind = adapter(schema)
    assert kind.dump_python(kind.validate_python({"a": 1, "zzz": 2})) == left


def test_unknown_keys_are_refused_where_there_are_none() -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"a": {"type": "integer"}},
    }
    assert errors(schema, {"zzz": 1}) == [("extra_forbidden", ("zzz",))]


def test_a_union_of_models_names_its_members() -> None:
    union = {
        "anyOf": [
            {"$ref": "#/components/schemas/A"},
            {"$ref": "#/components/schemas/B"},
            {"$ref": "#/components/schemas/Null"},
        ]
    }
    schemas = {
        name: {"type": "object", "required": [name], "properties": {name: {"type": "integer"}}}
        for name in ("A", "B")
    }
    assert errors(union, {}, **schemas) == [("missing", ("A", "A")), ("missing", ("B", "B"))]
    assert adapter(union, **schemas).validate_python(None) is None


def test_one_beside_null_is_that_one_or_null() -> None:
    schema = {"anyOf": [{"type": "integer"}, {"$ref": "#/components/schemas/Null"}]}
    assert errors(schema, "x") == [("int_parsing", ())]
    assert adapter(schema).validate_python(None) is None


def test_beside_a_boolean_nothing_is_coerced() -> None:
    kinds = ("boolean", "integer", "number", "string")
    schema = {"anyOf": [{"type": kind} for kind in kinds]}
    kind = adapter(schema)
    for value in (True, 1, 1.5, "1"):
        assert kind.validate_python(value) is value
    assert errors(schema, []) == [
        ("bool_type", ("bool",)),
        ("int_type", ("int",)),
        ("float_type", ("float",)),
        ("string_type", ("str",)),
    ]


@pytest.mark.parametrize(
    ("prop", "default"),
    [
        ({"type": "string"}, None),
        ({"type": "array"}, []),
        ({"type": "object"}, {}),
        ({"type": "array", "nullable": True}, None),
        ({"$ref": "#/components/schemas/Kind"}, "b"),
        ({"$ref": "#/components/schemas/Kind", "default": "a"}, "a"),
        ({"$ref": "#/components/schemas/Part"}, {"n": 3}),
    ],
)
def test_what_is_not_sent_has_its_default(prop: dict[str, Any], default: Any) -> None:
    schemas = {
        "Kind": {"type": "string", "enum": ["a", "b"], "default": "b"},
        "Part": {"type": "object", "properties": {"n": {"type": "integer", "default": 3}}},
    }
    kind = adapter({"type": "object", "properties": {"x": prop}}, **schemas)
    assert kind.dump_python(kind.validate_python({})) == {"x": default}


def test_every_operation_of_the_spec_has_a_reader() -> None:
    requests = Requests(openapi.load())
    for operation in requests:
        requests.reader(operation)


def test_the_rules_are_about_schemas_and_fields_that_there_are() -> None:
    schemas = openapi.load()["components"]["schemas"]
    assert [key for key in FIELD_TYPES if key[1] not in schemas[key[0]]["properties"]] == []
    assert VALIDATORS.keys() - schemas.keys() == set()
