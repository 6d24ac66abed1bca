"""Removing everything that a run made on its target."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from contract_tests.errors import CannotJudge
from contract_tests.transport.exchange import NotJson
from contract_tests.transport.target import segment

if TYPE_CHECKING:
    from contract_tests.transport.exchange import Exchange
    from contract_tests.transport.target import Target

_MADE: Final = 201
_PAGE: Final = 200
_NOT_FOUND: Final = 404
_GONE: Final = frozenset({204, _NOT_FOUND})
_SILENT: Final = "the target does not answer"
IDLE: Final = "the server says that it is removed, and it is still there"
"""Why something is left that a server did not delete when it said so."""
AGENT_POOL: Final = "default-agent-pool"
"""The pool that a server makes by itself for a work queue without a pool."""

# What is made by a POST to a path, and the path that removes it, filled from the answer's body.
# In the order of removal: a deployment goes before its flow, a queue before its pool.
_MAKERS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(path), removal)
    for path, removal in (
        (r"/deployments/", "/deployments/{id}"),
        (r"/deployments/[^/]+/create_flow_run(/bulk)?", "/flow_runs/{id}"),
        (r"/flow_runs/", "/flow_runs/{id}"),
        (r"/task_runs/", "/task_runs/{id}"),
        (r"/flows/", "/flows/{id}"),
        (r"/work_queues/", "/work_queues/{id}"),
        (r"/work_pools/[^/]+/queues/?", "/work_queues/{id}"),
        (r"/work_pools/", "/work_pools/{name}"),
        (r"/v2/concurrency_limits/", "/v2/concurrency_limits/{id}"),
        (r"/variables/", "/variables/{id}"),
    )
)
# Kinds whose records are named by us, and the key by which they are removed.
_NAMED: Final = {
    "task_runs": "id",
    "flow_runs": "id",
    "deployments": "id",
    "flows": "id",
    "work_pools": "name",
    "variables": "id",
    "v2/concurrency_limits": "id",
}
# Can be searched for by a part of the name.
_LIKED: Final = frozenset({"task_runs", "flow_runs", "deployments", "flows"})
_NAMES_QUEUES: Final = re.compile(r"/deployments/([^/]+(/create_flow_run(/bulk)?)?)?|/flow_runs/")


class Janitor:
    """Watches what a run sends, and removes what it made.

    Observe by `target.observers.append(janitor.observe)`. Work queues and the agent pool that a
    server makes on demand are told from others' by a listing taken at the start.

    Args:
        target: where things are made and removed.
        prefix: how the names begin that only this run gives.
    """

    def __init__(self, target: Target, prefix: str) -> None:
        self._target = target
        self._prefix = prefix
        self._made: dict[str, int] = {}  # removal path -> its place in the order of removal
        # A flow that goes takes its deployments along, but a server leaves the limits of those.
        self._limits: set[str] = set()
        self._queue_names: set[str] = set()
        self._queues_before: set[str] | None = None
        self._pool_before = True
        self._failed: dict[str, str] = {}  # removal path -> why it may still be there

    def start(self) -> None:
        """List what is there before the run makes anything."""
        self._queues_before = {queue["id"] for queue in self._queues()}
        self._pool_before = self._target.get(f"/work_pools/{AGENT_POOL}").status != _NOT_FOUND

    def observe(self, exchange: Exchange) -> None:
        """Take note of what an exchange made or removed."""
        if exchange.method == "DELETE" and exchange.status in _GONE:
            self._made.pop(exchange.path, None)
        if exchange.method not in ("POST", "PATCH"):
            return
        path = exchange.path
        if _NAMES_QUEUES.fullmatch(path):
            self._note_queues(exchange)
        # A bulk creation answers 200 or 201; any other 200 says that the thing existed before.
        if exchange.status != _MADE and not path.endswith("/create_flow_run/bulk"):
            return
        for order, (pattern, removal) in enumerate(_MAKERS):
            if exchange.method == "POST" and pattern.fullmatch(path):
                for record in _records(exchange):
                    self._made.setdefault(_fill(removal, record), order)
                    self._limits.add(f"deployment:{record['id']}")

    def _note_queues(self, exchange: Exchange) -> None:
        try:
            body = exchange.sent_json()
        except (NotJson, RecursionError):
            return
        for item in body if isinstance(body, list) else [body]:
            name = item.get("work_queue_name") if isinstance(item, dict) else None
            if isinstance(name, str):
                self._queue_names.add(name)

    def remove(self) -> list[str]:
        """Remove everything; return a line for each thing that is still there afterwards.

        Lines are commands for a reader, such as `curl -X DELETE http://.../flows/1  # status 500`.
        What a deletion failed for may be gone all the same, with its flow for instance: only what
        still can be read is told.
        """
        told: list[str] = []
        todo = sorted(self._made, key=lambda path: self._made[path])
        try:
            while todo:
                self._delete(todo[0])
                todo.pop(0)
            told = self._remove_queues()
            self._sweep()
            self._forget_what_is_gone()
        except KeyboardInterrupt:
            self._failed |= dict.fromkeys(todo, "interrupted")
        self._made.clear()
        lines = [
            f"curl -X DELETE {self._target.base_url}{path}  # {why}"
            for path, why in self._failed.items()
        ]
        return [*lines, *told]

    def _forget_what_is_gone(self) -> None:
        for path, why in list(self._failed.items()):
            if why != _SILENT and not stands(self._target, path):
                del self._failed[path]

    def _delete(self, path: str) -> None:
        try:
            status = self._target.send("DELETE", path).status
        except CannotJudge:
            self._failed[path] = _SILENT
            return
        if status not in _GONE:
            self._failed[path] = f"status {status}"

    def _remove_queues(self) -> list[str]:
        """Queues, and the agent pool, that the server made because this run named them."""
        if self._queues_before is None or not self._queue_names:
            return []
        try:
            new = [queue for queue in self._queues() if queue["id"] not in self._queues_before]
            for queue in new:
                if queue.get("name") in self._queue_names - {"default"}:
                    self._delete(f"/work_queues/{queue['id']}")
            if not self._pool_before and not self._in_use(AGENT_POOL):
                self._delete(f"/work_pools/{AGENT_POOL}")
        except (CannotJudge, NotJson) as error:
            return [f"work queues made on demand: {error}"]
        return []

    def _in_use(self, pool: str) -> bool:
        body = {"work_pools": {"name": {"any_": [pool]}}}
        return bool(self._target.post("/deployments/count", body).json() != 0)

    def _queues(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            body = {"offset": len(found), "limit": _PAGE}
            page = _records(self._target.post("/work_queues/filter", body))
            known = {row["id"] for row in found}
            found += [row for row in page if row["id"] not in known]
            if len(page) < _PAGE or len(found) == len(known):
                return found

    def _sweep(self) -> None:
        """What still bears our prefix: made just before the run was stopped, or not removed."""
        found = self._bearing_prefix()
        for path in found:
            self._delete(path)
        for path in self._bearing_prefix() if found else ():
            self._failed.setdefault(path, IDLE)

    def _bearing_prefix(self) -> list[str]:
        """The removal paths of everything that is named by us, or after a deployment of ours."""
        found = []
        for kind, key in _NAMED.items():
            body = {kind: {"name": {"like_": self._prefix}}} if kind in _LIKED else {}
            try:
                rows = _records(self._target.post(f"/{kind}/filter", body))
            except CannotJudge:
                continue
            found += [
                f"/{kind}/{segment(str(row.get(key)))}"
                for row in rows
                if (name := str(row.get("name", ""))).startswith(self._prefix)
                or name in self._limits
            ]
        return found


def stands(target: Target, path: str) -> bool:
    """Whether something still can be read there; also where that cannot be known."""
    try:
        return target.get(path).status != _NOT_FOUND
    except CannotJudge:
        return True


def _records(exchange: Exchange) -> list[dict[str, Any]]:
    """The records in an answer: the body itself, a list, or a list below `results`."""
    try:
        body = exchange.json()
    except NotJson:
        return []
    if isinstance(body, dict):
        nested = [v for v in body.values() if isinstance(v, list)]
        body = [body] if "id" in body else [item for items in nested for item in items]
    return (
        [item for item in body if isinstance(item, dict) and "id" in item]
        if isinstance(body, list)
        else []
    )


def _fill(template: str, record: dict[str, Any]) -> str:
    return template.format(id=segment(str(record["id"])), name=segment(str(record.get("name", ""))))
