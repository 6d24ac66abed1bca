"""Making the report of a session: findings become text, and secrets go."""

from __future__ import annotations

import time
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from contract_tests.findings import clip
from contract_tests.reports.model import Accepted, Check, Fault, Report, Run, Step, nothing_judged
from contract_tests.rules import catalogue
from contract_tests.transport.credentials import without_userinfo

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contract_tests.findings import Finding
    from contract_tests.known.known import Entry, Known
    from contract_tests.running.run import Options
    from contract_tests.running.session import Session
    from contract_tests.transport.exchange import Exchange
    from contract_tests.transport.masking import Mask

_LONGEST: Final = 20_000  # characters of a body
_MOST_ROWS: Final = 200


def collect(session: Session, checks: Iterable[Check] = (), reason: str | None = None) -> Report:
    """What the session found, as plain data without secrets."""
    target, known = session.target, session.known
    ended = time.monotonic() - session.started
    started = datetime.fromtimestamp(time.time() - ended, UTC)
    hide = target.mask.hide
    checks = list(checks)
    reason = reason or session.availability.outage()
    if reason is None and not session.worker:  # what a worker left to others is none of its own
        reason = nothing_judged(checks, part=bool(session.shard))
    unjudged = session.unjudged + session.availability.unjudged()
    for status, times in target.connection.repeated.items():
        unjudged[f"answers of {status}: asked again until another came, or patience ended"] += times
    return Report(
        run=Run(
            base_url=target.base_url,
            version=target.version,
            profile=session.profile.name,
            seed=session.seed,
            read_only=session.read_only,
            strict=session.strict,
            shard=session.shard,
            prefix=session.prefix,
            started=started.isoformat(timespec="seconds"),
            again=hide(session.repeat),
            reference=session.reference,
            options=session.options,
        ),
        reason=None if reason is None else hide(reason),
        faults=[_fault(session, one, "error") for one in session.findings.values()],
        warnings=[_fault(session, one, "warning") for one in session.warnings.values()],
        known=[] if known is None else _accepted(known, known.occurred()),
        gone=[] if known is None else [entry.id for entry in known.gone()],
        expired=[] if known is None else _accepted(known, known.expired()),
        unjudged={hide(why): cases for why, cases in unjudged.most_common()},
        broken={name: hide(what) for name, what in session.broken.items()},
        left_over=[hide(line) for line in session.left_over],
        checks=checks,
        requests=target.requests,
        seconds=round(ended, 3),
        waited=round(target.seconds, 3),
    )


def nothing(options: Options, checks: Iterable[Check], reason: str) -> Report:
    """The report of a run that ended before it began."""
    return Report(
        run=Run(
            base_url=without_userinfo(options.base_url)[0],
            version=None,
            profile=options.profile,
            seed=options.seed or 0,
            read_only=options.read_only,
            strict=options.strict,
            shard=options.shard,
            prefix="",
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            again="",
            reference=options.reference,
            options={"only": list(options.only)},
        ),
        reason=reason,
        checks=list(checks),
    )


def fault_id(key: tuple[str, str, str]) -> str:
    """A short name of a fault, the same in every run."""
    return f"{zlib.crc32(chr(0).join(key).encode()):08x}"


def _fault(session: Session, finding: Finding, level: Any) -> Fault:
    mask = session.target.mask
    severity = catalogue()[finding.rule].severity if level == "error" else level
    return Fault(
        id=fault_id(finding.key),
        rule=finding.rule,
        level=severity,
        operation=finding.operation,
        message=mask.hide(finding.message),
        expected=mask.hide(finding.expected),
        got=mask.hide(finding.got),
        cause=mask.hide(finding.cause),
        check=session.found_by.get(finding.key, ""),
        times=session.repeats[finding.key],
        spec_pointer=finding.spec_pointer,
        due=_rows(mask, finding.due),
        came=_rows(mask, finding.came),
        steps=[step(exchange, mask) for exchange in finding.exchanges],
    )


def step(exchange: Exchange, mask: Mask) -> Step:
    """A request and its answer as text without secrets."""
    sent = exchange.request_body
    return Step(
        method=exchange.method,
        url=mask.hide(exchange.url),
        request_headers=mask.headers(exchange.request_headers),
        request_body=None if sent is None else mask.hide(_text(sent)),
        status=exchange.status,
        headers=mask.headers(exchange.headers),
        body=mask.hide(_text(exchange.body)),
        seconds=round(exchange.elapsed, 6),
        curl=mask.hide(clip(exchange.curl(), _LONGEST)),
    )


def _text(body: bytes) -> str:
    text = body.decode("utf-8", "backslashreplace")
    if len(text) > _LONGEST:
        return f"{text[:_LONGEST]}... ({len(text) - _LONGEST} more characters)"
    return text


def _rows(mask: Mask, rows: tuple[str, ...] | None) -> list[str] | None:
    return None if rows is None else [mask.hide(row) for row in rows[:_MOST_ROWS]]


def _accepted(known: Known, entries: Iterable[Entry]) -> list[Accepted]:
    return [
        Accepted(
            id=entry.id,
            times=known.met[entry.id],
            reason=" ".join(entry.reason.split()),
            issue=entry.issue,
            expires=None if entry.expires is None else entry.expires.isoformat(),
        )
        for entry in entries
    ]
