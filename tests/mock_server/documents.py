"""What the bundled document says, for tests."""

from __future__ import annotations

from typing import Any

import openapi


def resolved(value: Any) -> Any:
    while isinstance(value, dict) and "$ref" in value:
        found: Any = openapi.load()
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        value = found
    return value


def json_body(operation: str, status: int) -> Any:
    """The first example of an answer."""
    for item in openapi.load()["paths"].values():
        for declared in item.values():
            if isinstance(declared, dict) and declared.get("operationId") == operation:
                response = resolved(declared["responses"][str(status)])
                media = response["content"]["application/json"]
                if "example" in media:
                    return media["example"]
                return resolved(next(iter(media["examples"].values())))["value"]
    raise KeyError(operation)
