from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mock_server
from mock_server.operations import OPERATIONS
from openapi.yaml_loader import load_yaml

if TYPE_CHECKING:
    from tests.mock_server.conftest import Api

FILE = Path(mock_server.__file__).with_name("deliberate_differences.yaml")
ENTRIES: list[dict[str, Any]] = load_yaml(FILE)
KEYS = {"operation", "input", "real", "ours", "reason"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["operation"])
def test_each_entry_is_complete(entry: dict[str, Any]) -> None:
    assert entry.keys() - {"try"} == KEYS
    assert entry["operation"] in {*OPERATIONS, "any"}
    assert entry["ours"] < 500
    assert entry["reason"].endswith(".")


@pytest.mark.parametrize(
    "entry",
    [entry for entry in ENTRIES if "try" in entry],
    ids=lambda entry: f"{entry['operation']}: {entry['input']}",
)
def test_the_mock_answers_as_the_entry_says(api: Api, entry: dict[str, Any]) -> None:
    made = api.deployment(**entry["try"].get("setup", {}))
    body = entry["try"]["body"]
    if isinstance(body, dict) and body.get("flow_id") == "$flow":
        body = {**body, "flow_id": made["flow_id"]}
    assert api.ask(entry["operation"], body, id=made["id"])[0] == entry["ours"]
