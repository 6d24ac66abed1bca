"""Each fact of the page that the project began with has its place in the document."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from openapi import load
from openapi.json_schema import json_schema_view
from openapi.structure import operations

FACTS: list[list[Any]] = yaml.safe_load(
    Path(__file__).with_name("seed_page_facts.yaml").read_text(encoding="utf-8")
)
VIEW = json_schema_view(load())
PAGINATE = VIEW["paths"]["/deployments/paginate"]["post"]
ROOTS = {
    "body": PAGINATE["requestBody"]["content"]["application/json"]["schema"],
    "answer": PAGINATE["responses"]["200"]["content"]["application/json"]["schema"],
}
# The page's own headings and menu; the rest tells of the operation.
LINES = {*range(15, 33), *range(53, 283), *range(284, 346)}


def followed(schema: Any) -> Any:
    """What references lead to, with what stands beside them."""
    beside: dict[str, Any] = {}
    while "$ref" in schema:
        beside = {**{k: v for k, v in schema.items() if k != "$ref"}, **beside}
        schema = VIEW["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return {**schema, **beside}


def alternatives(schema: Any) -> Iterator[Any]:
    """The schema itself and its alternatives, all the way down."""
    schema = followed(schema)
    yield schema
    for keyword in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(keyword, ()):
            yield from alternatives(part)


def places(root: Any, path: str) -> list[Any]:
    """The schemas that a path leads to: `a.b` for properties, `[]` items, `[key]` other values."""
    found = [root]
    for step in path.replace("[", ".[").split("."):
        key = {"[]": "items", "[key]": "additionalProperties"}.get(step)
        below = []
        for schema in found:
            for one in alternatives(schema):
                part = one.get(key) if key else one.get("properties", {}).get(step)
                if isinstance(part, dict):
                    below.append(part)
        found = below
    return found


def admits(schema: Any, value: Any) -> bool:
    whole = {"allOf": [schema], "components": VIEW["components"]}
    return bool(jsonschema_rs.Draft202012Validator(whole, offline=True).is_valid(value))


def holds(schema: Any, says: str) -> bool:
    kind, _, rest = says.partition(" ")
    shapes = list(alternatives(schema))
    if kind in ("admits", "refuses"):
        return admits(schema, json.loads(rest)) is (kind == "admits")
    if kind == "always":
        return admits(schema, None) and not admits(schema, 1)
    if kind in ("deprecated", "described"):
        return any(one.get(kind.replace("described", "description")) for one in shapes)
    return not kind or any(one.get(kind) == json.loads(rest) for one in shapes)


def is_there(place: str, says: str) -> bool:
    root, _, path = place.partition(" ")
    if root == "operation":
        found = [op for _, _, op in operations(load()) if op["operationId"] == path]
        return len(found) == 1 and bool(found[0]["description"])
    return any(holds(schema, says) for schema in places(ROOTS[root], path))


def test_each_fact_of_the_page_has_its_place() -> None:
    assert [fact for fact in FACTS if not is_there(fact[1], (fact[2:] or [""])[0])] == []


def test_every_line_that_tells_something_is_a_fact() -> None:
    assert {fact[0] for fact in FACTS} == LINES


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("answer results[].name", "admits 5"),
        ("body page", "minimum 2"),
        ("body flows.operator", 'default "or_"'),
        ("answer results[].name", "deprecated"),
        ("answer results[].name", "always null"),
    ],
)
def test_a_wrong_fact_is_noticed(place: str, says: str) -> None:
    assert not is_there(place, says)
    assert not is_there(f"{place}.nothing", "")
