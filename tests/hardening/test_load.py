"""Sixty-four clients at once leave a state that is sound."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from mock_server import serve
from mock_server.store import Store
from tests.hardening.invariants import broken
from tests.hardening.load import load

ALLOWED = {200, 201, 204, 404, 409}
# A flow can go between the moment that a client got its id and the one at which it uses it.


@pytest.mark.parametrize("seconds", [2, pytest.param(60, marks=pytest.mark.proof)])
def test_the_state_is_sound_after_many_clients(seconds: int) -> None:
    with serve(fixtures="empty") as mock:
        statuses = asyncio.run(load(mock.url, seconds))
        assert set(statuses) <= ALLOWED
        assert {200, 201, 204} <= set(statuses)
        assert broken(mock.store) == []
        listed = httpx.post(f"{mock.url}/deployments/filter", json={}).json()
        counted = httpx.post(f"{mock.url}/deployments/count", json={}).json()
        page = httpx.post(f"{mock.url}/deployments/paginate", json={"limit": 1}).json()
        pairs = {(row["flow_id"], row["name"]) for row in listed}
        assert len(pairs) == len(listed) == counted == page["count"] == page["pages"]
        assert counted == len(mock.store.all("deployments"))


def test_a_state_that_is_not_sound_is_seen() -> None:
    store = Store()
    now = store.now()
    flow = {"id": "a", "name": "f", "tags": [], "created": now, "updated": now, "labels": {}}
    store.insert("flows", flow)
    store.tables["flows"].records["b"] = {**flow, "id": "b"}
    assert len(broken(store)) >= 2
