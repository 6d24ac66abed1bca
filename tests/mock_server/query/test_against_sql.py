"""The engine gives what SQLite gives for the same question, asked in SQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.query import SORTS, Data, count, predicates, select
from mock_server.query.like import like
from tests.mock_server.query.sql import answer
from tests.mock_server.query.worlds import (
    FIELDS,
    OWN,
    filter_of,
    filters,
    names,
    records,
    worlds,
)


def found(data: Data, kind: str, bodies: dict[str, Any]) -> set[str]:
    """What the engine finds by a look at each record, and just so by its indexes."""
    scanned = [record["id"] for record in select(data, kind, bodies)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predicates, "SCANNED", -1)
        again = Data(**{entry.name: data.kind(entry.name).records for entry in fields(Data)})
        assert [record["id"] for record in select(again, kind, bodies)] == scanned
        assert count(again, kind, bodies) == len(scanned)
    return set(scanned)


@pytest.mark.parametrize("kind", OWN)
@given(data=worlds(), bodies=filters())
@settings(deadline=None, max_examples=40)
def test_all_filters_of_a_request(kind: str, data: Data, bodies: dict[str, Any]) -> None:
    expected = answer(data, kind, bodies)
    assert found(data, kind, bodies) == set(expected)
    assert count(data, kind, bodies) == len(expected)


@pytest.mark.parametrize("kind", OWN)
def test_one_filter_with_several_criteria(kind: str) -> None:
    @given(data=worlds(), body=filter_of(OWN[kind]))
    @settings(deadline=None, max_examples=40)
    def check(data: Data, body: dict[str, Any]) -> None:
        bodies = {OWN[kind]: body}
        assert found(data, kind, bodies) == set(answer(data, kind, bodies))

    check()


@given(pattern=names, text=names)
@settings(deadline=None, max_examples=1000)
def test_like(pattern: str, text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        query = connection.execute("SELECT lower(?) LIKE lower(?)", [text, pattern])
        assert like(pattern)(text) == bool(query.fetchone()[0])


COLUMNS = {
    **{name.upper(): name for fields in FIELDS.values() for name in ("id", *fields)},
    "START_TIME": "coalesce(start_time, expected_start_time)",
}


@pytest.mark.parametrize(
    ("kind", "sort"), [(kind, sort) for kind, sorts in SORTS.items() for sort in sorts]
)
@given(draw=st.data())
@settings(deadline=None, max_examples=25)
def test_sort_orders(kind: str, sort: str, draw: st.DataObject) -> None:
    data = Data(**{kind: draw.draw(records(kind, most=8))})
    field, _, direction = sort.rpartition("_")
    column = COLUMNS[field]
    # The engine turns equal records around where a server walks an index backwards.
    ties = "DESC" if direction == "DESC" and sort != "START_TIME_DESC" else "ASC"
    expected = answer(data, kind, {}, f"{column} {direction}, rowid {ties}")
    assert [record["id"] for record in select(data, kind, {}, sort=sort)] == expected
