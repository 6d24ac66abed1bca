"""What the target should answer: its data, in the query engine."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import openapi
from contract_tests.data.dataset import read_deployment
from contract_tests.errors import NoData
from contract_tests.transport.exchange import NotJson
from contract_tests.transport.fetching import read_all
from mock_server.query import Data, select
from mock_server.requests import Requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contract_tests.data.dataset import DataSet
    from contract_tests.running.session import Session

Record = dict[str, Any]
Filters = dict[str, Any]
KINDS: Final = ("flows", "flow_runs", "task_runs", "deployments", "work_pools", "work_queues")
_TIMES: Final = frozenset(
    {
        "created",
        "updated",
        "start_time",
        "end_time",
        "expected_start_time",
        "next_scheduled_start_time",
    }
)
_FLEETING: Final = frozenset(
    {
        "active_slots",
        "estimated_run_time",
        "estimated_start_time_delta",
        "last_polled",
        "status",
        "total_run_time",
    }
)
# More than this of others' data is not read: the queries are then held to our own.
_MODERATE: Final[Mapping[str, int]] = {
    "flows": 500,
    "deployments": 300,
    "flow_runs": 1500,
    "task_runs": 1500,
}

UNKNOWABLE: Final = "the work queue's name as stored is not told for others' deployments"
UNSCOPED: Final = "the body cannot be held to this run's own data on a target with much other data"
UNSTEADY: Final = "the target's data changed while it was asked"


class LackingError(KeyError):
    """A row of the target does not have a field that a filter looks at."""


class _Row(dict[str, Any]):
    """A record of the engine that tells which field it lacks."""

    def __missing__(self, field: str) -> Any:
        raise LackingError(field)


class Oracle:
    """Knows what a conforming server answers on the target's data.

    Args:
        session: the run.

    Attributes:
        scoped: queries are held to our own deployments, because the target holds much besides.
        doubt: why the last answer was None.
        collated: the target orders names by a collation, so that their order is not known.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._target = session.target
        self._set: DataSet = session.dataset
        self._read_at = -1
        self._variants: tuple[Data, ...] = ()
        self._raw: dict[str, list[Record]] = {}
        self._doubtful: set[str] = set()
        self.collated = False
        self.doubt = UNKNOWABLE
        self.scoped = self._set.own and (session.crowded or self._too_much())

    def _too_much(self) -> bool:
        return any(
            (count := self._count(kind)) is None or count > most for kind, most in _MODERATE.items()
        )

    def _count(self, kind: str) -> int | None:
        try:
            told = self._target.post(f"/{kind}/count", {}).json()
        except NotJson:
            return None
        return told if isinstance(told, int) else None

    def scope(self, filters: Filters) -> Filters | None:
        """The body held to what the oracle knows; None where that cannot be done."""
        if not self.scoped:
            return filters
        ids = {
            kind: [row["id"] for row in self._set.records[kind]]
            for kind in ("flows", "deployments")
        }
        for kind, own in ids.items():
            if filters.get(kind) is None:
                return {**filters, kind: {"id": {"any_": own}}}
        for kind, own in ids.items():
            body = filters[kind]
            if body.get("operator", "and_") == "and_" and body.get("id") is None:
                return {**filters, kind: {**body, "id": {"any_": own}}}
        return None

    def hold_to_own(self) -> None:
        """From now on ask about our own deployments only, if there are any."""
        self.scoped = self._set.own

    def expect(self, filters: Filters, sort: str | None = None) -> list[Record] | None:
        """The deployments that match, in order; None when that cannot be known (see `doubt`).

        Args:
            filters: the filters of a request body, as JSON.
            sort: as in a request body; None is the default.
        """
        if self._read_at != self._target.writes:
            self.refresh()
        coerced = coerce(filters)
        try:
            answers = [select(data, "deployments", coerced, sort=sort) for data in self._variants]
        except LackingError as field:
            self.doubt = f"the target's rows have no {field}, which filters look at"
            return None
        self.doubt = UNKNOWABLE
        first = [row["id"] for row in answers[0]]
        if any([row["id"] for row in answer] != first for answer in answers[1:]):
            return None
        return list(answers[0])

    def refresh(self) -> bool:
        """Read the data again; whether it is still the same."""
        before = self._raw
        self._raw = {kind: [_steady(row) for row in rows] for kind, rows in self._read().items()}
        self._read_at = self._target.writes
        if self._raw != before:
            self._variants = self._build()
        return self._raw == before

    def _read(self) -> dict[str, list[Record]]:
        if not self._set.own:
            found = read_all(self._target)
            self.collated = _is_collated(_names(found["deployments"]))
            return found
        own = {kind: list(self._set.records[kind]) for kind in KINDS}
        own["deployments"] = (
            [read_deployment(self._target, row) for row in own["deployments"]]
            if self._raw
            else own["deployments"]
        )
        if self.scoped or all(self._count(kind) == len(own[kind]) for kind in _MODERATE):
            return own
        ours = {row["id"] for rows in own.values() for row in rows}
        try:
            others = read_all(self._target)
        except NoData:
            self.scoped = True
            return own
        if _is_collated(_names(others["deployments"])):
            # Our own names sort alike in every collation; others' do not.
            self.scoped = True
            return own
        return {
            kind: own[kind] + [row for row in others[kind] if row["id"] not in ours]
            for kind in KINDS
        }

    def _build(self) -> tuple[Data, ...]:
        """The data in the engine: twice, where what is stored may be the one or the other."""
        default = {pool.get("default_queue_id") for pool in self._raw["work_pools"]} - {None}
        queues = {
            (row.get("work_pool_name"), row.get("name")): row["id"]
            for row in self._raw["work_queues"]
        }
        variants = []
        doubtful = False
        for hidden in (False, True):
            tables = {}
            for kind in KINDS:
                rows = []
                for row in self._raw[kind]:
                    record = to_record(row)
                    if kind == "deployments" and "work_queue_id" not in row:
                        # Before 3.6.2 a deployment tells the names alone.
                        names = (row.get("work_pool_name"), row.get("work_queue_name"))
                        record["work_queue_id"] = queues.get(names)
                    if kind in ("deployments", "flow_runs"):
                        if row["id"] in self._set.stored_queue:
                            record["work_queue_name"] = self._set.stored_queue[row["id"]]
                        elif record.get("work_queue_id") in default:
                            doubtful = True
                            if hidden:
                                record["work_queue_name"] = None
                    rows.append(record)
                tables[kind] = tuple(rows)
            variants.append(Data(**tables))
        return tuple(variants) if doubtful else tuple(variants[:1])


def _steady(row: Record) -> Record:
    """A row without what changes while time passes, and which no filter looks at."""
    return {key: value for key, value in row.items() if key not in _FLEETING}


def _names(rows: list[Record]) -> list[str]:
    return [row["name"] for row in rows if isinstance(row.get("name"), str)]


def _is_collated(names: list[str]) -> bool:
    """Whether names that a server ordered are in another order than that of their code points."""
    letters = [[c for c in name.casefold() if c.isalnum()] for name in names]
    return names != sorted(names) and letters == sorted(letters)


def to_record(row: Mapping[str, Any]) -> Record:
    """An API row as a record of the engine: times are `datetime`s."""
    return _Row(
        {
            key: datetime.fromisoformat(value)
            if key in _TIMES and isinstance(value, str)
            else value
            for key, value in row.items()
        }
    )


@lru_cache(maxsize=1)
def _requests() -> Requests:
    return Requests(openapi.load())


def coerce(filters: Filters) -> Filters:
    """A body's filters as the engine takes them: ids canonical, times `datetime`s."""
    coerced: Filters = _requests().body("count_deployments", filters).sent
    return coerced
