from __future__ import annotations

import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from mock_server.query import Collection
from mock_server.store import Store
from mock_server.store.tables import (
    KINDS,
    DuplicateKey,
    IntegrityError,
    MissingReference,
    MissingValue,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def flow(store: Store, name: str) -> dict[str, Any]:
    return store.insert("flows", {"id": store.new_id(), "name": name, "tags": [], "labels": {}})


def deployment(store: Store, flow_id: str, name: str, **fields: Any) -> dict[str, Any]:
    record = {
        "id": store.new_id(),
        "name": name,
        "flow_id": flow_id,
        "work_queue_id": None,
        "concurrency_limit_id": None,
        "storage_document_id": None,
        "infrastructure_document_id": None,
        "tags": [],
        **fields,
    }
    return store.insert("deployments", record)


def schedule(store: Store, deployment_id: str, slug: str | None) -> dict[str, Any]:
    record = {"id": store.new_id(), "deployment_id": deployment_id, "slug": slug, "schedule": {}}
    return store.insert("deployment_schedules", record)


def limit(store: Store, name: str) -> dict[str, Any]:
    return store.insert("concurrency_limits", {"id": store.new_id(), "name": name, "limit": 1})


def contents(store: Store) -> dict[str, dict[str, Any]]:
    return {name: dict(table.records) for name, table in store.tables.items()}


def check_indexes(store: Store) -> None:
    """Every index says what a scan over the records would."""
    for name, kind in KINDS.items():
        table = store.tables[name]
        for fields in kind.unique:
            for record in table:
                key = tuple(record.get(field) for field in fields)
                if None not in key:
                    assert table.find(fields, key) is record
        for field in kind.indexed:
            values = {record.get(field) for record in table} - {None}
            for value in values:
                scanned = [record for record in table if record.get(field) == value]
                grouped = table.group(field, value)
                assert list(map(id, grouped)) == list(map(id, scanned))
                assert table.group_size(field, value) == len(scanned)
    for name in ("flows", "deployments"):
        check_view(store, name)


def check_view(store: Store, kind: str) -> None:
    """The view that the engine gets says what one made of the same records would."""
    live, made = store.all(kind), Collection(tuple(store.tables[kind]))
    assert list(live) == list(made)
    assert len(live) == len(made)
    assert live.by_id() == made.by_id()
    for sort in ("NAME_ASC", "NAME_DESC"):
        assert list(live.ordered(kind, sort)) == list(made.ordered(kind, sort))
    for field in ("name", *KINDS[kind].indexed):
        assert {key: list(group) for key, group in live.group(field).items()} == made.group(field)


def test_a_record_is_found_by_id_and_by_its_natural_key() -> None:
    store = Store()
    etl = flow(store, "etl")
    daily = deployment(store, etl["id"], "daily")
    assert store.get("flows", etl["id"]) is etl
    assert store.get("flows", None) is None
    assert store.find("flows", name="etl") is etl
    assert store.find("flows", name="ETL") is None
    assert store.find("deployments", flow_id=etl["id"], name="daily") is daily


def test_a_key_that_is_taken_is_refused_and_nothing_changes() -> None:
    store = Store()
    flow(store, "etl")
    before = contents(store)
    with pytest.raises(DuplicateKey):
        flow(store, "etl")
    assert contents(store) == before


def test_an_id_that_is_taken_is_refused() -> None:
    store = Store()
    etl = flow(store, "etl")
    with pytest.raises(DuplicateKey):
        store.insert("flows", {**etl, "name": "other"})
    assert store.find("flows", name="etl") is etl


def test_a_key_with_a_null_in_it_is_no_key() -> None:
    store = Store()
    daily = deployment(store, flow(store, "etl")["id"], "daily")
    schedule(store, daily["id"], None)
    schedule(store, daily["id"], None)
    schedule(store, daily["id"], "")
    with pytest.raises(DuplicateKey):
        schedule(store, daily["id"], "")


def test_a_reference_to_nothing_is_refused() -> None:
    store = Store()
    with pytest.raises(MissingReference):
        deployment(store, store.new_id(), "daily")
    daily = deployment(store, flow(store, "etl")["id"], "daily")
    with pytest.raises(MissingReference):
        store.update("deployments", daily["id"], concurrency_limit_id=store.new_id())


def test_a_null_where_there_must_be_a_value_is_refused() -> None:
    store = Store()
    etl = flow(store, "etl")
    with pytest.raises(MissingValue):
        store.update("flows", etl["id"], tags=None)
    assert store.get("flows", etl["id"]) is etl


def test_an_update_replaces_the_record() -> None:
    store = Store()
    etl = flow(store, "etl")
    changed = store.update("flows", etl["id"], name="elt")
    assert etl["name"] == "etl"
    assert store.get("flows", etl["id"]) is changed
    assert store.find("flows", name="etl") is None
    assert store.find("flows", name="elt") is changed


def test_a_flow_takes_its_deployments_and_their_schedules_along() -> None:
    store = Store()
    etl, other = flow(store, "etl"), flow(store, "other")
    daily = deployment(store, etl["id"], "daily")
    kept = deployment(store, other["id"], "daily")
    schedule(store, daily["id"], "a")
    store.delete("flows", etl["id"])
    assert list(store.all("deployments")) == [kept]
    assert not list(store.all("deployment_schedules"))


def test_a_deployment_forgets_its_limit_when_that_goes() -> None:
    store = Store()
    shared = limit(store, "shared")
    daily = deployment(store, flow(store, "etl")["id"], "daily", concurrency_limit_id=shared["id"])
    store.delete("concurrency_limits", shared["id"])
    record = store.get("deployments", daily["id"])
    assert record is not None
    assert record["concurrency_limit_id"] is None


def test_what_is_not_there_cannot_be_deleted() -> None:
    assert Store().delete("flows", "nobody") is None


def test_a_failed_transaction_leaves_nothing_behind() -> None:
    store = Store()
    etl = flow(store, "etl")
    daily = deployment(store, etl["id"], "daily")
    schedule(store, daily["id"], "a")
    before = contents(store)

    def change() -> None:
        with store.transaction():
            flow(store, "new")
            store.update("flows", etl["id"], name="renamed")
            store.delete("deployments", daily["id"])
            flow(store, "etl")
            raise IntegrityError("flows", ("name",), "x")

    with pytest.raises(IntegrityError):
        change()
    assert contents(store) == before
    check_indexes(store)
    assert store.data().kind("flows").records == (etl,)


def test_a_transaction_inside_another_is_part_of_it() -> None:
    store = Store()

    def change() -> None:
        with store.transaction():
            with store.transaction():
                flow(store, "inner")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert not list(store.all("flows"))


def test_a_snapshot_can_be_come_back_to_again_and_again() -> None:
    store = Store()
    etl = flow(store, "etl")
    then = store.snapshot()
    for _ in range(2):
        store.update("flows", etl["id"], name="other")
        flow(store, "etl")
        store.rollback(then)
        assert list(store.all("flows")) == [etl]
        check_indexes(store)
    store.delete("flows", etl["id"])
    store.rollback(then)
    assert store.find("flows", name="etl") is etl


def test_a_reset_forgets_everything() -> None:
    store = Store()
    flow(store, "etl")
    store.data()
    store.reset()
    assert not list(store.all("flows"))
    assert len(store.data().flows) == 0
    flow(store, "etl")


def test_the_view_of_the_query_engine_is_kept_until_something_in_it_is_written() -> None:
    store = Store()
    etl = flow(store, "etl")
    data = store.data()
    assert store.data() is data
    limit(store, "not looked at by the engine")
    assert store.data() is data
    flow(store, "second")
    assert store.data() is not data
    assert store.data().deployments is data.deployments
    assert store.data().flows[0] is etl


def test_stamps_rise_even_if_the_clock_stands_still() -> None:
    store = Store(clock=lambda: NOON)
    stamps = [store.tick(), store.tick_coarsely(), store.tick(), store.tick_coarsely()]
    assert stamps == sorted(set(stamps))
    assert stamps[-1] - NOON <= timedelta(milliseconds=2)
    assert store.now() == NOON


def test_a_coarse_stamp_is_in_milliseconds_and_not_before_any_other() -> None:
    store = Store(clock=lambda: NOON + timedelta(microseconds=5678))
    made = store.tick()
    changed = [store.tick_coarsely() - NOON for _ in range(3)]
    assert changed == [timedelta(milliseconds=number) for number in (6, 7, 8)]
    assert made < NOON + changed[0]


def test_many_coarse_stamps_do_not_run_away_from_the_clock() -> None:
    store = Store(clock=lambda: NOON)
    stamps = [store.tick_coarsely() for _ in range(1000)]
    assert stamps == sorted(set(stamps))
    assert stamps[-1] - NOON < timedelta(milliseconds=60)


def test_time_can_be_left_for_a_while() -> None:
    store = Store(clock=lambda: NOON)
    first = store.tick()
    past = NOON - timedelta(days=1)
    with store.at(past):
        assert store.now() == past
        assert store.tick() == past
    assert store.now() == NOON
    assert store.tick() > first


def test_the_same_seed_gives_the_same_ids() -> None:
    def ids(seed: int) -> list[str]:
        store = Store(clock=lambda: NOON, rng=random.Random(seed))
        return [store.new_id(), store.new_ordered_id(), store.new_id()]

    assert ids(1) == ids(1)
    assert ids(1) != ids(2)
    assert len(set(ids(1))) == 3


def test_ordered_ids_sort_by_time() -> None:
    times = iter(NOON + timedelta(milliseconds=step) for step in range(50))
    store = Store(clock=lambda: next(times))
    ids = [store.new_ordered_id() for _ in range(50)]
    assert ids == sorted(ids)


class StoreMachine(RuleBasedStateMachine):
    """Any series of writes, snapshots and rollbacks keeps the indexes right."""

    flows = Bundle("flows")
    deployments = Bundle("deployments")
    snapshots = Bundle("snapshots")
    names = st.sampled_from("abc")

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(rng=random.Random(0))

    @rule(target=flows, name=names)
    def add_flow(self, name: str) -> str:
        try:
            return str(flow(self.store, name)["id"])
        except DuplicateKey:
            return "taken"

    @rule(target=deployments, flow_id=flows, name=names)
    def add_deployment(self, flow_id: str, name: str) -> str:
        try:
            return str(deployment(self.store, flow_id, name)["id"])
        except IntegrityError:
            return "refused"

    @rule(deployment_id=deployments, slug=st.none() | names)
    def add_schedule(self, deployment_id: str, slug: str | None) -> None:
        with suppress(IntegrityError):
            schedule(self.store, deployment_id, slug)

    @rule(flow_id=flows, name=names)
    def rename(self, flow_id: str, name: str) -> None:
        if self.store.get("flows", flow_id) is not None:
            with suppress(DuplicateKey):
                self.store.update("flows", flow_id, name=name)

    @rule(flow_id=consumes(flows))
    def delete_flow(self, flow_id: str) -> None:
        self.store.delete("flows", flow_id)

    @rule(target=snapshots)
    def snapshot(self) -> Any:
        return (self.store.snapshot(), contents(self.store))

    @rule(saved=snapshots)
    def rollback(self, saved: Any) -> None:
        self.store.rollback(saved[0])
        assert contents(self.store) == saved[1]

    @rule(flow_id=flows, name=names)
    def fail(self, flow_id: str, name: str) -> None:
        before = contents(self.store)
        with suppress(DuplicateKey), self.store.transaction():
            self.store.delete("flows", flow_id)
            flow(self.store, name)
            flow(self.store, name)
        assert contents(self.store) == before

    @invariant()
    def indexes_are_right(self) -> None:
        check_indexes(self.store)
        for record in self.store.all("deployments"):
            assert self.store.get("flows", record["flow_id"]) is not None
        for record in self.store.all("deployment_schedules"):
            assert self.store.get("deployments", record["deployment_id"]) is not None


StoreMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestStore = StoreMachine.TestCase


def test_what_was_shown_is_kept_for_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_server.store.store.MOST_SHOWN", 10)
    store, made = Store(), []

    def show(number: int) -> object:
        record = {"id": f"{number}"}
        return store.shown("flows", (record,), lambda: made.append(number) or record)

    for number in range(25):
        show(number)
    assert len(store._shown) <= 10
    assert made == list(range(25))
