"""The command `deployments-contract`."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from contract_tests import commands
from contract_tests.choices import arguments, choosing, known_options, reporting, sending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ALWAYS = (
    # Everything but what the suite needs stays out: a user's plugins could reorder or rerun items.
    *("-p", "_hypothesis_pytestplugin"),
    *("-p", "contract_tests.plugin"),
    *("-p", "no:cacheprovider"),
    *("-p", "no:terminalreporter"),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="prefect-deployments-contract")
def main() -> None:
    """Judge servers by the contract of Prefect's deployment REST API."""


main.add_command(commands.rules)
main.add_command(commands.explain)


@main.command(short_help="Judge one server.", context_settings={"max_content_width": 100})
@choosing
@known_options
@click.option("-x", "--fail-fast", is_flag=True, help="Stop after the first check that fails.")
@sending
@reporting
def run(**told: Any) -> None:
    """Judge the server at a URL.

    Makes deployments of its own there, under a prefix, and removes them at the end.
    Exit status: 0 it conforms, 1 violations, 2 could not judge.

    \b
    Example:
      deployments-contract run --base-url http://127.0.0.1:4200/api --report html=report.html
    """  # noqa: D301 - click wants the very character
    sys.exit(judge(arguments(told), told["only"]))


def judge(words: list[str], only: Sequence[str] = (), items: Sequence[str] = ()) -> int:
    """Run the suite's pytest items in this process; the exit status.

    Args:
        words: options, as pytest takes them.
        only: kinds of checks; none for all.
        items: single items instead, such as `test_laws.py::test_parts`.
    """
    import pytest  # noqa: PLC0415 - `--help` needs none of this, and it takes a second

    from contract_tests.console import Face  # noqa: PLC0415

    home = Path(__file__).parent
    face = Face()
    modules = [f"contract_tests.test_{name}" for name in only] or ["contract_tests"]
    with _own_environment():
        status = pytest.main(
            [
                *_ALWAYS,
                *("-c", str(home / "suite.ini"), "--rootdir", str(home)),
                *words,
                *([str(home / item) for item in items] or ["--pyargs", *modules]),
            ],
            plugins=[face],
        )
    return 2 if status == pytest.ExitCode.USAGE_ERROR else face.finish()


@contextmanager
def _own_environment() -> Iterator[None]:
    """Without what the environment tells pytest to do in other projects, nor files left in this."""
    before = dict(os.environ)
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ.pop("PYTEST_PLUGINS", None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        with TemporaryDirectory(prefix="contract-") as cache:
            os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = cache
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)
