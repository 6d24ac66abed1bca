"""The contract of an older version: what it has, and what of a body it can take."""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.data.dataset import plan
from contract_tests.spec.version import spec_for

SCHEDULE = {"cron": "0 0 * * *", "timezone": "UTC"}


def test_a_body_is_left_what_the_version_has() -> None:
    body = {
        "name": "x",
        "labels": {"a": 1},
        "parameters": {"labels": 1},
        "concurrency_options": {"collision_strategy": "ENQUEUE", "grace_period_seconds": 60},
        "schedules": [{"schedule": SCHEDULE, "slug": "s", "active": True}],
    }
    assert spec_for("3.8.8").fit("create_deployment", body) == body
    assert spec_for(None).fit("create_deployment", body) == body
    assert spec_for("3.4.0").fit("create_deployment", body) == body | {
        "concurrency_options": {"collision_strategy": "ENQUEUE"}
    }
    assert spec_for("3.0.0").fit("create_deployment", body) == {
        "name": "x",
        "parameters": {"labels": 1},
        "schedules": [{"schedule": SCHEDULE, "active": True}],
    }


def test_null_and_what_takes_no_body_are_left_alone() -> None:
    old = spec_for("3.0.0")
    assert old.fit("create_flow", {"name": "x", "tags": None}) == {"name": "x", "tags": None}
    assert old.fit("create_deployment", {"schedules": None}) == {"schedules": None}
    assert old.fit("read_deployment", {"a": 1}) == {"a": 1}
    assert old.fit("create_flow", [1]) == [1]


@pytest.mark.parametrize(
    ("version", "added"),
    [("3.0.11", {"parameter_openapi_schema": {}}), ("3.4.20", {"parameter_openapi_schema": {}})]
    + [(version, {}) for version in ("3.4.21", "3.8.8", None)],
)
def test_servers_that_assume_no_parameter_schema_are_told_one(
    version: str | None, added: dict[str, Any]
) -> None:
    spec = spec_for(version)
    assert spec.creation({"name": "x"}) == {"name": "x", **added}
    told = {"name": "x", "parameter_openapi_schema": {"type": "object"}}
    assert spec.creation(told) == told


@pytest.mark.parametrize(
    ("operation", "section"),
    [
        ("create_flow", "flows"),
        ("create_deployment", "deployments"),
        ("create_task_run", "task_runs"),
        ("create_work_pool", "work_pools"),
    ],
)
def test_the_newest_version_takes_the_data_set_as_it_is_written(
    operation: str, section: str
) -> None:
    for body in plan()[section].values():
        assert spec_for(None).fit(operation, body) == body


@pytest.mark.parametrize(
    ("operation", "last_without", "first_with"),
    [
        ("paginate_task_runs", "3.2.13", "3.2.14"),
        ("read_server_default_result_storage", "3.6.29", "3.7.0"),
        ("bulk_delete_deployments", "3.6.15", "3.6.16"),
    ],
)
def test_operations_come_with_their_version(
    operation: str, last_without: str, first_with: str
) -> None:
    assert operation not in spec_for(last_without).contracts
    assert operation in spec_for(first_with).contracts
