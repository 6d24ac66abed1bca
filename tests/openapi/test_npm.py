"""Tools of others take the bundle: linters from npm, and a typed client that talks to the mock.

`make npm` runs it where node is. What is installed stays in an ignored folder.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from openapi.cli import main
from tests.mock import mock_server

pytestmark = pytest.mark.npm

HERE = Path(__file__).with_name("npm")
CACHE = Path(__file__).resolve().parents[2] / "build" / "npm"
FORMS = {
    "3.0": (),
    "3.0-inline": ("--inline",),
    "3.1": ("--openapi", "3.1"),
    "3.1-inline": ("--openapi", "3.1", "--inline"),
}
TSC = (
    *("--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"),
    *("--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext"),
)


def run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def tools() -> Path:
    """The folder that the tools of package.json are installed in."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail("These tests need node and npm.", pytrace=False)
    wanted = (HERE / "package.json").read_text(encoding="utf-8")
    installed = CACHE / "package.json"
    if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        (CACHE / "wanted.json").write_text(wanted, encoding="utf-8")
        shutil.copy(HERE / "package.json", CACHE / "package.json")
        run(npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", folder=CACHE)
        shutil.copy(CACHE / "wanted.json", installed)
    return CACHE


def tool(tools: Path, name: str) -> str:
    return str(tools / "node_modules" / ".bin" / name)


@pytest.fixture(scope="module", params=FORMS)
def bundled(request: pytest.FixtureRequest, tools: Path) -> Path:
    made = CliRunner().invoke(main, ["bundle", "--format", "json", *FORMS[request.param]])
    file = tools / f"bundle-{request.param}.json"
    file.write_text(made.output, encoding="utf-8")
    return file


def test_redocly_finds_no_error(tools: Path, bundled: Path) -> None:
    config = f"--config={HERE / 'redocly.yaml'}"
    run(tool(tools, "redocly"), "lint", config, "--format=stylish", str(bundled), folder=tools)


def test_spectral_finds_no_error(tools: Path, bundled: Path) -> None:
    config = ("--ruleset", str(HERE / "spectral.yaml"), "--fail-severity", "error")
    run(tool(tools, "spectral"), "lint", *config, str(bundled), folder=tools)


def test_a_typed_client_compiles_and_talks_to_the_mock(tools: Path, bundled: Path) -> None:
    folder = tools / bundled.stem
    folder.mkdir(exist_ok=True)
    shutil.copy(HERE / "client.ts", folder / "client.ts")
    made = ("-o", str(folder / "types.ts"), "--default-non-nullable", "false")
    run(tool(tools, "openapi-typescript"), str(bundled), *made, folder=folder)
    run(tool(tools, "tsc"), *TSC, "client.ts", folder=folder)
    with mock_server() as url:
        told = json.loads(run("node", "client.js", url, folder=folder))
    assert told["interval"]["interval"] == 3600
    assert {key: told[key] for key in ("names", "count", "refused", "gone")} == {
        "names": ["typed"],
        "count": 1,
        "refused": 422,
        "gone": 404,
    }
