"""Each lint rule: a document that breaks it, at its place, and one that keeps to it."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from openapi import BUNDLE_FILE
from openapi.findings import Finding
from openapi.lint_rules import LINT_RULES
from openapi.structure import escape, resolve, tokens
from openapi.validate import validate

KEPT: Mapping[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Kept", "version": "1"},
    "tags": [{"name": "Pets", "description": "What has four legs"}],
    "security": [{"token": []}],
    "paths": {
        "/pets/{pet_id}": {
            "get": {
                "operationId": "read_pet",
                "description": "One pet, by its id.",
                "tags": ["Pets"],
                "parameters": [
                    {
                        "name": "pet_id",
                        "in": "path",
                        "required": True,
                        "description": "Which one to read.",
                        "schema": {"type": "string", "format": "uuid"},
                    },
                    {
                        "name": "x-trace",
                        "in": "header",
                        "description": "Comes back in the log.",
                        "schema": {"type": "string", "maxLength": 64},
                    },
                ],
                "responses": {
                    "200": {
                        "description": "Found.",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}
                        },
                    },
                    "404": {"description": "There is none."},
                },
            }
        },
        "/pets/new": {
            "post": {
                "operationId": "create_pet",
                "summary": "Create a pet",
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/PetBody"}}
                    }
                },
                "responses": {
                    "204": {"description": "Made."},
                    "4XX": {"description": "Refused."},
                },
            }
        },
        "/stop": {"post": {"operationId": "stop", "summary": "Stop", "responses": {
            "200": {"description": "It stops."}}, "security": []}},
        "/{kind}/new": {
            "get": {
                "operationId": "read_newest",
                "summary": "The newest of a kind",
                "parameters": [
                    {
                        "name": "kind",
                        "in": "path",
                        "required": True,
                        "description": "What to look among.",
                        "schema": {"type": "string"},
                    }
                ],
                "responses": {
                    "200": {"description": "Found."},
                    "default": {"description": "Not found."},
                },
            }
        },
    },
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "Pet": {
                "description": "An animal that somebody feeds.",
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 40},
                    "mood": {"type": "string", "nullable": True, "enum": ["good", "bad", None]},
                    "toys": {"type": "array", "items": {"type": "string"}},
                    "anything": {},
                },
            },
            "PetBody": {
                "description": "What to make.",
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "age": {"type": "integer", "default": 0},
                },
            },
        },
    },
}  # fmt: skip

GET = "/paths/~1pets~1{pet_id}/get"
PARAMETERS = f"{GET}/parameters"
HEADER = f"{PARAMETERS}/1/schema"
PATH = f"{PARAMETERS}/0/schema"
POST = "/paths/~1pets~1new/post"
PET = "/components/schemas/Pet"
PROPERTIES = f"{PET}/properties"
MOOD = f"{PROPERTIES}/mood"
BODY = "/components/schemas/PetBody"
GONE = object()

CASES: list[tuple[str, str, Any, str]] = [
    ("operation-id-missing", f"{GET}/operationId", GONE, GET),
    ("operation-id-style", f"{GET}/operationId", "readPet", f"{GET}/operationId"),
    ("success-undeclared", f"{GET}/responses/200", GONE, GET),
    ("refusal-undeclared", f"{GET}/responses/404", GONE, GET),
    ("body-unexpected", f"{GET}/requestBody", {"content": {}}, GET),
    ("tag-undeclared", f"{GET}/tags", ["Pets", "Dogs"], f"{GET}/tags/1"),
    ("security-undefined", "/security", [{"tokn": []}], "/security/0"),
    ("path-ambiguous", f"{PATH}/format", GONE, "/paths/~1{kind}~1new"),
    ("path-twice", "/paths/~1{pet}~1new", {}, "/paths/~1{pet}~1new"),
    ("path-query", "/paths/~1pets?all", {}, "/paths/~1pets?all"),
    ("header-unbounded", f"{HEADER}/maxLength", GONE, HEADER),
    ("parameter-nullable", f"{HEADER}/nullable", True, HEADER),
    ("component-unused", "/components/schemas/Idle",
     {"type": "object", "description": "Not used."},
     "/components/schemas/Idle"),
    ("component-unused", f"{BODY}/properties/name", {"$ref": f"#{BODY}"}, ""),
    ("component-duplicate", "/components/schemas/Pet2", KEPT["components"]["schemas"]["Pet"],
     "/components/schemas/Pet2"),
    ("description-missing", f"{GET}/description", GONE, GET),
    ("description-missing", f"{PARAMETERS}/0/description", " ", f"{PARAMETERS}/0"),
    ("description-missing", "/tags/0/description", GONE, "/tags/0"),
    ("description-missing", f"{PET}/description", GONE, PET),
    ("description-missing", f"{GET}/responses/404/description", "", f"{GET}/responses/404"),
    ("description-repeats-name", f"{PET}/description", "The pet object.", PET),
    ("description-repeats-name", f"{PARAMETERS}/0/description", "Pet ID", f"{PARAMETERS}/0"),
    ("nullable-without-type", f"{PROPERTIES}/mood/type", GONE, f"{PROPERTIES}/mood"),
    ("nullable-enum", f"{MOOD}/enum", ["good"], f"{PROPERTIES}/mood"),
    ("required-undefined", f"{PET}/required", ["name", "nam"], f"{PET}/required/1"),
    ("required-default", f"{BODY}/required", ["age"], f"{BODY}/properties/age"),
    ("parameter-required-default", f"{PATH}/default",
     "5d3c1f0e-8f6a-4a57-9d0b-2f1f8f0a6c11", PATH),
    ("bounds-contradictory", f"{PROPERTIES}/name/minLength", 41, f"{PROPERTIES}/name"),
    ("enum-duplicate", f"{MOOD}/enum", ["good", "good", None], f"{MOOD}/enum/1"),
    ("enum-type", f"{MOOD}/enum", ["good", 5, None], f"{MOOD}/enum/1"),
    ("items-missing", f"{PROPERTIES}/toys/items", GONE, f"{PROPERTIES}/toys"),
    ("bound-without-type", f"{PROPERTIES}/toys/maxLength", 5, f"{PROPERTIES}/toys"),
]  # fmt: skip

CASES_31: list[tuple[str, str, Any, str]] = [
    ("nullable-in-31", f"{PROPERTIES}/name/nullable", True, f"{PROPERTIES}/name"),
    ("keyword-unknown", f"{PROPERTIES}/toys/min_items", 1, f"{PROPERTIES}/toys"),
]


def newer() -> dict[str, Any]:
    """The same document in 3.1."""
    document = copy.deepcopy(dict(KEPT))
    document["openapi"] = "3.1.0"
    properties = document["components"]["schemas"]["Pet"]["properties"]
    properties["mood"] = {"type": ["string", "null"], "enum": ["good", "bad", None]}
    return document


def put(document: dict[str, Any], pointer: str, value: Any) -> None:
    *head, last = tokens(pointer)
    holder = resolve(document, "".join(f"/{escape(token)}" for token in head))
    if value is GONE:
        del holder[last]
    elif isinstance(holder, list):
        holder[int(last)] = value
    else:
        holder[last] = copy.deepcopy(value)


def linted(tmp_path: Path, document: dict[str, Any]) -> list[Finding]:
    file = tmp_path / "given.json"
    file.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return [finding for finding in validate(str(file)).findings if finding.code in LINT_RULES]


def test_what_keeps_to_the_rules_has_no_findings(tmp_path: Path) -> None:
    assert linted(tmp_path, dict(KEPT)) == []
    assert linted(tmp_path, newer()) == []


@pytest.mark.parametrize(("code", "where", "value", "told"), CASES)
def test_what_breaks_a_rule_is_told_at_its_place(
    tmp_path: Path, code: str, where: str, value: Any, told: str
) -> None:
    document = copy.deepcopy(dict(KEPT))
    put(document, where, value)
    if not told:  # a component that only references itself
        put(document, f"{POST}/requestBody", GONE)
        told = BODY
    assert (code, told) in [(f.code, f.pointer) for f in linted(tmp_path, document)]


@pytest.mark.parametrize(("code", "where", "value", "told"), CASES_31)
def test_what_breaks_a_rule_of_31_is_told_at_its_place(
    tmp_path: Path, code: str, where: str, value: Any, told: str
) -> None:
    document = newer()
    put(document, where, value)
    assert [(f.code, f.pointer) for f in linted(tmp_path, document)] == [(code, told)]


def test_every_rule_has_a_case() -> None:
    assert {code for code, *_ in CASES + CASES_31} == set(LINT_RULES)


def test_hundreds_of_findings_come_in_one_run(tmp_path: Path) -> None:
    document = json.loads(BUNDLE_FILE.read_bytes())
    for item in document["components"]["schemas"].values():
        item["description"] = ""
        item["required"] = ["nowhere"]
    findings = linted(tmp_path, document)
    assert len(findings) > 300
    assert [f.line for f in findings] == sorted(f.line for f in findings)
    assert len({f.fingerprint for f in findings}) == len(findings)


def test_structure_of_31_is_told_down_to_schemas(tmp_path: Path) -> None:
    document = newer()
    put(document, f"{PROPERTIES}/toys/type", "aray")
    put(document, f"{GET}/responses/404/descriptoin", "There is none.")
    file = tmp_path / "given.json"
    file.write_text(json.dumps(document, indent=1), encoding="utf-8")
    found = {(f.code, f.pointer) for f in validate(str(file)).findings}
    assert ("structure", f"{PROPERTIES}/toys/type") in found
    assert ("structure", f"{GET}/responses/404") in found
