"""Prefect's command line and SDK, imported once and run many times.

Runs under the interpreter that has prefect: `python driver.py`. One request a line on
stdin, one answer a line on stdout, both JSON; each request is done in a fork of its own, so that
none finds what another left in memory, and none pays for the imports.

Requests:
    {"url", "cli": [argument, ...], "stdin"?}       -> {"code", "out", "err"}
    {"url", "call": "module:function", "with": {}}  -> {"code", "out", "err", "value"}
    {"describe": [command, ...]}                    -> {"value": {command: [[option, ...], ...]}}
"""

import importlib
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from prefect.cli._app import _app, app
from prefect.settings import PREFECT_API_URL, temporary_settings

PRELOADED = [
    "prefect.cli._prompts",
    "prefect.cli.deploy",
    "prefect.cli.deployment",
    "prefect.cli.flow",
    "prefect.cli.flow_run",
    "prefect.cli.flow_runs_watching",
    "prefect.cli.work_pool",
    "prefect.blocks.core",
    "prefect.client.orchestration",
    "prefect.deployments",
    "prefect.events.subscribers",
    "prefect.filesystems",
    "prefect.flows",
    "prefect.runner",
    "prefect.server.schemas",
    "dateparser",
]


def run_command(arguments: list[str]) -> int:
    """Run the command line as `prefect ARGUMENTS` would; its exit status."""
    sys.argv = ["prefect", *arguments]
    try:
        app()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


def describe(command: list[str]) -> dict[str, list[list[str]]]:
    """The commands below a command, and the names of each option and argument."""
    found = _app
    for name in command:
        found = found[name]
    below = [name for name in found if not name.startswith("-")]
    if below:
        return {path: kept for name in below for path, kept in describe([*command, name]).items()}
    taken = [list(argument.names) for argument in found.assemble_argument_collection()]
    return {" ".join(command): taken}


def perform(request: dict[str, Any]) -> dict[str, Any]:
    """Do one request; its answer, as far as it is no output."""
    if "describe" in request:
        return {"code": 0, "value": describe(request["describe"])}
    with temporary_settings({PREFECT_API_URL: request["url"]}):
        if "cli" in request:
            return {"code": run_command(request["cli"])}
        module, _, function = request["call"].partition(":")
        value = getattr(importlib.import_module(module), function)(**request.get("with", {}))
        return {"code": 0, "value": value}


def in_child(request: dict[str, Any], folder: Path) -> None:
    """Do one request with its input and outputs in files."""
    (folder / "in").write_text(request.get("stdin", ""))
    for number, name in enumerate(("in", "out", "err")):
        flags = os.O_RDONLY if name == "in" else os.O_WRONLY | os.O_CREAT
        os.dup2(os.open(folder / name, flags), number)
    os.chdir(request.get("cwd", folder))
    try:
        answer = perform(request)
    except BaseException:  # noqa: BLE001 - whatever it was, it is told
        traceback.print_exc()
        answer = {"code": 70}
    sys.stdout.flush()
    sys.stderr.flush()
    (folder / "answer").write_text(json.dumps(answer, default=str))


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Do one request in a fork; its answer with what it printed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                in_child(request, folder)
                status = 0
            finally:
                os._exit(status)
        os.waitpid(child, 0)
        texts = {key: (folder / key).read_text(errors="replace") for key in ("out", "err")}
        kept = folder / "answer"
        return {**(json.loads(kept.read_text()) if kept.exists() else {"code": -1}), **texts}


def main() -> None:
    """Answer requests until stdin ends."""
    for name in PRELOADED:
        importlib.import_module(name)
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=replies, flush=True)


if __name__ == "__main__":
    main()
