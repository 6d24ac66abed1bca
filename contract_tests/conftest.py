"""How pytest runs the suite: one session for all items, and findings taken out of their results."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.errors import CannotJudge, OutOfTime
from contract_tests.findings import Finding, describe, found_in
from contract_tests.plugin import CHECK
from contract_tests.reports.collect import collect, fault_id, nothing
from contract_tests.reports.ending import finish
from contract_tests.reports.model import Check
from contract_tests.running import by_rule, parts
from contract_tests.running.profiles import PROFILES
from contract_tests.running.run import Options, run

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from contract_tests.reports.model import Outcome, Report
    from contract_tests.running.session import Session
    from contract_tests.target.target import Target

_HOME = Path(__file__).parent
SESSION = pytest.StashKey["Session"]()
REASON = pytest.StashKey[str]()
CHECKS = pytest.StashKey[dict[str, Check]]()
NAME = pytest.StashKey[str]()  # of an item, also where xdist puts something behind it
WATCH = pytest.StashKey[Any]()
# What finds most for its cost comes first; walks that change much come last.
_ORDER = (
    *("test_meaning", "test_laws", "test_refusals"),
    *("test_conformance", "test_lifecycle", "test_auth"),
)


def options(config: pytest.Config) -> Options:
    """What the user asked for.

    Raises:
        UsageError: there is no base URL, or an option is not of its form.
    """
    base_url = config.getoption("base_url", default=None)
    if not base_url:
        raise pytest.UsageError("contract_tests needs --base-url, e.g. http://127.0.0.1:4200/api")
    told = {name: config.getoption(f"contract_{name}") for name in _SIMPLE}
    worker = getattr(config, "workerinput", {})
    try:
        limit, timeout = told.pop("max_time"), told.pop("timeout")
        if told["shard"]:
            parts.shard(told["shard"])
        return Options(
            base_url=base_url,
            seed=worker.get("contract_seed", config.getoption("contract_seed")),
            headers=tuple(config.getoption("contract_header")),
            reports=tuple(config.getoption("contract_report")),
            max_time=None if limit is None else parts.seconds(limit),
            timeout=30.0 if timeout is None else parts.seconds(timeout, "--timeout"),
            only=tuple(config.getoption("contract_only", default=()) or ()),
            **{**told, "shard": told["shard"] or ""},
        )
    except CannotJudge as error:
        raise pytest.UsageError(str(error)) from error


_SIMPLE = (
    *("profile", "read_only", "known", "known_update", "strict"),
    *("auth", "shard", "max_time", "timeout", "reference"),
)


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
    if time.monotonic() > session.target.deadline:
        session.cannot_judge("checks that the time was too short for (--max-time)")
        pytest.skip("no time left")


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
    untold = by_rule.run(pyfuncitem)
    if untold:
        contract = pyfuncitem.config.stash[SESSION]
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
        ours = items
    wanted = config.getoption("contract_shard", default=None)
    if wanted:
        # The items of one check stay together: it runs once for all of them.
        kept = set(parts.part(list(dict.fromkeys(map(check_of, ours))), wanted))
        gone = [item for item in ours if check_of(item) not in kept]
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if item not in gone]
        ours = [item for item in ours if item not in gone]
    for item in ours:
        item.stash[NAME] = _plain(item.nodeid)
    config.stash[CHECKS] = {
        item.stash[NAME]: Check(item.stash[NAME], "left out", 0.0) for item in ours
    }


def check_of(item: pytest.Item) -> str:
    """The name of the check that an item belongs to; by it the check can be run again."""
    return _plain(item.stash.get(by_rule.CHECK, item.nodeid))


def _plain(nodeid: str) -> str:
    """The item's name from its module on, wherever the package lies."""
    path, colons, name = nodeid.partition("::")
    return f"{path.rpartition('/')[2]}{colons}{name}"


def _place(item: pytest.Item) -> int:
    return _ORDER.index(item.path.stem) if item.path.stem in _ORDER else len(_ORDER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a check during which two servers that are compared answered differently."""
    try:
        done = yield
    finally:
        contract = item.config.stash.get(SESSION, None)
        if contract is not None:
            contract.raise_differences()
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
        _cut_off(item, report)
    elif isinstance(error, CannotJudge):
        item.config.stash[REASON] = str(error)
        item.session.shouldstop = str(error)
        report.longrepr = str(error)
    elif error is not None and report.failed and contract is not None:
        _take(item, report, contract, error, call.excinfo.exconly() if call.excinfo else "")
    _note(item, report, found_in(error) if error is not None else [])
    return report


def _cut_off(item: pytest.Item, report: pytest.TestReport) -> None:
    report.outcome = "skipped"
    report.longrepr = (str(item.path), 0, "Skipped: no time left")


def _take(
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


def _note(item: pytest.Item, report: pytest.TestReport, findings: list[Finding]) -> None:
    """Write down how the item ended, for the reports."""
    checks = item.config.stash.get(CHECKS, {})
    name = item.stash.get(NAME, "")
    if name not in checks or (report.when != "call" and report.passed):
        return
    faults = list(dict.fromkeys(fault_id(finding.key) for finding in findings))
    told = ""
    if report.skipped:
        outcome: Outcome = "left out"
        told = "no time left"
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


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that could not judge ends with status 2, as the command does."""
    config = session.config
    if REASON in config.stash:
        session.exitstatus = 2
    if hasattr(config, "workeroutput"):
        report = report_of(config)
        if report is not None:
            config.workeroutput["contract"] = report.to_json()


def report_of(config: pytest.Config, interrupted: str | None = None) -> Report | None:
    """The report of the run so far; None when it did not even begin."""
    reason = config.stash.get(REASON, None) or interrupted
    checks = list(config.stash.get(CHECKS, {}).values())
    contract = config.stash.get(SESSION, None)
    if contract is not None:
        return collect(contract, checks, reason)
    return None if reason is None else nothing(options(config), checks, reason)


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
