"""The control API's own OpenAPI document, and what is made of it, once per process."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, Final

from mock_server.faults.syntax import KINDS
from mock_server.requests import Requests
from mock_server.responses import Responses, render
from mock_server.routing import METHODS, RouteTable
from openapi.yaml_loader import parse_yaml

JSON: Final = "application/json"


@cache
def document() -> dict[str, Any]:
    """The document, with what it says of the kinds of faults from where they are written."""
    file = resources.files("mock_server.control") / "openapi.yaml"
    content: dict[str, Any] = parse_yaml(file.read_text(encoding="utf-8"))
    schemas = content["components"]["schemas"]
    schemas["Fault"]["properties"]["fault"]["enum"] = [*KINDS, None]
    told = "; ".join(f"`{kind}`: {does}" for kind, does in KINDS.items())
    schemas["NewFault"]["properties"]["fault"]["description"] = f"{told}."
    return content


@cache
def document_bytes() -> bytes:
    """The document as JSON."""
    return render(document())


@cache
def routes() -> RouteTable:
    """Which operation a method and a path name."""
    return RouteTable(document())


@cache
def readers() -> Requests:
    """What reads the operations' requests; a body that is no JSON is not for them."""
    whole = document()
    bodies = {
        name: _resolved(body, whole)
        for name, body in whole["components"].get("requestBodies", {}).items()
    }
    paths = {
        path: {
            key: _readable(value, bodies) if key in METHODS else value
            for key, value in item.items()
        }
        for path, item in whole["paths"].items()
    }
    return Requests({**whole, "paths": paths})


def _readable(operation: dict[str, Any], bodies: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody")
    if body is None:
        return operation
    if "$ref" in body:
        body = bodies[body["$ref"].rpartition("/")[2]]
    if JSON not in body["content"]:
        return {key: value for key, value in operation.items() if key != "requestBody"}
    return {**operation, "requestBody": body}


def _resolved(value: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        value = whole["components"]["requestBodies"][value["$ref"].rpartition("/")[2]]
    return value


@cache
def answers() -> Responses:
    """What renders and checks the operations' answers."""
    return Responses(document())


@cache
def query_names() -> dict[str, frozenset[str]]:
    """Operation id -> the query parameters that it has."""
    shared = document()["components"]["parameters"]
    found = {}
    for item in document()["paths"].values():
        for method in METHODS & item.keys():
            operation = item[method]
            declared = [
                shared[entry["$ref"].rpartition("/")[2]] if "$ref" in entry else entry
                for entry in operation.get("parameters", ())
            ]
            found[operation["operationId"]] = frozenset(
                entry["name"] for entry in declared if entry["in"] == "query"
            )
    return found
