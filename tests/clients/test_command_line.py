"""`prefect deployment` prints on the mock what it prints on a real server."""

from __future__ import annotations

import shlex
import threading
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from tests.clients.driving import Normaliser, difference
from tests.real_server.process import PATIENCE

if TYPE_CHECKING:
    from tests.clients.driving import Driver

COMMANDS: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    Path(__file__).with_name("commands.yaml").read_text()
)
SHORT = "short"
"""The group of the few commands that every test run affords."""

ALONE = ["all"]
"""Groups that want a server that nobody else uses."""

PROJECT = Path(__file__).with_name("project")
NOBODY = "00000000-0000-0000-0000-000000000000"
SCHEMA = {
    "type": "object",
    "properties": {"x": {"type": "integer", "default": 1}, "y": {"type": "string"}},
}
TEMPLATE = {
    "job_configuration": {"size": "{{ size }}"},
    "variables": {
        "type": "object",
        "properties": {"size": {"type": "integer"}, "image": {"type": "string", "default": "x"}},
    },
}


class World:
    """What commands are run on: a flow with two deployments, one of them in a work pool.

    Args:
        url: the base URL of the server.
        flow: the name of the flow, and the beginning of every other name.
    """

    def __init__(self, url: str, flow: str) -> None:
        self.url = url
        self.client = httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False)
        self.flow = flow
        flow_id = self._make("flows", name=flow, tags=["t"])
        self._make("work_pools", name=f"{flow}-pool", type="process", base_job_template=TEMPLATE)
        self._make("flows", name=f"{flow}-other")
        first = self._make(
            "deployments",
            name="first",
            flow_id=flow_id,
            work_pool_name=f"{flow}-pool",
            tags=["b", "a"],
            parameters={"x": 2},
            parameter_openapi_schema=SCHEMA,
            description="One\nof two.",
            version="1",
            entrypoint="flows.py:first",
            path="/srv",
            pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": "/srv"}}],
        )
        self.places = {
            "flow": flow,
            "name": f"{flow}/first",
            "id": first,
            "other": self._make("deployments", name="other", flow_id=flow_id),
            "pool": f"{flow}-pool",
            "nobody": NOBODY,
        }

    def _make(self, kind: str, **fields: Any) -> str:
        answer = self.client.post(f"/{kind}/", json=fields)
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    def close(self) -> None:
        self.client.close()

    def words(self, command: str) -> list[str]:
        """The words of a command, with names and ids in their places."""
        places = dict(self.places)
        if "{run}" in command:
            places["run"] = next((run["id"] for run in self.runs()), NOBODY)
        if "{schedule}" in command:
            deployment = self.client.get(f"/deployments/{self.places['id']}").json()
            places["schedule"] = next((s["id"] for s in deployment.get("schedules", ())), NOBODY)
        return [word.format_map(places) for word in shlex.split(command)]

    def runs(self) -> list[dict[str, Any]]:
        """The runs of the deployments, oldest first."""
        body = {"flows": {"name": {"any_": [self.flow]}}, "limit": 200}
        found: list[dict[str, Any]] = self.client.post("/flow_runs/filter", json=body).json()
        return sorted(found, key=lambda run: run["created"])

    def finish(self, name: str, state: str) -> None:
        """Wait for a run of this name, then propose a state for it."""
        body = {"flow_runs": {"name": {"any_": [name]}, "id": None}, "flows": {}}
        body["flows"] = {"name": {"any_": [self.flow]}}
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for run in self.client.post("/flow_runs/filter", json=body).json():
                # The client opens its streams after the run is made.
                time.sleep(1)
                proposal = {"state": {"type": state}, "force": True}
                self.client.post(f"/flow_runs/{run['id']}/set_state", json=proposal)
                return
            time.sleep(0.2)


def project(folder: Path, flow: str) -> None:
    """Copy the project into a folder, with the name of the flow in its place."""
    folder.mkdir(exist_ok=True)
    for file in PROJECT.glob("*.*"):
        (folder / file.name).write_text(file.read_text().replace("FLOW", flow))


def transcript(
    driver: Driver, url: str, flow: str, group: str, folder: Path
) -> list[dict[str, Any]]:
    """What a group of commands prints, and what is there when all are run."""
    project(folder, flow)
    with closing(World(url, flow)) as world:
        return said_by(driver, world, group, folder)


def said_by(driver: Driver, world: World, group: str, folder: Path) -> list[dict[str, Any]]:
    """What a group of commands prints on a world, and what is there in the end."""
    normaliser = Normaliser()
    said: list[dict[str, Any]] = []
    known: set[str] = set()
    for command in COMMANDS[group]:
        words = world.words(command["run"])
        request = {
            "url": world.url,
            "cli": words,
            "stdin": command.get("stdin", "").format(),
            "cwd": str(folder),
        }
        helper = None
        if "finish" in command:
            name = words[words.index("--flow-run-name") + 1]
            helper = threading.Thread(target=world.finish, args=(name, command["finish"]))
            helper.start()
        answer = driver.ask(**request)
        if helper is not None:
            helper.join()
        for run in world.runs():
            if run["id"] not in known:
                known.add(run["id"])
                if "--flow-run-name" not in words:
                    normaliser.rename(run["name"], f"<run {len(known)}>")
        said.append({"run": command["run"], **normaliser.value(answer)})
    runs = [
        {key: run[key] for key in ("name", "parameters", "state_type", "job_variables")}
        | {"tags": sorted(run["tags"])}
        for run in world.runs()
    ]
    return [*said, {"runs": normaliser.value(runs)}]


def test_a_few_commands(driver: Driver, mock_url: str, real_server: str, tmp_path: Path) -> None:
    compare(driver, mock_url, real_server, SHORT, tmp_path)


@pytest.mark.proof
@pytest.mark.parametrize("group", [name for name in COMMANDS if name not in (SHORT, *ALONE)])
def test_commands(
    driver: Driver, mock_url: str, real_server: str, group: str, tmp_path: Path
) -> None:
    compare(driver, mock_url, real_server, group, tmp_path)


@pytest.mark.proof
@pytest.mark.parametrize("group", ALONE)
def test_commands_on_everything(
    driver: Driver, mock_url: str, own_real_server: str, group: str, tmp_path: Path
) -> None:
    compare(driver, mock_url, own_real_server, group, tmp_path)


def compare(driver: Driver, mock: str, real: str, group: str, folder: Path) -> None:
    flow = f"cli-{uuid.uuid4().hex[:8]}"
    theirs = transcript(driver, real, flow, group, folder)
    ours = transcript(driver, mock, flow, group, folder)
    assert ours == theirs, difference(ours, theirs)


def spellings(driver: Driver) -> set[tuple[str, str]]:
    """Each command with each name of its options and arguments.

    Spellings that the command line adds to all options (`--no-...`, `--empty-...`) count, and an
    argument's name counts when it is given without it.
    """
    described = driver.ask(describe=["deployment"])["value"]
    return {
        (command, name)
        for command, options in described.items()
        for names in options
        for name in names
    }


def test_every_command_and_option_is_run(driver: Driver) -> None:
    run = [shlex.split(step["run"]) for group in COMMANDS.values() for step in group]
    missing = {
        (command, name)
        for command, name in spellings(driver)
        if not any(
            words[: len(command.split())] == command.split()
            and any(word.partition("=")[0] == name for word in words)
            for words in run
        )
    }
    assert not missing
