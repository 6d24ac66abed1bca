"""Which records match, in which order, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mock_server.query.matches import matches
from mock_server.query.relations import Filters
from mock_server.query.sort import SORTS

if TYPE_CHECKING:
    from mock_server.query.data import Data, Record

__all__ = ["Filters", "count", "select"]


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
    if sort is not None and sort not in SORTS[kind]:
        raise KeyError(sort)
    if limit == 0:
        return []
    stop = None if limit is None else offset + limit
    return matches(data, kind, filters).stretch(sort, offset, stop)


def count(data: Data, kind: str, filters: Filters) -> int:
    """How many records of a kind match.

    Raises:
        KeyError: there is no such kind.
    """
    return len(matches(data, kind, filters))
