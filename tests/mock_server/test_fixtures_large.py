from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from mock_server.call import Call
from mock_server.edges import responses
from mock_server.fixtures import FixtureError, load_fixtures
from mock_server.operations import OPERATIONS
from mock_server.store import Store
from mock_server.store.tables import KINDS

if TYPE_CHECKING:
    from mock_server.store.tables import Record

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
READS = {
    "read_flow": "flows",
    "read_deployment": "deployments",
    "read_flow_run": "flow_runs",
    "read_task_run": "task_runs",
}


def loaded(fixtures: str) -> Store:
    store = Store(clock=lambda: NOW)
    load_fixtures(store, fixtures)
    return store


@pytest.fixture(scope="module")
def large() -> Store:
    return loaded("large:250")


@pytest.mark.parametrize("count", [0, 1, 11, 250])
def test_there_are_as_many_deployments_as_asked_for(count: int) -> None:
    store = loaded(f"large:{count}")
    assert len(store.all("deployments")) == count
    assert len(store.all("flows")) == -(-count // 10)
    assert len({record["name"] for record in store.all("deployments")}) == count


def test_the_same_size_is_the_same_to_the_last_bit() -> None:
    assert loaded("large:30").snapshot() == loaded("large:30").snapshot()


def test_every_answer_conforms_to_the_spec(large: Store) -> None:
    for operation, kind in READS.items():
        assert large.all(kind)
        for record in large.all(kind):
            reply = OPERATIONS[operation](Call(large, path={"id": record["id"]}))
            responses().answers(operation).render(reply.status, reply.body)


def test_there_is_something_of_everything(large: Store) -> None:
    deployments, runs = large.all("deployments"), large.all("flow_runs")
    assert len({tag for record in deployments for tag in record["tags"]}) > 40
    assert len({record["work_queue_id"] for record in deployments}) > 5
    assert {record["paused"] for record in deployments} == {True, False}
    assert {"SCHEDULED", "RUNNING", "COMPLETED", "FAILED"} <= {run["state_type"] for run in runs}
    kinds = {next(iter(item["schedule"])) for item in large.all("deployment_schedules")}
    assert kinds == {"interval", "cron", "rrule"}


def test_copies_hang_together(large: Store) -> None:
    for kind, declared in KINDS.items():
        for record in large.all(kind):
            for reference in declared.references:
                target = record[reference.field]
                assert target is None or target in large.tables[reference.kind].records
    for run in large.all("flow_runs"):
        deployment = large.tables["deployments"].records[run["deployment_id"]]
        assert run["flow_id"] == deployment["flow_id"]
        assert run["labels"]["prefect.deployment.id"] == deployment["id"]
        assert run["state"]["id"] == run["state_id"]
        assert run["created"] <= NOW
        if run["auto_scheduled"]:
            assert deployment["id"] in run["idempotency_key"]


def test_nothing_of_a_pattern_is_left(large: Store) -> None:
    def texts(value: object) -> set[str]:
        if isinstance(value, dict):
            return {text for item in value.values() for text in texts(item)}
        return {value} if isinstance(value, str) else set()

    def ids(record: Record) -> set[str]:
        return {text for text in texts(record) if len(text) == 36 and text.count("-") == 4}

    known = {key for table in large.tables.values() for key in table.records}
    states = {run["state_id"] for kind in ("flow_runs", "task_runs") for run in large.all(kind)}
    for kind in ("flows", "deployments", "deployment_schedules", "flow_runs", "task_runs"):
        for record in large.all(kind):
            assert ids(record) <= known | states


@pytest.mark.parametrize(
    "wrong",
    ["large", "large:", "large:0100001", "large:٣", "large:ten", "large:-1", "large:100001"],
)
def test_a_size_that_is_none_is_told(wrong: str) -> None:
    with pytest.raises(FixtureError, match="does not say how many deployments"):
        loaded(wrong)
