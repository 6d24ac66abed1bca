"""The bodies of filter, paginate and count of each kind."""

import functools

import pytest

from tests.openapi.supporting.asking import (
    Sender,
    ask_detail,
    detail,
    each,
    faults,
)

QUERIES = [
    ("read_flows", ["limit", "offset", "flows", "flow_runs", "task_runs", "deployments",
                    "work_pools", "sort"]),
    ("paginate_flows", ["limit", "page", "flows", "flow_runs", "task_runs", "deployments",
                        "work_pools", "sort"]),
    ("count_flows", ["flows", "flow_runs", "task_runs", "deployments", "work_pools"]),
    ("read_flow_runs", ["limit", "sort", "offset", "flows", "flow_runs", "task_runs",
                        "deployments", "work_pools", "work_pool_queues"]),
    ("paginate_flow_runs", ["limit", "sort", "page", "flows", "flow_runs", "task_runs",
                            "deployments", "work_pools", "work_pool_queues"]),
    ("count_flow_runs", ["flows", "flow_runs", "task_runs", "deployments", "work_pools",
                         "work_pool_queues"]),
    ("read_task_runs", ["limit", "sort", "offset", "flows", "flow_runs", "task_runs",
                        "deployments"]),
    ("count_task_runs", ["flows", "flow_runs", "task_runs", "deployments"]),
    ("paginate_task_runs", ["limit", "sort", "page", "flows", "flow_runs", "task_runs",
                            "deployments"]),
    ("average_flow_run_lateness", ["flows", "flow_runs", "task_runs", "deployments",
                                   "work_pools", "work_pool_queues"]),
    ("read_saved_searches", ["limit", "offset"]),
    ("read_concurrency_limits", ["limit", "offset"]),
    ("read_work_pools", ["limit", "work_pools", "offset"]),
    ("count_work_pools", ["work_pools"]),
    ("read_work_queues", ["limit", "offset", "work_queues"]),
    ("read_variables", ["limit", "offset", "variables", "sort"]),
    ("count_variables", ["variables"]),
    ("read_all_concurrency_limits_v2", ["limit", "offset"]),
    ("read_block_schemas", ["limit", "block_schemas", "offset"]),
    ("read_logs", ["limit", "offset", "logs", "sort"]),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "fields"), QUERIES)
def test_query_bodies(send: Sender, operation: str, fields: list[str]) -> None:
    ask = functools.partial(send, operation)
    for body in each({}, None, {"more": 1}, dict.fromkeys(fields)):
        ask(200, body)
    assert faults(ask(422, [])) == [("missing", ["body", field]) for field in fields]
    if "limit" in fields:
        ask(200, {"limit": 0})
        ask(200, {"limit": 200})
        assert detail(ask_detail(send, operation, {"limit": 201})).endswith("equal to 200.")
        assert detail(ask_detail(send, operation, {"limit": -1})).endswith("equal to 0.")
    if "offset" in fields:
        assert faults(ask(422, {"offset": -1})) == [("greater_than_equal", ["body", "offset"])]
    if "page" in fields:
        assert faults(ask(422, {"page": 0})) == [("greater_than_equal", ["body", "page"])]
    if "sort" in fields:
        assert faults(ask(422, {"sort": "x"})) == [("enum", ["body", "sort"])]
    for field in set(fields) - {"limit", "offset", "page", "sort"}:
        ask(200, {field: {}})
        assert faults(ask(422, {field: {"zz": 1}})) == [("extra_forbidden", ["body", field, "zz"])]
        assert faults(ask(422, {field: 5})) == [("model_attributes_type", ["body", field])]
