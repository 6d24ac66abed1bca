"""What is written as a fixture file is read back as it was."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.fixtures import FixtureError, load_fixtures
from mock_server.fixtures.times import span
from mock_server.fixtures.usual_values import USUAL
from mock_server.fixtures.writer import dump_store, span_text, write_fixture
from mock_server.store import Store
from openapi.yaml_loader import parse_yaml

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(days=3)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
    | st.sampled_from(
        ["1e3", "0x10", "no", "~", "", "<<", "=", "2026-01-01", "-1h", "1_000", "\0"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            TEXTS | st.sampled_from(["<<", "null", "1", "created"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


def store_at(now: datetime) -> Store:
    return Store(clock=lambda: now)


def loaded(fixtures: str | Path, now: datetime = NOW) -> Store:
    store = store_at(now)
    load_fixtures(store, fixtures)
    return store


def everything(store: Store) -> dict[str, list[dict[str, Any]]]:
    return {kind: list(store.all(kind)) for kind in store.tables}


def variable(value: Any) -> dict[str, Any]:
    identity = "9d4ba1a2-25ab-4a6c-9e1e-86d02e6a6a4b"
    return {"id": identity, "created": NOW, "updated": NOW, "name": "a", "value": value, "tags": []}


@pytest.mark.parametrize("name", ["default", "edge", "empty"])
@pytest.mark.parametrize("relative", [False, True])
def test_a_dump_is_read_back_as_the_same_records(
    tmp_path: Path, name: str, *, relative: bool
) -> None:
    before = loaded(name)
    file = tmp_path / "dump.yaml"
    file.write_text(dump_store(before, about="A dump.", relative=relative), encoding="utf-8")

    assert everything(loaded(file)) == everything(before)


def test_relative_times_move_along_and_fixed_ones_stay(tmp_path: Path) -> None:
    before = loaded("default")
    file = tmp_path / "dump.yaml"
    for relative, moved in ((True, LATER - NOW), (False, timedelta(0))):
        file.write_text(dump_store(before, relative=relative), encoding="utf-8")
        after = loaded(file, LATER)
        for old, new in zip(before.all("flow_runs"), after.all("flow_runs"), strict=True):
            assert new["expected_start_time"] == old["expected_start_time"] + moved
            assert new["state"]["timestamp"] == old["state"]["timestamp"] + moved


def test_usual_values_are_left_out() -> None:
    entries = parse_yaml(dump_store(loaded("default")))["records"]
    (hello,) = [flow for flow in entries["flows"] if flow["name"] == "hello-world"]

    assert hello.keys() == {"id", "created", "updated", "name"}
    assert "state_type" not in entries["flow_runs"][0]


def test_every_record_has_the_fields_that_are_known_of_its_kind() -> None:
    store = loaded("default")

    for kind, usual in USUAL.items():
        for record in store.all(kind):
            assert record.keys() == usual.keys(), kind


@given(JSON)
@settings(max_examples=200, deadline=None, database=None)
def test_any_json_survives(value: Any) -> None:
    text = write_fixture({"variables": [variable(value)]})
    (entry,) = parse_yaml(text)["records"]["variables"]

    assert repr(entry.get("value")) == repr(value)


def test_the_deepest_value_that_is_kept_survives(tmp_path: Path) -> None:
    value: Any = "core"
    for _ in range(125):
        value = {"a": [value]}
    file = tmp_path / "deep.yaml"
    file.write_text(write_fixture({"variables": [variable(value)]}), encoding="utf-8")

    assert loaded(file).all("variables")[0]["value"] == value


def test_a_time_keeps_its_offset(tmp_path: Path) -> None:
    away = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    file = tmp_path / "offset.yaml"
    file.write_text(
        write_fixture({"variables": [{**variable(1), "created": away}]}), encoding="utf-8"
    )

    created = loaded(file).all("variables")[0]["created"]
    assert created.isoformat() == away.isoformat()


def test_times_may_be_given_as_text() -> None:
    given = {**variable(1), "created": "2026-03-01T12:29:00.123456Z"}

    assert "created: -1m" in write_fixture({"variables": [given]}, relative_to=NOW)


def test_whole_numbers_become_what_the_store_has(tmp_path: Path) -> None:
    before = loaded("default")
    text = re.sub(r"(?<![\d.])(\d+)\.0(?=[\n,}])", r"\1", dump_store(before))
    file = tmp_path / "whole.yaml"
    file.write_text(text, encoding="utf-8")

    for kind in USUAL:
        assert repr(list(loaded(file).all(kind))) == repr(list(before.all(kind)))


def test_a_time_where_none_belongs_is_refused() -> None:
    with pytest.raises(ValueError, match=r"value\.at holds a time"):
        write_fixture({"variables": [variable({"at": NOW})]})


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)))
@settings(max_examples=200, deadline=None, database=None)
def test_a_span_is_written_to_the_microsecond(length: timedelta) -> None:
    assert span(span_text(length)) == length


BROKEN = {
    "an unknown kind": ("records: {things: []}", "1: records.things: no such kind"),
    "an unknown field": (
        "records:\n  flows:\n  - {id: x, nmae: a}",
        "3: records.flows[0].nmae: a record of this kind has no such field; did you mean 'name'?",
    ),
    "a field that is missing": (
        "records:\n  flows:\n  - {id: x, created: now, updated: now}",
        "the record has no name",
    ),
    "an id that is none": (
        "records:\n  flows:\n  - {id: x, created: now, updated: now, name: a}",
        "'x' is no id",
    ),
    "a time that is none": (
        (
            "records:\n  flows:\n  - id: 9d4ba1a2-25ab-4a6c-9e1e-86d02e6a6a4b\n"
            "    created: soon\n    updated: now\n    name: a"
        ),
        "4: records.flows[0].created: 'soon' is no time",
    ),
    "a reference to nothing": (
        (
            "records:\n  deployments:\n  - id: 9d4ba1a2-25ab-4a6c-9e1e-86d02e6a6a4b\n"
            "    created: now\n    updated: now\n    name: a\n"
            "    flow_id: 9d4ba1a2-25ab-4a6c-9e1e-86d02e6a6a4c"
        ),
        "7: records.deployments[0].flow_id: there is no record with this id",
    ),
    "a name that is taken": (
        (
            "records:\n  flows:\n"
            "  - {id: 9d4ba1a2-25ab-4a6c-9e1e-86d02e6a6a4b, created: now, updated: now, name: a}\n"
            "  - {id: 9d4ba1a2-25ab-4a6c-9e1e-86d02e6a6a4c, created: now, updated: now, name: a}"
        ),
        "4: records.flows[1].name: another record has the same name",
    ),
    "a null that may not be": (
        (
            "records:\n  flows:\n"
            "  - {id: 9d4ba1a2-25ab-4a6c-9e1e-86d02e6a6a4b, created: now, updated: now, name: null}"
        ),
        "this may not be null",
    ),
    "what no answer may show": (
        (
            "records:\n  flows:\n"
            "  - {id: 9d4ba1a2-25ab-4a6c-9e1e-86d02e6a6a4b, created: now, updated: now, name: a,"
            " tags: 7}"
        ),
        "3: records.flows[0].tags: 7 is not of type",
    ),
    "a list where an id belongs": (
        (
            "records:\n  flows:\n"
            "  - {id: 9d4ba1a2-25ab-4a6c-9e1e-86d02e6a6a4b, created: now, updated: now, name: [a]}"
        ),
        "a list or an object stands where a name or an id belongs",
    ),
    "no object": ("records: [1]", "1: records: this must be an object"),
    "no list": ("records: {flows: 1}", "records.flows: this must be a list"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_with_a_record_is_told_with_its_line(tmp_path: Path, case: str) -> None:
    text, expected = BROKEN[case]
    file = tmp_path / "broken.yaml"
    file.write_text(text, encoding="utf-8")
    store = loaded("default")
    before = everything(store)

    with pytest.raises(FixtureError) as caught:
        load_fixtures(store, file)

    assert expected in str(caught.value)
    assert everything(store) == before
