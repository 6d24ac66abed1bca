"""What comes after a run: known deviations are kept, reports written, the summary told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from contract_tests.errors import CannotJudge
from contract_tests.known.accepting import accept
from contract_tests.reports.summary import summary
from contract_tests.reports.writing import wanted, write

if TYPE_CHECKING:
    from contract_tests.reports.model import Report
    from contract_tests.running.run import Options


def finish(report: Report, options: Options) -> list[str]:
    """Do what the options ask for at the end; the lines to print.

    What cannot be written does not change the verdict, but is told.
    """
    return conclude(report, options)[0]


def conclude(report: Report, options: Options) -> tuple[list[str], int]:
    """As `finish`, with the exit status."""
    remarks: list[str] = []
    unwritten = False
    if options.known_update and options.known:
        try:
            report = accept(report, Path(options.known))
        except OSError as error:
            unwritten = True
            remarks.append(f"{options.known} cannot be written: {error.strerror}")
    try:
        printed = write(report, wanted(options.reports)).splitlines()
    except CannotJudge as error:  # a `--report` not of its form: no run began for the same reason
        unwritten = True
        printed = []
        remarks += [] if report.reason else [str(error)]
    except OSError as error:
        unwritten = True
        printed = []
        remarks.append(f"{error.filename or 'A report'} cannot be written: {error.strerror}")
    return [*printed, *summary(report), *remarks], report.status or 2 * unwritten
