"""How pytest runs the suite: one session for all items, and findings taken out of their results."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.errors import CannotJudge, OutOfTime
from contract_tests.findings import found_in
from contract_tests.kinds import KINDS
from contract_tests.plugin import CHECK
from contract_tests.reports.model import NO_TIME, Check
from contract_tests.running import by_rule, parts
from contract_tests.running.asked import options
from contract_tests.running.ending import finish
from contract_tests.running.items import (
    CHECKS,
    NAME,
    REASON,
    SESSION,
    WATCH,
    check_of,
    cut_off,
    name_of,
    note,
    report_of,
    take,
)
from contract_tests.running.profiles import PROFILES
from contract_tests.running.run import run

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from contract_tests.running.session import Session
    from contract_tests.transport.target import Target

_HOME = Path(__file__).parent


@pytest.fixture(scope="session")
def session(pytestconfig: pytest.Config) -> Iterator[Session]:
    """The run that all checks belong to."""
    worker = getattr(pytestconfig, "workerinput", {}).get("workerid", "")
    with ExitStack() as stack:
        contract = stack.enter_context(run(options(pytestconfig), worker=worker))
        pytestconfig.stash[SESSION] = contract
        pytestconfig.stash.get(WATCH, lambda _: None)(contract)
        yield contract


@pytest.fixture(autouse=True)
def _in_time(request: pytest.FixtureRequest, session: Session) -> None:
    """Hold each kind of checks to its share of the time that the user gave."""
    limit = options(request.config).max_time
    if limit is None or by_rule.has_run(request.node):
        return
    module = request.node.path.stem.removeprefix("test_")
    session.target.deadline = parts.deadline(module, session.started, limit)
    # What asks for credentials need not be asked of most targets: it says so by itself.
    if module in parts.SHARES and time.monotonic() > session.target.deadline:
        session.cannot_judge("checks that the time was too short for (--max-time)")
        pytest.skip(NO_TIME)


@pytest.fixture(scope="session")
def target(session: Session) -> Target:
    """The server that is judged."""
    return session.target


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """Give each operation and rule that a check judges an item of its own, unless told not to."""
    made = yield
    config = collector.config
    # Of two servers that are compared, each difference is the check's own.
    whole = config.getoption("contract_items") == CHECK or config.getoption("contract_reference")
    if whole or not isinstance(made, list):
        return made
    return [one for item in made for one in by_rule.split(item)]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object:
    """Run the check of an item once, and let the item fail by what it is to tell."""
    if by_rule.CHECK not in pyfuncitem.stash:
        return None
    contract = pyfuncitem.config.stash[SESSION]
    untold = by_rule.run(pyfuncitem, contract.why_unjudged)
    if untold:
        contract.cannot_judge("findings of rules that were not chosen (-k)", untold)
    return True


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """As many random walks as the profile asks for."""
    if metafunc.function.__name__ == "test_machine":
        profile = PROFILES[metafunc.config.getoption("contract_profile")]
        metafunc.parametrize("number", range(profile.lifecycle_runs))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse to run without a target, order the modules, leave other shards out."""
    ours = [item for item in items if item.path.parent == _HOME]
    if ours and not config.option.collectonly:
        options(config)
    if len(ours) == len(items):
        items.sort(key=_place)
        ours = list(items)
    wanted = config.getoption("contract_shard", default=None)
    if wanted:
        # The items of one check stay together: it runs once for all of them.
        kept = set(parts.part(list(dict.fromkeys(map(check_of, ours))), wanted))
        gone = {item.nodeid: item for item in ours if check_of(item) not in kept}
        config.hook.pytest_deselected(items=list(gone.values()))
        items[:] = [item for item in items if item.nodeid not in gone]
        ours = [item for item in ours if item.nodeid not in gone]
    for item in ours:
        item.stash[NAME] = name_of(item)
    config.stash[CHECKS] = {
        item.stash[NAME]: Check(item.stash[NAME], "left out", 0.0) for item in ours
    }


def _place(item: pytest.Item) -> int:
    kind = item.path.stem.removeprefix("test_")
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a check during which two servers differed; skip one that judged nothing."""
    contract = item.config.stash.get(SESSION, None)
    if contract is None:
        return (yield)
    contract.begin_check()
    try:
        done = yield
    finally:
        contract.raise_differences()
    if by_rule.CHECK not in item.stash and (why := contract.why_unjudged()):
        pytest.skip(why)
    return done


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Take findings out of an item's failure; what is no finding is a mistake of ours."""
    report = yield
    contract = item.config.stash.get(SESSION, None)
    error = None if call.excinfo is None else call.excinfo.value
    if isinstance(error, OutOfTime):
        cut_off(item, report)
    elif isinstance(error, CannotJudge):
        item.config.stash[REASON] = str(error)
        item.session.shouldstop = str(error)
        report.longrepr = str(error)
    elif error is not None and report.failed and contract is not None:
        take(item, report, contract, error, call.excinfo.exconly() if call.excinfo else "")
    note(item, report, found_in(error) if error is not None else [])
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that could not judge ends with status 2, as the command does."""
    config = session.config
    report = report_of(config)
    if hasattr(config, "workeroutput"):
        if report is not None:
            config.workeroutput["contract"] = report.to_json()
    elif report is not None and report.status == 2 and not session.exitstatus:  # noqa: PLR2004
        session.exitstatus = 2
    if REASON in config.stash:
        session.exitstatus = 2


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The same summary that the command prints, and the reports."""
    report = report_of(config)
    if report is None or hasattr(config, "workerinput"):
        return
    terminalreporter.section("contract")
    for line in finish(report, options(config)):
        terminalreporter.write_line(line)
