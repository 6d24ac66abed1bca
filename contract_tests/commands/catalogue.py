"""The catalogue of rules as a reader sees it: the whole as a list, or one rule explained."""

from __future__ import annotations

import json
from difflib import get_close_matches
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from contract_tests.rules import Rule, catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

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


def explain(code: str) -> str:
    """What one rule says, why, and an example of its breach.

    Raises:
        KeyError: there is no such rule; the message names the nearest ones.
    """
    rule = catalogue().get(code)
    if rule is None:
        raise KeyError(f"There is no rule {code!r}. {_nearest(code)}")
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
    lines = [rule.code]
    for title, text in parts.items():
        first, *rest = wrap(text, _WIDTH - 14, break_long_words=False, break_on_hyphens=False)
        lines.append(f"  {title:<12}{first}")
        lines += [f"  {'':<12}{line}" for line in rest]
    return "\n".join(lines) + "\n"


def _nearest(code: str) -> str:
    codes = list(catalogue())
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
