"""The suite's options for pytest.

Loaded by every pytest run where the package is installed, so it brings in nothing else and its
names are its own; fixtures and hooks are in `conftest.py`, which only a run of the suite loads.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options; `--base-url` is left to pytest-base-url where that is in use."""
    group = parser.getgroup("contract_tests", "deployment API contract (--pyargs contract_tests)")
    theirs = importlib.util.find_spec("pytest_base_url") is not None
    if not theirs or pluginmanager.is_blocked("base_url"):
        group.addoption("--base-url", metavar="URL", default=None, help="API to judge, with /api")
    group.addoption(
        "--contract-profile",
        choices=("quick", "standard", "deep"),
        default="quick",
        help="how much to send (default: quick)",
    )
    group.addoption("--contract-seed", type=int, metavar="N", help="repeat the run that had it")
    group.addoption(
        "--contract-read-only", action="store_true", help="send nothing that changes the target"
    )
    group.addoption("--contract-known", metavar="FILE", help="more known deviations (YAML)")
    group.addoption("--contract-strict", action="store_true", help="warnings fail as well")
