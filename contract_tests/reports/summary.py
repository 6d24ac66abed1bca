"""A report as plain lines that fit a screen."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING, Final

from contract_tests.findings import clip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from contract_tests.reports.model import Accepted, Fault, Report

_WIDTH: Final = 100
_MOST: Final = 6  # lines of one block: a summary is to fit a screen
_MOST_FAULTS: Final = 12


def summary(report: Report) -> Iterator[str]:
    """The lines: verdict, faults, warnings, known, unjudged, left over, figures, how to repeat."""
    yield report.verdict
    if report.reason is not None:
        yield f"  {report.reason}"
    yield from _grouped(report.faults, _MOST_FAULTS)
    if report.warnings:
        yield "Warnings (where documents are silent; --strict makes them fail):"
        yield from _grouped(report.warnings, _MOST)
    yield from _block("Known, but their time is over: they fail again", _told(report.expired))
    yield from _block("Known deviations of this version", _told(report.known))
    if report.gone:
        count = len(report.gone)
        what = "deviation" if count == 1 else "deviations"
        yield clip(f"{count} known {what} did not show here: {', '.join(report.gone)}", _WIDTH)
    yield from _block(
        "Left unjudged (the verdict does not rest on it)",
        (
            f"{why} ({cases} {'case' if cases == 1 else 'cases'})"
            for why, cases in report.unjudged.items()
        ),
    )
    yield from _block(
        "The suite itself failed in", (f"{name}: {what}" for name, what in report.broken.items())
    )
    # In full: somebody has to remove them.
    if report.left_over:
        yield "Could not be removed from the target:"
        yield from (f"  {line}" for line in report.left_over)
    yield from _figures(report)


def _grouped(faults: Sequence[Fault], most: int) -> Iterator[str]:
    """Faults of one rule and message together, those of several operations first.

    What a walk sees may come of what the checks before it found, so that comes last.
    """
    groups: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        groups.setdefault((fault.rule, fault.message), []).append(fault)
    ordered = sorted(
        groups.items(), key=lambda item: (item[0][0].startswith("lifecycle."), -len(item[1]))
    )
    for (rule, message), group in ordered[:most]:
        times = sum(fault.times for fault in group)
        again = f" ({times}x)" if times > 1 else ""
        room = _WIDTH - len(rule) - len(again) - 6
        yield f"  {clip(message, max(room, 40))} [{rule}]{again}"
        names = sorted({fault.operation for fault in group})
        yield f"    {shorten(', '.join(names), _WIDTH - 4, placeholder=' ...')}"
    if len(ordered) > most:
        yield f"  ... and {len(ordered) - most} more"


def _told(entries: Iterable[Accepted]) -> Iterator[str]:
    for entry in entries:
        until = f" (until {entry.expires})" if entry.expires else ""
        issue = f" {entry.issue}" if entry.issue else ""
        yield f"{entry.id} ({entry.times}x){until}{issue}: {entry.reason}"


def _block(title: str, lines: Iterable[str]) -> Iterator[str]:
    told = list(lines)
    if not told:
        return
    yield f"{title}:"
    for line in told[:_MOST]:
        yield f"  {shorten(line, _WIDTH, placeholder=' ...')}"
    if len(told) > _MOST:
        yield f"  ... and {len(told) - _MOST} more"


def _figures(report: Report) -> Iterator[str]:
    run = report.run
    part = f", part {run.shard}" if run.shard else ""
    yield (
        f"{report.requests} requests in {report.seconds:.1f} s ({report.waited:.1f} s of it "
        f"waiting for answers), server {run.server}, profile {run.profile}{part}, "
        f"seed {run.seed}"
    )
    if report.faults and run.prefix and not run.read_only:
        yield (
            "What the requests above name was made by this run and is gone; "
            "`again`, or `replay` of a JSON report, makes it anew."
        )
    if run.again:
        yield f"again: {run.again}"
