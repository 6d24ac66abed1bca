"""What the behaviours stand on: one flow, one deployment and one pool for each file and server."""

from __future__ import annotations

import itertools
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.behaviours.client import Client
from tests.behaviours.steps import Play

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = "5f1e1d5c-0000-4000-8000-000000000000"
TEMPLATE = {
    "job_configuration": {"command": "{{ size }}"},
    "variables": {
        "type": "object",
        "properties": {"size": {"type": "integer"}},
        "required": ["size"],
    },
}
_NUMBERS = itertools.count()


def unique() -> str:
    """A word that nothing else on a server is called by; also a valid name of a variable."""
    return f"b{uuid.uuid4().hex[:8]}_{next(_NUMBERS)}"


@pytest.fixture(scope="module")
def client(server: str) -> Iterator[Client]:
    with Client(server) as made:
        yield made


@pytest.fixture(scope="module")
def ground(client: Client) -> dict[str, Any]:
    """Names and ids that all cases of a file share and none of them changes."""
    word = unique()
    flow = client.made("POST /flows/", {"name": word})
    pool = client.made("POST /work_pools/", {"name": word, "type": "process"})
    typed = {"name": f"{word} typed", "type": "process", "base_job_template": TEMPLATE}
    client.made("POST /work_pools/", typed)
    body = {"name": word, "flow_id": flow["id"], "tags": ["a"]}
    deployment = client.made("POST /deployments/", body)
    return {
        "nobody": NOBODY,
        "flow": flow["id"],
        "flow_name": word,
        "work_pool": pool["name"],
        "typed_pool": typed["name"],
        "base": deployment["id"],
        "base_name": word,
        "server": client.base_url,
        "nested": "[" * 500 + "]" * 500,
        "endless": "[" * 100_000,
        "large": " " * 10_000_000,
        "bad_ids": ",".join(["0"] * 10_001),
    }


@pytest.fixture
def play(request: pytest.FixtureRequest, client: Client, ground: dict[str, Any]) -> Play:
    """Runs a case: its own names, the shared ground."""
    is_real = request.node.callspec.params["server"] == "real"
    return Play(client, {**ground, "unique": unique()}, is_real=is_real)
