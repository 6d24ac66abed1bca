"""The control API: its document, the mock as a whole, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from mock_server import serve
from mock_server.control import document, page
from mock_server.control.operations import OPERATIONS
from mock_server.faults.syntax import KINDS
from mock_server.routing import METHODS
from openapi.cli import main as spec_command
from tests.mock_server.control.client import NOW, Control


def test_the_document_is_valid() -> None:
    file = Path(document.__file__).with_name("openapi.yaml")
    result = CliRunner().invoke(spec_command, ["validate", str(file)])

    assert result.exit_code == 0, result.output
    assert "valid" in result.output


def test_every_operation_of_the_document_is_there() -> None:
    declared = {
        operation["operationId"]
        for item in document.document()["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    }

    assert declared == OPERATIONS.keys() | {"read_control_document"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_can_be_added(control: Control, kind: str) -> None:
    assert control("POST", "/faults", json={"fault": kind})["fault"] == kind


def test_a_new_kind_of_fault_is_told_of_its_own_accord(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (document, page):
        monkeypatch.setattr(module, "KINDS", {**KINDS, "stall": "nothing <more> comes"})
    schemas = document.document.__wrapped__()["components"]["schemas"]

    assert "stall" in schemas["Fault"]["properties"]["fault"]["enum"]
    told = schemas["NewFault"]["properties"]["fault"]["description"]
    assert "`stall`: nothing <more> comes" in told
    content = page.page.__wrapped__().content
    assert b'<option value="stall">stall: nothing &lt;more&gt; comes</option>' in content


def test_it_is_served(control: Control) -> None:
    assert control("GET", "/openapi.json") == document.document()


def test_status(control: Control) -> None:
    told = control("GET", "/status")

    assert (told["fixtures"], told["seed"]) == ("default", 1)
    assert told["counts"]["deployments"] == 30
    assert (told["clock"]["now"], told["clock"]["frozen"]) == (NOW, True)
    assert {"default", "empty", "start"} <= set(told["sets"])


def test_reset_brings_everything_back(control: Control) -> None:
    first = control.api.post("/flows/", json={"name": "new"}).json()
    control("POST", "/clock/advance", {"by": "1d"})
    control("POST", "/faults", {"status": 503})
    control("PUT", "/snapshots/kept")
    told = control("POST", "/reset")

    assert told["clock"]["now"] == NOW
    assert (told["faults"], told["snapshots"], told["journal"]["kept"]) == (0, 1, 0)
    assert "new" not in control.names()
    assert control.api.post("/flows/", json={"name": "new"}).json() == first


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nope", 404),
        ("POST", "/status", 405),
        ("GET", "/faults/1", 405),
        ("PUT", "/reset", 405),
    ],
)
def test_what_is_not_there(control: Control, method: str, path: str, status: int) -> None:
    assert control.refused(method, path)[0] == status


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[1]", b"null", b'"x"', b"{" * 5000])
def test_a_body_that_cannot_be_read_is_refused(control: Control, body: bytes) -> None:
    answer = control.http.post("/fixture/load", content=body)

    assert answer.status_code in {400, 422}
    assert answer.json()["detail"]


def test_a_body_that_is_too_large_is_refused() -> None:
    from mock_server.access.limits import Limits  # noqa: PLC0415 - only here

    with serve(fixtures="empty", limits=Limits(max_body=1000)) as mock:
        control = Control(mock)
        assert control.refused("PUT", "/fixture", content="#" * 2000)[0] == 413
        control.close()


def test_no_body_needs_a_type(control: Control) -> None:
    answer = control.http.post("/clock/advance", content='{"by": "1h"}')

    assert answer.json()["now"] == "2026-01-01T01:00:00Z"


def test_what_is_changed_is_kept_by_a_state_file(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with serve(fixtures="default", state=file) as mock:
        control = Control(mock)
        control("POST", "/fixture/load", {"name": "empty"})
        control.close()
    with serve(state=file) as mock:
        assert len(mock.store.all("flows")) == 0
