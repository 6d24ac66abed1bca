"""State changes around the deployments: flows, runs, states, pools, queues, limits, variables.

Every object has a key that follows from its name, as in `changes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.agreement import world as words
from tests.agreement.wire import Request, ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from tests.agreement.wire import Side

KIND: Final = "state change"
READ: Final = "read back"
LIMITS: Final = 3
VARIABLES: Final = 4
POOLS: Final = 2
TEMPLATES: Final[list[dict[str, Any]]] = [
    {},
    {
        "job_configuration": {"size": "{{ size }}"},
        "variables": {
            "type": "object",
            "properties": {"size": {"type": "integer"}, "where": {"type": "string"}},
            "required": ["size"],
        },
    },
    {
        "job_configuration": {"size": "{{ size }}"},
        "variables": {"type": "object", "properties": {"size": {"type": "integer", "default": 1}}},
    },
]


class Surroundings:
    """Steps over objects of their own; `side` tells which keys exist already."""

    def __init__(self, rng: Random, side: Side) -> None:
        self._rng = rng
        self._ids = side.ids
        self._tasks = 0

    def steps(self) -> list[tuple[Callable[[], Iterator[Request]], int]]:
        """What can be done, with weights."""
        return [
            (self._limit, 2),
            (self._variable, 2),
            (self._pool, 3),
            (self._queue, 2),
            (self._flow, 2),
            (self._set_state, 5),
            (self._change_run, 2),
            (self._task_run, 2),
            (self._delete_run, 1),
        ]

    def _key(self, prefix: str) -> str | None:
        """One of the keys with this prefix that both servers know, or knew."""
        known = [key for key in self._ids if key.startswith(prefix)]
        return self._rng.choice(known) if known else None

    def _some(self, optional: dict[str, Any], share: float = 0.4) -> dict[str, Any]:
        return {key: value for key, value in optional.items() if self._rng.random() < share}

    def _limit(self) -> Iterator[Request]:
        number = self._rng.randrange(LIMITS)
        key, name = f"limit{number}", f"limit {number}"
        optional = {
            "active": self._rng.random() < 0.7,
            "slot_decay_per_second": self._rng.choice([0, 0.5]),
            "active_slots": self._rng.choice([0, 1]),
        }
        body = {"name": name, "limit": self._rng.choice([1, 5]), **self._some(optional, 0.3)}
        yield Request(KIND, "POST", "/v2/concurrency_limits/", body, save=(key,))
        if key in self._ids:
            where = self._rng.choice([ref(key), name])
            path = f"/v2/concurrency_limits/{where}"
            yield self._rng.choice(
                [
                    Request(KIND, "GET", path),
                    Request(
                        KIND, "PATCH", path, self._some({**optional, "limit": 2, "name": name})
                    ),
                    Request(KIND, "DELETE", path),
                ]
            )
            yield Request(READ, "GET", f"/v2/concurrency_limits/{ref(key)}")
        path = "/v2/concurrency_limits/filter"
        yield Request(READ, "POST", path, {"limit": 200}, unordered=True)

    def _variable(self) -> Iterator[Request]:
        number = self._rng.randrange(VARIABLES)
        key, name = f"variable{number}", f"variable_{number}"
        value: Any = self._rng.choice([1, "text", None, {"deep": [1.5]}, True, "", [[]]])
        body = {"name": name, "value": value, "tags": words.some(self._rng, words.TAGS)}
        yield Request(KIND, "POST", "/variables/", body, save=(key,))
        if key in self._ids:
            where = self._rng.choice([ref(key), f"name/{name}"])
            changed = self._some({"value": value, "tags": ["b"], "name": f"variable_{number}"})
            yield self._rng.choice(
                [
                    Request(KIND, "GET", f"/variables/{where}"),
                    Request(KIND, "PATCH", f"/variables/{where}", changed),
                    Request(KIND, "DELETE", f"/variables/{where}"),
                ]
            )
        yield Request(READ, "GET", f"/variables/name/{name}")

    def _pool(self) -> Iterator[Request]:
        name = f"pool-{self._rng.randrange(POOLS)}"
        optional: dict[str, Any] = {
            "description": self._rng.choice([None, "words"]),
            "is_paused": self._rng.random() < 0.5,
            "concurrency_limit": self._rng.choice([None, 0, 5]),
            "base_job_template": self._rng.choice(TEMPLATES),
        }
        made = {"name": name, "type": "process", **self._some(optional)}
        yield self._rng.choice(
            [
                Request(KIND, "POST", "/work_pools/", made),
                Request(KIND, "POST", "/work_pools/", made),
                Request(KIND, "PATCH", f"/work_pools/{name}", self._some(optional)),
                Request(KIND, "DELETE", f"/work_pools/{name}"),
            ]
        )
        yield Request(READ, "GET", f"/work_pools/{name}")

    def _queue(self) -> Iterator[Request]:
        name = self._rng.choice([f"pool-{self._rng.randrange(POOLS)}", *words.POOLS])
        queue = self._rng.choice(["extra", "more", "default"])
        optional: dict[str, Any] = {
            "description": "words",
            "is_paused": self._rng.random() < 0.5,
            "concurrency_limit": self._rng.choice([None, 0, 5]),
            "priority": self._rng.choice([1, 2, 9]),
        }
        path = f"/work_pools/{name}/queues"
        yield self._rng.choice(
            [
                Request(KIND, "POST", path, {"name": queue, **self._some(optional)}),
                Request(KIND, "POST", path, {"name": queue, **self._some(optional)}),
                Request(KIND, "PATCH", f"{path}/{queue}", self._some(optional)),
                Request(KIND, "DELETE", f"{path}/{queue}"),
                Request(KIND, "GET", f"{path}/{queue}"),
            ]
        )
        yield Request(READ, "POST", f"{path}/filter", {}, unordered=True)
        owner = self._key("job") or "d0"
        yield Request(READ, "GET", f"/deployments/{ref(owner)}/work_queue_check", unordered=True)

    def _flow(self) -> Iterator[Request]:
        name = self._rng.choice([*words.FLOW_NAMES, "late flow", "later flow"])
        body = {"name": name, "tags": words.some(self._rng, words.TAGS)}
        labels = {"labels": self._rng.choice([None, {}, {"tier": "gold", "n": 1}])}
        key = {"late flow": "late1", "later flow": "late2"}.get(name)
        saved = (key,) if key else ()
        yield Request(KIND, "POST", "/flows/", body | self._some(labels), save=saved)
        if key in self._ids:
            path = f"/flows/{ref(key)}"
            yield self._rng.choice(
                [
                    Request(KIND, "PATCH", path, self._some({"tags": ["patched"]}, 0.7)),
                    Request(KIND, "DELETE", path),
                ]
            )
        yield Request(READ, "GET", f"/flows/name/{name}")

    def _set_state(self) -> Iterator[Request]:
        run = self._key("made")
        if run is None:
            return
        for _ in range(self._rng.choice([1, 1, 2, 3])):
            body: dict[str, Any] = {"state": words.state(self._rng)}
            if self._rng.random() < 0.4:
                body["force"] = self._rng.random() < 0.6
            yield Request(KIND, "POST", f"/flow_runs/{ref(run)}/set_state", body)
        yield Request(READ, "GET", f"/flow_runs/{ref(run)}")

    def _change_run(self) -> Iterator[Request]:
        run = self._key("made")
        if run is None:
            return
        optional: dict[str, Any] = {
            "name": self._rng.choice(words.RUN_NAMES),
            "flow_version": self._rng.choice([None, "2"]),
            "parameters": self._rng.choice([{}, {"x": [1]}]),
            "tags": words.some(self._rng, words.TAGS),
            "infrastructure_pid": self._rng.choice([None, "pid"]),
            "job_variables": self._rng.choice([None, {}, {"size": 3}, {"size": "big"}]),
            "empirical_policy": {"retries": 2, "retry_delay": 5},
        }
        yield Request(KIND, "PATCH", f"/flow_runs/{ref(run)}", self._some(optional))
        yield Request(READ, "GET", f"/flow_runs/{ref(run)}")

    def _task_run(self) -> Iterator[Request]:
        run = self._key("made")
        if run is None:
            return
        self._tasks += 1
        key = f"step{self._tasks}"
        optional: dict[str, Any] = {
            "name": self._rng.choice(words.TASK_NAMES),
            "state": words.state(self._rng),
            "tags": words.some(self._rng, words.TAGS),
            "task_version": "1",
            "labels": {"mine": 1},
            "task_inputs": {"x": [{"input_type": "parameter", "name": "x"}]},
        }
        dynamic = self._rng.choice(["same", f"{self._tasks}"])
        body = {"flow_run_id": ref(run), "task_key": "t", "dynamic_key": dynamic}
        body |= self._some(optional)
        yield Request(KIND, "POST", "/task_runs/", body, save=(key,))
        if key in self._ids:
            method = self._rng.choice(["GET", "GET", "DELETE"])
            yield Request(KIND, method, f"/task_runs/{ref(key)}")
        wanted = {"task_runs": {"flow_run_id": {"any_": [ref(run)]}}}
        yield Request(READ, "POST", "/task_runs/filter", wanted, unordered=True)

    def _delete_run(self) -> Iterator[Request]:
        run = self._key("made")
        if run:
            yield Request(KIND, "DELETE", f"/flow_runs/{ref(run)}")
            yield Request(READ, "GET", f"/flow_runs/{ref(run)}")


def everything(deployments: list[str]) -> Iterator[Request]:
    """Reads of all that both servers hold, of some deployments one by one."""
    for path in ("/deployments/filter", "/flows/filter", "/work_pools/filter", "/variables/filter"):
        yield Request(READ, "POST", path, {"limit": 200}, unordered=True)
    for path in ("/v2/concurrency_limits/filter", "/work_queues/filter", "/task_runs/filter"):
        yield Request(READ, "POST", path, {"limit": 200}, unordered=True)
    for path in ("deployments", "flows", "flow_runs", "task_runs", "work_pools", "variables"):
        yield Request(READ, "POST", f"/{path}/count", {})
    for key in deployments:
        wanted = {"flow_runs": {"deployment_id": {"any_": [ref(key)]}}, "limit": 200}
        yield Request(READ, "POST", "/flow_runs/filter", wanted, unordered=True)
        yield Request(READ, "GET", f"/deployments/{ref(key)}/schedules")
