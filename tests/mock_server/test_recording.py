"""A fixture file from a server, and that server again from the file."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner

from mock_server import serve
from mock_server.cli import main
from mock_server.fixtures import load_fixtures
from mock_server.recording.masking import MASK, masked, scrubbed
from mock_server.recording.records import to_records
from mock_server.recording.source import CannotRecord, Source, read_all
from mock_server.store import Store
from tests.real_server.process import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

LISTS = {
    "/flows/filter": {"sort": "NAME_ASC"},
    "/deployments/filter": {"sort": "CREATED_DESC"},
    "/flow_runs/filter": {"sort": "ID_DESC"},
    "/task_runs/filter": {"sort": "ID_DESC"},
    "/work_pools/filter": {},
    "/work_queues/filter": {},
    "/variables/filter": {"sort": "NAME_ASC"},
    "/v2/concurrency_limits/filter": {},
}
VOLATILE = {"estimated_run_time", "estimated_start_time_delta"}
TOKEN = "ghp_" + "a1B2" * 9


def decays(record: dict[str, Any]) -> bool:
    return bool(record.get("slot_decay_per_second"))


def shown(url: str) -> dict[str, list[dict[str, Any]]]:
    """What a server answers with, without what moves along with the clock."""
    found = {}
    with httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE) as client:
        for path, body in LISTS.items():
            records = client.post(path, json=body).raise_for_status().json()
            for record in records:
                for name in VOLATILE | ({"active_slots"} if decays(record) else set()):
                    record.pop(name, None)
            found[path] = sorted(records, key=lambda record: str(record["id"]))
    return found


def record(*options: str) -> Any:
    return CliRunner().invoke(main, ["record", *options])


def source(answer: Any, url: str = "http://server/api") -> Source:
    return Source(url, transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("fixtures", ["default", "large:230"])
def test_a_recording_of_the_mock_shows_the_same(tmp_path: Path, fixtures: str) -> None:
    file = tmp_path / "recorded.yaml"
    with serve(fixtures=fixtures) as mock:
        result = record("--from", mock.url, "--out", str(file), "--no-mask")
        assert result.exit_code == 0, result.output
        before = shown(mock.url)
        stored = {
            kind: {each["id"]: each["work_queue_name"] for each in mock.store.all(kind)}
            for kind in ("deployments", "flow_runs")
        }
    with serve(fixtures=file) as again:
        assert shown(again.url) == before
        assert stored == {
            kind: {each["id"]: each["work_queue_name"] for each in again.store.all(kind)}
            for kind in stored
        }


def test_a_recording_of_a_real_server_shows_the_same(real_server: str, tmp_path: Path) -> None:
    with httpx.Client(base_url=real_server, trust_env=False, timeout=PATIENCE) as client:
        flow = client.post("/flows/", json={"name": "recorded"}).json()["id"]
        client.post("/work_pools/", json={"name": "recorded", "type": "process"})
        made = client.post(
            "/deployments/",
            json={
                "name": "recorded",
                "flow_id": flow,
                "work_pool_name": "recorded",
                "concurrency_limit": 3,
                "parameters": {"text": "for nobody's eyes", "number": 5},
                "schedules": [
                    {"slug": "a", "schedule": {"interval": 3600}},
                    {"slug": "b", "schedule": {"cron": "0 3 * * *"}},
                    {"schedule": {"rrule": "FREQ=DAILY;COUNT=3"}},
                ],
            },
        ).json()
        client.post(f"/deployments/{made['id']}/create_flow_run", json={})
        client.post(f"/deployments/{made['id']}/schedule", json={})
        kept, file = tmp_path / "kept.yaml", tmp_path / "masked.yaml"
        for options in (["--out", str(kept), "--no-mask"], ["--out", str(file)]):
            result = record("--from", real_server, *options)
            assert result.exit_code == 0, result.output
        with serve(fixtures=kept) as mock:
            again = httpx.get(f"{mock.url}/deployments/{made['id']}").json()
            assert again == client.get(f"/deployments/{made['id']}").json()
            body = {"deployments": {"id": {"any_": [made["id"]]}}, "sort": "ID_DESC"}
            runs = [
                httpx.post(f"{url}/flow_runs/filter", json=body, timeout=PATIENCE).json()
                for url in (mock.url, real_server)
            ]
    for run in (*runs[0], *runs[1]):
        for name in VOLATILE:
            del run[name]
    assert runs[0] == runs[1]
    assert len(runs[0]) == 7
    assert "for nobody's eyes" not in file.read_text(encoding="utf-8")
    with serve(fixtures=file) as mock:
        again = httpx.get(f"{mock.url}/deployments/{made['id']}").json()
    assert again["parameters"] == {"text": MASK, "number": 5}


def test_only_the_newest_runs_are_taken_when_told_so(tmp_path: Path) -> None:
    file = tmp_path / "recorded.yaml"
    with serve(fixtures="default") as mock:
        assert record("--from", mock.url, "--out", str(file), "--runs", "3").exit_code == 0
    store = Store()
    load_fixtures(store, file)
    assert len(store.all("flow_runs")) == 3


def test_the_file_is_for_its_owner_and_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "recorded.yaml"
    file.write_text("old", encoding="utf-8")
    with serve(fixtures="empty") as mock:
        assert record("--from", mock.url, "--out", str(file)).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["recorded.yaml"]
    assert file.read_text(encoding="utf-8").startswith("about: Recorded from ")


def test_credentials_and_headers_are_sent(tmp_path: Path) -> None:
    file = tmp_path / "recorded.yaml"
    with serve(fixtures="empty", auth="basic:me:secret") as mock:
        refused = record("--from", mock.url, "--out", str(file))
        assert refused.exit_code == 2
        assert "asks for credentials (401): give them with --auth" in refused.output
        by_auth = ["--auth", "basic:me:secret"]
        by_header = ["--header", "Authorization: Basic bWU6c2VjcmV0"]
        for options in (by_auth, by_header):
            assert record("--from", mock.url, "--out", str(file), *options).exit_code == 0
    assert "secret" not in file.read_text(encoding="utf-8").replace("secrets and free", "")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, {"detail": "Not Found"}, "has no /deployments/count; give the URL"),
        (200, {"hello": "world"}, "does not answer as Prefect's API does"),
        (200, True, "does not answer as Prefect's API does"),
        (200, None, "answers with no JSON"),
        (403, {}, "asks for credentials"),
        (500, {"x": 1}, "answers 500"),
    ],
)
def test_what_is_no_such_server_is_told(status: int, body: Any, expected: str) -> None:
    text = "<html>" if body is None else json.dumps(body)
    with pytest.raises(CannotRecord, match=expected):
        source(lambda _: httpx.Response(status, text=text)).version()


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = record("--from", "http://127.0.0.1:9/api", "--out", str(tmp_path / "x.yaml"))
    assert result.exit_code == 2
    assert "does the server run, and is the address right?" in result.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["server/api", "ftp://server/api", "http://"])
def test_what_is_no_url_is_told(url: str) -> None:
    with pytest.raises(CannotRecord, match="is no URL of an API"):
        Source(url)


def test_credentials_of_the_url_are_not_shown() -> None:
    asked = source(lambda _: httpx.Response(500), "http://me:secret@server/api/")
    with pytest.raises(CannotRecord) as error:
        asked.version()
    assert "secret" not in str(error.value)


def test_options_of_the_mock_are_none_of_the_command() -> None:
    result = CliRunner().invoke(main, ["--port", "1", "record"])
    assert result.exit_code == 2
    assert "--port is an option of the mock, not of `record`" in result.output


def test_every_page_is_read() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if request.url.path != "/api/flows/filter":
            return httpx.Response(200, json=[])
        first, last = body["offset"], min(body["offset"] + body["limit"], 450)
        return httpx.Response(200, json=[{"id": str(n)} for n in range(first, last)])

    assert len(read_all(source(answer))["flows"]) == 450


def test_what_refers_to_nothing_is_cut_or_left_out() -> None:
    shown = {
        "flows": [{"id": "f", "name": "f"}],
        "work_queues": [{"id": "q", "name": "q", "work_pool_id": "gone"}],
        "deployments": [
            {"id": "a", "name": "a", "flow_id": "f", "work_queue_id": "q", "schedules": []},
            {"id": "b", "name": "b", "flow_id": "gone", "schedules": [{"id": "s"}]},
            {"id": "c", "name": "c", "flow_id": "f", "storage_document_id": "gone"},
        ],
    }
    made = to_records(shown)
    assert [each["id"] for each in made["deployments"]] == ["a", "c"]
    assert made["deployment_schedules"] == made["work_queues"] == []
    assert made["deployments"][0]["work_queue_id"] is None
    assert made["deployments"][1]["storage_document_id"] is None


def test_secrets_and_free_text_are_masked() -> None:
    deployment = {
        "id": "d",
        "name": "keep",
        "tags": ["keep"],
        "description": f"See https://me:pw@host/x and {TOKEN}",
        "parameters": {
            "text": "free",
            "number": 5,
            "flag": True,
            "nothing": None,
            "empty": "",
            "mode": "fast",
            "list": ["free", 1],
            "api_key": 7,
            "password": "fast",
            "made": {"__prefect_kind": "json", "value": '{"a": 1}'},
            "looked_up": {"__prefect_kind": "workspace_variable", "variable_name": "region"},
        },
        "parameter_openapi_schema": {
            "properties": {
                "mode": {"type": "string", "enum": ["fast", "slow"]},
                "password": {"type": "string", "default": "hunter2"},
            }
        },
        "job_variables": {"image": "repo/image:1", "env": {"A": "b"}, "secret_ref": "x"},
        "pull_steps": [{"step": {"repository": "https://t0k:x@git/x", "access_token": "t"}}],
    }
    before = json.dumps(deployment)
    records = {
        "deployments": [deployment],
        "flow_runs": [{"id": "r", "deployment_id": "d", "parameters": {"mode": "slow", "t": "x"}}],
        "variables": [{"id": "v", "name": "keep", "value": {"host": "inside", "port": 5}}],
    }
    made = masked(records)
    (shown,), (run,), (variable,) = (made[kind] for kind in records)
    assert shown["name"] == "keep"
    assert shown["tags"] == ["keep"]
    assert shown["description"] == f"See https://{MASK}@host/x and {MASK}"
    assert shown["parameters"] == {
        "text": MASK,
        "number": 5,
        "flag": True,
        "nothing": None,
        "empty": "",
        "mode": "fast",
        "list": [MASK, 1],
        "api_key": 7,
        "password": MASK,
        "made": {"__prefect_kind": "json", "value": f'"{MASK}"'},
        "looked_up": {"__prefect_kind": "workspace_variable", "variable_name": "region"},
    }
    properties = shown["parameter_openapi_schema"]["properties"]
    assert properties["password"] == {"type": "string", "default": MASK}
    assert properties["mode"]["enum"] == ["fast", "slow"]
    assert shown["job_variables"] == {
        "image": "repo/image:1",
        "env": {"A": MASK},
        "secret_ref": MASK,
    }
    assert shown["pull_steps"] == [
        {"step": {"repository": f"https://{MASK}@git/x", "access_token": MASK}}
    ]
    assert run["parameters"] == {"mode": "slow", "t": MASK}
    assert variable["value"] == {"host": MASK, "port": 5}
    assert json.dumps(deployment) == before


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        "AKIA" + "ABCD" * 4,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "xoxb-1234567890-abc",
        "-----BEGIN RSA PRIVATE KEY-----\nMII\n",
    ],
)
def test_well_known_tokens_are_seen_anywhere(text: str) -> None:
    assert text not in json.dumps(scrubbed({"description": [f"use {text}"]}))


@pytest.mark.parametrize("name", ["monkey", "keyboard", "token_bucket_size", "author", "passenger"])
def test_numbers_and_harmless_names_stay(name: str) -> None:
    assert scrubbed({name: 5}) == {name: 5}
