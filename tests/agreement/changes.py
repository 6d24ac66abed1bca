"""State changes: a random walk of creates, updates, schedules, runs and deletes, read back.

Objects have keys that follow from their names (`job3` is always the same flow and name), so that
an upsert is remembered as what it was and a deleted object is asked for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.agreement import variety
from tests.agreement import world as words
from tests.agreement.surroundings import KIND, READ, Surroundings, everything
from tests.agreement.wire import Request, ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from tests.agreement.wire import Side

JOBS: Final = 8
READ_ALL_AFTER: Final = 60
# The background task that marks polled deployments as ready ends within it.
POLL_SECONDS: Final = 0.6


class Changes:
    """A walk over objects of its own; `side` tells which keys exist already."""

    def __init__(self, rng: Random, side: Side) -> None:
        self._rng = rng
        self._ids = side.ids
        self._schedules = 0
        self._runs = 0
        self._steps: list[tuple[Callable[[], Iterator[Request]], int]] = [
            (self._create, 6),
            (self._update, 6),
            (self._update_schedules, 3),
            (self._pause, 2),
            (self._add_schedules, 3),
            (self._change_schedule, 3),
            (self._drop_schedule, 2),
            (self._schedule_runs, 3),
            (self._plan, 5),
            (self._enforce, 4),
            (self._run, 5),
            (self._runs_in_bulk, 1),
            (self._poll, 1),
            (self._delete, 2),
            (self._bulk_delete, 1),
            *Surroundings(rng, side).steps(),
        ]

    def requests(self, steps: int) -> Iterator[Request]:
        """That many changes, each followed by reads of what it may have touched.

        After some, and at the end, everything is read.
        """
        for number in range(JOBS):
            yield from self._create(number)
        choices, weights = zip(*self._steps, strict=True)
        for step in range(1, steps + 1):
            yield from self._rng.choices(choices, weights)[0]()
            if step % READ_ALL_AFTER == 0 or step == steps:
                yield from everything(self._owners())

    def _read_back(self, key: str) -> Iterator[Request]:
        path = f"/deployments/{ref(key)}"
        yield Request(READ, "GET", path)
        if self._rng.random() < 0.3:
            yield Request(READ, "GET", f"{path}/schedules")
        if self._rng.random() < 0.6:
            body = {"flow_runs": {"deployment_id": {"any_": [ref(key)]}}, "limit": 200}
            yield Request(READ, "POST", "/flow_runs/filter", body, unordered=True)

    def _key(self, prefix: str) -> str | None:
        """One of the keys with this prefix that both servers know, or knew."""
        known = [key for key in self._ids if key.startswith(prefix)]
        return self._rng.choice(known) if known else None

    def _job(self) -> str:
        return self._key("job") or "d0"

    def _create(self, number: int | None = None) -> Iterator[Request]:
        number = self._rng.randrange(JOBS) if number is None else number
        key = f"job{number}"
        flow = ref(f"flow{number % 3}")
        body = words.deployment_body(self._rng, f"job {number}", flow)
        if "schedules" in body and self._rng.random() < 0.5:
            for position, item in enumerate(body["schedules"]):
                item["slug"] = f"slug {position}"
        if self._rng.random() < 0.15:
            body |= {"enforce_parameter_schema": True, "parameter_openapi_schema": words.SCHEMA}
        limit = self._key("limit") if self._rng.random() < 0.15 else None
        if limit and "concurrency_limit" not in body:
            body["global_concurrency_limit_id"] = ref(limit)
        yield Request(KIND, "POST", "/deployments/", body, save=(key,))
        if key not in self._ids:
            return
        yield from self._read_back(key)
        if self._rng.random() < 0.3:
            flow_name = words.FLOW_NAMES[number % 3]
            yield Request(READ, "GET", f"/deployments/name/{flow_name}/job {number}")

    def _update(self) -> Iterator[Request]:
        key = self._job()
        body = words.deployment_body(self._rng, "", "")
        names = [name for name in body if name not in {"name", "flow_id", "labels", "schedules"}]
        chosen = self._rng.sample(names, min(len(names), self._rng.choice([0, 1, 1, 2, 4])))
        sent = {name: body[name] for name in chosen}
        if self._rng.random() < 0.1:
            sent[self._rng.choice(["parameters", "tags", "job_variables", "paused"])] = None
        yield Request(KIND, "PATCH", f"/deployments/{ref(key)}", sent)
        yield from self._read_back(key)

    def _update_schedules(self) -> Iterator[Request]:
        key = self._job()
        items = [words.schedule(self._rng) for _ in range(self._rng.choice([0, 1, 2]))]
        for position, item in enumerate(items):
            if self._rng.random() < 0.6:
                item["slug"] = f"slug {position}"
            if self._rng.random() < 0.15:
                item["replaces"] = f"slug {1 - position}"
            if self._rng.random() < 0.2:
                del item["schedule"]
        yield Request(KIND, "PATCH", f"/deployments/{ref(key)}", {"schedules": items})
        yield from self._read_back(key)

    def _pause(self) -> Iterator[Request]:
        key = self._job()
        verb = self._rng.choice(["pause", "resume"])
        yield Request(KIND, "POST", f"/deployments/{ref(key)}/{verb}_deployment")
        yield from self._read_back(key)

    def _add_schedules(self) -> Iterator[Request]:
        key = self._job()
        items = [words.schedule(self._rng) for _ in range(self._rng.choice([0, 1, 1, 2]))]
        keys = []
        for item in items:
            self._schedules += 1
            keys.append(f"schedule{self._schedules}")
            if self._rng.random() < 0.4:
                item["slug"] = f"slug {self._rng.randrange(4)}"
            if self._rng.random() < 0.3:
                item |= {"max_scheduled_runs": 3, "parameters": {"y": "from the schedule"}}
        path = f"/deployments/{ref(key)}/schedules"
        yield Request(KIND, "POST", path, items, save=tuple(keys))
        yield from self._read_back(key)

    def _change_schedule(self) -> Iterator[Request]:
        schedule, key = self._key("schedule"), self._job()
        if schedule is None:
            return
        body: dict[str, Any] = self._rng.choice(
            [
                {},
                {"active": self._rng.random() < 0.5},
                words.schedule(self._rng),
                {"slug": f"slug {self._rng.randrange(4)}"},
                {"max_scheduled_runs": self._rng.choice([None, 7])},
                {"parameters": {"x": 9}},
            ]
        )
        # The deployment is a guess: right, or a schedule of another one.
        for owner in (key, *self._owners()[:4]):
            path = f"/deployments/{ref(owner)}/schedules/{ref(schedule)}"
            yield Request(KIND, "PATCH", path, body)
        yield from self._read_back(key)

    def _owners(self) -> list[str]:
        return [key for key in self._ids if key.startswith("job")]

    def _drop_schedule(self) -> Iterator[Request]:
        schedule, key = self._key("schedule"), self._job()
        if schedule is None:
            return
        path = f"/deployments/{ref(key)}/schedules/{ref(schedule)}"
        yield Request(KIND, "DELETE", path)
        yield from self._read_back(key)

    def _schedule_runs(self) -> Iterator[Request]:
        key = self._job()
        body: dict[str, Any] = {"start_time": "2030-03-30T00:00:00Z"}
        body |= self._rng.choice(
            [
                {},
                {"end_time": "2030-04-01T00:00:00Z"},
                {"end_time": "2030-03-29T00:00:00Z"},
                {"max_runs": 2, "min_runs": 1, "min_time": 60},
                {"end_time": "2030-04-20T00:00:00Z", "max_runs": 12},
            ]
        )
        for _ in range(self._rng.choice([1, 1, 2])):
            yield Request(KIND, "POST", f"/deployments/{ref(key)}/schedule", body)
        yield from self._read_back(key)

    def _plan(self) -> Iterator[Request]:
        """One schedule of a deployment of its own, planned over changes of the clock."""
        flow, key = ref("flow0"), "plan1"
        body = {"name": "plan", "flow_id": flow, "schedules": [variety.schedule(self._rng)]}
        yield Request(KIND, "POST", "/deployments/", body, save=(key,))
        if key in self._ids:
            path = f"/deployments/{ref(key)}"
            yield Request(KIND, "POST", f"{path}/schedule", variety.stretch(self._rng))
            yield from self._read_back(key)

    def _enforce(self) -> Iterator[Request]:
        """Parameters and job variables against schemas: on creation, by updates and in runs."""
        number = self._rng.randrange(3)
        key, path = f"checked{number}", f"/deployments/{ref(f'checked{number}')}"
        body: dict[str, Any] = {
            "name": f"checked {number}",
            "flow_id": ref("flow1"),
            "parameter_openapi_schema": self._rng.choice([None, *variety.SCHEMAS]),
            "parameters": variety.parameters(self._rng),
            "job_variables": variety.job_variables(self._rng),
            **words.placement(self._rng),
        }
        if self._rng.random() < 0.6:
            body["enforce_parameter_schema"] = self._rng.random() < 0.6
        yield Request(KIND, "POST", "/deployments/", body, save=(key,))
        if key not in self._ids:
            return
        if self._rng.random() < 0.6:
            names = ["parameters", "job_variables", "parameter_openapi_schema", "work_pool_name"]
            again: dict[str, Any] = {
                "parameters": variety.parameters(self._rng),
                "job_variables": variety.job_variables(self._rng),
                "parameter_openapi_schema": self._rng.choice(variety.SCHEMAS),
                "work_pool_name": self._rng.choice(words.POOLS),
            }
            chosen = self._rng.sample(names, self._rng.choice([1, 1, 2]))
            yield Request(KIND, "PATCH", path, {name: again[name] for name in chosen})
        run = {**self._run_body(), "parameters": variety.parameters(self._rng)}
        run["job_variables"] = variety.job_variables(self._rng)
        yield Request(KIND, "POST", f"{path}/create_flow_run", run)
        yield from self._read_back(key)

    def _run_body(self) -> dict[str, Any]:
        optional: dict[str, Any] = {
            "name": self._rng.choice(words.RUN_NAMES),
            "parameters": self._rng.choice([{}, {"x": 3}, {"x": "no number"}, {"new": [1]}]),
            "tags": words.some(self._rng, words.TAGS),
            "labels": {"mine": True},
            "job_variables": {"size": 2},
            "idempotency_key": f"once {self._rng.randrange(3)}",
            "work_queue_name": self._rng.choice(words.QUEUES),
            "enforce_parameter_schema": False,
            "context": {"a": 1},
        }
        body = {key: value for key, value in optional.items() if self._rng.random() < 0.4}
        # Always with a state of its own: the default is a time that both servers read themselves.
        return body | {"state": words.state(self._rng)}

    def _run(self) -> Iterator[Request]:
        key = self._job()
        self._runs += 1
        run = f"made{self._runs}"
        path = f"/deployments/{ref(key)}/create_flow_run"
        yield Request(KIND, "POST", path, self._run_body(), save=(run,))
        if run in self._ids:
            yield Request(READ, "GET", f"/flow_runs/{ref(run)}")
        yield from self._read_back(key)

    def _runs_in_bulk(self) -> Iterator[Request]:
        key = self._job()
        bodies = [self._run_body() for _ in range(self._rng.choice([0, 1, 3]))]
        yield Request(KIND, "POST", f"/deployments/{ref(key)}/create_flow_run/bulk", bodies)
        yield from self._read_back(key)

    def _poll(self) -> Iterator[Request]:
        keys = [self._job() for _ in range(self._rng.choice([0, 1, 2]))]
        body = {
            "deployment_ids": [ref(key) for key in keys],
            "scheduled_before": self._rng.choice([None, *words.MOMENTS]),
            "limit": 200,
        }
        path = "/deployments/get_scheduled_flow_runs"
        yield Request(KIND, "POST", path, body, unordered=True, settle=POLL_SECONDS)
        for key in keys:
            yield from self._read_back(key)

    def _delete(self) -> Iterator[Request]:
        key = self._job()
        yield Request(KIND, "DELETE", f"/deployments/{ref(key)}")
        yield from self._read_back(key)

    def _bulk_delete(self) -> Iterator[Request]:
        keys = [self._job() for _ in range(self._rng.choice([0, 1, 2]))]
        body: dict[str, Any] = {"deployments": {"id": {"any_": [ref(key) for key in keys]}}}
        if self._rng.random() < 0.3:
            body["limit"] = self._rng.choice([0, 1])
            # With a limit the server chooses which: of one there is no choice.
            body["deployments"] = {"id": {"any_": [ref(key) for key in keys[:1]]}}
        yield Request(KIND, "POST", "/deployments/bulk_delete", body, unordered=True)
        for key in keys:
            yield from self._read_back(key)
