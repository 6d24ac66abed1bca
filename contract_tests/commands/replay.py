"""Running failed cases again: the same checks, by the same seed, on the same data made anew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from contract_tests.errors import CannotJudge
from contract_tests.reports.model import Fault, Report, UnreadableReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_FEW: Final = 20  # ids that one sentence can hold
_SHOWN: Final = 10


@dataclass(frozen=True)
class Case:
    """A fault of an earlier run, and whether it is there again.

    Attributes:
        fault: as it was reported.
        again: the fault that the new run found in its place; None when it found none.
    """

    fault: Fault
    again: Fault | None


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


def compare(faults: Iterable[Fault], now: Report) -> list[Case]:
    """Which of the faults are there again.

    A fault is the same when operation, rule and cause are; one with another cause counts as well,
    since what fails first may differ.
    """
    found = {fault.key: fault for fault in now.faults}
    kinds = {(fault.operation, fault.rule): fault for fault in now.faults}
    return [
        Case(fault, found.get(fault.key) or kinds.get((fault.operation, fault.rule)))
        for fault in faults
    ]


def lines(cases: Sequence[Case], file: str) -> Iterator[str]:
    """What became of each case, and a count."""
    for case in cases:
        what = f"{case.fault.operation}: {case.fault.message} [{case.fault.rule}]"
        if case.again is None:
            yield f"fixed         {what}"
        else:
            other = "" if case.again.key == case.fault.key else f" (now: {case.again.message})"
            yield f"still broken  {what}{other}"
    broken = sum(case.again is not None for case in cases)
    yield f"{file}: {len(cases) - broken} of {len(cases)} fixed, {broken} still broken"
