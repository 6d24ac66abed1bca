"""The forms of the bundle: valid by validators that are not ours, and saying the same."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner
from openapi_core import OpenAPI

from openapi import load
from openapi.cli import main
from openapi.forms import UnknownTagError, as_31, inlined, of_tag
from openapi.json_schema import json_schema_view
from openapi.structure import copy_json, iterate, operations
from openapi.validate import validate
from openapi.yaml_loader import parse_yaml

FORMS = [
    ("3.0", False, "core"),
    ("3.1", False, None),
    ("3.1", False, "core"),
    ("3.0", True, "core"),
    ("3.1", True, "core"),
]


CORE = 20
RECURSIVE = ("SchemaValueError", "SchemaValueIndexError", "SchemaValuePropertyError")


def bundled(*arguments: str) -> Any:
    result = CliRunner().invoke(main, ["bundle", *arguments], prog_name="deployments-spec")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "json" in arguments else parse_yaml(result.stdout)


@pytest.mark.parametrize(("version", "inline", "tag"), FORMS)
def test_every_form_is_valid(
    tmp_path: Path, version: str, *, inline: bool, tag: str | None
) -> None:
    arguments = ["--format", "json", "--openapi", version]
    arguments += ["--inline"] if inline else []
    arguments += ["--tag", tag] if tag else []
    document = bundled(*arguments)
    assert document["openapi"].startswith(version)
    OpenAPI.from_dict(document)  # asks openapi-spec-validator, too
    if not inline:
        file = tmp_path / "form.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        assert validate(str(file)).findings == ()
    assert len(list(operations(document))) == (CORE if tag else len(list(operations(load()))))


def test_yaml_and_json_are_one() -> None:
    assert bundled("--openapi", "3.1") == bundled("--openapi", "3.1", "--format", "json")


def test_making_a_form_leaves_the_document_alone() -> None:
    document = load()
    before = copy_json(document)
    as_31(of_tag(inlined(document), "core"))
    assert document == before


def test_inlined_has_no_references_but_recursive_ones() -> None:
    tree = {"type": "object", "properties": {"below": {"$ref": "#/components/schemas/Tree"}}}
    body = {"schema": {"allOf": [{"$ref": "#/components/schemas/Leaf"}]}}
    response = {"description": "A tree.", "content": {"application/json": body}}
    document = {
        "openapi": "3.0.3",
        "paths": {"/": {"get": {"responses": {"200": {"$ref": "#/components/responses/A"}}}}},
        "components": {
            "responses": {"A": response},
            "schemas": {
                "Tree": tree,
                "Leaf": {"properties": {"tree": {"$ref": "#/components/schemas/Tree"}}},
            },
        },
    }
    made = inlined(document)
    assert made["components"] == {"schemas": {"Tree": tree}}
    [part] = made["paths"]["/"]["get"]["responses"]["200"]["content"]["application/json"]["schema"][
        "allOf"
    ]
    assert part == {"properties": {"tree": {"$ref": "#/components/schemas/Tree"}}}
    left = {node["$ref"] for _, _, node in iterate(inlined(load())) if "$ref" in node}
    assert left == {f"#/components/schemas/{name}" for name in RECURSIVE}


def test_the_examples_are_valid_by_the_schemas_of_31() -> None:
    """What 3.0 says and what 3.1 says of it is the same, for examples that are and are not."""
    old = jsonschema_rs.validator_map_for(json_schema_view(load()), validate_formats=True)
    new = jsonschema_rs.validator_map_for(as_31(load()), validate_formats=True)
    values: list[Any] = [None, 0, -1, 1.5, "", "x", True, [], {}, {"name": None}, ["x"]]
    values += [item["value"] for item in load()["components"]["examples"].values()]
    for name in load()["components"]["schemas"]:
        pointer = f"#/components/schemas/{name}"
        one, other = old.get(pointer), new.get(pointer)
        assert one is not None
        assert other is not None
        assert [one.is_valid(v) for v in values] == [other.is_valid(v) for v in values], name


def test_one_tag_brings_what_it_needs_and_no_more() -> None:
    core = of_tag(load(), "core")
    assert {o["tags"][0] for _, _, o in operations(core)} == {"Deployments"}
    assert [tag["name"] for tag in core["tags"]] == ["Deployments"]
    assert "Variable" not in core["components"]["schemas"]
    ids = {o["operationId"] for _, _, o in operations(core)}
    links = [
        n["operationId"] for _, kind, n in iterate(core) if kind == "links" and "$ref" not in n
    ]
    assert links
    assert set(links) <= ids
    others = len(list(operations(of_tag(load(), "supporting"))))
    assert len(ids) == CORE
    assert others == len(list(operations(load()))) - CORE


def test_an_unknown_tag_is_told() -> None:
    with pytest.raises(UnknownTagError, match="known are Deployments, Supporting"):
        of_tag(load(), "cor")
    result = CliRunner().invoke(main, ["bundle", "--tag", "cor"])
    assert result.exit_code == 2
