from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from mock_server.call import Call
from mock_server.edges import responses
from mock_server.fixtures import FixtureError, load_fixtures, shipped
from mock_server.fixtures.runs import STATES
from mock_server.fixtures.times import moment, span
from mock_server.operations import OPERATIONS
from mock_server.store import Store

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATE_TYPES = {
    *("SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "CRASHED"),
    *("PAUSED", "CANCELLING"),
}


def loaded(fixtures: str | Path, clock: Any = None) -> Store:
    store = Store(clock=clock or (lambda: NOW))
    load_fixtures(store, fixtures)
    return store


def problems(tmp_path: Path, text: str) -> list[str]:
    """What the error says of a file of this text, a line per problem, without the path."""
    path = tmp_path / "data.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FixtureError) as error:
        loaded(path)
    return [line.removeprefix(str(path)) for line in str(error.value).splitlines()]


@pytest.fixture(scope="module")
def default() -> Store:
    return loaded("default")


def test_the_shipped_sets() -> None:
    assert {"default", "empty"} <= set(shipped())


@pytest.mark.parametrize("name", shipped())
def test_each_shipped_set_loads(name: str) -> None:
    loaded(name)


def test_empty_is_empty() -> None:
    assert not any(len(table) for table in loaded("empty").tables.values())


def test_loading_replaces_what_was_there(default: Store) -> None:
    store = Store()
    load_fixtures(store, "default")
    load_fixtures(store, "empty")
    assert not any(len(table) for table in store.tables.values())
    assert len(default.all("deployments")) >= 30


def test_default_shows_what_a_client_can_meet(default: Store) -> None:
    deployments = [
        OPERATIONS["read_deployment"](Call(default, path={"id": record["id"]})).body
        for record in default.all("deployments")
    ]
    schedules = [schedule for item in deployments for schedule in item["schedules"]]
    kinds = {next(iter(schedule["schedule"])) for schedule in schedules}
    assert kinds == {"interval", "cron", "rrule"}
    for condition in (
        lambda item: item["paused"],
        lambda item: not item["paused"],
        lambda item: item["status"] == "READY",
        lambda item: item["status"] == "NOT_READY",
        lambda item: item["last_polled"],
        lambda item: item["global_concurrency_limit"],
        lambda item: item["concurrency_options"],
        lambda item: item["work_pool_name"] is None,
        lambda item: item["work_pool_name"] == "default-agent-pool",
        lambda item: item["work_queue_name"] not in {None, "default"},
        lambda item: item["job_variables"],
        lambda item: item["parameter_openapi_schema"],
        lambda item: item["parameter_openapi_schema"] is None,
        lambda item: not item["enforce_parameter_schema"],
        lambda item: item["pull_steps"],
        lambda item: item["description"] is None,
        lambda item: item["version"] is None,
        lambda item: not item["tags"],
        lambda item: len(item["schedules"]) > 1,
        lambda item: not item["name"].isascii(),
    ):
        assert any(map(condition, deployments))
    assert any(schedule["slug"] for schedule in schedules)
    assert any(schedule["slug"] is None for schedule in schedules)
    assert any(not schedule["active"] for schedule in schedules)


def test_default_has_runs_in_every_state(default: Store) -> None:
    runs = default.all("flow_runs")
    assert {run["state_type"] for run in runs} == STATE_TYPES
    assert {"Late", "AwaitingRetry", "TimedOut", "Suspended"} <= {run["state_name"] for run in runs}
    assert any(run["auto_scheduled"] for run in runs)
    assert any(run["parent_task_run_id"] for run in runs)
    assert any(run["deployment_id"] is None for run in runs)


def test_runs_of_default_have_sound_times(default: Store) -> None:
    for run in (*default.all("flow_runs"), *default.all("task_runs")):
        start, end = run["start_time"], run["end_time"]
        assert run["created"] <= NOW + timedelta(seconds=1)
        assert run["state"]["timestamp"] <= NOW + timedelta(hours=1)
        if start is not None:
            assert start <= NOW
        if end is not None:
            assert start is not None
            assert start <= end <= NOW
        if run["state_type"] == "RUNNING":
            assert run["run_count"] == 1
        assert (run["next_scheduled_start_time"] is not None) == (run["state_type"] == "SCHEDULED")


def test_slots_in_use_are_those_of_running_runs(default: Store) -> None:
    for limit in default.all("concurrency_limits"):
        assert 0 <= limit["active_slots"] <= limit["limit"]
    assert any(limit["active_slots"] for limit in default.all("concurrency_limits"))


def test_every_answer_on_default_conforms_to_the_spec(default: Store) -> None:
    reads = {
        "read_deployment": ("deployments", "id"),
        "read_flow": ("flows", "id"),
        "read_flow_run": ("flow_runs", "id"),
        "read_task_run": ("task_runs", "id"),
        "read_variable": ("variables", "id"),
        "read_work_queue": ("work_queues", "id"),
        "read_concurrency_limit_v2": ("concurrency_limits", "id"),
    }
    for operation, (kind, key) in reads.items():
        for record in default.all(kind):
            parameter = "id_or_name" if operation.endswith("v2") else key
            reply = OPERATIONS[operation](Call(default, path={parameter: record[key]}))
            responses().answers(operation).render(reply.status, reply.body)


def test_the_same_set_has_the_same_ids_and_names_at_any_time() -> None:
    def identity(store: Store) -> dict[str, list[tuple[str, Any]]]:
        return {
            name: [(record["id"], record.get("name")) for record in table]
            for name, table in store.tables.items()
        }

    later = loaded("default", lambda: NOW + timedelta(days=3))
    assert identity(loaded("default")) == identity(loaded("default")) == identity(later)


def test_the_same_set_at_the_same_time_is_the_same_to_the_last_bit() -> None:
    assert loaded("default").snapshot() == loaded("default").snapshot()


def test_loading_leaves_the_generator_alone() -> None:
    store = Store(rng=random.Random(7))
    load_fixtures(store, "default")
    assert store.new_id() == Store(rng=random.Random(7)).new_id()


def test_a_broken_set_leaves_the_state_as_it_was(tmp_path: Path) -> None:
    store = loaded("default")
    before = store.snapshot()
    path = tmp_path / "data.yaml"
    path.write_text("flows:\n  - name: fine\n  - nme: wrong\n", encoding="utf-8")
    with pytest.raises(FixtureError):
        load_fixtures(store, path)
    assert store.snapshot() == before


def test_an_id_that_is_given_is_kept(tmp_path: Path) -> None:
    identity = "6a0f6f2e-8a57-4a4e-9b53-0d0b4f6d8f11"
    path = tmp_path / "data.yaml"
    path.write_text(f"flows:\n  - {{name: etl, id: {identity}}}\n", encoding="utf-8")
    assert [record["id"] for record in loaded(path).all("flows")] == [identity]


def test_times_are_relative_to_now(tmp_path: Path) -> None:
    path = tmp_path / "data.yaml"
    path.write_text(
        """
flows:
  - name: etl
    created: -2d
    updated: -1h30m
    deployments:
      - name: daily
        status: READY
        last_polled: -10s
        schedules:
          - schedule: {interval: 3600, anchor_date: -1d}
        runs:
          - {start: -2h, duration: 5m, state: Completed}
""",
        encoding="utf-8",
    )
    store = loaded(path)
    (flow,), (deployment,), (run,) = (
        store.all(kind) for kind in ("flows", "deployments", "flow_runs")
    )
    (schedule,) = store.all("deployment_schedules")
    assert NOW - flow["created"] == timedelta(days=2)
    assert NOW - flow["updated"] == timedelta(hours=1, minutes=30)
    assert NOW - deployment["last_polled"] == timedelta(seconds=10)
    assert schedule["schedule"]["anchor_date"] == NOW - timedelta(days=1)
    assert run["start_time"] == NOW - timedelta(hours=2)
    assert run["end_time"] - run["start_time"] == timedelta(minutes=5)
    assert run["total_run_time"] == 300


def test_an_unknown_set_is_told_with_the_known_ones() -> None:
    with pytest.raises(FixtureError, match=r"there is no set of this name; there are .*default"):
        loaded("defualt")


def test_a_name_never_leads_out_of_its_folder() -> None:
    with pytest.raises(FixtureError):
        loaded("../errors")
    with pytest.raises(FixtureError):
        loaded("..")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FixtureError, match="cannot be read: No such file"):
        loaded(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flows: [", r":\d+: .*mind indentation"),
        ("flows:\n  - {name: a, name: b}\n", r":2: the key 'name' stands twice"),
        ("- a\n", r":?1?: the file must be an object"),
        ("flws: []\n", r":1: flws: unknown section; known are about, variables"),
        ("flows: {name: a}\n", r":1: flows: this must be a list"),
        ("flows:\n  - etl\n", r":2: flows\[0\]: this entry must be an object"),
        ("flows:\n  - tags: []\n", r":2: flows\[0\](\.name)?: Field required"),
        ("flows:\n  - name: a\n    tgas: []\n", r":3: .*tgas: unknown key; did you mean 'tags'\?"),
        ("flows:\n  - name: a\n  - name: a\n", r":3: flows\[1\]: there is one already"),
        ("flows:\n  - name: a\n    created: soon\n", r":3: .*created: 'soon' is no time"),
        (
            "flows:\n  - name: a\n    deployments:\n      - name: d\n        paused: maybe\n",
            r":5: .*paused: Input should be a valid boolean",
        ),
        (
            "flows:\n  - name: a\n    deployments:\n      - {name: d, work_pool_name: nope}\n",
            r':4: .*work_pool_name: Work pool "nope" not found',
        ),
        (
            "flows:\n- name: a\n  deployments:\n  - name: d\n    path: a\n    work_pool_name: no\n",
            r':6: .*work_pool_name: Work pool "no" not found',
        ),
        *(
            (
                f"flows:\n- name: a\n  deployments:\n  - name: d\n    schedules:\n    - {text}\n",
                rf":6: flows\[0\]\.deployments\[0\]\.schedules\[0\]\.{expected}",
            )
            for text, expected in [
                ("schedule: {cron: '61 * * * *'}", r"schedule\.cron: Invalid cron string"),
                ("schedule: {crn: '* * * * *'}", r"schedule: a schedule is one of"),
                ("schedule: {cron: '* * * * *', interval: 5}", "schedule: a schedule is one of"),
                ("schedule: daily", "schedule: a schedule is one of"),
                ("schedule: {rrule: 'FREQ=NEVER'}", r"schedule\.rrule: Invalid RRule string"),
                ("schedule: {interval: -5}", r"schedule\.interval: interval must be positive"),
                ("schedule: {interval: 5, day_or: true}", r"schedule\.day_or: Extra inputs"),
                ("schedule: {interval: 5, timezone: Mars}", "schedule: Invalid timezone"),
                ("schedule: {rrule: 'FREQ=DAILY', timezone: M}", r"schedule.*'M' is no time zone"),
            ]
        ),
        (
            "flows:\n  - {name: a, labels: {x: [1]}}\n",
            r":2: flows\[0\]\.labels\.x: write text, a number, true or false",
        ),
        ("", ": there is nothing in it"),
        ("# nothing\n", ": there is nothing in it"),
        (
            "flows:\n  - name: a\n    deployments:\n      - {name: d, status: SOON}\n",
            r":4: .*status: a deployment is READY or NOT_READY",
        ),
        (
            "flows:\n- name: a\n  deployments:\n  - name: d\n    global_concurrency_limit: nope\n",
            r":5: .*: no such limit",
        ),
        ("flows:\n  - name: a\n    runs:\n      - state: Done\n", r":4: .*state: no such state"),
        (
            "flows:\n  - name: a\n    runs:\n      - {state: Completed, duration: long}\n",
            r":4: .*duration: 'long' is no length of time",
        ),
        (
            "flows:\n  - name: a\n    runs:\n      - {schedule: x}\n",
            r":4: .*schedule: only a run of a deployment has a schedule",
        ),
        (
            "flows:\n- name: a\n  deployments:\n  - name: d\n    runs:\n    - {schedule: x}\n",
            r":6: .*schedule: no such schedule",
        ),
        (
            "work_pools:\n  - name: p\n    type: process\n    workers:\n      - {status: ONLINE}\n",
            r":5: .*: a worker needs a name",
        ),
        (
            "flows:\n- name: a\n  runs:\n  - task_runs: [{task_key: t, subflow: {flow: x}}]\n",
            r":4: .*flow: no such flow",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    (line,) = problems(tmp_path, text)
    assert re.match(expected, line), line


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = "flows:\n  - {name: a, x: 1}\n  - {name: b}\n  - {name: c, tags: 5}\n"
    assert len(problems(tmp_path, text)) == 2


def test_problems_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "flows:\n  - {name: a, x: 1}\nvariables:\n  - {name: v, x: 1}\n"
    assert [line.partition(": ")[0] for line in problems(tmp_path, text)] == [":2", ":4"]


def test_yaml_makes_no_objects(tmp_path: Path) -> None:
    lines = problems(tmp_path, "flows: !!python/object/apply:os.getcwd []\n")
    assert "could not determine a constructor" in lines[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("-2h", NOW - timedelta(hours=2)),
        ("+1w2d3h4m5s", NOW + timedelta(days=9, hours=3, minutes=4, seconds=5)),
        ("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T00:00:00+02:00", datetime(2025, 12, 31, 22, tzinfo=UTC)),
    ],
)
def test_moments(text: str, expected: datetime) -> None:
    assert moment(text, NOW) == expected


@pytest.mark.parametrize("length", ["9" * 5000 + "d", "9999999999d", "999999999w"])
@pytest.mark.parametrize("sign", ["+", "-"])
def test_moments_beyond_all_calendars_are_told(tmp_path: Path, sign: str, length: str) -> None:
    (told,) = problems(tmp_path, f"flows: [{{name: a, created: {sign}{length}}}]")
    assert "is too long" in told


def test_a_moment_before_all_calendars_is_told(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "flows: [{name: a, created: -999999d}]")
    assert "-999999d" in told


def test_what_is_no_file_is_not_read_for_ever() -> None:
    with pytest.raises(FixtureError, match="is no file"):
        loaded("/dev/zero")


def test_spans() -> None:
    assert span("1h30m") == timedelta(minutes=90)
    with pytest.raises(ValueError, match="is no length of time"):
        span("90")


def test_the_example_of_the_readme_loads(tmp_path: Path) -> None:
    folder = resources.files("mock_server.fixtures")
    text = (folder / "README.md").read_text(encoding="utf-8")
    example = text.partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "data.yaml"
    path.write_text(example, encoding="utf-8")
    store = loaded(path)
    assert len(store.all("flow_runs")) == 5
    states = text.partition("| `state` |")[2].partition("\n")[0]
    assert set(re.findall(r"`([A-Z][A-Za-z]+)`", states)) <= STATES.keys()
