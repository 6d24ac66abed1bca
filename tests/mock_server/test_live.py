"""Indexes that a store keeps while records come, change and go tell what a fresh look would."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import fields
from typing import Any

import pytest

from mock_server.fixtures import load_fixtures
from mock_server.query import SORTS, Data, count, paginate, predicates, select
from mock_server.store import Store

FILTERS: list[tuple[str, dict[str, Any]]] = [
    ("deployments", {}),
    ("deployments", {"deployments": {"tags": {"all_": ["production"]}}}),
    ("deployments", {"deployments": {"tags": {"is_null_": True}}}),
    ("deployments", {"deployments": {"tags": {"any_": ["adhoc", "new"], "is_null_": False}}}),
    (
        "deployments",
        {"deployments": {"operator": "or_", "paused": {"eq_": True}, "id": {"any_": []}}},
    ),
    ("deployments", {"deployments": {"name": {"like_": "E"}}}),
    ("deployments", {"deployments": {"name": {"like_": "ly-%1"}}}),
    ("deployments", {"deployments": {"flow_or_deployment_name": {"like_": "or"}}}),
    ("deployments", {"flows": {"name": {"like_": "RE"}}}),
    ("deployments", {"work_pool_queues": {"name": {"any_": ["critical"]}}}),
    ("deployments", {"work_pools": {}}),
    ("deployments", {"flow_runs": {"state": {"type": {"any_": ["FAILED", "SCHEDULED"]}}}}),
    ("deployments", {"flow_runs": {}, "deployments": {"work_queue_name": {"any_": ["nightly"]}}}),
    ("flow_runs", {"deployments": {"paused": {"eq_": False}}}),
    ("flow_runs", {"flow_runs": {"state": {"name": {"not_any_": ["Completed"]}}}}),
    ("flow_runs", {"task_runs": {}}),
    ("flows", {"deployments": {"tags": {"any_": ["ml"]}}}),
    ("work_queues", {"work_pools": {"type": {"any_": ["docker"]}}}),
]


def answers(data: Data) -> list[Any]:
    found: list[Any] = []
    for kind, filters in FILTERS:
        found.append(count(data, kind, filters))
        for sort in SORTS[kind]:
            ids = [record["id"] for record in select(data, kind, filters, sort=sort)]
            page = paginate(data, kind, filters, sort=sort, limit=3, page=2)
            assert [record["id"] for record in page.results] == ids[3:6]
            found.append(ids)
    return found


def change(store: Store, rng: random.Random) -> None:
    """Do something to a deployment, a flow or a run."""
    deployment = rng.choice(store.all("deployments"))
    match rng.randrange(8):
        case 0:
            store.insert(
                "deployments", {**deployment, "id": store.new_id(), "name": store.new_id()}
            )
        case 1 | 2:
            tags = rng.sample(["production", "adhoc", "new", "ml"], rng.randrange(3))
            name = f"{rng.choice(['early', 'weekly-', 'Élan'])}{rng.randrange(999)}"
            with suppress(Exception):
                store.update("deployments", deployment["id"], tags=tags, name=name)
        case 3:
            queue = rng.choice([None, *store.all("work_queues")])
            values = {
                "paused": rng.random() < 0.5,
                "work_queue_id": queue and queue["id"],
                "work_queue_name": queue and queue["name"],
            }
            store.update("deployments", deployment["id"], **values)
        case 4:
            store.delete("deployments", deployment["id"])
        case 5:
            run = rng.choice(store.all("flow_runs"))
            store.update("flow_runs", run["id"], state_type="FAILED", state_name="Failed")
        case 6:
            flow = rng.choice(store.all("flows"))
            store.update("flows", flow["id"], name=f"reorder-{store.new_id()}")
        case _:
            store.delete("flow_runs", rng.choice(store.all("flow_runs"))["id"])


@pytest.mark.parametrize("seed", range(3))
def test_indexes_follow_the_writes(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    store, rng = Store(rng=random.Random(seed)), random.Random(seed)
    load_fixtures(store, "large:60")
    monkeypatch.setattr(predicates, "SCANNED", -1)

    def compare() -> None:
        indexed = answers(store.data())
        kinds = {entry.name: tuple(store.all(entry.name)) for entry in fields(Data)}
        with monkeypatch.context() as patch:
            patch.setattr(predicates, "SCANNED", 10**9)
            assert indexed == answers(Data(**kinds))

    compare()
    for _ in range(3):
        for _ in range(15):
            change(store, rng)
        compare()
        before = store.snapshot()
        with suppress(ZeroDivisionError), store.transaction():
            for _ in range(5):
                change(store, rng)
            raise ZeroDivisionError
        compare()
        for _ in range(10):
            change(store, rng)
        store.rollback(before)
        compare()


def test_a_value_that_many_have_and_then_few_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store()
    load_fixtures(store, "large:200")
    monkeypatch.setattr(predicates, "SCANNED", -1)
    wanted = {"deployments": {"tags": {"any_": ["everywhere"]}}}
    ids = [record["id"] for record in store.all("deployments")]
    assert count(store.data(), "deployments", wanted) == 0
    for number, identity in enumerate(ids, start=1):
        store.update("deployments", identity, tags=["everywhere"])
        assert count(store.data(), "deployments", wanted) == number
    for number, identity in enumerate(ids, start=1):
        store.delete("deployments", identity)
        assert count(store.data(), "deployments", wanted) == len(ids) - number
