"""Asking count, filter and paginate, and judging each answer by the oracle."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from contract_tests.checks.oracle import UNSCOPED, UNSTEADY, Oracle
from contract_tests.findings import Finding, Violation
from contract_tests.reports.model import HIDDEN
from contract_tests.rules import pages
from contract_tests.rules.blame import ABOUT_NO_FILTER, blamed, features
from contract_tests.rules.filters import (
    DEFAULT_LIMIT,
    DEFAULT_SORT,
    NOW_AND_THEN,
    SORT_KEYS,
    Expected,
    Reading,
)
from contract_tests.spec.searches import COUNT, FILTER, PAGINATE, PATHS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from contract_tests.cases.generators import Case, Window
    from contract_tests.rules.blame import Features
    from contract_tests.running.session import Session
    from contract_tests.transport.exchange import Exchange

Filters = dict[str, Any]

EXPLAINED: Final = "the body contains what was found to be wrong already"
_ATTEMPTS: Final = 3


class Judge:
    """Sends bodies and compares what comes with what the oracle knows.

    A fault that was found is not looked for again: what contains it is passed over, so that each
    cause is reported once and others still come to light.

    Args:
        session: the run.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.oracle = Oracle(session)
        self._faults: dict[str, set[Features]] = {}
        self._accepted: dict[str, set[Features]] = {}

    def explained(self, operation: str, filters: Filters) -> str:
        """Why the body need not be asked: it contains what the operation does wrong; "" if not."""
        seen = features(filters)
        if any(fault <= seen for fault in self._faults.get(operation, ())):
            return EXPLAINED
        if any(fault <= seen for fault in self._accepted.get(operation, ())):
            return HIDDEN
        return ""

    def matching(self, filters: Filters) -> frozenset[str] | None:
        """The ids of the deployments that match, by the oracle; None when it cannot know."""
        scoped = self.oracle.scope(filters)
        rows = None if scoped is None else self.oracle.expect(scoped)
        return None if rows is None else frozenset(row["id"] for row in rows)

    def count(self, case: Case) -> None:
        """Judge what count answers to a body.

        Raises:
            Violation: it is wrong.
        """

        def attempt(filters: Filters, expected: Expected) -> Finding | None:
            return Reading(COUNT, self._ask(COUNT, filters), expected).count()

        self._judge(COUNT, case, None, attempt)

    def letters(self, case: Case) -> None:
        """Judge count by a pattern whose letters go beyond ASCII; servers differ in their case."""
        scoped = self.oracle.scope(case.filters)
        rows = None if scoped is None else self.oracle.expect(scoped)
        if scoped is None or rows is None:
            return
        reading = Reading(COUNT, self._ask(COUNT, scoped), self._expected(COUNT, case, None, rows))
        finding = reading.count()
        if finding is not None:
            self.session.judge(replace(finding, rule="filters.letters"))

    def ask(self, operation: str, case: Case, window: Window) -> None:
        """Judge what an operation answers to a body; for count, the window says nothing.

        Raises:
            Violation: it is wrong.
        """
        if operation == COUNT:
            self.count(case)
        elif operation == FILTER:
            self.filter(case, window)
        else:
            self.page(case, window)

    def filter(self, case: Case, window: Window) -> None:
        """Judge a window of what filter answers.

        Raises:
            Violation: it is wrong.
        """

        def attempt(filters: Filters, expected: Expected) -> Finding | None:
            matches = len(expected.rows)
            offset = round(window.start * max(0, matches - 1))
            if window.start > 1:
                offset = matches + 1
            limit = {} if window.limit is None else {"limit": window.limit}
            reading = Reading(
                FILTER,
                self._ask(FILTER, {**filters, **limit, "offset": offset}, window.sort),
                expected,
            )
            got = reading.body()
            if isinstance(got, Finding):
                return got
            return reading.rows(got, offset, limit.get("limit", DEFAULT_LIMIT))

        self._judge(FILTER, case, window.sort, attempt)

    def page(self, case: Case, window: Window) -> None:
        """Judge a page of what paginate answers.

        Raises:
            Violation: it is wrong.
        """

        def attempt(filters: Filters, expected: Expected) -> Finding | None:
            limit = DEFAULT_LIMIT if window.limit is None else window.limit
            last = max(1, pages.page_count(len(expected.rows), limit))
            number = last + 2 if window.start > 1 else 1 + round(window.start * (last - 1))
            body = {**filters, "page": number}
            body |= {} if window.limit is None else {"limit": limit}
            reading = Reading(PAGINATE, self._ask(PAGINATE, body, window.sort), expected)
            return pages.page(reading, limit, number)

        self._judge(PAGINATE, case, window.sort, attempt)

    def _ask(self, operation: str, body: Filters, sort: str | None = None) -> Exchange:
        return self.session.target.post(
            PATHS[operation], body if sort is None else {**body, "sort": sort}
        )

    def _judge(
        self,
        operation: str,
        case: Case,
        sort: str | None,
        attempt: Callable[[Filters, Expected], Finding | None],
    ) -> None:
        """Ask, and on a mismatch ask again of data read anew: only what stays wrong is wrong."""
        explained = self.explained(operation, case.filters)
        if explained:
            self.session.cannot_judge(explained)
            return

        def once() -> Finding | None:
            scoped = self.oracle.scope(case.filters)
            if scoped is None:
                self.session.cannot_judge(UNSCOPED)
                return None
            rows = self.oracle.expect(scoped, sort)
            if rows is None:
                self.session.cannot_judge(self.oracle.doubt)
                return None
            return attempt(scoped, self._expected(operation, case, sort, rows))

        first = once()
        if first is None or self._is_known(operation, case, first):
            return
        finding = self.settle(once, passing=first)
        if finding is not None:
            self._found(operation, case, finding)

    def _is_known(self, operation: str, case: Case, finding: Finding) -> bool:
        """Whether it is a known deviation, for which the data need not be read again."""
        known = self.session.known
        entry = None if known is None or self.session.reference else known.covers(finding)
        if entry is not None and entry.cause is not None:
            self._blame(self._accepted, operation, case, finding)
        return entry is not None

    def settle(
        self, attempt: Callable[[], Finding | None], passing: Finding | None = None
    ) -> Finding | None:
        """What is still wrong while the target's data stands still; None when nothing is.

        The data is read before and after, so that others' changes are never taken for a fault.
        Once it is seen to change, queries are held to our own part of it. Where answers are held
        against another server's instead, nothing is asked again: what is wrong here fails nothing.

        Args:
            attempt: asks again.
            passing: what was wrong the first time; told if it is seen to be wrong now and then.
        """
        if self.session.reference:
            return None
        for number in range(_ATTEMPTS):
            steady = self.oracle.refresh()
            finding = attempt()
            steady &= self.oracle.refresh()
            if finding is None:
                if steady and number == 0 and passing is not None:
                    return self._now_and_then(passing)
                break
            if steady:
                return finding
            self.oracle.hold_to_own()
        self.session.cannot_judge(UNSTEADY)
        return None

    def _now_and_then(self, passing: Finding) -> Finding | None:
        """What was wrong once, and right when it was asked again, of data that stood still.

        Somebody else may have changed something and changed it back. So the first time queries are
        held to our own data, which nobody else changes; only what passes then is a fault.
        """
        if not self.oracle.scoped:
            self.oracle.hold_to_own()
            self.session.cannot_judge(UNSTEADY)
            return None
        message = "an answer is wrong, and right when the same is asked again"
        return replace(passing, rule=NOW_AND_THEN, message=message, cause=message)

    def _found(self, operation: str, case: Case, finding: Finding) -> None:
        if finding.key in self.session.findings:
            self.session.record(finding)
            return
        try:
            self.session.judge(finding)
        except Violation:
            self._blame(self._faults, operation, case, finding)
            raise

    def _blame(
        self, faults: dict[str, set[Features]], operation: str, case: Case, finding: Finding
    ) -> None:
        """Pass over from now on what contains the same; also what a team has accepted."""
        if finding.rule not in ABOUT_NO_FILTER:
            faults.setdefault(operation, set()).add(blamed(case.filters))

    def _expected(
        self, operation: str, case: Case, sort: str | None, rows: Sequence[dict[str, Any]]
    ) -> Expected:
        key, _ = SORT_KEYS[sort or DEFAULT_SORT]
        return Expected(
            rows=rows,
            says=case.says,
            pointer=case.pointer or self.session.operations[operation].pointer,
            sort=key,
            ordered=not (key == "name" and self.oracle.collated),
        )
