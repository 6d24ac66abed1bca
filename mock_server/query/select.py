"""Which records match, in which order, and how many."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from mock_server.query.operators import always, never
from mock_server.query.relations import Filters, compile_filters
from mock_server.query.sort import DEFAULT_SORT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mock_server.query.data import Data, Record

__all__ = ["Filters", "count", "matching", "select"]


def matching(
    data: Data, kind: str, filters: Filters, *, sort: str | None = None
) -> Sequence[Record]:
    """All records of a kind that match, sorted. The sequence is not to be changed."""
    predicate = compile_filters(kind, filters, data)
    if predicate is never:
        return ()
    records = data.kind(kind).ordered(kind, sort or DEFAULT_SORT[kind])
    return records if predicate is always else list(filter(predicate, records))


def select(
    data: Data,
    kind: str,
    filters: Filters,
    *,
    sort: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Record]:
    """A stretch of the records of a kind that match, sorted.

    Args:
        data: all records.
        kind: `flows`, `flow_runs`, `task_runs`, `deployments`, `work_pools` or `work_queues`.
        filters: by name, coerced (ids canonical strings, times aware datetimes).
        sort: one of the kind's orders; None for its default.
        limit: how many at most; None for all.
        offset: how many to skip.

    Raises:
        KeyError: there is no such kind, or it has no such order.
    """
    if limit == 0:
        return []
    predicate = compile_filters(kind, filters, data)
    if predicate is never:
        return []
    records = data.kind(kind).ordered(kind, sort or DEFAULT_SORT[kind])
    stop = None if limit is None else offset + limit
    if predicate is always:
        return list(records[offset:stop])
    return list(islice(filter(predicate, records), offset, stop))


def count(data: Data, kind: str, filters: Filters) -> int:
    """How many records of a kind match.

    Raises:
        KeyError: there is no such kind.
    """
    predicate = compile_filters(kind, filters, data)
    if predicate is never:
        return 0
    records = data.kind(kind).records
    if predicate is always:
        return len(records)
    return sum(map(predicate, records))
