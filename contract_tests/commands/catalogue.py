"""The catalogue of rules as a reader sees it: the whole as a list, or one rule explained."""

from __future__ import annotations

import json
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from contract_tests.rules import Rule, catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from contract_tests.known.known import Entry

SOURCES: Final[Mapping[str, str]] = {
    "spec": "the spec documents it",
    "law": "it follows from what the operations are, whatever the data",
    "server": "released servers do so; the documents are silent",
    "reference": "the server that is compared with does so",
}
SEVERITIES: Final[Mapping[str, str]] = {
    "error": "a breach fails the run",
    "warning": "a breach is told, and fails the run with --strict only",
}
_WIDTH: Final = 88


def as_text(rules: Iterable[Rule]) -> str:
    """One paragraph for each rule: code, severity, source, statement, operations."""
    lines: list[str] = []
    for rule in rules:
        lines.append(f"{rule.code}  ({rule.severity}, {rule.source})")
        lines += _indented(rule.statement)
        lines += _indented(f"operations: {', '.join(rule.operations)}")
    return "\n".join(lines) + "\n"


def as_json(rules: Iterable[Rule]) -> str:
    """A list of objects with the keys of the catalogue."""
    return json.dumps([_plain(rule) for rule in rules], indent=2, ensure_ascii=False) + "\n"


def as_markdown(rules: Iterable[Rule]) -> str:
    """A table for each kind of rules."""
    lines: list[str] = []
    for kind, group in groupby(rules, key=lambda rule: rule.code.partition(".")[0]):
        lines += [f"## {kind}", "", "| code | severity | source | what holds | operations |"]
        lines += ["|---|---|---|---|---|", *map(_row, group), ""]
    return "\n".join(lines)


FORMATS: Final[Mapping[str, Callable[[Iterable[Rule]], str]]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
}


def explain(code: str, entries: Iterable[Entry] = ()) -> str:
    """What rules say, why, and an example of their breach; or what known deviations are.

    Args:
        code: of a rule, or the id of a known deviation; with * as a wildcard, of several.
        entries: the known deviations.

    Raises:
        KeyError: there is no such rule or deviation; the message names the nearest ones.
    """
    known = {entry.id: entry for entry in entries}
    told = [_rule(rule) for name, rule in catalogue().items() if fnmatchcase(name, code)]
    told += [_deviation(entry) for name, entry in known.items() if fnmatchcase(name, code)]
    if not told:
        raise KeyError(f"No rule or known deviation is {code!r}. {_nearest(code, known)}")
    return "\n".join(told)


def _rule(rule: Rule) -> str:
    parts = {
        "holds": rule.statement,
        "breach": rule.example,
        "severity": f"{rule.severity}: {SEVERITIES[rule.severity]}",
        "source": f"{rule.source}: {SOURCES[rule.source]}",
        "operations": ", ".join(rule.operations),
        "spec": ", ".join(_pointers(rule)) or "no one place",
    }
    if rule.rests_on:
        parts["follows"] = f"perhaps, where an operation breaks {' or '.join(rule.rests_on)}"
    return _paragraph(rule.code, parts)


def _deviation(entry: Entry) -> str:
    parts = {
        "known": "a deviation that does not fail a run",
        "reason": entry.reason,
        "versions": str(entry.versions or "any"),
        "operations": ", ".join(sorted(entry.operations)),
        "rules": ", ".join(entry.rules),
        "status": str(entry.status or ""),
        "when": "" if entry.told_when is None else json.dumps(entry.told_when, ensure_ascii=False),
        "cause": entry.cause or "",
        "issue": entry.issue or "",
        "expires": "" if entry.expires is None else entry.expires.isoformat(),
    }
    return _paragraph(entry.id, {title: text for title, text in parts.items() if text})


def _paragraph(head: str, parts: Mapping[str, str]) -> str:
    lines = [head]
    for title, text in parts.items():
        first, *rest = wrap(text, _WIDTH - 14, break_long_words=False, break_on_hyphens=False)
        lines.append(f"  {title:<12}{first}")
        lines += [f"  {'':<12}{line}" for line in rest]
    return "\n".join(lines) + "\n"


def _nearest(code: str, known: Iterable[str]) -> str:
    codes = [*catalogue(), *known]
    word = code.rpartition(".")[2]
    near = get_close_matches(code, codes, n=4, cutoff=0.5)
    near += [one for one in codes if word and word in one and one not in near][: 4 - len(near)]
    if near:
        return f"The nearest ones: {', '.join(near)}."
    return "`deployments-contract rules` lists them."


def _pointers(rule: Rule) -> Iterator[str]:
    from contract_tests.spec.operations import operations  # noqa: PLC0415 - it reads the bundle

    if rule.operations != ("all",):
        yield from (operations()[name].pointer for name in rule.operations)


def _plain(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "statement": rule.statement,
        "example": rule.example,
        "severity": rule.severity,
        "source": rule.source,
        "operations": list(rule.operations),
        "rests_on": list(rule.rests_on),
    }


def _row(rule: Rule) -> str:
    names = ", ".join(f"`{name}`" for name in rule.operations)
    statement = rule.statement.replace("|", "\\|")
    return f"| `{rule.code}` | {rule.severity} | {rule.source} | {statement} | {names} |"


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in wrap(text, _WIDTH - 4, break_on_hyphens=False)]
