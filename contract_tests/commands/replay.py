"""Running failed cases again: the same checks, by the same seed, on the same data made anew.

A fault may come only now and then. So a case counts as fixed when it was asked several times and
was right each time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from contract_tests.errors import CannotJudge
from contract_tests.reports.model import Fault, Report, UnreadableReport
from contract_tests.rules.filters import NOW_AND_THEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_FEW: Final = 20  # ids that one sentence can hold
_SHOWN: Final = 10


@dataclass(frozen=True)
class Case:
    """A fault of an earlier run, and whether it is there again.

    Attributes:
        fault: as it was reported.
        again: the fault that a new run found in its place; None when none did.
        asked: in how many new runs.
        unjudged: why the last of them did not judge it; "" when it did.
    """

    fault: Fault
    again: Fault | None = None
    asked: int = 0
    unjudged: str = ""

    @property
    def open(self) -> bool:
        """Whether another run may still show the fault."""
        return self.again is None and not self.unjudged


def read(file: str) -> Report:
    """A JSON report, or a case file: a report with the one fault that is of interest.

    Raises:
        CannotJudge: it cannot be read, or is something else.
    """
    try:
        return Report.from_json(Path(file).read_text(encoding="utf-8"), file)
    except OSError as error:
        raise CannotJudge(f"{file} cannot be read: {error.strerror or error}.") from error
    except (UnreadableReport, UnicodeError) as error:
        raise CannotJudge(f"{error}") from error


def chosen(report: Report, ids: Sequence[str]) -> list[Fault]:
    """The faults and warnings with these ids, or beginnings of them; all without any.

    Raises:
        CannotJudge: there is none with an id, or none at all.
    """
    every = [*report.faults, *report.warnings]
    for one in ids:
        if not any(fault.id.startswith(one) for fault in every):
            raise CannotJudge(f"The report has no case {one}; there are {_listed(every)}.")
    found = [fault for fault in every if not ids or fault.id.startswith(tuple(ids))]
    found = [fault for fault in found if fault.check]
    if not found:
        raise CannotJudge("The report tells of no case that could be run again.")
    return found


def _listed(faults: Sequence[Fault]) -> str:
    """The ids of all where they are few, else of some and how many more there are."""
    shown = faults if len(faults) <= _FEW else faults[:_SHOWN]
    more = f" and {len(faults) - len(shown)} more" if len(shown) < len(faults) else ""
    return f"{', '.join(fault.id for fault in shown) or 'none at all'}{more}"


def words(report: Report, base_url: str | None, sending: Iterable[str]) -> list[str]:
    """The options by which pytest runs the same again."""
    run = report.run
    told: dict[str, Any] = {"profile": run.profile, "seed": run.seed, "reference": run.reference}
    made = [f"--base-url={base_url or run.base_url}"]
    made += [f"--contract-{key}={value}" for key, value in told.items() if value is not None]
    made += ["--contract-read-only"] * run.read_only
    # What was a warning is to be found again as well.
    return [*made, "--contract-strict", *sending]


def ask(
    faults: Iterable[Fault], run: Callable[[Sequence[str]], Report | None], times: int
) -> list[Case] | None:
    """Ask for each fault until it shows again, or was asked so often; None without a verdict.

    Args:
        faults: as reported.
        run: runs checks, given by their names; None when the target cannot be judged.
        times: how often.
    """
    cases = [Case(fault) for fault in faults]
    for _ in range(times):
        items = list(dict.fromkeys(case.fault.check for case in cases if case.open))
        if not items:
            break
        now = run(items)
        if now is None:
            return None
        cases = [_after(case, now) if case.open else case for case in cases]
    return cases


def _after(case: Case, now: Report) -> Case:
    left_out = {check.id: check.told for check in now.checks if not check.judged}
    if why := left_out.get(case.fault.check):
        return replace(case, unjudged=why)
    return replace(case, again=_again(case.fault, now.faults), asked=case.asked + 1)


def _again(fault: Fault, found: Sequence[Fault]) -> Fault | None:
    """What was found in place of a fault, the most alike first; None when nothing was.

    A fault is the same when operation, rule and cause are; one with another cause counts as well,
    since what fails first may differ. What comes now and then may be told as just that.
    """
    alike: tuple[Callable[[Fault], bool], ...] = (
        lambda one: one.key == fault.key,
        lambda one: (one.operation, one.rule) == (fault.operation, fault.rule),
        lambda one: (
            (one.operation, one.check) == (fault.operation, fault.check)
            and NOW_AND_THEN in (one.rule, fault.rule)
        ),
    )
    return next((one for is_alike in alike for one in found if is_alike(one)), None)


def lines(cases: Sequence[Case], file: str) -> Iterator[str]:
    """What became of each case and how often it was asked, and a count."""
    for case in cases:
        what = f"{case.fault.operation}: {case.fault.message} [{case.fault.rule}]"
        often = f"asked {case.asked} {'time' if case.asked == 1 else 'times'}"
        if case.unjudged:
            yield f"not judged    {what} ({case.unjudged})"
        elif case.again is None:
            yield f"fixed         {what} ({often})"
        else:
            told = [f"now: {case.again.message}"] if case.again.key != case.fault.key else []
            told += [often] if case.asked > 1 else []
            yield f"still broken  {what}" + (f" ({'; '.join(told)})" if told else "")
    broken = sum(case.again is not None for case in cases)
    unjudged = sum(bool(case.unjudged) for case in cases)
    fixed = len(cases) - broken - unjudged
    more = f", {unjudged} not judged" if unjudged else ""
    yield f"{file}: {fixed} of {len(cases)} fixed, {broken} still broken{more}"


def status(cases: Iterable[Case]) -> int:
    """The exit status: 0 all are fixed, 1 one is not, 2 one could not be judged."""
    told = {2 if case.unjudged else int(case.again is not None) for case in cases}
    return next((code for code in (1, 2) if code in told), 0)
