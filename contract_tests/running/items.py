"""What became of pytest's items: their findings, how each ended, and the report of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.findings import Finding, describe, found_in
from contract_tests.reports.collect import collect, fault_id, nothing
from contract_tests.reports.model import NO_TIME, Check
from contract_tests.running import by_rule
from contract_tests.running.asked import options

if TYPE_CHECKING:
    from contract_tests.reports.model import Outcome, Report
    from contract_tests.running.session import Session

SESSION = pytest.StashKey["Session"]()
REASON = pytest.StashKey[str]()
CHECKS = pytest.StashKey[dict[str, Check]]()
NAME = pytest.StashKey[str]()  # of an item, also where xdist puts something behind it
WATCH = pytest.StashKey[Any]()


def check_of(item: pytest.Item) -> str:
    """The name of the check that an item belongs to; by it the check can be run again."""
    return _from_module(item, item.stash.get(by_rule.CHECK, item.nodeid))


def name_of(item: pytest.Item) -> str:
    """The item's name from its module on, wherever the package lies and pytest was started."""
    return _from_module(item, item.nodeid)


def _from_module(item: pytest.Item, nodeid: str) -> str:
    return f"{item.path.name}::{nodeid.partition('::')[2]}"


def cut_off(item: pytest.Item, report: pytest.TestReport) -> None:
    """Make an item that ran out of time one that was left out."""
    report.outcome = "skipped"
    report.longrepr = (str(item.path), 0, f"Skipped: {NO_TIME}")


def take(
    item: pytest.Item,
    report: pytest.TestReport,
    contract: Session,
    error: BaseException,
    told: str,
) -> None:
    """Keep the findings of a failure; one without any is a mistake of ours."""
    name = check_of(item)
    findings = found_in(error)
    if not findings:
        contract.broken[name] = told
        return
    new = [finding for finding in findings if contract.record(finding, name)]
    hide = contract.target.mask.hide
    report.longrepr = hide("\n".join(describe(f) for f in new or findings[:1]))
    if not hasattr(item.config, "workerinput"):
        # For our own reporter; it does not go over the wire from a worker of xdist.
        report.user_properties.append(("new", new))


def note(item: pytest.Item, report: pytest.TestReport, findings: list[Finding]) -> None:
    """Write down how the item ended, for the reports."""
    checks = item.config.stash.get(CHECKS, {})
    name = item.stash.get(NAME, "")
    if name not in checks or (report.when != "call" and report.passed):
        return
    faults = list(dict.fromkeys(fault_id(finding.key) for finding in findings))
    told = ""
    if report.skipped:
        outcome: Outcome = "left out"
        told = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        told = told.removeprefix("Skipped: ")
    elif report.passed:
        outcome = "passed"
    elif findings:
        outcome = "failed"
    else:
        contract = item.config.stash.get(SESSION, None)
        told = (
            item.config.stash.get(REASON, "")
            or (contract and contract.broken.get(check_of(item)))
            or ""
        )
        outcome = "left out" if REASON in item.config.stash else "broken"
    checks[name] = Check(name, outcome, round(report.duration, 3), faults, told)


def report_of(config: pytest.Config, interrupted: str | None = None) -> Report | None:
    """The report of the run so far; None when it did not even begin."""
    reason = config.stash.get(REASON, None) or interrupted
    checks = list(config.stash.get(CHECKS, {}).values())
    contract = config.stash.get(SESSION, None)
    if contract is not None:
        return collect(contract, checks, reason)
    return None if reason is None else nothing(options(config), checks, reason)
