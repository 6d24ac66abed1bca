"""What is compared: the mock, and what else answers the same requests."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx

from tests.benchmark.processes import PORT, Server, running
from tests.benchmark.scenarios import DEPLOYMENTS, NUMBER, Ground, Request, scenarios
from tests.benchmark.tools import ROOT, MissingToolError, npm_tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

FIXTURES: Final = f"large:{DEPLOYMENTS}"
MOCK: Final = "mock"
PRISM: Final = "prism"
CONNEXION: Final = "connexion"
CHECKED: Final = "connexion, answers checked"
BARE: Final = "bare ASGI"
REAL: Final = "real server"
SIDES: Final = (MOCK, PRISM, CONNEXION, CHECKED, BARE)


@dataclass(frozen=True, slots=True)
class Side:
    """A running server and the requests to it.

    Attributes:
        name: which one it is.
        server: where it runs.
        scenarios: name -> requests.
    """

    name: str
    server: Server
    scenarios: dict[str, list[Request]]


def mock_command(fixtures: str) -> list[str]:
    """The command of the mock."""
    return [sys.executable, "-m", "mock_server", "--port", PORT, "--fixtures", fixtures]


@contextmanager
def sides(names: Iterable[str], folder: Path) -> Iterator[list[Side]]:
    """Start the servers; one whose tool is missing is told of and left out.

    Args:
        names: which, of `SIDES` and `REAL`.
        folder: for files.
    """
    with ExitStack() as stack:
        mock = stack.enter_context(running(mock_command(FIXTURES), base="/api", health="/health"))
        ground = _ground(mock.base_url)
        asked = scenarios(ground)
        started = [Side(MOCK, mock, asked)]
        for name in names:
            if name == MOCK:
                continue
            try:
                started.append(_start(stack, name, asked, mock, folder))
            except MissingToolError as error:
                print(f"{name} is left out: {error}", flush=True)
        yield started


def _start(
    stack: ExitStack, name: str, asked: dict[str, list[Request]], mock: Server, folder: Path
) -> Side:
    if name == REAL:
        return _start_real(stack, asked, folder)
    base = "" if name == PRISM else "/api"
    commands: dict[str, Callable[[], list[str]]] = {
        PRISM: _prism,
        CONNEXION: lambda: _module("plain_connexion", FIXTURES),
        CHECKED: lambda: _module("plain_connexion", FIXTURES, "--responses"),
        BARE: lambda: _module("bare", str(_record(mock, asked, folder))),
    }
    server = running(commands[name](), base=base, health="/health")
    side = Side(name, stack.enter_context(server), asked)
    if name in {CONNEXION, CHECKED}:  # its store is its own, and so are the ids in it
        side = Side(name, side.server, scenarios(_ground(side.server.base_url)))
    return side


def _prism() -> list[str]:
    prism = npm_tool("@stoplight/prism-cli", "prism")
    document = ROOT / "openapi" / "bundle.json"
    return [str(prism), "mock", "--port", PORT, "--verboseLevel", "silent", str(document)]


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"tests.benchmark.{name}", PORT, *arguments]


def _start_real(stack: ExitStack, asked: dict[str, list[Request]], folder: Path) -> Side:
    """A real server with as many deployments; it makes its own ids."""
    from tests.real_server.process import prefect_server  # noqa: PLC0415 - only when asked for

    home = folder / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    url = stack.enter_context(prefect_server(home))
    create = json.loads(asked["create"][0].body)
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        client.post("/work_pools/", json={"name": "kubernetes", "type": "kubernetes"})
        flow = client.post("/flows/", json={"name": "orders-1"}).json()["id"]
        made = [
            client.post("/deployments/", json={**create, "name": f"of-{n}", "flow_id": flow})
            for n in range(DEPLOYMENTS)
        ]
    ground = Ground(flow, tuple(each.json()["id"] for each in made))
    return Side(REAL, Server(url, 0, 0.0), scenarios(ground))


def _ground(base_url: str) -> Ground:
    with httpx.Client(base_url=base_url, trust_env=False) as client:
        found = client.post("/deployments/filter", json={}).json()
    return Ground(found[0]["flow_id"], tuple(each["id"] for each in found))


def _record(mock: Server, asked: dict[str, list[Request]], folder: Path) -> Path:
    """What the mock answers to each request, as a file."""
    recording: dict[str, Any] = {"GET /api/health": [200, "true"]}
    with httpx.Client(base_url=mock.base_url, trust_env=False) as client:
        for request in (each for requests in asked.values() for each in requests):
            if f"{request.method} /api{request.path}" in recording:
                continue
            content = request.body.replace(NUMBER, "recorded") or None
            headers = {"content-type": "application/json"} if content else {}
            answer = client.request(request.method, request.path, content=content, headers=headers)
            key = f"{request.method} /api{request.path}"
            recording[key] = [answer.status_code, answer.text]
            if request.method == "POST" and answer.status_code == httpx.codes.CREATED:
                client.delete(f"/deployments/{answer.json()['id']}")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "recording.json"
    file.write_text(json.dumps(recording), encoding="utf-8")
    return file


def check(side: Side) -> None:
    """See that a side answers each request as is expected.

    Raises:
        RuntimeError: it does not.
    """
    with httpx.Client(base_url=side.server.base_url, trust_env=False, timeout=60) as client:
        for name, requests in side.scenarios.items():
            for request in {each.method + each.path: each for each in requests}.values():
                content = request.body.replace(NUMBER, f"check-{name}") or None
                headers = {"content-type": "application/json"} if content else {}
                answer = client.request(
                    request.method, request.path, content=content, headers=headers
                )
                if not answer.is_success:
                    raise RuntimeError(
                        f"{side.name} answers {answer.status_code} to {request.method}"
                        f" {request.path}: {answer.text[:300]}"
                    )
                if answer.status_code == httpx.codes.CREATED and side.name != PRISM:
                    client.delete(f"/deployments/{answer.json()['id']}")
