"""Automations."""

import functools

from tests.openapi.supporting.asking import Sender, each


def test_automations(send: Sender, name: str) -> None:
    flow = send("create_flow", 201, {"name": name})
    deployment = send("create_deployment", 201, {"name": "d", "flow_id": flow["id"]})["id"]
    resource = f"prefect.deployment.{deployment}"
    related = functools.partial(
        send, "read_automations_related_to_resource", 200, resource_id=resource
    )
    assert related() == []
    trigger = {"posture": "Reactive", "expect": ["a", "a"], "within": 60}
    run = {"type": "run-deployment", "source": "selected", "deployment_id": deployment}
    body = {"name": name, "trigger": trigger, "actions": [run]}
    create = functools.partial(send, "create_automation", 201)
    owned = create({**body, "actions": [{"type": "do-nothing"}], "owner_resource": resource})
    acting = create({**body, "description": "d", "tags": ["t"], "enabled": False})
    assert (acting["description"], acting["tags"], acting["enabled"]) == ("d", ["t"], False)
    assert acting["actions"] == [
        {**run, "parameters": None, "job_variables": None, "schedule_after": 0.0}
    ]
    kept = {key: value for key, value in acting["trigger"].items() if key != "id"}
    assert kept == {
        "type": "event",
        "match": {},
        "match_related": {},
        "after": [],
        "expect": ["a"],
        "for_each": [],
        "posture": "Reactive",
        "threshold": 1,
        "within": 60.0,
    }
    assert {row["id"] for row in related()} == {owned["id"], acting["id"]}
    compound = {"type": "compound", "triggers": [trigger], "within": None, "require": "all"}
    made = create({**body, "trigger": compound})
    assert send("read_automation", 200, id=made["id"]) == made
    for fault in each({}, {**body, "more": 1}, {**body, "trigger": {}}, [], None):
        send("create_automation", 422, fault)
    assert send("delete_automations_owned_by_resource", 202, resource_id=resource) is None
    assert {row["id"] for row in related()} == {acting["id"], made["id"]}
    send("delete_automation", 204, id=made["id"])
    for operation in ("read_automation", "delete_automation"):
        gone = send(operation, 404, id=made["id"])
        assert gone == {"exception_message": "Automation not found"}
