"""Pages of what matches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mock_server.query.matches import matches
from mock_server.query.sort import SORTS

if TYPE_CHECKING:
    from mock_server.query.data import Data, Record
    from mock_server.query.relations import Filters


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        results: its records, none beyond the last page.
        count: how many records match on all pages together.
        limit: how many a page holds.
        pages: how many pages there are; none when they hold nothing.
        page: which one this is, counted from 1.
    """

    results: list[Record]
    count: int
    limit: int
    pages: int
    page: int


def paginate(
    data: Data,
    kind: str,
    filters: Filters,
    *,
    sort: str | None = None,
    limit: int = 200,
    page: int = 1,
) -> Page:
    """One page of the records of a kind that match, sorted.

    Args:
        data: all records.
        kind: as in `select`.
        filters: by name, coerced.
        sort: one of the kind's orders; None for its default.
        limit: how many a page holds, 0 or more.
        page: which one, 1 or more.

    Raises:
        KeyError: there is no such kind, or it has no such order.
    """
    if sort is not None and sort not in SORTS[kind]:
        raise KeyError(sort)
    found = matches(data, kind, filters)
    start = (page - 1) * limit
    return Page(
        results=found.stretch(sort, start, start + limit) if limit else [],
        count=len(found),
        limit=limit,
        pages=-(-len(found) // limit) if limit else 0,
        page=page,
    )
