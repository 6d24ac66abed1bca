"""Faults and the clock by the control API."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server import create_app, serve
from tests.mock_server.control.client import NOW, Control


def test_faults_come_and_go(control: Control) -> None:
    made = control("POST", "/faults", {"operation": "read_flows", "status": 503, "rate": 1})
    assert made["text"] == "operation=read_flows status=503"
    assert control.api.post("/flows/filter", json={}).status_code == 503
    assert control("GET", "/faults")[0]["hits"] == 1

    control("DELETE", f"/faults/{made['id']}")
    assert control.api.post("/flows/filter", json={}).status_code == 200
    assert control.refused("DELETE", f"/faults/{made['id']}")[0] == 404
    assert control.refused("DELETE", "/faults/x")[0] == 404
    control("POST", "/faults", {"delay": "1ms..2ms"})
    control("DELETE", "/faults")
    assert control("GET", "/faults") == []


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({}, "a fault needs a status, a delay or a fault"),
        ({"operation": "read_flow", "status": 418}, "the spec declares no status 418"),
        ({"operation": "reed_flow", "status": 404}, "did you mean read_flow?"),
        ({"stauts": 503}, "did you mean status?"),
        ([], "valid dictionary"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(control: Control, fault: Any, expected: str) -> None:
    status, detail = control.refused("POST", "/faults", fault)

    assert status == 422
    assert expected in detail


def test_what_can_go_wrong_is_told(control: Control) -> None:
    assert {200, 404, 429, 500, 502, 503, 504} <= set(control("GET", "/operations")["read_flow"])


def test_the_clock_is_moved(control: Control) -> None:
    assert control("POST", "/clock/advance", {"by": "2h30m"})["now"] == "2026-01-01T02:30:00Z"
    assert control("POST", "/clock/advance", {"by": "-30m"})["now"] == "2026-01-01T02:00:00Z"
    assert control("POST", "/clock/freeze", {"at": "2027-05-01"})["now"] == "2027-05-01T00:00:00Z"
    made = control.api.post("/flows/", json={"name": "later"}).json()
    assert made["created"].startswith("2027-05-01")

    running = control("POST", "/clock/release")
    assert not running["frozen"]
    assert running["now"].startswith("2027-05-01")
    assert control("POST", "/clock/release", {"at": NOW})["now"].startswith("2026-01-01")
    assert control("POST", "/clock/freeze")["frozen"]
    assert control("POST", "/clock/follow")["ahead"] == 0
    assert control("GET", "/clock")["settable"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("freeze", {"at": "soon"}),
        ("freeze", {"at": "0001-01-01"}),
        ("freeze", {"time": NOW}),
        ("release", {"at": 7}),
        ("advance", {}),
        ("advance", {"by": "2"}),
        ("advance", {"by": "9999999999999d"}),
        ("advance", {"by": "999999w"}),
    ],
)
def test_a_clock_is_not_set_to_what_is_no_time(control: Control, path: str, body: Any) -> None:
    assert control.refused("POST", f"/clock/{path}", body)[0] == 422
    assert control("GET", "/clock")["now"] == NOW


def test_a_clock_of_the_callers_own_is_left_alone() -> None:
    app = create_app(fixtures="empty")
    moment = app.store.clock()
    app.store.clock = lambda: moment
    with serve(store=app.store) as mock:
        control = Control(mock)
        assert not control("GET", "/clock")["settable"]
        status, detail = control.refused("POST", "/clock/freeze")
        control("POST", "/reset")
        control.close()

    assert status == 409
    assert "the caller's own" in detail
