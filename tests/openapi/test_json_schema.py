"""The 2020-12 view says what the 3.0.3 document says."""

import copy
from typing import Any

import jsonschema_rs
import pytest

from openapi import load
from openapi.json_schema import json_schema_view
from openapi.structure import iterate, resolve


def view(schema: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    """The view of one schema, with others beside it to refer to."""
    document = {"components": {"schemas": {"It": schema, **others}}}
    made: dict[str, Any] = json_schema_view(document)["components"]["schemas"]["It"]
    return made


def accepts(schema: dict[str, Any], value: object, **others: dict[str, Any]) -> bool:
    document = json_schema_view({"components": {"schemas": {"It": schema, **others}}})
    validators = jsonschema_rs.validator_map_for(document, validate_formats=True, offline=True)
    return validators["#/components/schemas/It"].is_valid(value)


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"type": "string"}, {"type": "string"}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        (
            {"type": "string", "nullable": True, "enum": ["a"]},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"type": "string", "nullable": True, "enum": ["a", None]},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        ({"nullable": True}, {}),
        ({"nullable": True, "enum": ["a"]}, {"enum": ["a", None]}),
        (
            {"type": "object", "nullable": True, "allOf": [{"type": "object"}]},
            {"anyOf": [{"type": "object", "allOf": [{"type": "object"}]}, {"type": "null"}]},
        ),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
        ({"maximum": 9, "exclusiveMaximum": True}, {"exclusiveMaximum": 9}),
        ({"exclusiveMaximum": True}, {}),
        (
            {"$ref": "#/components/schemas/It", "nullable": True},
            {"$ref": "#/components/schemas/It"},
        ),
        (
            {"properties": {"nullable": {"type": "string", "nullable": True}}},
            {"properties": {"nullable": {"type": ["string", "null"]}}},
        ),
        ({"example": {"nullable": True}}, {"example": {"nullable": True}}),
        ({"default": {"exclusiveMinimum": True}}, {"default": {"exclusiveMinimum": True}}),
        (
            {"items": {"not": {"type": "string", "nullable": True}}},
            {"items": {"not": {"type": ["string", "null"]}}},
        ),
    ],
)
def test_each_word_of_the_dialect(schema: dict[str, Any], made: dict[str, Any]) -> None:
    assert view(schema) == made


def test_null_is_admitted_where_the_document_says_so() -> None:
    nothing = {"type": "object", "nullable": True, "enum": [None]}
    either = {"anyOf": [{"$ref": "#/components/schemas/X"}, {"$ref": "#/components/schemas/Null"}]}
    others = {"Null": nothing, "X": {"type": "object", "required": ["a"]}}
    assert accepts(either, None, **others)
    assert accepts(either, {"a": 1}, **others)
    assert not accepts(either, {}, **others)
    assert accepts(nothing, None)
    assert not accepts(nothing, {})


def test_the_document_is_left_alone() -> None:
    before = copy.deepcopy(load())
    made = json_schema_view(load())
    made["paths"].clear()
    assert load() == before


def test_pointers_of_all_schemas_are_the_same() -> None:
    made = json_schema_view(load())
    for pointer, kind, _ in iterate(load()):
        if kind == "schemas":
            resolve(made, pointer)


def test_all_schemas_compile() -> None:
    validators = jsonschema_rs.validator_map_for(
        json_schema_view(load()), validate_formats=True, offline=True
    )
    for pointer, kind, _ in iterate(load()):
        if kind == "schemas":
            assert f"#{pointer}" in validators
