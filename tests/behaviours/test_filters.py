"""What filters mean, case by case, on nine deployments of one flow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.behaviours.conftest import unique
from tests.behaviours.matching import differences, filled
from tests.behaviours.steps import DIFFERENCES, REFUSED, cases

if TYPE_CHECKING:
    from tests.behaviours.client import Client

CASES = cases("filters")
DEPLOYMENTS: dict[str, dict[str, Any]] = {
    "Alpha": {"tags": ["x"]},
    "alphabet": {},
    "beta": {"tags": ["x", "y"]},
    "gamma": {"tags": ["y"], "paused": True},
    "Éclair": {},
    "a_b": {},
    "axb": {},
    "queued": {"work_pool_name": "<work_pool>"},
    "loose": {"work_queue_name": "<loose_queue>"},
}


@pytest.fixture(scope="module")
def data(client: Client, ground: dict[str, Any]) -> dict[str, Any]:
    """The deployments with their runs; ids and names by which cases call them."""
    word = unique()
    flow = client.made("POST /flows/", {"name": word})
    known = {**ground, "flow_name": word, "loose_queue": f"q {word}", "key": f"k {word}"}
    for name, fields in DEPLOYMENTS.items():
        body = {"name": name, "flow_id": flow["id"], **filled(fields, known)}
        known[name] = client.made("POST /deployments/", body)["id"]
    runs: list[tuple[str, dict[str, Any]]] = [
        (
            "Alpha",
            {"name": "one", "idempotency_key": known["key"], "state": at("2040-01-01T00:00:00Z")},
        ),
        ("alphabet", {"name": "three", "state": {"type": "COMPLETED"}}),
        (
            "beta",
            {"name": "two", "idempotency_key": f"other {word}", "state": {"type": "RUNNING"}},
        ),
        ("gamma", {"name": "four", "state": {**at("2050-01-01T00:00:00Z"), "name": "Late"}}),
    ]
    for deployment, body in runs:
        made = client.made(f"POST /deployments/{known[deployment]}/create_flow_run", body)
        known[f"run_{body['name']}"] = made["id"]
    tasks = [("one", "load", {"type": "PENDING"}), ("two", "extract", {"type": "RUNNING"})]
    for key, (run, name, state) in enumerate(tasks):
        body = {"flow_run_id": known[f"run_{run}"], "task_key": "t", "dynamic_key": str(key)}
        client.made("POST /task_runs/", {**body, "name": name, "state": state})
    upper = {"Alpha:upper": known["Alpha"].upper(), "flow_name:upper": word.upper()}
    return {**known, **upper, "Alpha:hex": known["Alpha"].replace("-", ""), "own": flow["id"]}


def at(time: str) -> dict[str, Any]:
    return {"type": "SCHEDULED", "state_details": {"scheduled_time": time}}


@pytest.mark.parametrize(
    "case", CASES, ids=[json.dumps(case["find"], ensure_ascii=False) for case in CASES]
)
def test_filter(
    request: pytest.FixtureRequest, client: Client, data: dict[str, Any], case: dict[str, Any]
) -> None:
    sent = filled(case["find"], data)
    flows = {"flows": {"operator": "and_", "id": {"any_": [data["own"]]}, **sent.get("flows", {})}}
    answer = client.ask("POST /deployments/filter", {**sent, **flows})
    if "differs" in case:
        is_real = request.node.callspec.params["server"] == "real"
        entry = DIFFERENCES[case["differs"]]
        assert answer.status == entry["real" if is_real else "ours"]
    elif "refused" in case:
        expected = dict(zip(("type", "loc", "msg", "input", "ctx"), case["refused"], strict=False))
        said = {"exception_message": REFUSED, "exception_detail": [expected]}
        assert answer.status == 422
        assert list(differences(said, {**answer.body, "request_body": None}, part=True)) == []
    else:
        assert answer.status == 200, answer.body
        assert [found["name"] for found in answer.body] == sorted(case["names"])
