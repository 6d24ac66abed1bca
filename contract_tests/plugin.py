"""The suite's options for pytest.

Loaded by every pytest run where the package is installed, so it brings in nothing else and its
names are its own; fixtures and hooks are in `conftest.py`, which only a run of the suite loads.
"""

from __future__ import annotations

import importlib.util
from typing import Final

import pytest

RULE: Final = "rule"
CHECK: Final = "check"
_VALUES: Final = (
    ("known", "FILE", "more known deviations (YAML)"),
    ("auth", "CREDENTIALS", "basic:USER:PASS or bearer:TOKEN"),
    ("timeout", "SECONDS", "how long to wait for an answer (default: 30)"),
    ("shard", "I/N", "only the I-th of N parts"),
    ("max-time", "TIME", "send nothing more after it, e.g. 90s, 20m, 2h"),
    ("reference", "URL", "compare each answer with this server's"),
)
_LISTS: Final = (
    ("header", "NAME:VALUE", "send it with every request"),
    ("only", "CHECKS", "told in reports as the only ones asked for"),
    ("report", "KIND=FILE", "write a report: json, junit, html, har, github"),
)
_FLAGS: Final = (
    ("read-only", "send nothing that changes the target"),
    ("strict", "warnings fail as well"),
    ("known-update", "add what is found to the file of known deviations"),
)


_GROUP: Final = ("contract_tests", "deployment API contract (--pyargs contract_tests)")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> None:
    """Add `--base-url` where the suite is run.

    The name is a common one: other projects' conftest files may have it in their runs, and
    pytest-base-url, where it is in use, in all.
    """
    theirs = importlib.util.find_spec("pytest_base_url") is not None
    theirs = theirs and not early_config.pluginmanager.is_blocked("base_url")
    if not theirs and any("contract_tests" in str(word) for word in args):
        parser.getgroup(*_GROUP).addoption(
            "--base-url", metavar="URL", default=None, help="API to judge, with /api"
        )


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; all of them but the target's address have names of their own."""
    group = parser.getgroup(*_GROUP)
    group.addoption(
        "--contract-profile",
        choices=("quick", "standard", "deep"),
        default="quick",
        help="how much to send (default: quick)",
    )
    for name, metavar, says in _VALUES:
        group.addoption(f"--contract-{name}", metavar=metavar, help=says)
    group.addoption(
        "--contract-items",
        choices=(RULE, CHECK),
        default=RULE,
        help="one for each operation and rule of a check, or one for each check (default: rule)",
    )
    group.addoption("--contract-seed", type=int, metavar="N", help="repeat the run that had it")
    for name, metavar, says in _LISTS:
        group.addoption(
            f"--contract-{name}", metavar=metavar, action="append", default=[], help=says
        )
    for name, says in _FLAGS:
        group.addoption(f"--contract-{name}", action="store_true", help=says)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Where xdist splits a run over workers, bring together what they find."""
    config.addinivalue_line("markers", "judges(*codes): the rules that a check judges by")
    config.addinivalue_line("markers", "xdist_group(name): runs in one worker of pytest-xdist")
    splits = config.getoption("dist", "no") != "no" or config.getoption("tx", None)
    if splits and not hasattr(config, "workerinput") and config.getoption("base_url", default=None):
        from contract_tests.running.workers import Workers  # noqa: PLC0415 - other runs need it not

        if config.getoption("dist") == "load":
            config.option.dist = "loadgroup"  # the same, and a check's items in one worker
        config.pluginmanager.register(Workers(config), "deployments-contract-workers")
