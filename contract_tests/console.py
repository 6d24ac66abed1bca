"""What the command shows while it runs: each failure as soon as it is found, then the summary."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from contract_tests.conftest import REASON, SESSION
from contract_tests.findings import describe
from contract_tests.report import exit_status, summary

if TYPE_CHECKING:
    import pytest

    from contract_tests.findings import Finding
    from contract_tests.session import Session


class Face:
    """A pytest plugin in place of pytest's own reporter.

    Args:
        again: options of the command that the session does not know, to repeat the run with.
    """

    def __init__(self, again: str = "") -> None:
        self._again = again
        self._console = Console(file=_output(), highlight=False, soft_wrap=True)
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._config: pytest.Config | None = None
        self._module = ""
        self._left: dict[str, int] = {}
        self._started = time.monotonic()
        self._interrupted = ""
        self._broken: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Remember where the session will be."""
        self._config = config

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be read is a mistake of the suite."""
        if report.failed:
            self._broken.append(str(report.longrepr))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin to show progress."""
        for item in session.items:
            self._left[_module(item.nodeid)] = self._left.get(_module(item.nodeid), 0) + 1
        if self._console.is_terminal:
            columns = (BarColumn(), TextColumn("{task.completed}/{task.total}"))
            self._progress = Progress(
                *columns,
                TimeElapsedColumn(),
                TextColumn("{task.description}"),
                console=self._console,
                transient=True,
            )
            self._task = self._progress.add_task("", total=len(session.items))
            self._progress.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show which item runs."""
        if self._progress is not None:
            self._progress.update(self._task, description=nodeid.rpartition("::")[2])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Show what an item found, at once."""
        new = cast("list[Finding]", dict(report.user_properties).get("new", []))
        for finding in new:
            self._console.print(f"\n{describe(finding)}", markup=False)
        if report.when == "teardown":
            self._done(report)

    def _done(self, report: pytest.TestReport) -> None:
        module = _module(report.nodeid)
        self._left[module] -= 1
        if self._progress is not None:
            self._progress.advance(self._task)
        elif self._left[module] == 0 and self._outcome()[1] is None:
            taken = time.monotonic() - self._started
            self._console.print(f"{taken:6.1f} s  {module} done", markup=False)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Say that what follows is not the whole."""
        self._interrupted = f"interrupted ({str(excinfo.value) or 'Ctrl-C'}) before the end"

    def pytest_internalerror(self, excrepr: object) -> None:
        """A mistake of the suite, or of pytest."""
        self._broken.append(str(excrepr))

    def pytest_unconfigure(self) -> None:
        """Leave the terminal as it was."""
        if self._progress is not None:
            self._progress.stop()

    def finish(self) -> int:
        """Print the summary; return the exit status."""
        session, reason = self._outcome()
        for text in self._broken:
            self._console.print(text, markup=False)
        if session is None:
            self._console.print(reason or "the suite itself failed", markup=False)
        else:
            self._console.print()
            session.repeat += self._again
            for line in summary(session, reason=reason or self._interrupted or None):
                self._console.print(line, markup=False)
        stopped = bool(self._interrupted or self._broken)
        return exit_status(session, reason, interrupted=stopped)

    def _outcome(self) -> tuple[Session | None, str | None]:
        if self._config is None:
            return None, None
        return self._config.stash.get(SESSION, None), self._config.stash.get(REASON, None)


def _module(nodeid: str) -> str:
    return nodeid.partition("::")[0].rpartition("/")[2].removesuffix(".py").removeprefix("test_")


def _output() -> TextIO:
    """Standard output; on a terminal a duplicate, which pytest's capturing leaves alone."""
    if sys.stdout.isatty():
        return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    return sys.stdout
