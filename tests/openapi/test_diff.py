"""Each rule of the comparison: a pair that breaks it on either side, and one that does not."""

import copy
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from openapi import BUNDLE_FILE
from openapi.cli import main
from openapi.diff import diff
from openapi.diff_rules import DIFF_RULES, OPERATION_RULES, SCHEMA_RULES
from openapi.forms import as_31, inlined

TEXT: Mapping[str, Any] = {"type": "string"}
NUMBER: Mapping[str, Any] = {"type": "number"}


def thing(required: tuple[str, ...] = (), /, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


# Code, a schema before, one after. Turned round, the pair must not give that code.
SCHEMAS: list[tuple[str, Any, Any]] = [
    ("type-removed", {"anyOf": [TEXT, {"type": "integer"}]}, TEXT),
    ("type-removed", {"type": "number"}, {"type": "integer"}),
    ("type-added", {"type": "integer"}, {"type": "number"}),
    ("type-added", TEXT, {}),
    ("null-removed", {**TEXT, "nullable": True}, TEXT),
    ("null-removed", {"anyOf": [TEXT, {"type": "string", "nullable": True, "enum": [None]}]}, TEXT),
    ("null-added", TEXT, {**TEXT, "nullable": True}),
    ("enum-value-removed", {**TEXT, "enum": ["a", "b"]}, {**TEXT, "enum": ["a"]}),
    ("enum-value-added", {**TEXT, "enum": ["a"]}, {**TEXT, "enum": ["a", "b"]}),
    ("enum-set", TEXT, {**TEXT, "enum": ["a"]}),
    ("enum-unset", {**TEXT, "enum": ["a"]}, TEXT),
    ("format-set", TEXT, {**TEXT, "format": "uuid"}),
    ("format-unset", {**TEXT, "format": "uuid"}, TEXT),
    ("pattern-set", TEXT, {**TEXT, "pattern": "^a"}),
    ("pattern-unset", {**TEXT, "pattern": "^a"}, TEXT),
    ("upper-bound-lowered", {**TEXT, "maxLength": 5}, {**TEXT, "maxLength": 4}),
    ("upper-bound-raised", {**NUMBER, "maximum": 5}, {**NUMBER, "maximum": 6}),
    ("upper-bound-set", {"type": "array", "items": {}},
     {"type": "array", "items": {}, "maxItems": 3}),
    ("upper-bound-unset", {"type": "object", "maxProperties": 3}, {"type": "object"}),
    ("lower-bound-raised", {**NUMBER, "minimum": 1, "exclusiveMinimum": True},
     {**NUMBER, "minimum": 2, "exclusiveMinimum": True}),
    ("lower-bound-lowered", {**TEXT, "minLength": 2}, {**TEXT, "minLength": 1}),
    ("lower-bound-set", TEXT, {**TEXT, "minLength": 1}),
    ("lower-bound-unset", {**NUMBER, "minimum": 0}, NUMBER),
    ("unique-items-set", {"type": "array", "items": TEXT},
     {"type": "array", "items": TEXT, "uniqueItems": True}),
    ("unique-items-unset", {"type": "array", "items": TEXT, "uniqueItems": True},
     {"type": "array", "items": TEXT}),
    ("required-property-removed", thing(("a",), a=TEXT, b=TEXT), thing(b=TEXT)),
    ("optional-property-removed", thing(a=TEXT, b=TEXT), thing(b=TEXT)),
    ("property-refused", thing(a=TEXT), {**thing(), "additionalProperties": False}),
    ("required-property-added", thing(), thing(("a",), a=TEXT)),
    ("optional-property-added", thing(), thing(a=TEXT)),
    ("optional-property-added", thing(), thing(("a",), a={**TEXT, "default": "x"})),
    ("property-became-required", thing(a=TEXT), thing(("a",), a=TEXT)),
    ("defaulted-property-became-required", thing(a={**TEXT, "default": ""}),
     thing(("a",), a={**TEXT, "default": ""})),
    ("property-became-optional", thing(("a",), a=TEXT), thing(a=TEXT)),
    ("unknown-properties-refused", thing(), {**thing(), "additionalProperties": False}),
    ("unknown-properties-admitted", {**thing(), "additionalProperties": False}, thing()),
    ("alternative-removed", {"anyOf": [thing(a=TEXT), thing(b=TEXT)]}, {"anyOf": [thing(a=TEXT)]}),
    ("alternative-added", {"oneOf": [thing(a=TEXT)]}, {"oneOf": [thing(a=TEXT), thing(b=TEXT)]}),
    ("property-deprecated", thing(a=TEXT), thing(a={**TEXT, "deprecated": True})),
]  # fmt: skip

# These say that something is another, whichever way: the pair that does not is no change.
EITHER_WAY: list[tuple[str, Any, Any]] = [
    ("format-changed", {**TEXT, "format": "uuid"}, {**TEXT, "format": "date"}),
    ("pattern-changed", {**TEXT, "pattern": "^a"}, {**TEXT, "pattern": "^b"}),
    ("multiple-changed", {**NUMBER, "multipleOf": 2}, {**NUMBER, "multipleOf": 3}),
    ("default-changed", {**TEXT, "default": "a"}, {**TEXT, "default": "b"}),
]


def media(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def document(operation: dict[str, Any], path: str = "/a/{id}", **root: Any) -> dict[str, Any]:
    identity = {"name": path.strip("/a{}"), "in": "path", "required": True, "schema": TEXT}
    full = {"operationId": "a", "responses": {"200": {"description": "Yes."}}, **operation}
    full["parameters"] = [identity, *full.get("parameters", ())]
    info = {"title": "t", "version": "1"}
    return {"openapi": "3.0.3", "info": info, "paths": {path: {"post": full}}, **root}


def of_side(side: str, schema: Any) -> dict[str, Any]:
    if side == "request":
        return document({"requestBody": {"content": media(schema)}})
    return document({"responses": {"200": {"description": "Yes.", "content": media(schema)}}})


def compared(tmp_path: Path, old: Any, new: Any) -> dict[str, str]:
    """The codes of the changes, with their grades."""
    for name, content in (("old", old), ("new", new)):
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    found = diff(str(tmp_path / "old.json"), str(tmp_path / "new.json")).changes
    return {change.code: change.severity.value for change in found}


@pytest.mark.parametrize("side", ["request", "response"])
@pytest.mark.parametrize(("code", "old", "new"), SCHEMAS + EITHER_WAY)
def test_a_change_of_a_schema(tmp_path: Path, side: str, code: str, old: Any, new: Any) -> None:
    full = f"{side}-{code}"
    before, after = of_side(side, old), of_side(side, new)
    grade = SCHEMA_RULES[code][0 if side == "request" else 1]
    assert compared(tmp_path, before, after)[full] == grade
    turned = (before, before) if (code, old, new) in EITHER_WAY else (after, before)
    assert full not in compared(tmp_path, *turned)
    assert {found.split("-")[0] for found in compared(tmp_path, before, after)} == {side}


HEADER = {"schema": TEXT}
NEEDED = {"schema": TEXT, "required": True}
QUERY = {"name": "q", "in": "query", "schema": TEXT}
SCHEMES = {
    "components": {
        "securitySchemes": {
            "one": {"type": "http", "scheme": "basic"},
            "two": {"type": "http", "scheme": "bearer"},
        }
    }
}


def body(**keys: Any) -> dict[str, Any]:
    return {"requestBody": {"content": media(TEXT), **keys}}


TWO = {**media(TEXT), "text/csv": {}}


def answers(**keys: Any) -> dict[str, Any]:
    return {"responses": {"200": {"description": "Yes.", **keys}}}


def statuses(*codes: str) -> dict[str, Any]:
    return {"responses": {code: {"description": "So."} for code in codes}}


OPERATIONS: list[tuple[str, Any, Any]] = [
    ("operation-removed", document({}), {**document({}), "paths": {}}),
    ("deprecated-operation-removed", document({"deprecated": True}), {**document({}), "paths": {}}),
    ("operation-added", {**document({}), "paths": {}}, document({})),
    ("operation-deprecated", document({}), document({"deprecated": True})),
    ("parameter-removed", document({"parameters": [QUERY]}), document({})),
    ("required-parameter-added", document({}),
     document({"parameters": [{**QUERY, "required": True}]})),
    ("optional-parameter-added", document({}), document({"parameters": [QUERY]})),
    ("parameter-became-required", document({"parameters": [QUERY]}),
     document({"parameters": [{**QUERY, "required": True}]})),
    ("parameter-became-optional", document({"parameters": [{**QUERY, "required": True}]}),
     document({"parameters": [QUERY]})),
    ("required-body-added", document({}), document(body(required=True))),
    ("optional-body-added", document({}), document(body())),
    ("body-removed", document(body()), document({})),
    ("body-became-required", document(body()), document(body(required=True))),
    ("body-became-optional", document(body(required=True)), document(body())),
    ("request-media-type-removed", document(body(content=TWO)), document(body())),
    ("request-media-type-added", document(body()), document(body(content=TWO))),
    ("response-media-type-removed", document(answers(content={**media(TEXT), "text/csv": {}})),
     document(answers(content=media(TEXT)))),
    ("response-media-type-added", document(answers(content=media(TEXT))),
     document(answers(content={**media(TEXT), "text/csv": {}}))),
    ("success-removed", document(statuses("200", "204")), document(statuses("200"))),
    ("success-added", document(statuses("200")), document(statuses("200", "204"))),
    ("refusal-removed", document(statuses("200", "404")), document(statuses("200"))),
    ("refusal-added", document(statuses("200")), document(statuses("200", "404"))),
    ("required-header-removed", document(answers(headers={"X": NEEDED})), document(answers())),
    ("optional-header-removed", document(answers(headers={"X": HEADER})), document(answers())),
    ("header-added", document(answers()), document(answers(headers={"X": HEADER}))),
    ("header-became-optional", document(answers(headers={"X": NEEDED})),
     document(answers(headers={"x": HEADER}))),
    ("header-became-required", document(answers(headers={"X": HEADER})),
     document(answers(headers={"X": NEEDED}))),
    ("security-set", document({}, **SCHEMES), document({}, **SCHEMES, security=[{"one": []}])),
    ("security-unset", document({}, **SCHEMES, security=[{"one": []}]),
     document({"security": []}, **SCHEMES, security=[{"one": []}])),
    ("security-choice-removed", document({}, **SCHEMES, security=[{"one": []}, {"two": []}]),
     document({}, **SCHEMES, security=[{"two": []}])),
    ("security-choice-added", document({}, **SCHEMES, security=[{"one": []}]),
     document({}, **SCHEMES, security=[{"two": []}, {"one": []}])),
]  # fmt: skip

OPERATIONS_EITHER_WAY: list[tuple[str, Any, Any]] = [
    ("operation-id-changed", document({}), document({"operationId": "b"})),
    (
        "parameter-style-changed",
        document({"parameters": [QUERY]}),
        document({"parameters": [{**QUERY, "style": "pipeDelimited"}]}),
    ),
    ("path-parameter-renamed", document({}), document({}, "/a/{name}")),
]


@pytest.mark.parametrize(("code", "old", "new"), OPERATIONS + OPERATIONS_EITHER_WAY)
def test_a_change_of_an_operation(tmp_path: Path, code: str, old: Any, new: Any) -> None:
    found = compared(tmp_path, old, new)
    assert found == {code: OPERATION_RULES[code][0]}
    turned = (old, old) if (code, old, new) in OPERATIONS_EITHER_WAY else (new, old)
    assert code not in compared(tmp_path, *turned)


def test_every_rule_has_its_pairs() -> None:
    assert {code for code, *_ in SCHEMAS + EITHER_WAY} == set(SCHEMA_RULES)
    assert {code for code, *_ in OPERATIONS + OPERATIONS_EITHER_WAY} == set(OPERATION_RULES)
    assert len(DIFF_RULES) == 2 * len(SCHEMA_RULES) + len(OPERATION_RULES)


def test_the_same_said_otherwise_is_no_change(tmp_path: Path) -> None:
    ours = json.loads(BUNDLE_FILE.read_bytes())
    assert compared(tmp_path, ours, as_31(ours)) == {}
    assert compared(tmp_path, inlined(ours), ours) == {}


def test_one_more_shape_of_a_type_is_no_new_type(tmp_path: Path) -> None:
    shapes = {"anyOf": [thing(a=TEXT), {"anyOf": [thing(b=TEXT), {"type": "array", "items": {}}]}]}
    found = compared(tmp_path, of_side("response", thing(a=TEXT)), of_side("response", shapes))
    assert found["response-type-added"] == "error"
    shapes["anyOf"].pop()
    found = compared(tmp_path, of_side("response", thing(a=TEXT)), of_side("response", shapes))
    assert "response-type-added" not in found


def test_a_parameter_is_judged_as_a_request(tmp_path: Path) -> None:
    new = {**QUERY, "schema": {"type": "string", "enum": ["a"]}}
    old = document({"parameters": [QUERY]})
    assert compared(tmp_path, old, document({"parameters": [new]})) == {"request-enum-set": "error"}


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["diff", *map(str, arguments)], prog_name="deployments-spec")


def test_the_command_tells_place_and_grade(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(document(statuses("200")), indent=1), encoding="utf-8")
    new.write_text(json.dumps(document(statuses("200", "404")), indent=1), encoding="utf-8")
    result = run(old, new)
    assert result.exit_code == 0
    assert f"{new}:" in result.output
    assert "info refusal-added: POST /a/{}: " in result.output
    assert result.output.endswith(f"{old} -> {new}: 0 errors, 0 warnings, 1 info\n")
    assert run(old, new, "--fail-on", "info").exit_code == 1
    assert run(new, old, "--fail-on", "warning").exit_code == 1
    assert json.loads(run(old, new, "--format", "json").output)["changes"][0]["line"] > 1
    assert json.loads(run(old, new, "--format", "sarif").output)["runs"][0]["results"]
    assert run(old, new, "--format", "github").output.startswith("::notice file=")
    assert run(old, old).output.endswith("nothing changed\n")
    assert run(old, tmp_path / "none.json").exit_code == 2


def test_a_git_revision_is_a_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=n", "-c", "user.email=n@example.com"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    folder = tmp_path / "api"
    (folder / "paths").mkdir(parents=True)
    root = {**document({}), "paths": {"/a/{id}": {"$ref": "paths/a.yaml"}}}
    item = document({})["paths"]["/a/{id}"]
    (folder / "openapi.yaml").write_text(json.dumps(root), encoding="utf-8")
    (folder / "paths/a.yaml").write_text(json.dumps(item), encoding="utf-8")
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "Begin")
    changed = copy.deepcopy(item)
    changed["post"]["responses"] = statuses("202")["responses"]
    (folder / "paths/a.yaml").write_text(json.dumps(changed), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = run("HEAD:api", "api")
    assert result.exit_code == 1
    assert "HEAD:api/paths/a.yaml:1:" in result.output
    assert "error success-removed: POST /a/{}: A status of success is gone (200)." in result.output
    assert run("HEAD:api/openapi.yaml", "api/openapi.yaml").exit_code == 1
    assert run("HEAD:nowhere", "api").exit_code == 2
    unknown = run("nobranch:api", "api")
    assert unknown.exit_code == 2
    assert "git knows no revision nobranch here" in unknown.output
    assert run("HEAD:api", "HEAD:api").exit_code == 0
