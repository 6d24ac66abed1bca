"""Logs and events."""

import uuid
from typing import Any

from tests.openapi.supporting.asking import Sender, each


def test_logs(send: Sender) -> None:
    run = str(uuid.uuid4())
    line = {"name": "l", "level": 20, "message": "m", "timestamp": "2026-01-02T00:00:00Z"}
    early = {**line, "level": 30, "timestamp": "2026-01-01T00:00:00Z"}
    send("create_logs", 201, [{**line, "flow_run_id": run}, {**early, "flow_run_id": run}])
    send("create_logs", 201, [])
    for body in each([{}], [{**line, "more": 1}], {}, None):
        send("create_logs", 422, body)

    def levels(*, sort: str = "TIMESTAMP_ASC", **more: Any) -> list[int]:
        body = {"logs": {"flow_run_id": {"any_": [run]}, **more}, "sort": sort}
        return [row["level"] for row in send("read_logs", 200, body)]

    assert levels() == [30, 20]
    assert levels(sort="TIMESTAMP_DESC") == [20, 30]
    assert levels(level={"ge_": 25}) == [30]
    assert levels(level={"le_": 25}, task_run_id={"is_null_": True}) == [20]
    assert levels(timestamp={"after_": "2026-01-02T00:00:00Z"}) == [20]
    assert levels(timestamp={"before_": "2026-01-01T00:00:00Z"}) == [30]
    for body in each({"logs": {"more": 1}}, {"sort": "X"}, {"offset": -1}, []):
        send("read_logs", 422, body)


def test_events(send: Sender) -> None:
    event = {
        "id": str(uuid.uuid4()),
        "occurred": "2026-01-01T00:00:00Z",
        "event": "acme.changed",
        "resource": {"prefect.resource.id": "acme.lake"},
    }
    send("create_events", 204, [event, {**event, "more": 1}])
    for body in each([{}], [{**event, "resource": {}}], [{**event, "related": [{}]}], {}, None):
        send("create_events", 422, body)
    for limit in (0, 1):
        assert len(send("read_events", 200, {"limit": limit, "more": 1})["events"]) <= limit
    for body in each({"limit": 51}, {"limit": -1}, {"filter": {"more": 1}}, []):
        send("read_events", 422, body)
    for token in ("", "x", "eA=="):
        answer = send.client.get("./events/filter/next", params={"page-token": token})
        assert (answer.status_code, answer.json()) == (403, {"detail": "Forbidden"})
