"""The data that both servers are given, and the words that requests about it are made of.

Small vocabularies on purpose: a random filter is to hit, miss and half-hit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tests.agreement.wire import Request, ref

if TYPE_CHECKING:
    from random import Random

TAGS: Final = ["a", "b", "c", "A", "prod", "data team"]
FLOW_NAMES: Final = ["ETL", "etl-daily", "Report", "éclair", "under_score", "lonely flow"]
POOLS: Final = ["alpha-pool", "Beta", "gamma_1"]
POOL_TYPES: Final = ["process", "docker", "kubernetes"]
QUEUES: Final = ["high", "High", "a_b", "axb"]
LOOSE_QUEUES: Final = ["legacy", "legacy 2"]
STATES: Final = [
    "SCHEDULED",
    "PENDING",
    "RUNNING",
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    "CRASHED",
    "PAUSED",
    "CANCELLING",
]
STATE_NAMES: Final = ["Completed", "Late", "AwaitingRetry", "Scheduled", "Failed", "completed"]
VERSIONS: Final = ["v1", "v2"]
RUN_NAMES: Final = ["run alpha", "run Beta", "Nightly", "nightly_2", "é run"]
TASK_NAMES: Final = ["extract-0", "load-0", "Load-1", "under_task"]
MOMENTS: Final = [
    "2029-12-31T23:00:00Z",
    "2030-01-01T00:00:00Z",
    "2030-01-01T06:30:00+02:00",
    "2030-06-15T12:00:00Z",
    "2031-02-28T08:15:30.250000Z",
]
NAMES: Final = ["Alpha", "alpha", "beta", "Beta 2", "étude", "Étude", "a_b", "a-b", "axb", "zz top"]

FLOWS: Final = len(FLOW_NAMES)
DEPLOYMENTS: Final = 36
RUNS: Final = 70
TASK_RUNS: Final = 45
STAGES: Final = 3

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"x": {"type": "integer"}, "y": {"type": "string", "default": "d"}},
    "required": ["x"],
}


@dataclass(slots=True)
class World:
    """What was seeded, by key, and the instants between the stages of seeding."""

    deployments: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    instants: list[str] = field(default_factory=list)

    def keys(self, kind: str) -> list[str]:
        """Keys of all seeded objects of a kind."""
        counts = {
            "flow": FLOWS,
            "pool": len(POOLS),
            "queue": len(POOLS) * len(QUEUES),
            "loose": len(LOOSE_QUEUES),
            "run": RUNS,
            "task": TASK_RUNS,
        }
        return [f"{kind}{number}" for number in range(counts[kind])]

    def mark(self) -> None:
        """Remember this instant: what was seeded before it started earlier."""
        self.instants.append(datetime.now(UTC).isoformat())

    def moments(self) -> list[str]:
        return [*MOMENTS, *self.instants]


def some(rng: Random, words: list[str], most: int = 3) -> list[str]:
    """A few words without repetition, often none."""
    return rng.sample(words, rng.choice([0, 1, 1, 2, most]))


def stages(rng: Random, world: World) -> list[list[Request]]:
    """The requests that seed the data, in stages that a caller sends some time apart."""
    first = [*_flows(rng), *_pools(rng), *_deployments(rng, world)]
    found: list[list[Request]] = [first]
    runs = [_run(rng, number) for number in range(RUNS)]
    tasks = [_task_run(rng, number) for number in range(TASK_RUNS)]
    for stage in range(STAGES):
        part = slice(stage * RUNS // STAGES, (stage + 1) * RUNS // STAGES)
        task_part = slice(stage * TASK_RUNS // STAGES, (stage + 1) * TASK_RUNS // STAGES)
        # A task run of a stage belongs to a run of the same stage or of an earlier one.
        found.append([*runs[part], *tasks[task_part]])
    found[1] += [_touch(rng, key) for key in rng.sample(world.deployments, DEPLOYMENTS // 2)]
    found[-1] += [_scheduling(rng, key) for key in rng.sample(world.deployments, 4)]
    return found


def _flows(rng: Random) -> list[Request]:
    return [
        _create(
            "/flows/",
            {"name": name, "tags": some(rng, TAGS), "labels": {"team": name, "rank": number}},
            f"flow{number}",
        )
        for number, name in enumerate(FLOW_NAMES)
    ]


def _pools(rng: Random) -> list[Request]:
    found = []
    for number, (name, kind) in enumerate(zip(POOLS, POOL_TYPES, strict=True)):
        template = {
            "job_configuration": {"size": "{{ size }}"},
            "variables": {"type": "object", "properties": {"size": {"type": "integer"}}},
        }
        body = {"name": name, "type": kind, "is_paused": rng.random() < 0.3}
        if number == 0:
            body["base_job_template"] = template
        found.append(_create("/work_pools/", body, f"pool{number}"))
        found += [
            _create(
                f"/work_pools/{name}/queues",
                {"name": queue, "priority": 1 + position},
                f"queue{number * len(QUEUES) + position}",
            )
            for position, queue in enumerate(QUEUES)
        ]
    found += [
        _create("/work_queues/", {"name": name}, f"loose{number}")
        for number, name in enumerate(LOOSE_QUEUES)
    ]
    return found


def _deployments(rng: Random, world: World) -> list[Request]:
    found = []
    for number in range(DEPLOYMENTS):
        base = NAMES[number % len(NAMES)]
        # Each name once over all flows: the order of equal names is open.
        name = base if number < len(NAMES) else f"{base} {number}"
        key = f"d{number}"
        world.deployments.append(key)
        world.names[key] = name
        body = deployment_body(rng, name, ref(f"flow{rng.randrange(FLOWS - 1)}"))
        found.append(_create("/deployments/", body, key))
    return found


def deployment_body(rng: Random, name: str, flow_id: str) -> dict[str, Any]:
    """A body that a create accepts, with any of the optional fields."""
    body: dict[str, Any] = {"name": name, "flow_id": flow_id}
    optional: dict[str, Any] = {
        "tags": some(rng, TAGS),
        "paused": rng.random() < 0.5,
        "description": rng.choice([None, "", "Loads the **orders**.", "Zeile\nzwei"]),
        "version": rng.choice([None, *VERSIONS]),
        "parameters": rng.choice([{}, {"x": 1}, {"x": 2, "y": "z", "deep": {"list": [1, 2.5]}}]),
        "parameter_openapi_schema": rng.choice([None, {}, SCHEMA]),
        "labels": rng.choice([None, {}, {"tier": "gold", "n": 3, "on": True, "f": 1.5}]),
        "entrypoint": rng.choice([None, "flows.py:main"]),
        "path": rng.choice([None, "/srv/flows"]),
        "pull_steps": rng.choice([None, [], [{"step": {"x": 1}}]]),
        "enforce_parameter_schema": False,
        "job_variables": rng.choice([{}, {"env": {"A": "1"}}]),
        "concurrency_limit": rng.choice([None, 1, 5]),
        "concurrency_options": rng.choice(
            [
                None,
                {"collision_strategy": "ENQUEUE"},
                {"collision_strategy": "CANCEL_NEW", "grace_period_seconds": 90},
            ]
        ),
        "schedules": [schedule(rng) for _ in range(rng.choice([0, 1, 2]))],
    }
    body |= {name: value for name, value in optional.items() if rng.random() < 0.5}
    return body | placement(rng)


def placement(rng: Random) -> dict[str, Any]:
    """Where a deployment's runs go: a pool, a pool and a queue, only a queue, or nowhere."""
    pool, queue = rng.choice(POOLS), rng.choice(QUEUES)
    return rng.choice(
        [
            {},
            {},
            {"work_pool_name": pool},
            {"work_pool_name": pool, "work_queue_name": queue},
            {"work_pool_name": pool, "work_queue_name": queue},
            {"work_queue_name": rng.choice(LOOSE_QUEUES)},
        ]
    )


def schedule(rng: Random) -> dict[str, Any]:
    """A schedule that both servers turn into the same instants: no clock decides its anchor."""
    kinds: list[dict[str, Any]] = [
        {"interval": 3600, "anchor_date": "2020-01-01T00:00:00Z"},
        {
            "interval": 86400.5,
            "anchor_date": "2020-02-02T03:00:00+02:00",
            "timezone": "Europe/Berlin",
        },
        {"cron": "0 9 * * 1-5", "timezone": "America/New_York"},
        {"cron": "*/15 * * * *", "day_or": False},
        {"cron": "30 2 * * *", "timezone": "Europe/Berlin"},
        {"rrule": "FREQ=DAILY;BYHOUR=7;BYMINUTE=0;BYSECOND=0", "timezone": "Europe/London"},
        {"rrule": "DTSTART:20300101T000000\nFREQ=WEEKLY;BYDAY=MO,WE;COUNT=20"},
    ]
    return {"schedule": rng.choice(kinds), "active": rng.random() < 0.8}


def state(rng: Random) -> dict[str, Any]:
    """A state of any type; SCHEDULED ones say when."""
    kind = rng.choice(STATES)
    found: dict[str, Any] = {"type": kind}
    if rng.random() < 0.4:
        found["name"] = rng.choice(STATE_NAMES)
    if kind == "SCHEDULED":
        found["state_details"] = {"scheduled_time": rng.choice(MOMENTS)}
    if rng.random() < 0.2:
        found["message"] = "because"
    return found


def _run(rng: Random, number: int) -> Request:
    body: dict[str, Any] = {"name": rng.choice(RUN_NAMES), "state": state(rng)}
    if rng.random() < 0.6:
        body["tags"] = some(rng, TAGS)
    if rng.random() < 0.5:
        body["idempotency_key"] = f"key {number}"
    if number > RUNS // STAGES and rng.random() < 0.3:
        body["parent_task_run_id"] = ref(f"task{rng.randrange(TASK_RUNS // STAGES)}")
    if rng.random() < 0.7:
        body["enforce_parameter_schema"] = False
        key = f"d{rng.randrange(DEPLOYMENTS)}"
        return _create(f"/deployments/{ref(key)}/create_flow_run", body, f"run{number}")
    body["flow_id"] = ref(f"flow{rng.randrange(FLOWS)}")
    if rng.random() < 0.5:
        body["flow_version"] = rng.choice(VERSIONS)
    if rng.random() < 0.6:
        body["deployment_id"] = ref(f"d{rng.randrange(DEPLOYMENTS)}")
    return _create("/flow_runs/", body, f"run{number}")


def _task_run(rng: Random, number: int) -> Request:
    stage = number * STAGES // TASK_RUNS
    last_run = max(1, stage * RUNS // STAGES) if stage else RUNS // STAGES
    body: dict[str, Any] = {
        "task_key": "task",
        "dynamic_key": str(number),
        "name": rng.choice(TASK_NAMES),
        "state": state(rng),
        "tags": some(rng, TAGS),
        "flow_run_id": None if rng.random() < 0.15 else ref(f"run{rng.randrange(last_run)}"),
    }
    return _create("/task_runs/", body, f"task{number}")


def _touch(rng: Random, key: str) -> Request:
    """Changed later than it was made, or not: the order of updates is another than of creation."""
    verb = rng.choice(["pause", "resume"])
    return Request("seed", "POST", f"/deployments/{ref(key)}/{verb}_deployment")


def _scheduling(rng: Random, key: str) -> Request:
    window = {"start_time": "2030-01-01T00:00:00Z", "end_time": "2030-01-03T00:00:00Z"}
    body = {**window, "max_runs": rng.choice([2, 4])}
    return Request("seed", "POST", f"/deployments/{ref(key)}/schedule", body)


def _create(path: str, body: dict[str, Any], key: str) -> Request:
    return Request("seed", "POST", path, body, save=(key,))
