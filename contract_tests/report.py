"""What a run says at its end, as plain lines."""

from __future__ import annotations

import time
from itertools import groupby
from textwrap import shorten
from typing import TYPE_CHECKING

from contract_tests.findings import clip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from contract_tests.findings import Finding
    from contract_tests.session import Session

_WIDTH = 100
_MOST = 12  # lines of one block: a summary is to fit a screen


def verdict(session: Session, reason: str | None = None) -> str:
    """One line: does the target conform?"""
    url = session.target.base_url
    if session.findings:
        count = len(session.findings)
        return f"{url} VIOLATES the contract: {count} {_plural('fault', count)}"
    if reason is not None:
        return f"{url} could NOT be judged"
    if session.broken:
        return f"{url} could NOT be judged completely: the suite itself failed"
    return f"{url} conforms"


def exit_status(session: Session | None, reason: str | None, *, interrupted: bool = False) -> int:
    """0 conforms, 1 violations, 2 could not judge."""
    if session is not None and session.findings:
        return 1
    if session is None or reason is not None or interrupted or session.broken:
        return 2
    return 0


def summary(session: Session, *, reason: str | None = None) -> Iterator[str]:
    """The lines: verdict, faults, warnings, known, unjudged, left over, figures, how to repeat."""
    yield verdict(session, reason)
    if reason is not None:
        yield f"  {reason}"
    yield from _faults(session)
    yield from _block(
        "Warnings (where documents are silent)", _lines(session, session.warnings.values())
    )
    if session.known is not None:
        known = session.known
        yield from _block(
            "Known deviations of this version",
            (f"{e.id} ({known.met[e.id]}x): {e.reason}" for e in known.occurred()),
        )
        if gone := known.gone():
            count = len(gone)
            names = ", ".join(entry.id for entry in gone)
            yield clip(
                f"{count} known {_plural('deviation', count)} did not show here: {names}", _WIDTH
            )
    yield from _block(
        "Left unjudged (the verdict does not rest on it)",
        (f"{reason} ({cases} cases)" for reason, cases in session.unjudged.most_common()),
    )
    yield from _block(
        "The suite itself failed in", (f"{name}: {what}" for name, what in session.broken.items())
    )
    # In full: somebody has to remove them.
    if session.left_over:
        yield "Could not be removed from the target:"
        yield from (f"  {line}" for line in session.left_over)
    yield from _figures(session)


def _faults(session: Session) -> Iterator[str]:
    found = sorted(session.findings.values(), key=lambda finding: finding.operation)
    shown = 0
    for operation, group in groupby(found, key=lambda finding: finding.operation):
        if shown >= 2 * _MOST:
            yield f"  ... and {len(found) - shown} more"
            return
        yield f"  {operation}"
        for line in _lines(session, group, operation=False):
            shown += 1
            yield f"    {line}"


def _lines(session: Session, found: Iterable[Finding], *, operation: bool = True) -> Iterator[str]:
    for finding in found:
        times = session.repeats[finding.key]
        again = f" ({times}x)" if times > 1 else ""
        where = f"{finding.operation}: " if operation else ""
        room = _WIDTH - len(where) - len(finding.rule) - len(again)
        yield f"{where}{clip(finding.message, max(room, 40))} [{finding.rule}]{again}"


def _block(title: str, lines: Iterable[str]) -> Iterator[str]:
    told = list(lines)
    if not told:
        return
    yield f"{title}:"
    for line in told[:_MOST]:
        yield f"  {shorten(line, _WIDTH, placeholder=' ...')}"
    if len(told) > _MOST:
        yield f"  ... and {len(told) - _MOST} more"


def _figures(session: Session) -> Iterator[str]:
    target = session.target
    taken = time.monotonic() - session.started
    version = target.version or "unknown version"
    yield (
        f"{target.requests} requests in {taken:.1f} s ({target.seconds:.1f} s of it waiting for "
        f"answers), server {version}, profile {session.profile.name}, seed {session.seed}"
    )
    yield f"again: {session.repeat}"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else word + "s"
