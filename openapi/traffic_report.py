"""What came of checking an archive, and how it is told."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from openapi.annotations import render_github
from openapi.findings import Finding, Severity, counted
from openapi.har import Archive, Recorded
from openapi.traffic import Breach, TrafficJudge

__all__ = ["Grouped", "TrafficReport", "check_traffic", "render_traffic"]

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Grouped:
    """One fault, wherever it was met.

    Attributes:
        breach: The first of them.
        entries: The numbers of all exchanges that show it.
    """

    breach: Breach
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TrafficReport:
    """What came of checking an archive.

    Attributes:
        name: The archive, as the user calls it.
        judged: How many exchanges were judged.
        ignored: Why others were not -> how many.
        faults: What is wrong, errors first, then in the order of the archive.
        operations: The operations that were met -> how often.
        requests: Whether requests were judged, too, and not their answers alone.
    """

    name: str
    judged: int
    ignored: Mapping[str, int]
    faults: tuple[Grouped, ...]
    operations: Mapping[str, int]
    requests: bool = True


def _hosts(exchanges: Iterable[Recorded], judge: TrafficJudge) -> set[str]:
    """The hosts that answer for an operation of the document below the base path."""
    found: set[str] = set()
    for exchange in exchanges:
        path = judge.path_below(exchange.path)
        if path is not None and judge.operation_of(exchange.method, path) is not None:
            found.add(exchange.host)
    return found


def _netloc(host: str) -> str:
    return host.partition("://")[2] or host


def check_traffic(
    archive: Archive,
    judge: TrafficJudge,
    name: str,
    hosts: Sequence[str] = (),
    progress: Callable[[int], None] | None = None,
    *,
    requests: bool = True,
) -> TrafficReport:
    """Judge the exchanges of an archive.

    Args:
        archive: The exchanges.
        judge: By which document.
        name: What the user calls the archive.
        hosts: Whose exchanges, as `host:port` or with the scheme; none for all that answer for an
            operation of the document.
        progress: Told after each exchange how many were judged.
        requests: Judge requests, too; those of an archive that says to provoke are not.
    """
    requests = requests and not archive.provokes
    wanted = {_netloc(host) for host in hosts or _hosts(archive.exchanges, judge)}
    ignored = Counter(archive.skipped)
    met: Counter[str] = Counter()
    found: dict[tuple[str, ...], list[Breach]] = {}
    for exchange in archive.exchanges:
        path = judge.path_below(exchange.path)
        if _netloc(exchange.host) not in wanted:
            ignored["of another host"] += 1
        elif path is None:
            ignored["outside of the base path"] += 1
        else:
            met[judge.operation_of(exchange.method, path) or "no operation"] += 1
            for breach in judge.judge(exchange, requests=requests):
                key = (breach.severity, breach.code, breach.operation, breach.pointer)
                found.setdefault((*key, breach.message), []).append(breach)
            if progress is not None:
                progress(met.total())
    groups = [
        Grouped(group[0], tuple(breach.entry for breach in group)) for group in found.values()
    ]
    order = tuple(Severity)
    groups.sort(key=lambda group: (order.index(group.breach.severity), group.entries[0]))
    return TrafficReport(name, met.total(), dict(ignored), tuple(groups), dict(met), requests)


def _where(group: Grouped) -> str:
    shown = ", ".join(map(str, group.entries[:_SHOWN]))
    more = len(group.entries) - _SHOWN
    noun = "entry" if len(group.entries) == 1 else "entries"
    return f"{noun} {shown}{f' and {more} more' if more > 0 else ''}"


def _line(group: Grouped) -> str:
    breach = group.breach
    place = f" at {breach.pointer}" if breach.pointer else ""
    says = f"{breach.operation}{place}: {breach.message}"
    return f"{breach.severity} {breach.code}: {says} ({_where(group)})"


def _finding(name: str, group: Grouped) -> Finding:
    """A fault as a finding of the archive; its lines mean nothing to anybody."""
    breach = group.breach
    return Finding(breach.code, breach.severity, name, 1, 1, breach.pointer, _line(group))


def _summary(report: TrafficReport) -> str:
    counts = Counter(group.breach.severity for group in report.faults)
    told = ", ".join(
        counted(counts[severity], severity.value) for severity in Severity if counts[severity]
    )
    left = "".join(f", {number} {reason}" for reason, number in sorted(report.ignored.items()))
    what = "exchange" if report.requests else "answer"
    judged = f"{counted(report.judged, what)} of {len(report.operations)} operations"
    return f"{report.name}: {told or 'nothing wrong'} in {judged}{left}"


def render_traffic(report: TrafficReport, form: str) -> str:
    """The report as `text`, `json` or `github` annotations."""
    if form == "json":
        content = {
            "archive": report.name,
            "judged": report.judged,
            "requests": report.requests,
            "ignored": report.ignored,
            "operations": report.operations,
            "findings": [{**asdict(g.breach), "entries": g.entries} for g in report.faults],
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    if form == "github":
        return render_github([_finding(report.name, group) for group in report.faults])
    lines = [*map(_line, report.faults), _summary(report)]
    return "".join(f"{line}\n" for line in lines)
