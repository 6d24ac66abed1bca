from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import mock_server
from mock_server.operations import OPERATIONS
from openapi.yaml_loader import load_yaml

FILE = Path(mock_server.__file__).with_name("deliberate_differences.yaml")
ENTRIES: list[dict[str, Any]] = load_yaml(FILE)
KEYS = {"id", "operation", "input", "real", "ours", "reason"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_each_entry_is_complete(entry: dict[str, Any]) -> None:
    """That both servers answer as it says is what tests/behaviours tries."""
    assert entry.keys() == KEYS
    assert entry["operation"] in {*OPERATIONS, "any"}
    assert entry["ours"] < 500
    assert entry["reason"].endswith(".")


def test_ids_are_unique() -> None:
    assert len({entry["id"] for entry in ENTRIES}) == len(ENTRIES)
