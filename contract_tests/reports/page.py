"""The report as one HTML page that needs nothing besides itself."""

from __future__ import annotations

import json
from difflib import SequenceMatcher
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from contract_tests.reports.following import causes
from contract_tests.rules import catalogue

if TYPE_CHECKING:
    import jinja2

    from contract_tests.reports.model import Check, Fault, Report

_MARKS: Final = {0: "conforms", 1: "violates", 2: "unjudged"}
_LONGEST: Final = 6000  # characters of a body as shown; the JSON report has more


def render(report: Report) -> str:
    """The page."""
    faults = [*report.faults, *report.warnings]
    modules: dict[str, list[Check]] = {}
    for check in report.checks:
        modules.setdefault(check.module, []).append(check)
    text: str = _template().render(
        report=report,
        run=report.run,
        mark=_MARKS[report.status],
        faults=faults,
        operations=sorted({fault.operation for fault in faults}),
        rules=sorted({fault.rule for fault in faults}),
        modules=modules,
        causes=causes(report),
        statements={code: rule.statement for code, rule in catalogue().items()},
    )
    return text


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    from jinja2 import Environment  # noqa: PLC0415 - only this report needs it

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(pretty=pretty, row_diff=row_diff)
    source = (files("contract_tests.reports") / "page.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source)


def pretty(text: str) -> str:
    """JSON indented; anything else as it is; both cut where they become too long."""
    try:
        shown = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        shown = text
    if len(shown) > _LONGEST:
        return f"{shown[:_LONGEST]}\n... ({len(shown) - _LONGEST} more characters)"
    return shown


def row_diff(fault: Fault) -> list[tuple[str, str]]:
    """Rows marked `both`, `missing` (due and did not come) or `surplus` (came and is not due)."""
    due, came = fault.due or [], fault.came or []
    found: list[tuple[str, str]] = []
    codes: Any = SequenceMatcher(None, due, came, autojunk=False).get_opcodes()
    for what, start, end, other_start, other_end in codes:
        if what == "equal":
            found += [("both", row) for row in due[start:end]]
            continue
        found += [("missing", row) for row in due[start:end]]
        found += [("surplus", row) for row in came[other_start:other_end]]
    return found
