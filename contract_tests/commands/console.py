"""What the command shows while it runs: each failure as soon as it is found, then the summary."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, TextIO, cast

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from contract_tests.commands.progress import Progress, label, told
from contract_tests.findings import describe
from contract_tests.running.asked import options
from contract_tests.running.ending import conclude
from contract_tests.running.items import SESSION, WATCH, report_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from contract_tests.findings import Finding
    from contract_tests.reports.model import Report
    from contract_tests.running.session import Session
    from contract_tests.transport.exchange import Exchange

_REDRAWS = 4  # a second
_BAR = 24  # characters


class Face:
    """A pytest plugin in place of pytest's own reporter.

    Args:
        quiet: print no summary, unless there is no verdict.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._console = Console(file=_output(), highlight=False, soft_wrap=True)
        self._progress = Progress([], time.monotonic())
        self._live: Live | None = None
        self._config: pytest.Config | None = None
        self._started = time.monotonic()
        self._interrupted = ""
        self._broken: list[str] = []
        self._hide: Callable[[str], str] = str

    def pytest_configure(self, config: pytest.Config) -> None:
        """Remember where the session will be, and be told when it is there."""
        self._config = config
        config.stash[WATCH] = self._watch

    def _watch(self, session: Session) -> None:
        session.target.observers.append(self._exchanged)
        session.target.connection.announce = self._print
        self._hide = session.target.mask.hide

    def _exchanged(self, _: Exchange) -> None:
        self._progress.request()
        self._tell()

    def _tell(self) -> None:
        if self._live is None and self._progress.current and self._progress.due():
            self._print(self._progress.line())

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be read is a mistake of the suite."""
        if report.failed:
            self._broken.append(str(report.longrepr))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin to show progress."""
        self._progress = Progress([item.nodeid for item in session.items], self._started)
        if self._console.is_terminal:
            self._live = Live(
                console=self._console,
                get_renderable=self._panel,
                refresh_per_second=_REDRAWS,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show which item runs."""
        self._progress.begin(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Show what an item found, at once."""
        new = cast("list[Finding]", dict(report.user_properties).get("new", []))
        if new:
            self._progress.fail(report.nodeid, len(new))
        for finding in new:
            self._print(self._hide(f"\n{describe(finding)}"))
        if report.when == "call":
            self._progress.current = ""  # what follows is cleaning up
        if report.when == "teardown":
            phase = self._progress.end(report.nodeid, report.duration)
            if self._live is None and phase.done == phase.total and phase.requests:
                self._print(self._progress.finished(phase))

    def _panel(self) -> Group:
        """The kinds of checks as a table, and what runs."""
        table = Table.grid(padding=(0, 2))
        for phase in self._progress.phases.values():
            style = "bold red" if phase.faults else ""
            table.add_row(
                Text(phase.name, style="bold" if 0 < phase.done < phase.total else ""),
                ProgressBar(total=max(1, phase.total), completed=phase.done, width=_BAR),
                f"{phase.done}/{phase.total} checks",
                f"{phase.requests:,} requests",
                Text(told(phase.faults) if phase.done or phase.faults else "", style=style),
            )
        taken = time.monotonic() - self._started
        current = Text(f"{taken:6.1f} s  {label(self._progress.current)}", style="dim")
        current.truncate(max(20, self._console.width - 1), overflow="ellipsis")
        return Group(table, current)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Say that what follows is not the whole."""
        self._interrupted = f"interrupted ({str(excinfo.value) or 'Ctrl-C'}) before the end"

    def pytest_internalerror(self, excrepr: object) -> None:
        """A mistake of the suite, or of pytest."""
        self._broken.append(str(excrepr))

    def pytest_unconfigure(self) -> None:
        """Leave the terminal as it was."""
        if self._live is not None:
            self._live.stop()

    def finish(self) -> tuple[Report | None, int]:
        """Write the reports and print the summary; the report and the exit status."""
        for text in self._broken:
            self._print(self._hide(text))
        report = None
        if self._config is not None:
            report = report_of(self._config, self._interrupted or None)
        if report is None or self._config is None:
            self._print("the suite itself failed")
            return None, 2
        lines, status = conclude(report, options(self._config))
        if SESSION not in self._config.stash:
            # There is nothing to sum up: one sentence says it all.
            lines = [self._hide(report.reason or "")]
        elif self._quiet and report.reason is None and not report.broken:
            lines = []
        else:
            self._print("")
        for line in lines:
            self._print(line)
        return report, status or 2 * bool(self._broken)


def _output() -> TextIO:
    """Standard output, as a duplicate that pytest's capturing leaves alone."""
    sys.stdout.flush()
    try:
        number = os.dup(sys.stdout.fileno())
    except (OSError, ValueError):  # somebody has put something in its place
        return sys.stdout
    return os.fdopen(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
