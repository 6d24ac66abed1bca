"""What the mock costs before it answers: time to start, and memory.

Each figure comes from processes of its own: `python -m tests.benchmark.footprint WHAT` prints one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from tests.benchmark.processes import running
from tests.benchmark.sides import mock_command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SIZE: Final = 100_000
KINDS: Final = ("flows", "deployments", "deployment_schedules", "flow_runs", "task_runs")


def measure(rounds: int) -> dict[str, Any]:
    """The figures; seconds are medians, bytes are per deployment."""
    started = []
    for _ in range(rounds):
        with running(mock_command("default"), base="/api", health="/health") as server:
            started.append(server.seconds)
    return {
        "seconds_to_first_answer": median(started),
        "seconds_of_imports": median(_figure("imports") for _ in range(rounds)),
        "seconds_of_create_app": median(_figure("create_app") for _ in range(rounds)),
        "seconds_of_large_fixtures": _figure("large"),
        "bytes_above_data": _figure("memory"),
        "bytes_above_data_when_all_were_listed": _figure("listed"),
    }


def _figure(what: str) -> float:
    command = [sys.executable, "-m", "tests.benchmark.footprint", what]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _imports() -> float:
    began = time.perf_counter()
    import mock_server.app  # noqa: PLC0415
    import mock_server.server  # noqa: PLC0415, F401 - it is the time that counts

    return time.perf_counter() - began


def _create_app() -> float:
    from mock_server import create_app  # noqa: PLC0415 - not to be counted

    began = time.perf_counter()
    create_app(fixtures="empty")
    return time.perf_counter() - began


def _large() -> float:
    from mock_server import create_app  # noqa: PLC0415

    create_app(fixtures="large:0")
    began = time.perf_counter()
    create_app(fixtures=f"large:{SIZE}")
    return time.perf_counter() - began


def _memory(*, listed: bool = False) -> float:
    """The memory that a deployment takes, without its JSON and that of what belongs to it."""
    from mock_server import create_app  # noqa: PLC0415
    from mock_server.responses import render  # noqa: PLC0415

    create_app(fixtures="large:10")
    before = _resident()
    store = create_app(fixtures=f"large:{SIZE}").store
    if listed:
        _list_all(store)
    after = _resident()
    data = sum(len(render(record)) for kind in KINDS for record in store.tables[kind])
    return (after - before - data) / SIZE


def _list_all(store: Any) -> None:
    """Answer with every page of deployments there is."""
    from mock_server.call import Call  # noqa: PLC0415
    from mock_server.edges import responses  # noqa: PLC0415
    from mock_server.operations import OPERATIONS  # noqa: PLC0415

    answers = responses().answers("paginate_deployments")
    for page in range(1, SIZE // 200 + 1):
        full = {"limit": 200, "page": page}
        reply = OPERATIONS["paginate_deployments"](Call(store, body={}, full=full))
        answers.render(reply.status, reply.body)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


FIGURES: Final[Mapping[str, Callable[[], float]]] = {
    "imports": _imports,
    "create_app": _create_app,
    "large": _large,
    "memory": _memory,
    "listed": lambda: _memory(listed=True),
}

if __name__ == "__main__":
    print(FIGURES[sys.argv[1]]())
