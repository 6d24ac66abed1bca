"""The control API over HTTP: each operation, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner

from mock_server import create_app, serve
from mock_server.control import document, page
from mock_server.control.operations import OPERATIONS
from mock_server.faults.syntax import KINDS
from mock_server.fixtures.writer import HISTORY
from mock_server.routing import METHODS
from openapi.cli import main as spec_command
from openapi.har import read_har

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_server.running import RunningMock

NOW = "2026-01-01T00:00:00Z"


class Control:
    """A client of the control API whose answers are checked against its document."""

    def __init__(self, mock: RunningMock) -> None:
        self.mock = mock
        self.http = httpx.Client(base_url=mock.url.removesuffix("/api") + "/_mock")
        self.api = httpx.Client(base_url=mock.url)

    def __call__(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        answer = self.http.request(method, path, json=json, **options)
        assert answer.status_code < 300, answer.text
        is_json = "json" in answer.headers.get("content-type", "")
        return answer.json() if is_json else answer.text

    def refused(self, method: str, path: str, json: Any = None, **options: Any) -> tuple[int, str]:
        answer = self.http.request(method, path, json=json, **options)
        assert answer.status_code >= 400
        return answer.status_code, answer.json()["detail"]

    def names(self) -> set[str]:
        return {record["name"] for record in self.mock.store.all("flows")}

    def close(self) -> None:
        self.http.close()
        self.api.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Control]:
    with serve(seed=1, now=NOW) as mock:
        client = Control(mock)
        yield client
        client.close()


@pytest.fixture
def control(shared: Control) -> Iterator[Control]:
    """One mock for all tests, as it was at its start for each."""
    yield shared
    shared.mock.controls.reset()
    for name in shared.mock.controls.snapshots:
        shared.mock.controls.forget(name)


# -- the document


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


# -- the mock as a whole


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


# -- snapshots


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


# -- fixtures


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


# -- records


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


# -- faults


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


# -- clock


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


# -- journal


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


# -- the rest


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
