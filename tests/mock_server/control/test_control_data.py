"""The data by the control API: snapshots, fixtures, single records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mock_server import create_app, serve
from mock_server.fixtures.writer import HISTORY

if TYPE_CHECKING:
    from pathlib import Path

from tests.mock_server.control.client import NOW, Control


def test_snapshots(control: Control) -> None:
    assert control("PUT", "/snapshots/a")["counts"]["flows"] == 13
    control.api.post("/flows/", json={"name": "new"})
    control("PUT", "/snapshots/b")
    assert [item["name"] for item in control("GET", "/snapshots")] == ["a", "b"]

    control("POST", "/snapshots/a/restore")
    assert "new" not in control.names()
    control("POST", "/snapshots/b/restore")
    assert "new" in control.names()
    control("DELETE", "/snapshots/a")
    assert control.refused("POST", "/snapshots/a/restore") == (404, "There is no snapshot 'a'")
    assert control.refused("DELETE", "/snapshots/a")[0] == 404
    assert control.refused("PUT", "/snapshots/a%20b")[0] == 422


def test_there_may_not_be_too_many_snapshots(control: Control) -> None:
    for number in range(50):
        control("PUT", f"/snapshots/s{number}")

    assert control.refused("PUT", "/snapshots/more")[0] == 409
    control("PUT", "/snapshots/s7")


@pytest.mark.parametrize("times", ["fixed", "relative"])
def test_a_dump_starts_another_mock_with_the_same_state(
    control: Control, tmp_path: Path, times: str
) -> None:
    flow = control.api.post("/flows/", json={"name": "new: -1h", "labels": {"no": "yes"}}).json()
    deployment = control.api.post("/deployments/", json={"name": "d", "flow_id": flow["id"]})
    path = f"/deployments/{deployment.json()['id']}"
    control.api.post(f"{path}/create_flow_run", json={"parameters": {"a": [1, None, "1e3"]}})
    file = tmp_path / "dump.yaml"
    file.write_text(control("GET", "/fixture", params={"times": times}), encoding="utf-8")

    other = create_app(fixtures=file, now=NOW).store
    for kind in control.mock.store.tables.keys() - HISTORY:
        assert list(other.all(kind)) == list(control.mock.store.all(kind)), kind


def test_a_dump_is_loaded_again(control: Control) -> None:
    dump = control("GET", "/fixture")
    control("POST", "/fixture/load", {"name": "empty"})
    assert not control.names()

    told = control("PUT", "/fixture", content=dump)
    assert told["counts"]["deployments"] == 30
    assert control("GET", "/fixture") == dump


def test_it_tells_what_the_data_came_from(control: Control, tmp_path: Path) -> None:
    def told() -> str:
        return str(control("GET", "/status")["fixtures"])

    dump = control("GET", "/fixture")
    assert control("POST", "/fixture/load", {"name": "edge"})["fixtures"] == "edge"
    control("PUT", "/snapshots/kept")
    assert control("PUT", "/fixture", content=dump)["fixtures"] == "a file that was sent"
    control.refused("PUT", "/fixture", content="nope: 1")
    assert told() == "a file that was sent"
    assert control("POST", "/snapshots/kept/restore")["fixtures"] == "edge"
    control("POST", "/fixture/load", {"name": "large:40"})
    assert told() == "large:40"
    file = tmp_path / "mine.yaml"
    file.write_text(dump, encoding="utf-8")
    control.mock.load(file)
    assert told() == str(file)
    control("POST", "/reset")
    assert told() == "default"


def test_it_tells_of_the_state_file_and_not_of_fixtures_that_it_did_not_load(
    tmp_path: Path,
) -> None:
    file = tmp_path / "state.db"
    for fixtures, told in (("empty", "empty"), ("edge", str(file))):
        with serve(state=file, fixtures=fixtures) as mock:
            control = Control(mock)
            assert control("GET", "/status")["fixtures"] == told
            control.close()


def test_a_faulty_fixture_changes_nothing(control: Control) -> None:
    for text, expected in (
        ("flows: [{nam: x}]", "flows[0].nam: unknown key; did you mean 'name'?"),
        ("flows: [", "fixtures:"),
        (b"\xff", "no UTF-8"),
        ("records: {flows: [{id: x}]}", "the record has no created"),
    ):
        status, detail = control.refused("PUT", "/fixture", content=text)
        assert status == 422
        assert expected in detail
    assert len(control.names()) == 13


@pytest.mark.parametrize("name", ["../default", "/etc/passwd", "data.yaml", "nope", "", 7])
def test_only_sets_are_loaded_by_name(control: Control, name: Any) -> None:
    assert control.refused("POST", "/fixture/load", {"name": name})[0] == 422
    assert len(control.names()) == 13


def test_what_it_began_with_is_loaded_at_the_time_of_now(control: Control) -> None:
    control("POST", "/clock/advance", {"by": "5d"})
    control("POST", "/fixture/load", {"name": "start"})

    created = max(record["created"] for record in control.mock.store.all("flow_runs"))
    assert created.isoformat() > "2026-01-05"


def test_records_are_listed_and_searched(control: Control) -> None:
    assert control("GET", "/state")["work_pools"] == 5
    page = control("GET", "/state/flows", params={"limit": 2, "offset": 1})
    assert (len(page["records"]), page["total"]) == (2, 13)
    found = control("GET", "/state/flows", params={"contains": "HELLO-world"})
    assert [record["name"] for record in found["records"]] == ["hello-world"]
    assert control.refused("GET", "/state/things")[0] == 404
    assert control.refused("GET", "/state/flows", params={"limit": -1})[0] == 422


def test_a_record_is_changed_in_what_no_request_can_set(control: Control) -> None:
    (record, *_) = control("GET", "/state/deployments")["records"]
    path = f"/state/deployments/{record['id']}"
    changed = control("PUT", path, {**record, "status": "NOT_READY", "last_polled": "-1h"})

    assert changed["last_polled"] == "2025-12-31T23:00:00Z"
    assert control.api.get(f"/deployments/{record['id']}").json()["status"] == "NOT_READY"
    assert control("GET", path) == changed


def test_a_record_is_made_and_removed(control: Control) -> None:
    path = "/state/flows/9d4ba1a2-25ab-4a6c-9e1e-86d02e6a6a4b"
    assert control("PUT", path, {"name": "made"})["created"] == NOW
    assert "made" in control.names()
    control("DELETE", path)
    assert "made" not in control.names()
    assert control.refused("DELETE", path)[0] == 404


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tags": 7}, "tags: 7 is not of type"),
        ({"name": "hello-world"}, "another record has the same name"),
        ({"name": None}, "this may not be null"),
        ({"nmae": "x"}, "did you mean 'name'?"),
        ({"created": "soon"}, "'soon' is no time"),
        ({"id": "00000000-0000-4000-8000-000000000000"}, "it is another one than the path names"),
    ],
)
def test_a_record_that_cannot_be_changes_nothing(
    control: Control, changes: dict[str, Any], expected: str
) -> None:
    (record, *_) = control("GET", "/state/flows")["records"]
    path = f"/state/flows/{record['id']}"
    status, detail = control.refused("PUT", path, {**record, **changes})

    assert status == 422
    assert expected in detail
    assert control("GET", path) == record
