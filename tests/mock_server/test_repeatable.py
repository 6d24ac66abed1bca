"""The same run twice gives the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from mock_server import create_app, serve
from mock_server.fixtures.times import moment

SCRIPT = Path(__file__).with_name("transcript.py")
ROOT = SCRIPT.parents[2]


def transcript(hash_seed: str, *options: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(SCRIPT), *options],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def first() -> str:
    return transcript("1", "--again")


def test_another_process_gives_the_same_bytes(first: str) -> None:
    before_reset = first.partition("RESET\n")[0]

    assert "create_flow_run" in before_reset
    assert {"200", "201", "404", "405", "409", "422", "503"} <= set(before_reset.split())
    assert transcript("2") == before_reset


def test_after_a_reset_the_same_bytes_come_again(first: str) -> None:
    before, _, after = first.partition("RESET\n")

    assert after == before


def test_another_seed_gives_other_ids() -> None:
    ids = set()
    for seed in (1, 2):
        with serve(seed=seed, fixtures="empty") as mock:
            ids.add(httpx.post(f"{mock.url}/flows/", json={"name": "etl"}).json()["id"])

    assert len(ids) == 2


def test_the_times_of_fixtures_are_relative_to_the_clock() -> None:
    app = create_app(now="2026-01-01T00:00:00Z")
    now = app.controls.clock()

    created = [record["created"] for record in app.store.all("flows")]
    assert max(created) < now
    assert min(created) >= moment("-30d", now)


def test_a_clock_can_run_from_a_time() -> None:
    clock = create_app(fixtures="empty", now="2026-01-01", clock_runs=True).controls.clock

    assert not clock.frozen
    assert clock().year == 2026
    assert clock().month == 1
