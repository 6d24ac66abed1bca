"""Several reports as one: the shards of a run, or what several workers found."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from contract_tests.reports.model import Accepted, Check, Fault, Report, nothing_judged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def merge(reports: Sequence[Report]) -> Report:
    """One report of what several parts of one run found.

    Args:
        reports: at least one; parts of the same run (see `mismatch`).
    """
    first = reports[0]
    reasons = list(dict.fromkeys(r.reason for r in reports if r.reason is not None))
    reasons += _missing(reports)
    checks = _checks(reports)
    if not reasons and (why := nothing_judged(checks)):
        reasons.append(why)
    seen_gone = {name for r in reports for name in (one.id for one in r.known)}
    return Report(
        run=replace(
            first.run,
            shard="",
            version=next((r.run.version for r in reports if r.run.version), None),
            started=min(r.run.started for r in reports),
            again=first.run.again.replace(f" --shard {first.run.shard}", ""),
        ),
        reason="; ".join(reasons) or None,
        faults=_faults(r.faults for r in reports),
        warnings=_faults(r.warnings for r in reports),
        known=_accepted(r.known for r in reports),
        gone=sorted({name for r in reports for name in r.gone} - seen_gone),
        expired=_accepted(r.expired for r in reports),
        unjudged=dict(sum((Counter(r.unjudged) for r in reports), Counter[str]()).most_common()),
        broken={name: what for r in reports for name, what in r.broken.items()},
        left_over=[line for r in reports for line in r.left_over],
        checks=checks,
        requests=sum(r.requests for r in reports),
        seconds=max(r.seconds for r in reports),
        waited=sum(r.waited for r in reports),
    )


def mismatch(reports: Sequence[Report]) -> str:
    """Why reports are no parts of one run, in a sentence; "" when they are."""
    runs = [report.run for report in reports]
    for name in ("profile", "seed", "read_only", "strict", "reference", "options"):
        values = list(dict.fromkeys(str(getattr(run, name)) for run in runs))
        if len(values) > 1:
            told = " and ".join(values)
            return f"These are no parts of one run: they differ in {name} ({told})."
    shards = [run.shard for run in runs if run.shard]
    twice = sorted({shard for shard in shards if shards.count(shard) > 1})
    if twice:
        return f"The part {', '.join(twice)} is given more than once."
    counts = {shard.partition("/")[2] for shard in shards}
    if len(counts) > 1:
        return f"These are parts of runs that were split into {' and '.join(sorted(counts))}."
    return ""


def _missing(reports: Sequence[Report]) -> list[str]:
    shards = {report.run.shard for report in reports if report.run.shard}
    if not shards:
        return []
    count = int(next(iter(shards)).partition("/")[2])
    gone = [f"{n}/{count}" for n in range(1, count + 1) if f"{n}/{count}" not in shards]
    return [f"the part {', '.join(gone)} is missing"] if gone else []


def _faults(lists: Iterable[list[Fault]]) -> list[Fault]:
    found: dict[tuple[str, str, str], Fault] = {}
    for faults in lists:
        for fault in faults:
            before = found.get(fault.key)
            times = fault.times + (before.times if before else 0)
            found[fault.key] = replace(before or fault, times=times)
    return list(found.values())


def _accepted(lists: Iterable[list[Accepted]]) -> list[Accepted]:
    found: dict[str, Accepted] = {}
    for accepted in lists:
        for one in accepted:
            before = found.get(one.id)
            found[one.id] = replace(one, times=one.times + (before.times if before else 0))
    return list(found.values())


def _checks(reports: Sequence[Report]) -> list[Check]:
    """Each check once: one that was run counts most, one that was not to run here least."""
    found: dict[str, Check] = {}
    for report in reports:
        for check in report.checks:
            before = found.get(check.id)
            if before is None or not before.chosen or (check.judged and not before.judged):
                found[check.id] = check
    return list(found.values())
