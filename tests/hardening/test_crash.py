"""A mock that is killed in the midst of its work has lost nothing that it answered."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mock_server.persistence.state_file import StateFile
from mock_server.store import Store
from tests.hardening.invariants import broken
from tests.hardening.process import mock_process

if TYPE_CHECKING:
    from pathlib import Path

WRITERS = 8


@dataclass
class Answered:
    """What a writer was told.

    Attributes:
        made: deployments as the answers to their creation show them, by id.
        gone: the ids of those whose deletion was answered.
        asked: the ids of those whose deletion was asked for, answered or not.
    """

    made: dict[str, Any] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)


def write(url: str, number: int, enough: threading.Semaphore) -> Answered:
    """Make deployments, delete every third, until the server is gone."""
    told = Answered()
    try:
        with httpx.Client(base_url=url, timeout=20) as client:
            flow = client.post("/flows/", json={"name": f"flow-{number}"}).json()["id"]
            for count in range(100_000):
                body = {"name": f"n{count}", "flow_id": flow, "parameters": {"n": count}}
                answer = client.post("/deployments/", json=body)
                assert answer.status_code == 201, answer.text
                made = answer.json()
                told.made[made["id"]] = made
                enough.release()
                if count % 3 == 0:
                    told.asked.add(made["id"])
                    gone = client.delete(f"/deployments/{made['id']}")
                    assert gone.status_code == 204, gone.text
                    told.gone.add(made["id"])
    except httpx.TransportError:
        pass
    return told


@pytest.mark.parametrize("times", [1, pytest.param(25, marks=pytest.mark.proof)])
def test_what_was_answered_is_there_after_a_kill(tmp_path: Path, times: int) -> None:
    path = tmp_path / "state.db"
    begun = 0
    for turn in range(times):
        enough = threading.Semaphore(0)
        with (
            mock_process("--state", str(path), "--fixtures", "empty") as process,
            ThreadPoolExecutor(WRITERS) as pool,
        ):
            count = httpx.post(f"{process.url}/deployments/count", json={}).json()
            assert count == begun
            numbers = range(turn * WRITERS, (turn + 1) * WRITERS)
            writers = [pool.submit(write, process.url, number, enough) for number in numbers]
            for _ in range(100 + 37 * turn % 200):
                assert enough.acquire(timeout=60)
            process.kill()
            told = [writer.result() for writer in writers]
        with mock_process("--state", str(path)) as process:
            shown = _all_deployments(process.url)
        for writer in told:
            for identity, made in writer.made.items():
                if identity not in writer.asked:
                    assert shown[identity] == made
            assert not writer.gone & shown.keys()
        begun = len(shown)
    store = Store()
    file = StateFile(path)
    file.load(store)
    file.close()
    assert broken(store) == []


def _all_deployments(url: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while True:
        body = {"limit": 200, "offset": len(found)}
        rows = httpx.post(f"{url}/deployments/filter", json=body, timeout=20).json()
        if not rows:
            return found
        found |= {row["id"]: row for row in rows}
