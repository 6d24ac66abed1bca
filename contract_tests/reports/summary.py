"""A report as plain lines that fit a screen."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING, Final, NamedTuple

from contract_tests.findings import clip
from contract_tests.reports.following import causes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from contract_tests.reports.model import Accepted, Fault, Report

_WIDTH: Final = 100
_MOST: Final = 6  # lines of one block: a summary is to fit a screen
_MOST_FAULTS: Final = 12
_MOST_OF_A_RULE: Final = 3  # groups of one rule; of more, only a few are shown
_FEW: Final = 2


class _Entry(NamedTuple):
    """Lines that are shown together, and how many groups or faults they stand for."""

    lines: list[str]
    holds: int


def summary(report: Report) -> Iterator[str]:
    """The lines: verdict, faults, warnings, known, unjudged, left over, figures, how to repeat."""
    yield report.verdict
    if report.reason is not None:
        yield f"  {report.reason}"
    yield from _grouped(report.faults, _MOST_FAULTS, causes(report))
    if report.warnings:
        yield "Warnings (where documents are silent; --strict makes them fail):"
        yield from _grouped(report.warnings, _MOST)
    yield from _block("Known, but their time is over: they fail again", _told(report.expired))
    yield from _block("Known deviations of this version", _told(report.known))
    if report.gone:
        count = len(report.gone)
        what = "deviation" if count == 1 else "deviations"
        told = f"{count} known {what} did not show here: {', '.join(report.gone)}"
        yield shorten(told, _WIDTH, placeholder=" ...")
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


def _grouped(
    faults: Sequence[Fault], most: int, because: Mapping[str, Fault] | None = None
) -> Iterator[str]:
    """Faults of one rule and message together, those of several operations first.

    What a walk sees may come of what the checks before it found, so that comes last; and what may
    only follow from another fault is a number below that one.

    Args:
        faults: what was found.
        most: blocks to show.
        because: id of a fault -> the fault from which it may follow.
    """
    because = because or {}
    groups: dict[tuple[str, str], list[Fault]] = {}
    following: dict[str, list[Fault]] = {}
    for fault in faults:
        if fault.id in because:
            following.setdefault(because[fault.id].rule, []).append(fault)
        else:
            groups.setdefault((fault.rule, fault.message), []).append(fault)
    ordered = sorted(
        groups.values(), key=lambda group: (group[0].rule.startswith("lifecycle."), -len(group))
    )
    blocks: dict[str, list[list[Fault]]] = {}
    for group in ordered:
        blocks.setdefault(group[0].rule, []).append(group)
    # What others may follow from is most likely what is to be mended.
    first = sorted(blocks, key=lambda rule: -len(following.get(rule, ())))
    entries = [entry for rule in first for entry in _of_a_rule(blocks[rule], following)]
    for entry in entries[:most]:
        yield from entry.lines
    if rest := sum(entry.holds for entry in entries[most:]):
        yield f"  ... and {rest} more"


def _of_a_rule(
    groups: Sequence[Sequence[Fault]], following: Mapping[str, Sequence[Fault]]
) -> Iterator[_Entry]:
    """What stands of a rule: a few of its groups, how many more, and what may follow from them."""
    rule = groups[0][0].rule
    shown = groups if len(groups) <= _MOST_OF_A_RULE else groups[:_FEW]
    for group in shown:
        yield _Entry(_of_a_group(group), 1)
    if rest := [fault for group in groups[len(shown) :] for fault in group]:
        number = len(groups) - len(shown)
        names = {fault.operation for fault in rest}
        yield _Entry([_more(f"{number} more of {rule}", names)], number)
    if after := following.get(rule):
        names = {fault.rule for fault in after}
        what = "it" if len(groups) == 1 else "them"
        yield _Entry([_more(f"{len(after)} more that may follow from {what}", names)], len(after))


def _of_a_group(group: Sequence[Fault]) -> list[str]:
    rule = group[0].rule
    times = sum(fault.times for fault in group)
    again = f" ({times}x)" if times > 1 else ""
    room = _WIDTH - len(rule) - len(again) - 6
    names = ", ".join(sorted({fault.operation for fault in group}))
    return [
        f"  {clip(group[0].message, max(room, 40))} [{rule}]{again}",
        f"    {shorten(names, _WIDTH - 4, placeholder=' ...')}",
    ]


def _more(what: str, names: Iterable[str]) -> str:
    told = f"... and {what}: {', '.join(sorted(names))}"
    return f"    {shorten(told, _WIDTH - 4, placeholder=' ...')}"


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
