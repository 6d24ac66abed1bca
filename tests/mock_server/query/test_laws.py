"""What holds for any data and any filters."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.query import CRITERIA, SORTS, Data, count, paginate, select
from mock_server.query.criteria import Criterion
from tests.mock_server.query.worlds import (
    FILTER_KINDS,
    OWN,
    criteria,
    filter_of,
    filters,
    items,
    records,
    values,
    worlds,
)

KINDS = st.sampled_from(list(OWN))
SOME = settings(deadline=None, max_examples=30)


def lists_of(name: str, key: str, asked: str) -> st.SearchStrategy[list[Any]]:
    return st.lists(items(name, key, asked), min_size=1, max_size=3)


def ids(data: Data, kind: str, bodies: dict[str, Any], **window: Any) -> list[str]:
    return [record["id"] for record in select(data, kind, bodies, **window)]


@given(worlds(most=6), KINDS, filters(), st.integers(1, 4), st.data())
@SOME
def test_pages_join_to_the_whole(
    data: Data, kind: str, bodies: dict[str, Any], limit: int, draw: st.DataObject
) -> None:
    sort = draw.draw(st.none() | st.sampled_from(list(SORTS[kind])))
    whole = select(data, kind, bodies, sort=sort)
    first = paginate(data, kind, bodies, sort=sort, limit=limit)
    pages = [
        paginate(data, kind, bodies, sort=sort, limit=limit, page=number)
        for number in range(1, first.pages + 2)
    ]
    assert [record for page in pages for record in page.results] == whole
    assert not pages[-1].results
    assert {page.count for page in pages} == {len(whole)} == {count(data, kind, bodies)}
    assert (first.pages - 1) * limit < len(whole) <= first.pages * limit
    for offset in range(len(whole) + 2):
        expected = whole[offset : offset + limit]
        assert select(data, kind, bodies, sort=sort, limit=limit, offset=offset) == expected


@given(worlds(), KINDS, filters())
@SOME
def test_every_order_has_the_same_records(data: Data, kind: str, bodies: dict[str, Any]) -> None:
    whole = set(ids(data, kind, bodies))
    for sort in SORTS[kind]:
        found = ids(data, kind, bodies, sort=sort)
        assert len(found) == len(set(found))
        assert set(found) == whole


def test_nothing_is_returned_for_a_limit_of_nothing() -> None:
    data = Data(flows=[{"id": "1", "name": "a"}])
    page = paginate(data, "flows", {}, limit=0)
    assert (page.results, page.count, page.pages) == ([], 1, 0)
    assert select(data, "flows", {}, limit=0) == []


@pytest.mark.parametrize("kind", OWN)
@given(draw=st.data())
@SOME
def test_a_criterion_narrows_under_and_and_widens_under_or(kind: str, draw: st.DataObject) -> None:
    name = OWN[kind]
    data = draw.draw(worlds())
    body = draw.draw(filter_of(name))
    plain = {key: value for key, value in body.items() if key != "operator"}
    free = [key for key in CRITERIA[name] if plain.get(key) is None]
    if not free:
        return
    key = draw.draw(st.sampled_from(free))
    more = {**plain, key: draw.draw(criteria(name, key, CRITERIA[name][key]))}

    def found(body: dict[str, Any], operator: str) -> set[str]:
        return set(ids(data, kind, {name: {**body, "operator": operator}}))

    assert found(more, "and_") <= found(plain, "and_")
    speaks = CRITERIA[name][key].compile(more[key], data) is not None
    if speaks and any(value is not None for value in plain.values()):
        counted = [
            key
            for key, value in plain.items()
            if value is not None and CRITERIA[name][key].compile(value, data) is not None
        ]
        if counted:
            assert found(more, "or_") >= found(plain, "or_")
    assert found(more, "and_") <= found(more, "or_")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (name, key)
        for name, keys in CRITERIA.items()
        for key, criterion in keys.items()
        if {"any_", "not_any_"} <= criterion.operators.keys()
    ],
)
@given(draw=st.data())
@SOME
def test_any_and_not_any_part_those_that_have_a_value(
    name: str, key: str, draw: st.DataObject
) -> None:
    kind = FILTER_KINDS[name]
    data = Data(**{kind: draw.draw(records(kind, most=8))})
    wanted = draw.draw(lists_of(name, key, "any_"))
    inside = ids(data, kind, {name: {key: {"any_": wanted}}})
    outside = ids(data, kind, {name: {key: {"not_any_": wanted}}})
    valued = [r["id"] for r in select(data, kind, {}) if r[key] is not None]
    assert sorted(inside + outside) == sorted(valued)
    assert not ids(data, kind, {name: {key: {"any_": wanted, "not_any_": wanted}}})


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (name, key)
        for name, keys in CRITERIA.items()
        for key, criterion in keys.items()
        if criterion.operators.keys() & {"is_null_", "exists_", "eq_"}
        and (name, key) != ("deployments", "concurrency_limit")
    ],
)
@given(data=worlds(most=6))
@SOME
def test_yes_and_no_part_the_whole(name: str, key: str, data: Data) -> None:
    kind = FILTER_KINDS[name]
    (asked,) = CRITERIA[name][key].operators.keys() & {"is_null_", "exists_", "eq_"}
    yes, no = (ids(data, kind, {name: {key: {asked: value}}}) for value in (True, False))
    assert sorted(yes + no) == sorted(ids(data, kind, {}))


@pytest.mark.parametrize(
    ("name", "key", "asked"),
    [
        (name, key, asked)
        for name, keys in CRITERIA.items()
        for key, criterion in keys.items()
        for asked in criterion.operators
        if asked in {"any_", "id_", "type_", "startswith_"}
    ],
)
@given(draw=st.data())
@settings(deadline=None, max_examples=15)
def test_a_longer_list_is_the_union_of_its_items(
    name: str, key: str, asked: str, draw: st.DataObject
) -> None:
    kind = FILTER_KINDS[name]
    data = draw.draw(worlds())
    wanted = draw.draw(lists_of(name, key, asked))

    def found(items: list[Any]) -> set[str]:
        return set(ids(data, kind, {name: {key: {asked: items}}}))

    assert found(wanted) == set[str]().union(*(found([item]) for item in wanted))
    assert found(wanted + wanted) == found(wanted)


@given(worlds(), KINDS, filters())
@SOME
def test_null_filters_and_null_criteria_are_as_if_absent(
    data: Data, kind: str, bodies: dict[str, Any]
) -> None:
    def without_nulls(value: Any) -> Any:
        # The null of a task run's `is_null_` is no default: it alone is not the same as absent.
        if isinstance(value, dict):
            return {
                key: without_nulls(item)
                for key, item in value.items()
                if item is not None or key == "is_null_"
            }
        return value

    assert ids(data, kind, without_nulls(bodies)) == ids(data, kind, bodies)
    everything = ids(data, kind, {})
    assert ids(data, kind, dict.fromkeys(CRITERIA)) == everything


@given(worlds())
@SOME
def test_the_order_of_criteria_and_filters_is_of_no_matter(data: Data) -> None:
    bodies = {
        "deployments": {"operator": "or_", "paused": {"eq_": True}, "tags": {"any_": ["a"]}},
        "flows": {},
    }
    turned = {
        "flows": {},
        "deployments": {"tags": {"any_": ["a"]}, "paused": {"eq_": True}, "operator": "or_"},
    }
    assert ids(data, "deployments", bodies) == ids(data, "deployments", turned)


@pytest.mark.parametrize("bound", ["before_", "after_"])
@given(draw=st.data())
@SOME
def test_bounds_are_inclusive_and_part_at_a_moment(bound: str, draw: st.DataObject) -> None:
    data = Data(flow_runs=draw.draw(records("flow_runs", most=8)))
    moment = draw.draw(values("flow_runs", "start_time", bound))
    reach = {"before_": operator.le, "after_": operator.ge}[bound]
    expected = {
        run["id"]
        for run in data.flow_runs
        if (time := run["start_time"] or run["expected_start_time"]) and reach(time, moment)
    }
    body = {"start_time": {bound: moment}}
    assert set(ids(data, "flow_runs", {"flow_runs": body})) == expected


def test_a_kind_or_an_order_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError):
        select(Data(), "logs", {})
    with pytest.raises(KeyError):
        select(Data(), "flows", {}, sort="ID_DESC")


def test_the_table_names_every_criterion_and_operator_once() -> None:
    for keys in CRITERIA.values():
        for criterion in keys.values():
            assert isinstance(criterion, Criterion)
