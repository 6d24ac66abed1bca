"""A run that xdist splits over worker processes: one seed for all, one summary of all.

Each worker makes data of its own under a prefix of its own and judges on that alone, so that none
is disturbed by what another one makes and removes.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

import pytest

from contract_tests.reports.merging import merge
from contract_tests.reports.model import Report
from contract_tests.running.asked import options
from contract_tests.running.ending import finish

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST_SEED: Final = 10**6


class Workers:
    """A pytest plugin of the process that hands out the items.

    Args:
        config: of that process.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        seed: int | None = config.getoption("contract_seed")
        self._seed = secrets.randbelow(_LARGEST_SEED) if seed is None else seed
        self._reports: list[Report] = []
        self._lost: list[str] = []
        self._started = 0

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give each worker the seed of the run."""
        node.workerinput["contract_seed"] = self._seed
        self._started += 1

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take over what a worker found."""
        told: Mapping[str, Any] = getattr(node, "workeroutput", None) or {}
        name = node.gateway.id
        if "contract" in told:
            self._reports.append(Report.from_json(told["contract"], f"what {name} found"))
        elif error is not None:
            self._lost.append(f"the worker {name} ended before its time: {error}")

    def merged(self) -> Report | None:
        """What all of them found; None when none of them ran checks of ours."""
        if not self._reports:
            return None
        report = merge(self._reports)
        report.reason = "; ".join([*filter(None, [report.reason]), *self._lost]) or None
        return report

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A run that could not judge ends with status 2."""
        report = self.merged()
        if report is not None and report.status == 2:  # noqa: PLR2004 - the exit status
            session.exitstatus = 2

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One summary, and the reports, of all workers."""
        report = self.merged()
        if report is None:
            return
        terminalreporter.section("contract")
        for line in finish(report, options(self._config)):
            terminalreporter.write_line(line)
