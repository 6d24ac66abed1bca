"""The benchmark measures what it says: sides answer the same, goals are judged, curves drawn."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from mock_server import create_app, serve
from tests.benchmark import plain_connexion
from tests.benchmark.__main__ import main
from tests.benchmark.bare import application
from tests.benchmark.goals import GOALS, judged
from tests.benchmark.load import Load
from tests.benchmark.plot import svg
from tests.benchmark.processes import running
from tests.benchmark.scenarios import NUMBER, Ground, Request, scenarios
from tests.benchmark.sides import BARE, CONNEXION, FIXTURES, MOCK, PRISM, mock_command
from tests.benchmark.sizes import FILTERS, Asker
from tests.benchmark.throughput import ratios

if TYPE_CHECKING:
    from pathlib import Path


def answers(app: Any, requests: list[tuple[str, str, str]]) -> list[tuple[int, Any]]:
    async def ask() -> list[tuple[int, Any]]:
        transport = httpx.ASGITransport(app=app)
        found = []
        async with httpx.AsyncClient(transport=transport, base_url="http://here/api") as client:
            for method, path, body in requests:
                headers = {"content-type": "application/json"} if body else {}
                answer = await client.request(method, path, content=body or None, headers=headers)
                found.append((answer.status_code, answer.json()))
        return found

    return asyncio.run(ask())


def shape(value: object) -> object:
    """What a body looks like, whatever ids and times are in it."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items() if key != "labels"}
    return [shape(item) for item in value] if isinstance(value, list) else type(value).__name__


def test_connexion_answers_like_the_mock() -> None:
    def asked(app: Any) -> list[tuple[int, Any]]:
        ((_, found),) = answers(app, [("POST", "/deployments/filter", "{}")])
        assert isinstance(found, list)
        ground = Ground(found[0]["flow_id"], tuple(each["id"] for each in found))
        requests = [
            each for name in ("paginate", "read", "mixed") for each in scenarios(ground)[name]
        ]
        filled = [(each.method, each.path, each.body.replace(NUMBER, "1")) for each in requests]
        return answers(app, list(dict.fromkeys(filled)))

    mock = asked(create_app(fixtures=FIXTURES))
    plain = asked(plain_connexion.application(FIXTURES, responses=False))
    assert [status for status, _ in mock] == [status for status, _ in plain]
    assert [shape(body) for _, body in mock] == [shape(body) for _, body in plain]


def test_the_bare_side_sends_what_was_recorded() -> None:
    app = application({"POST /api/deployments/": [201, '{"name": "é"}']})
    assert answers(app, [("POST", "/deployments/", "{}")]) == [(201, {"name": "é"})]


@pytest.mark.parametrize("name", FILTERS)
def test_the_filters_of_the_sizes_select_some_and_not_all(name: str) -> None:
    bodies = [json.dumps(FILTERS[name](number)) for number in range(40)]
    requests = [("POST", "/deployments/count", body) for body in bodies]
    found = answers(create_app(fixtures="large:400"), requests)
    assert all(status == 200 for status, _ in found)
    counts = [count for _, count in found]
    assert max(counts) > 0
    assert (name == "none") == (min(counts) == 400)


def test_a_server_in_a_process_is_awaited_watched_and_ended() -> None:
    with running(mock_command("empty"), base="/api", health="/health") as server:
        asker = Asker(server)
        assert asker.ask("POST", "/deployments/count", {})[1] == 0
        asker.close()
        if sys.platform == "linux":
            assert server.cpu_seconds()
            assert server.memory()
        assert server.milliseconds()
        os.kill(server.pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


@pytest.mark.skipif(shutil.which("wrk") is None, reason="`make bench` installs wrk")
def test_every_request_of_a_load_is_answered_and_none_is_sent_twice() -> None:
    with serve(fixtures=FIXTURES) as mock:
        before = [*mock.store.all("deployments")]
        ground = Ground(before[0]["flow_id"], tuple(each["id"] for each in before))
        load = Load()
        for name, requests in scenarios(ground).items():
            measured = load.run(mock.url, requests, 1)
            assert measured.failed == 0, name
            assert measured.requests > 0, name
            assert 0 < measured.p50 <= measured.p99, name
            if name == "create":
                made = len(mock.store.all("deployments")) - len(before)
                # What is under way when time is up is made, but not counted.
                assert measured.requests <= made < measured.requests + 100


def put_wrk_on_the_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch, prints: str | None = None
) -> None:
    if prints is not None:
        (folder / "wrk").write_text(f"#!/bin/sh\necho '{prints}'\n")
        (folder / "wrk").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    "prints", ["unable to connect", 'RESULT {"requests": 0, "failed": 8, "p50": 0, "p99": 0}']
)
def test_a_load_without_an_answer_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prints: str
) -> None:
    put_wrk_on_the_path(tmp_path, monkeypatch, prints)
    with pytest.raises(RuntimeError, match="No request was answered"):
        Load().run("http://127.0.0.1:1/api", [Request("GET", "/health")], 1)


def test_without_wrk_a_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put_wrk_on_the_path(tmp_path, monkeypatch)
    monkeypatch.setattr(sys, "argv", ["benchmark", "--out", str(tmp_path / "out")])
    assert main() == 2
    told = capsys.readouterr().err
    assert "wrk, which is not there: install it" in told
    assert "--only sizes footprint" in told


def test_goals_are_judged_by_what_was_measured() -> None:
    rps = {MOCK: 1000.0, PRISM: 100.0, CONNEXION: 800.0, BARE: 5000.0}
    paginate = {name: {"rps": value, "p50": 1.0, "p99": 3.0} for name, value in rps.items()}
    throughput = {"paginate": paginate}
    results = {"throughput": throughput, "ratios": ratios(throughput)}
    met = {each["goal"]: each["met"] for each in judged(results)}
    assert [met[goal.statement] for goal in GOALS[:4]] == [True, False, True, True]
    assert len(met) == 4


def test_the_plot_is_an_svg_with_a_curve_each() -> None:
    curves = {"a <b>": {"100": 0.5, "1000": 0.9}, "c": {"100": 1.5, "1000": 30.0}}
    root = ET.fromstring(svg(curves))
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == 2
    assert "a <b>" in {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
