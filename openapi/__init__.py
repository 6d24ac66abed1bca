"""The contract's shape: one curated OpenAPI document of Prefect's deployment REST API."""

import functools
import json
from pathlib import Path
from typing import Any

__all__ = ["BUNDLE_FILE", "ROOT_FILE", "load"]

ROOT_FILE = Path(__file__).with_name("openapi.yaml")
"""The root of the split files."""

BUNDLE_FILE = Path(__file__).with_name("bundle.json")
"""The one document made of them by `python -m openapi.bundle`."""


@functools.cache
def load() -> dict[str, Any]:
    """The bundled document, parsed once. Everybody gets the same object: treat it as read-only."""
    document: dict[str, Any] = json.loads(BUNDLE_FILE.read_bytes())
    return document
