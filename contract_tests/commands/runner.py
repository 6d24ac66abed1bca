"""Running the suite's pytest items in this process, for the commands."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import pytest

from contract_tests.commands.console import Face
from contract_tests.plugin import CHECK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from contract_tests.reports.model import Report

_ALWAYS: Final = (
    # Everything but what the suite needs stays out: a user's plugins could reorder or rerun items.
    *("-p", "_hypothesis_pytestplugin"),
    *("-p", "contract_tests.plugin"),
    *("-p", "no:cacheprovider"),
    *("-p", "no:terminalreporter"),
)


def perform(
    words: Sequence[str],
    *,
    only: Sequence[str] = (),
    items: Sequence[str] = (),
    quiet: bool = False,
) -> tuple[Report | None, int]:
    """Run the suite; its report, and the exit status.

    Args:
        words: options, as pytest takes them.
        only: kinds of checks; none for all.
        items: single items instead, such as `test_laws.py::test_parts`.
        quiet: print no summary, unless there is no verdict.
    """
    home = Path(__file__).parents[1]
    face = Face(quiet=quiet)
    modules = [f"contract_tests.test_{name}" for name in only] or ["contract_tests"]
    with _own_environment():
        status = pytest.main(
            [
                *_ALWAYS,
                *("-c", str(home / "suite.ini"), "--rootdir", str(home)),
                f"--contract-items={CHECK}",
                *words,
                *([str(home / item) for item in items] or ["--pyargs", *modules]),
            ],
            plugins=[face],
        )
    return (None, 2) if status == pytest.ExitCode.USAGE_ERROR else face.finish()


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
