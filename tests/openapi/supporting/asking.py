"""The supporting operations answer as the spec says, on the mock and on a real server.

What a case sends is checked against the request schema as well: bodies that the spec forbids are
refused with 422, and bodies that it admits are not.
"""

import functools
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jsonschema_rs

from openapi import load
from openapi.json_schema import json_schema_view
from openapi.structure import operations, resolve

STARTED = time.monotonic()

NOBODY = "00000000-0000-0000-0000-000000000000"
TRIES = 10
AFTER_POLL = 0.1  # seconds
CONFLICT = "Data integrity conflict."
FILTERS = ["flows", "flow_runs", "task_runs", "deployments"]
NOW = datetime.now(UTC).replace(microsecond=0)
LATE, SOON, LATER = NOW - timedelta(minutes=10), NOW + timedelta(hours=1), NOW + timedelta(hours=5)


@functools.cache
def validators() -> Any:
    view = json_schema_view(load())
    return jsonschema_rs.validator_map_for(view, validate_formats=True, offline=True)


@functools.cache
def places() -> dict[str, str]:
    """The pointer of each operation."""
    return {
        operation["operationId"]: f"/paths/{path.replace('~', '~0').replace('/', '~1')}/{method}"
        for path, method, operation in operations(load())
    }


def valid(pointer: str, value: Any) -> bool:
    node = resolve(load(), pointer)
    while "$ref" in node:
        pointer = node["$ref"][1:]
        node = resolve(load(), pointer)
    verdict: bool = validators()[f"#{pointer}"].is_valid(value)
    return verdict


def response_schema(operation: str, status: int) -> str | None:
    """The pointer of the schema of an answer, None for one without a body."""
    pointer = f"{places()[operation]}/responses/{status}"
    node = resolve(load(), pointer)
    if "$ref" in node:
        pointer = node["$ref"][1:]
        node = resolve(load(), pointer)
    return f"{pointer}/content/application~1json/schema" if "content" in node else None


@dataclass(frozen=True)
class Sender:
    """Sends one request after the other and judges each by the spec."""

    client: httpx.Client

    def __call__(self, operation: str, status: int, body: Any = None, **path: Any) -> Any:
        _, _, rest = places()[operation].partition("/paths/")
        template, _, method = rest.rpartition("/")
        url = template.replace("~1", "/").replace("~0", "~").format_map(path)
        content = {} if method in ("get", "delete") else {"json": body}
        for _ in range(TRIES):
            answer = self.client.request(method.upper(), f".{url}", **content)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            # The database of a real server is briefly locked, by its background tasks too.
            time.sleep(0.5)
        if operation == "get_scheduled_flow_runs":
            # After it a real server notes the poll; a write just then waits a minute for its lock.
            time.sleep(AFTER_POLL)
        assert answer.status_code == status, (operation, body, answer.status_code, answer.text)
        schema = response_schema(operation, status)
        if schema is None:
            assert answer.content == b""
            return None
        assert valid(schema, answer.json()), (operation, answer.text)
        request = f"{places()[operation]}/requestBody/content/application~1json/schema"
        if method in ("post", "patch"):
            is_refusal = status == 422 and "exception_detail" in answer.json()
            assert valid(request, body) is not is_refusal, (operation, body)
        return answer.json()


def each(*bodies: Any) -> tuple[Any, ...]:
    """Bodies of whatever type."""
    return bodies


def detail(answer: Any) -> str:
    text: str = answer["detail"]
    return text


def faults(answer: Any) -> list[tuple[str, list[Any]]]:
    return [(fault["type"], fault["loc"]) for fault in answer["exception_detail"]]


def ask_detail(send: Sender, operation: str, body: Any) -> Any:
    """A limit out of bounds is refused by the spec and answered with a sentence."""
    request = f"{places()[operation]}/requestBody/content/application~1json/schema"
    assert not valid(request, body)
    url = f".{places()[operation].removeprefix('/paths/').rpartition('/')[0].replace('~1', '/')}"
    answer = send.client.post(url, json=body)
    assert answer.status_code == 422
    assert valid(response_schema(operation, 422) or "", answer.json())
    return answer.json()
