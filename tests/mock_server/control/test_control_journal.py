"""The journal by the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from click.testing import CliRunner

from openapi.cli import main as spec_command
from openapi.har import read_har

if TYPE_CHECKING:
    from pathlib import Path

    from tests.mock_server.control.client import Control


def test_the_journal_is_read(control: Control) -> None:
    control.api.post("/flows/filter", json={"limit": 1})
    control.api.get("/flows/name/nope")
    control.api.post("/flows/", json={"nme": "x"})

    found = control("GET", "/journal", params={"status": "4xx", "operation": "*flow*"})
    assert [item["status"] for item in found] == [422, 404]
    assert "request" not in found[0]
    assert control("GET", "/journal", params={"whole": True})[0]["request"]["json"] == {"nme": "x"}
    assert control("GET", "/journal/1")["operation"] == "read_flows"
    assert control("GET", "/journal", params={"after": 2, "limit": 5})[0]["number"] == 3
    assert control("GET", "/journal", params={"since": "2026-01-02T00:00:00Z"}) == []
    assert control.refused("GET", "/journal/99")[0] == 404
    assert control.refused("GET", "/journal/x")[0] == 404
    control("DELETE", "/journal")
    assert control("GET", "/journal") == []


def test_requests_are_counted_and_verified(control: Control) -> None:
    for _ in range(2):
        control.api.get("/health")
    path = "/journal/count"
    wanted = {"operation": "health_check"}

    assert control("GET", path, params=wanted) == {"count": 2}
    for expected in ({"exactly": 2}, {"at_least": 2}, {"at_most": 2}):
        assert control("GET", path, params={**wanted, **expected}) == {"count": 2}
    for expected, words in (({"exactly": 1}, "Expected 1"), ({"at_least": 3}, "at least 3")):
        status, detail = control.refused("GET", path, params={**wanted, **expected})
        assert status == 409
        assert words in detail
        assert "there are 2" in detail


@pytest.mark.parametrize("path", ["/journal", "/journal/count?exactly=0", "/journal.har"])
def test_a_misspelt_operation_is_told(control: Control, path: str) -> None:
    joined = "&" if "?" in path else "?"
    status, detail = control.refused("GET", f"{path}{joined}operation=creat_flow")
    assert status == 422
    assert detail == "there is no operation creat_flow; did you mean create_flow?"


@pytest.mark.parametrize(
    "query",
    [
        "operation=creat_flow",
        "operation=zzz*",
        "stauts=500",
        "status=999",
        "status=5x",
        "since=yesterday",
        "broke=maybe",
        "limit=x",
    ],
)
def test_a_query_that_cannot_be_is_told(control: Control, query: str) -> None:
    status, detail = control.refused("GET", f"/journal?{query}")

    assert status == 422
    assert query.partition("=")[0] in detail


def test_the_journal_is_an_archive_that_can_be_judged(control: Control, tmp_path: Path) -> None:
    """As `check-traffic` does: what was refused is a warning, and nothing an error."""
    control.api.post("/flows/filter", json={"limit": 1})
    control.api.post("/deployments/filter", json={}, headers={"authorization": "Bearer secret"})
    control.api.post("/flows/?x=ä", json={"nme": "x"})
    with pytest.raises(httpx.RemoteProtocolError):
        control.api.get("/health", headers={"x-mock-fault": "drop"})
    file = tmp_path / "journal.har"
    text = control.http.get("/journal.har").text
    file.write_text(text, encoding="utf-8")

    assert "secret" not in text
    entries = read_har(file).exchanges
    assert [entry.status for entry in entries] == [200, 200, 422]
    assert entries[0].body is not None
    assert entries[1].body is None  # the journal cut it
    assert entries[2].request_body == b'{"nme":"x"}'
    assert CliRunner().invoke(spec_command, ["check-traffic", str(file)]).exit_code == 0


def test_the_control_api_itself_is_not_in_the_journal(control: Control) -> None:
    control("GET", "/status")

    assert control("GET", "/journal") == []
