"""Checks of one answer against the deployments that should be in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from contract_tests.findings import Finding
from contract_tests.transport.exchange import NotJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contract_tests.transport.exchange import Exchange

Record = dict[str, Any]
OK: Final = 200
DEFAULT_LIMIT: Final = 200
NOW_AND_THEN: Final = "filters.steady"
"""The rule that is broken by what is wrong now and then."""

_SHOWN: Final = 6

# The field that a sort goes by, and whether downwards.
SORT_KEYS: Final = {
    "NAME_ASC": ("name", False),
    "NAME_DESC": ("name", True),
    "CREATED_DESC": ("created", True),
    "UPDATED_DESC": ("updated", True),
}
DEFAULT_SORT: Final = "NAME_ASC"


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer is judged by.

    Attributes:
        rows: all deployments that match, in order.
        sort: the field that they are ordered by.
        says: what the body tries, for the report; the same for the same kind of body.
        pointer: where the spec tells of it.
        ordered: False where the order is not known (names, in an unknown collation).
    """

    rows: Sequence[Record]
    says: str
    pointer: str
    sort: str = "name"
    ordered: bool = True


class Reading:
    """An answer's parts, read without trusting it.

    Args:
        operation: the operationId.
        exchange: the request and its answer.
        expected: what it is judged by.
    """

    def __init__(self, operation: str, exchange: Exchange, expected: Expected) -> None:
        self.operation = operation
        self.exchange = exchange
        self.expected = expected

    def breach(
        self,
        rule: str,
        message: str,
        expected: Any,
        got: Any,
        *,
        about: str = "",
        due: Sequence[Record] | None = None,
        came: Sequence[Record] | None = None,
    ) -> Finding:
        """A finding about this answer; `due` and `came` are rows, where it is about rows."""
        return Finding(
            rule=rule,
            operation=self.operation,
            message=message,
            expected=_short(expected),
            got=_short(got),
            exchange=self.exchange,
            spec_pointer=self.expected.pointer,
            cause=about or self.expected.says,
            due=None if due is None else tuple(map(_row, due)),
            came=None if came is None else tuple(map(_row, came)),
        )

    def body(self) -> Any | Finding:
        """The answer's JSON, or what is wrong with status or JSON."""
        says = self.expected.says or "no filter"
        flaw = self.exchange.flaw or self.exchange.silent
        if flaw:
            return self.breach("filters.accepted", flaw, "an answer", "none", about=flaw)
        if self.exchange.status != OK:
            got = f"{self.exchange.status} {self.exchange.body[:200].decode('utf-8', 'replace')}"
            what = f"answers {self.exchange.status} to a right body ({says})"
            return self.breach("filters.accepted", what, "200", got)
        try:
            return self.exchange.json()
        except NotJson as error:
            return self.breach("filters.accepted", "answers no JSON", "JSON", error)

    def count(self) -> Finding | None:
        """Judge the answer of count."""
        got = self.body()
        if isinstance(got, Finding):
            return got
        right = len(self.expected.rows)
        if type(got) is int and got == right:
            return None
        message = f"counts wrong: {self.expected.says or 'no filter'}"
        told = f"{right} {_names(self.expected.rows)}"
        return self.breach("filters.count", message, told, got, due=self.expected.rows)

    def rows(self, got: Any, offset: int, limit: int) -> Finding | None:
        """Judge a list of deployments against a window of those expected.

        Args:
            got: what came instead of a list, or the list.
            offset: where the window begins.
            limit: how many it holds at most.
        """
        ids = _ids(got)
        if ids is None:
            return self.breach("filters.accepted", "answers no list of deployments", "a list", got)
        window = self.expected.rows[offset : offset + limit]
        right = [row["id"] for row in window]
        if ids == right:
            return None
        return self.ignored(got, offset, limit) or self._what_is_wrong(got, ids, window)

    def ignored(self, got: Any, offset: int, limit: int) -> Finding | None:
        """What is wrong, if the answer is that to the request without one of its keys.

        Args:
            got: the list of deployments, or what came instead.
            offset: where the window begins.
            limit: how many it holds at most.
        """
        ids = _ids(got)
        window = self.expected.rows[offset : offset + limit]
        if ids is None or self._are(ids, window):
            return None
        told = self._as_without(offset, limit)
        key = next((key for key, rows in told.items() if self._are(ids, rows)), None)
        if key is None:
            return None
        return self.breach(
            "pages.order" if key.startswith("sort") else "pages.window",
            f"`{key}` is ignored: answers what is due without it",
            _names(window),
            _names(got),
            about=f"{key} is ignored",
            due=window,
            came=got,
        )

    def _as_without(self, offset: int, limit: int) -> dict[str, Sequence[Record]]:
        """The rows that are due without some of the request's keys; by these, as they are told."""
        sent, rows = self._sent(), self.expected.rows
        begins = next((key for key in ("offset", "page") if key in sent), "")
        bound = "limit: 0" if limit == 0 else "limit" if "limit" in sent else ""
        found: dict[str, Sequence[Record]] = {}
        if bound:
            found[bound] = rows[offset : offset + DEFAULT_LIMIT]
        if begins and self.expected.ordered and not self._may_be_reversed(offset, limit):
            found[begins] = rows[:limit]
            if bound:
                found[f"{bound}` and `{begins}"] = rows[:DEFAULT_LIMIT]
        if sent.get("sort") and self.expected.ordered:
            by_default = sorted(rows, key=lambda row: str(row["name"]))
            found[f"sort: {sent['sort']}"] = by_default[offset : offset + limit]
        return found

    def _may_be_reversed(self, offset: int, limit: int) -> bool:
        """Whether the first rows may be the right window in the wrong order."""
        turned = self.expected.rows[::-1][offset : offset + limit]
        return [row["id"] for row in turned] == [row["id"] for row in self.expected.rows[:limit]]

    def _are(self, ids: Sequence[str], rows: Sequence[Record]) -> bool:
        """Whether these are the rows, up to the order of those that tie."""
        key, matching = self.expected.sort, {row["id"]: row for row in self.expected.rows}
        if len(set(ids)) != len(ids) or len(ids) != len(rows) or not matching.keys() >= set(ids):
            return False
        if not self.expected.ordered:
            return True
        return [matching[one][key] for one in ids] == [row[key] for row in rows]

    def _sent(self) -> Record:
        try:
            sent = self.exchange.sent_json()
        except NotJson:
            return {}
        return sent if isinstance(sent, dict) else {}

    def _what_is_wrong(
        self, got: list[Record], ids: list[str], window: Sequence[Record]
    ) -> Finding | None:
        says = self.expected.says or "no filter"
        matching = {row["id"]: row for row in self.expected.rows}
        shown = _Shown(_names(window), _names(got), window, got)
        if any(one not in matching for one in ids):
            message = f"answers a deployment that does not match: {says}"
            return self.breach(
                "filters.members", message, *shown[:2], due=shown.due, came=shown.came
            )
        if len(set(ids)) < len(ids):
            return self.breach(
                "pages.window",
                "answers a deployment twice",
                *shown[:2],
                due=shown.due,
                came=shown.came,
            )
        if len(ids) != len(window):
            return self._wrong_number(ids, window, shown)
        if self._are(ids, window):
            return None  # within a tie, any order is right
        return self._misplaced(ids, window, shown)

    def _wrong_number(self, ids: list[str], window: Sequence[Record], shown: _Shown) -> Finding:
        says = self.expected.says or "no filter"
        if len(ids) < len(window) == len(self.expected.rows):
            message = f"leaves out a deployment that matches: {says}"
            return self.breach(
                "filters.members", message, *shown[:2], due=shown.due, came=shown.came
            )
        message = f"answers {len(ids)} deployments where {len(window)} are due: {says}"
        return self.breach(self._window_rule(), message, *shown[:2], due=shown.due, came=shown.came)

    def _misplaced(self, ids: list[str], window: Sequence[Record], shown: _Shown) -> Finding:
        """Right number, all matching, but others than expected: order, window or membership."""
        if set(ids) == {row["id"] for row in window} or self._out_of_order(ids):
            by = f"order by {self.expected.sort}"
            return self.breach(
                "pages.order", f"wrong {by}", *shown[:2], about=by, due=shown.due, came=shown.came
            )
        message = (
            f"answers others than those due in the window: {self.expected.says or 'no filter'}"
        )
        return self.breach(self._window_rule(), message, *shown[:2], due=shown.due, came=shown.came)

    def _out_of_order(self, ids: list[str]) -> bool:
        places = {row["id"]: place for place, row in enumerate(self.expected.rows)}
        found = [places[one] for one in ids]
        return found != sorted(found)

    def _window_rule(self) -> str:
        # With a filter in play, a shifted window mostly means that others match than should.
        return "filters.members" if self.expected.says else "pages.window"


class _Shown(NamedTuple):
    """The rows that are due and those that came, shortly and in full."""

    expected: str
    got: str
    due: Sequence[Record]
    came: Sequence[Record]


def _row(row: Record) -> str:
    return f"{row.get('name')} ({row.get('id')})"


def _ids(got: Any) -> list[str] | None:
    if not isinstance(got, list):
        return None
    if not all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in got):
        return None
    return [row["id"] for row in got]


def _names(rows: Sequence[Record]) -> str:
    shown = [str(row.get("name", row.get("id"))) for row in rows[:_SHOWN]]
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f"{json.dumps(shown, ensure_ascii=False)}{more}"


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
