"""Full garbage collections come by the clock in a process that serves, and nowhere else."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx

from mock_server import serve
from mock_server.serving import garbage

if TYPE_CHECKING:
    import pytest

# A mock whose collector would look through all after a few hundred objects, if it were let.
EAGER = """
import gc
gc.set_threshold(50, 5, 5)
from mock_server.cli import main
looked = []
freeze = gc.freeze
gc.freeze = lambda: (freeze(), looked.clear())
gc.callbacks.append(lambda phase, info: looked.append(info["generation"]))
try:
    main()
finally:
    print("looked", looked.count(1), looked.count(2))
"""


class Ring:
    """An object that only the garbage collector frees."""

    def __init__(self) -> None:
        self.itself = self


def test_what_is_there_is_left_out_and_all_is_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with garbage.collected_by_the_clock():
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold() == (*before[:2], garbage.NEVER)
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before


def for_a_moment(seconds: float) -> None:
    async def collect() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(garbage.collect(), seconds)

    asyncio.run(collect())


def test_old_cycles_are_collected_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "LEAST_SECONDS", 0.01)
    with garbage.collected_by_the_clock():
        ring = Ring()
        gone = weakref.ref(ring)
        gc.collect(1)
        gc.collect(1)  # it is as old as can be
        del ring
        gc.collect(1)
        assert gone() is not None
        for_a_moment(1)
        assert gone() is None


def test_the_longer_it_takes_the_more_seldom_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "LEAST_SECONDS", 0.01)
    monkeypatch.setattr(garbage, "SHARE", 0.1)
    calls = []

    def slowly() -> None:
        calls.append(time.perf_counter())
        time.sleep(0.05)

    monkeypatch.setattr(garbage.gc, "collect", slowly)
    for_a_moment(1.2)
    assert 1 <= len(calls) <= 3


def test_a_mock_in_somebody_elses_process_leaves_its_collector_alone() -> None:
    before = gc.get_threshold()
    with serve(fixtures="empty") as mock:
        httpx.get(f"{mock.url}/health")
        assert gc.get_threshold() == before
        assert gc.get_freeze_count() == 0


def test_requests_never_wait_until_all_that_lives_was_looked_at() -> None:
    command = [sys.executable, "-c", EAGER, "--port", "0", "--fixtures", "empty"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().partition(" at ")[2].split()[0]
        with httpx.Client(base_url=url) as client:
            for number in range(300):
                assert client.post("/flows/", json={"name": f"{number}"}).status_code == 201
        process.terminate()
        told = process.stdout.read().splitlines()[-1]
    word, young, old = told.split()
    assert word == "looked"
    assert int(young) > 10
    assert int(old) < 5
