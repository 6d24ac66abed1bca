"""How pytest runs the suite: one session for all items, and findings taken out of their results."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.errors import CannotJudge
from contract_tests.findings import Finding, Violation, describe
from contract_tests.report import summary
from contract_tests.run import Options, run

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from contract_tests.session import Session
    from contract_tests.target import Target

_HOME = Path(__file__).parent
SESSION = pytest.StashKey["Session"]()
REASON = pytest.StashKey[str]()
# What finds most for its cost comes first; walks that change much come last.
_ORDER = ("test_meaning", "test_laws", "test_refusals", "test_conformance", "test_lifecycle")


def options(config: pytest.Config) -> Options:
    """What the user asked for.

    Raises:
        UsageError: there is no base URL.
    """
    base_url = config.getoption("base_url", default=None)
    if not base_url:
        raise pytest.UsageError("contract_tests needs --base-url, e.g. http://127.0.0.1:4200/api")
    return Options(
        base_url=base_url,
        profile=config.getoption("contract_profile"),
        seed=config.getoption("contract_seed"),
        read_only=config.getoption("contract_read_only"),
        known=config.getoption("contract_known"),
        strict=config.getoption("contract_strict"),
    )


@pytest.fixture(scope="session")
def session(pytestconfig: pytest.Config) -> Iterator[Session]:
    """The run that all checks belong to."""
    with ExitStack() as stack:
        contract = stack.enter_context(run(options(pytestconfig)))
        pytestconfig.stash[SESSION] = contract
        yield contract


@pytest.fixture(scope="session")
def target(session: Session) -> Target:
    """The server that is judged."""
    return session.target


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse to run without a target, and bring the modules into their order."""
    ours = [item for item in items if item.path.parent == _HOME]
    if ours and not config.option.collectonly:
        options(config)
    if len(ours) == len(items):
        items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return _ORDER.index(item.path.stem) if item.path.stem in _ORDER else len(_ORDER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Take findings out of an item's failure; what is no finding is a mistake of ours."""
    report = yield
    contract = item.config.stash.get(SESSION, None)
    if call.excinfo is None or not report.failed:
        return report
    error = call.excinfo.value
    if isinstance(error, CannotJudge):
        item.config.stash[REASON] = str(error)
        item.session.shouldstop = str(error)
        report.longrepr = str(error)
        return report
    findings = found_in(error)
    if contract is None:
        return report
    if findings:
        new = [finding for finding in findings if contract.record(finding)]
        report.longrepr = "\n".join(describe(f) for f in new or findings[:1])
        if not hasattr(item.config, "workerinput"):
            # For our own reporter; it does not go over the wire from a worker of xdist.
            report.user_properties.append(("new", new))
    else:
        contract.broken[item.nodeid.rpartition("::")[2]] = call.excinfo.exconly()
    return report


def found_in(error: BaseException) -> list[Finding]:
    """The findings that an exception carries, those of a group included."""
    if isinstance(error, Violation):
        return [error.finding]
    if isinstance(error, BaseExceptionGroup):
        return [finding for part in error.exceptions for finding in found_in(part)]
    return []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that could not judge ends with status 2, as the command does."""
    if REASON in session.config.stash:
        session.exitstatus = 2


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The same summary that the command prints."""
    if SESSION in config.stash:
        terminalreporter.section("contract")
        for line in summary(config.stash[SESSION], reason=config.stash.get(REASON, None)):
            terminalreporter.write_line(line)
