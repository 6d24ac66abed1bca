"""What a page costs when there are more deployments to find it among.

One mock per size, all at once, asked in turn: what disturbs one disturbs all. No request comes
twice in a row of many, so none is answered from memory of the one before.
"""

from __future__ import annotations

import http.client
import json
from contextlib import ExitStack
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from tests.benchmark.processes import running
from tests.benchmark.sides import mock_command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.benchmark.processes import Server

SIZES: Final = (100, 1_000, 10_000, 100_000)
LIMIT: Final = 10
DIFFERENT: Final = 40

Filters = dict[str, Any]


def _deployments(**criteria: Any) -> Filters:
    return {"deployments": criteria}


FILTERS: Final[Mapping[str, Callable[[int], Filters]]] = {
    "one tag": lambda n: _deployments(tags={"all_": [f"team-{n:02}"]}),
    "one of several tags": lambda n: _deployments(tags={"any_": [f"team-{n:02}", "heavy"]}),
    "part of a name": lambda n: _deployments(name={"like_": f"y-%{n:02}"}),
    "part of a name or its flow's": lambda n: _deployments(
        flow_or_deployment_name={"like_": f"{n:02}"}
    ),
    "paused, with a tag": lambda n: _deployments(
        paused={"eq_": True}, tags={"any_": [f"team-{n:02}"]}
    ),
    "in a queue, with a tag": lambda n: {
        "work_pool_queues": {"name": {"any_": ["critical"]}},
        **_deployments(tags={"all_": [f"team-{n:02}"]}),
    },
    "runs in a state": lambda n: {
        "flow_runs": {"state": {"type": {"any_": ["FAILED"]}}, "name": {"like_": chr(97 + n % 26)}},
        **_deployments(tags={"any_": [f"team-{n:02}", "adhoc"]}),
    },
    "none": lambda n: _deployments(id={"not_any_": [f"{n:08x}-0000-4000-8000-000000000000"]}),
}
"""Name -> the filters of the request with a number."""


class Asker:
    """One connection to a server.

    Args:
        server: which.
    """

    def __init__(self, server: Server) -> None:
        host, _, path = server.base_url.removeprefix("http://").partition("/")
        self.server = server
        self._base = f"/{path}"
        self._connection = http.client.HTTPConnection(host)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _time(
        self, method: str, path: str, body: Any
    ) -> tuple[float, http.client.HTTPResponse, bytes]:
        content = None if body is None else json.dumps(body)
        headers = {"content-type": "application/json"} if content else {}
        began = self.server.milliseconds()
        self._connection.request(method, self._base + path, content, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        return self.server.milliseconds() - began, answer, text

    def ask(self, method: str, path: str, body: Any = None) -> tuple[float, Any]:
        """The milliseconds that an answer took the server, and what it said.

        Raises:
            RuntimeError: it was a refusal.
        """
        try:
            took, answer, text = self._time(method, path, body)
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            # The server ends connections on which nothing came for some seconds.
            self._connection.close()
            took, answer, text = self._time(method, path, body)
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return took, json.loads(text) if text else None


def measure(sizes: tuple[int, ...] = SIZES, rounds: int = DIFFERENT) -> dict[str, dict[str, float]]:
    """Kind of request -> size -> milliseconds of an answer, the median.

    Besides the filters of `FILTERS`: `after a write` asks by tag when a deployment was changed just
    before; `create` makes one.
    """
    with ExitStack() as stack:
        askers = {
            size: Asker(
                stack.enter_context(
                    running(mock_command(f"large:{size}"), base="/api", health="/health")
                )
            )
            for size in sizes
        }
        found = {name: _rounds(askers, rounds, partial(_filtered, name)) for name in FILTERS}
        found["after a write"] = _rounds(askers, rounds, _after_a_write)
        found["create"] = _rounds(askers, rounds, _create)
        for asker in askers.values():
            asker.close()
    return found


def _rounds(
    askers: Mapping[int, Asker], rounds: int, ask: Callable[[Asker, int], float]
) -> dict[str, float]:
    times: dict[int, list[float]] = {size: [] for size in askers}
    for asker in askers.values():
        ask(asker, 0)  # indexes are made when they are first asked for
    for number in range(1, rounds):
        for size, asker in askers.items():
            times[size].append(ask(asker, number % DIFFERENT))
    return {str(size): median(found) for size, found in times.items()}


def _filtered(name: str, asker: Asker, number: int) -> float:
    return _page(asker, FILTERS[name](number))


def _page(asker: Asker, filters: Filters) -> float:
    return asker.ask("POST", "/deployments/paginate", {**filters, "limit": LIMIT})[0]


def _first(asker: Asker) -> Any:
    return asker.ask("POST", "/deployments/filter", {"limit": 1})[1][0]


def _after_a_write(asker: Asker, number: int) -> float:
    asker.ask("PATCH", f"/deployments/{_first(asker)['id']}", {"description": f"number {number}"})
    return _page(asker, FILTERS["one tag"](number))


def _create(asker: Asker, number: int) -> float:
    flow = _first(asker)["flow_id"]
    return asker.ask("POST", "/deployments/", {"name": f"new-{number}", "flow_id": flow})[0]
