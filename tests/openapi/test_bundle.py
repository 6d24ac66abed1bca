"""The bundler: what it makes of split files, and how it says that they do not fit together."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from openapi import BUNDLE_FILE, ROOT_FILE, load
from openapi import bundle as bundling
from openapi.bundle import BundleError, assemble, bundle, render

ROOT = """
openapi: 3.0.3
info: {title: Test, version: '1'}
paths:
  /things/: {$ref: paths/things.yaml}
"""
THINGS = """
get:
  operationId: read_things
  parameters:
    - $ref: ../parameters.yaml#/Limit
  responses:
    '200': {$ref: ../responses.yaml#/Things}
"""
PARAMETERS = """
Limit: {name: limit, in: query, schema: {$ref: schemas/common.yaml#/Count}}
"""
RESPONSES = """
Things:
  description: The things.
  headers:
    Total: {$ref: '#/Total'}
  content:
    application/json:
      schema:
        type: array
        items: {$ref: schemas/things.yaml#/Thing}
      examples:
        one: {$ref: examples.yaml#/One}
Total:
  schema: {type: integer}
"""
SCHEMAS = """
Thing:
  type: object
  properties:
    size: {$ref: common.yaml#/Count}
    parts:
      type: array
      items: {$ref: '#/Thing'}
    items: {type: string, example: {$ref: is data}}
    any: {anyOf: [{$ref: '#/Part'}, {$ref: common.yaml#/Count}]}
  additionalProperties: {$ref: common.yaml#/Count}
Part: {type: object, default: {$ref: also data}, x-note: {$ref: and this}}
Spare: {type: string}
"""
COMMON = "Count: {type: integer}\n"
EXAMPLES = "One: {value: [{size: 1}]}\n"

FILES = {
    "openapi.yaml": ROOT,
    "paths/things.yaml": THINGS,
    "parameters.yaml": PARAMETERS,
    "responses.yaml": RESPONSES,
    "schemas/things.yaml": SCHEMAS,
    "schemas/common.yaml": COMMON,
    "examples.yaml": EXAMPLES,
}


def write(folder: Path, changes: Mapping[str, str] | None = None) -> Path:
    """The files of a small document in a folder; the root file."""
    for name, text in (FILES | dict(changes or {})).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder / "openapi.yaml"


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    return bundle(write(tmp_path))


def test_path_items_are_put_in_place(document: dict[str, Any]) -> None:
    assert document["paths"]["/things/"]["get"]["operationId"] == "read_things"


def test_other_references_become_components_of_their_kind(document: dict[str, Any]) -> None:
    names = {kind: sorted(items) for kind, items in document["components"].items()}
    assert names == {
        "schemas": ["Count", "Part", "Thing"],
        "parameters": ["Limit"],
        "headers": ["Total"],
        "responses": ["Things"],
        "examples": ["One"],
    }
    get = document["paths"]["/things/"]["get"]
    assert get["parameters"] == [{"$ref": "#/components/parameters/Limit"}]
    assert get["responses"]["200"] == {"$ref": "#/components/responses/Things"}
    things = document["components"]["responses"]["Things"]
    assert things["headers"]["Total"] == {"$ref": "#/components/headers/Total"}
    media = things["content"]["application/json"]
    assert media["schema"]["items"] == {"$ref": "#/components/schemas/Thing"}
    assert media["examples"]["one"] == {"$ref": "#/components/examples/One"}


def test_references_are_kept_also_where_they_lead_back(document: dict[str, Any]) -> None:
    thing = document["components"]["schemas"]["Thing"]
    assert thing["properties"]["parts"]["items"] == {"$ref": "#/components/schemas/Thing"}
    assert thing["additionalProperties"] == {"$ref": "#/components/schemas/Count"}


def test_data_that_looks_like_a_reference_stays_data(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Thing"]["properties"]["items"]["example"] == {"$ref": "is data"}
    assert schemas["Part"]["default"] == {"$ref": "also data"}
    assert schemas["Part"]["x-note"] == {"$ref": "and this"}


def test_what_nothing_references_is_left_out_and_named(tmp_path: Path) -> None:
    made = assemble(write(tmp_path))
    assert [(source.file.name, source.pointer) for source in made.unused] == [
        ("things.yaml", "/Spare")
    ]
    assert "Spare" not in made.document["components"]["schemas"]


def test_sources_tell_where_each_part_was_written(tmp_path: Path) -> None:
    sources = assemble(write(tmp_path)).sources
    told = {pointer: f"{source.file.name}#{source.pointer}" for pointer, source in sources.items()}
    assert told["/paths/~1things~1"] == "things.yaml#"
    assert told["/components/schemas/Thing"] == "things.yaml#/Thing"
    assert told["/components/responses/Things"] == "responses.yaml#/Things"


def test_the_same_files_give_the_same_text_in_any_order_of_keys(tmp_path: Path) -> None:
    first = render(bundle(write(tmp_path / "first")))
    lines = SCHEMAS.strip().splitlines()
    turned = "\n".join([*lines[-2:], *lines[:-2]])
    second = render(bundle(write(tmp_path / "second", {"schemas/things.yaml": turned})))
    assert first == second


def test_yaml_aliases_do_not_share_objects(tmp_path: Path) -> None:
    aliased = "Thing: {type: object, properties: {a: &a {type: string}, b: *a}}\n"
    made = bundle(write(tmp_path, {"schemas/things.yaml": aliased}))
    properties = made["components"]["schemas"]["Thing"]["properties"]
    assert properties["a"] == properties["b"]
    assert properties["a"] is not properties["b"]


def test_the_roots_own_components_are_kept(tmp_path: Path) -> None:
    own = ROOT + (
        "components:\n  schemas:\n    Own: {$ref: schemas/common.yaml#/Count}\n"
        "  parameters: {P: {name: p, in: query, schema: {$ref: '#/components/schemas/Own'}}}\n"
    )
    components = bundle(write(tmp_path, {"openapi.yaml": own}))["components"]
    assert components["schemas"]["Own"] == {"$ref": "#/components/schemas/Count"}
    assert components["parameters"]["P"]["schema"] == {"$ref": "#/components/schemas/Own"}


REF_THING = "$ref: ../schemas/things.yaml#/Thing"
FAULTS = {
    "a missing file": (
        {"openapi.yaml": ROOT.replace("paths/things", "paths/thongs")},
        "file-unreadable",
        "openapi.yaml#/paths/~1things~1",
        "thongs.yaml",
    ),
    "a missing name": (
        {"parameters.yaml": PARAMETERS.replace("#/Count", "#/Cuont")},
        "ref-unresolved",
        "parameters.yaml#/Limit/schema",
        "no 'Cuont', only Count",
    ),
    "two of a name": (
        {
            "parameters.yaml": PARAMETERS.replace("schemas/common.yaml#/Count", "'#/Count'")
            + "Count: {type: number}\n"
        },
        "name-clash",
        "schemas/things.yaml#/Thing/properties/size",
        "parameters.yaml#/Count and",
    ),
    "a key beside a reference": (
        {"parameters.yaml": PARAMETERS.replace("#/Count", "#/Count, default: 1")},
        "ref-siblings",
        "parameters.yaml#/Limit/schema",
        "default",
    ),
    "a whole file": (
        {"parameters.yaml": PARAMETERS.replace("common.yaml#/Count", "common.yaml")},
        "ref-malformed",
        "parameters.yaml#/Limit/schema",
        "whole file",
    ),
    "another site": (
        {"openapi.yaml": ROOT.replace("paths/things", "https://example.org/things")},
        "ref-remote",
        "openapi.yaml#/paths/~1things~1",
        "no local file",
    ),
    "no string": (
        {"openapi.yaml": ROOT.replace("paths/things.yaml", "5")},
        "ref-malformed",
        "openapi.yaml#/paths/~1things~1",
        "no string",
    ),
    "an operation by reference": (
        {"paths/things.yaml": "get: {$ref: '#/other'}\nother: {}\n"},
        "ref-misplaced",
        "paths/things.yaml#/get",
        "operation",
    ),
    "no YAML": (
        {"schemas/common.yaml": "Count: {type: integer\n"},
        "yaml-syntax",
        "schemas/common.yaml#",
        "line 2, column 1",
    ),
    "a key that stands twice": (
        {"schemas/common.yaml": "Count: {type: integer}\nCount: {type: number}\n"},
        "yaml-syntax",
        "schemas/common.yaml#",
        "line 2, column 1: the key 'Count' stands twice",
    ),
    "no OpenAPI": ({"openapi.yaml": "swagger: '2.0'\n"}, "not-openapi", "openapi.yaml#", "root"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_its_place_and_its_remedy(tmp_path: Path, name: str) -> None:
    changes, code, place, words = FAULTS[name]
    with pytest.raises(BundleError) as raised:
        bundle(write(tmp_path, changes))
    error = raised.value
    assert error.code == code
    assert str(error.source) == str(tmp_path / place)
    assert words in str(error)
    assert error.remedy
    assert str(error).endswith(error.remedy)


def test_the_checked_in_bundle_is_current() -> None:
    assert BUNDLE_FILE.read_text(encoding="utf-8") == render(bundle(ROOT_FILE)), (
        "run python -m openapi.bundle"
    )


def test_nothing_of_our_own_files_is_unused() -> None:
    assert [str(source) for source in assemble(ROOT_FILE).unused] == []


def test_load_parses_once() -> None:
    assert load() is load()
    assert load() == json.loads(BUNDLE_FILE.read_bytes())


def test_the_command_writes_and_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "bundle.json"
    monkeypatch.setattr(bundling, "ROOT_FILE", write(tmp_path / "spec"))
    monkeypatch.setattr(bundling, "BUNDLE_FILE", target)
    assert bundling.main(["--check"]) == 1
    assert "run python -m openapi.bundle" in capsys.readouterr().err
    assert bundling.main([]) == 0
    assert "unused, left out" in capsys.readouterr().err
    assert bundling.main(["--check"]) == 0
    target.write_text(target.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert bundling.main(["--check"]) == 1
    write(tmp_path / "spec", {"schemas/common.yaml": "Count: [\n"})
    assert bundling.main([]) == 1
    assert "common.yaml" in capsys.readouterr().err
