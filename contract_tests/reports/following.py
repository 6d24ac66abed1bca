"""Which faults may only follow from others.

One mistake of a server is met in many places: where it is judged by itself, and wherever a check
uses the operation as an aid. Three rules, and no more, say that one may follow from another:

- One of its requests was answered with 5xx, and that the operation does so is told by itself.
- It is shown by a search whose body has in it what that search was found to do wrong.
- Its rule rests on a rule (`rests_on` in the catalogue) that the same operation was found to break.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from contract_tests.rules import catalogue
from contract_tests.rules.blame import ABOUT_NO_FILTER, blamed, features
from contract_tests.spec.operations import operations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contract_tests.reports.model import Fault, Report, Step

# Rules by which the answer of a search is judged by itself, and those that use searches as an aid.
_MEANING: Final = ("filters.", "pages.")
_FAILED: Final = "shape.server-error"
_SERVER_ERROR: Final = 500
_AIDED: Final = ("lifecycle.", "rows.")


def causes(report: Report) -> dict[str, Fault]:
    """The faults that may follow from others: id -> the fault that may be the cause."""
    faults = [_Read(report, fault) for fault in report.faults]
    faults.sort(key=lambda one: one.fault.rule != _FAILED)  # what failed explains most
    found: dict[str, Fault] = {}
    for one in faults:
        cause = next((other for other in faults if one.may_follow_from(other)), None)
        if cause is not None:
            found[one.fault.id] = cause.fault
    return {name: _first(cause, found) for name, cause in found.items()}


def _first(cause: Fault, found: Mapping[str, Fault]) -> Fault:
    """The cause of the causes."""
    seen: set[str] = set()
    while cause.id in found and cause.id not in seen:
        seen.add(cause.id)
        cause = found[cause.id]
    return cause


class _Read:
    """A fault with what its requests are."""

    def __init__(self, report: Report, fault: Fault) -> None:
        self.fault = fault
        self._base_url = report.run.base_url
        told = [self._operation(step) for step in fault.steps[-2:]]
        self._shown_by = told[-1] if told else None
        self._about = {fault.operation, *told}
        self._failed = {
            self._operation(step) for step in fault.steps if step.status >= _SERVER_ERROR
        }
        self._filters = _filters(fault.steps)

    def _operation(self, step: Step) -> str | None:
        path = step.url.removeprefix(self._base_url).partition("?")[0]
        found = operations().match(step.method, path)
        return None if found is None else found.id

    def may_follow_from(self, other: _Read) -> bool:
        rule, cause = self.fault.rule, other.fault.rule
        if cause == _FAILED and rule != _FAILED:
            return other.fault.operation in self._failed
        known = catalogue().get(rule)
        if known is not None and cause in known.rests_on:
            return other.fault.operation in self._about
        if not cause.startswith(_MEANING) or cause in ABOUT_NO_FILTER:
            return False
        if not rule.startswith(_AIDED) or self._shown_by != other.fault.operation:
            return False
        if self._filters is None or other._filters is None:
            return False
        return blamed(other._filters) <= features(self._filters)


def _filters(steps: Sequence[Step]) -> dict[str, Any] | None:
    """The body of the last request, as an object; None where it is none."""
    try:
        body = json.loads((steps[-1].request_body if steps else None) or "{}")
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
