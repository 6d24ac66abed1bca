"""`--known-update`: what a run found becomes entries of a file of known deviations."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import yaml

from contract_tests.reports.model import Accepted
from contract_tests.spec.criteria import FILTERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from contract_tests.reports.model import Fault, Report

DAYS: Final = 90
"""How long what is accepted stays so, unless the team that owns the file says otherwise."""

_HEAD: Final = """\
# Known deviations, for `deployments-contract run --known`. Each one needs a reason; an issue, and a
# date from which it fails again, keep it from being forgotten. Written by --known-update.
"""
_ALONE: Final = re.compile(rf"(?:{'|'.join(FILTERS)})(?:\.[a-z_]+)+(?= )")


def accept(report: Report, file: Path, *, today: date | None = None) -> Report:
    """Add what fails the run to a file; the report in which it is known.

    Args:
        report: of the run.
        file: is written, or extended at its end; what stands in it stays.
        today: the day that entries are made on; in UTC, unless told.

    Raises:
        OSError: the file cannot be written.
    """
    day = today or datetime.now(UTC).date()
    entries = {fault.key: entry(fault, report.run.version, day) for fault in report.faults}
    if not entries:
        return report
    there = file.read_text(encoding="utf-8") if file.exists() else ""
    written = _distinct(list(entries.values()))
    text = "".join(f"\n{_as_yaml(one)}" for one in written)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(("" if there.strip() else _HEAD) + text)
    accepted = [
        Accepted(
            id=entries[fault.key]["id"],
            times=fault.times,
            reason=entries[fault.key]["reason"],
            expires=entries[fault.key]["expires"].isoformat(),
        )
        for fault in report.faults
    ]
    told = f"{_many(len(entries), 'fault', 'faults')} accepted from now on: "
    told += f"{_many(len(written), 'deviation', 'deviations')} written to {file}"
    return replace(report, faults=[], known=[*report.known, *accepted], accepted=told)


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def entry(fault: Fault, version: str | None, day: date) -> dict[str, Any]:
    """One fault as an entry: as narrow as its cause, for the release line that shows it."""
    made: dict[str, Any] = {"id": f"{fault.operation}-{fault.rule}-{fault.id}".replace(".", "-")}
    release = re.match(r"\d+\.\d+", version or "")
    if release:
        made["versions"] = f"=={release[0]}.*"
    made |= {"operations": [fault.operation], "rules": [fault.rule], "cause": _cause(fault.cause)}
    if len(fault.steps) == 1 and fault.rule.startswith("shape."):
        made["status"] = fault.steps[0].status
    return made | {
        "reason": f"Found on {day.isoformat()}: {fault.message}. Say here why it is accepted.",
        "issue": None,
        "expires": day + timedelta(days=DAYS),
    }


def _cause(cause: str) -> str:
    """The cause as a pattern: whatever the value, where it is one criterion that is at fault."""
    if not cause:
        return "*"  # it shows without any filter, so with every one
    alone = _ALONE.match(cause)
    if alone and " with " not in cause:
        return f"{_literal(alone[0])}*"
    return _literal(cause)


def _literal(text: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", text)


def _distinct(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries without those that say what an earlier one says."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in entries:
        key = (one["operations"][0], one["rules"][0], one["cause"], one.get("status"))
        found.setdefault(key, one)
    return list(found.values())


def _as_yaml(one: dict[str, Any]) -> str:
    return yaml.safe_dump([one], sort_keys=False, allow_unicode=True, width=96)
