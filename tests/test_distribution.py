"""The files by which others take the project in: Dockerfile, GitHub Action, pre-commit hooks.

No container engine and no code host runs here: linters and JSON Schemas say whether the files are
well formed, and their steps are run as they stand, in a folder of the test's own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def run(command: list[str], cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    return subprocess.run(
        command, cwd=cwd, env={**kept, **env}, capture_output=True, text=True, check=False
    )


def steps() -> Mapping[str, Mapping[str, Any]]:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    return {step["name"]: step for step in action["runs"]["steps"]}


def test_the_dockerfile_has_nothing_for_its_linter_to_say() -> None:
    done = run([str(BIN / "hadolint"), "Dockerfile"])
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_gets_all_that_is_installed_and_nothing_else() -> None:
    kept = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    assert {name for line in copied for name in line.split()} == kept
    assert all((ROOT / name).exists() for name in kept)


@pytest.mark.proof
def test_the_steps_of_the_image_make_a_mock_that_starts(tmp_path: Path) -> None:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    copied = re.findall(r"^COPY (?!--from)(.+) (\S+)$", text, re.MULTILINE)
    (source := tmp_path / "src").mkdir()
    for names, target in copied:
        for name in names.split():
            place = source / (name if target == "./" else target)
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, place)
    [install] = [line for line in re.findall(r"^RUN (.+)$", text, re.MULTILINE) if "pip" in line]
    done = run(["bash", "-ec", install.replace("/venv", f"{tmp_path}/venv")], source)
    assert done.returncode == 0, done.stderr
    [command] = re.findall(r"^CMD \[(.+)\]$", text, re.MULTILINE)
    words = [word.strip(' "') for word in command.split(",")]
    shown = run([f"{tmp_path}/venv/bin/{words[0]}", *words[1:], "--help"], tmp_path)
    assert shown.returncode == 0, shown.stderr


@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.github-actions", "action.yml")],
)
def test_files_keep_the_schema_of_their_host(schema: str, file: str) -> None:
    done = run([str(BIN / "check-jsonschema"), "--builtin-schema", schema, file])
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_input_of_the_action_can_become_a_command() -> None:
    assert not [name for name, step in steps().items() if "${{" in step.get("run", "")]


@pytest.mark.parametrize(("fixtures", "status"), [("empty", 0), ("gone", 2)])
def test_the_action_judges_and_reports(
    mock_url: str, tmp_path: Path, fixtures: str, status: int
) -> None:
    """As the action's step does it, of a mock and of a server that is not there."""
    (tmp_path / "deployments-contract").mkdir()
    (tmp_path / "deployments-contract" / "bin").symlink_to(BIN)
    done = run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps()["Judge"]["run"]],
        tmp_path,
        TEMP=str(tmp_path),
        BASE_URL=mock_url if fixtures == "empty" else "http://127.0.0.1:9/api",
        PROFILE="quick",
        SEED="1",
        READ_ONLY="false",
        KNOWN="",
        DEPLOYMENTS_CONTRACT_AUTH="",
        REPORT_DIR="my reports",
        ARGUMENTS="--only laws",
        GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"),
    )
    assert done.returncode == status, done.stdout + done.stderr
    if status == 0:
        made = {path.name for path in (tmp_path / "my reports").iterdir()}
        assert made == {"contract.xml", "contract.json", "contract.html"}
        assert "conforms" in (tmp_path / "summary.md").read_text()


def test_the_hooks_call_commands_that_there_are() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {hook["id"] for hook in hooks} == {"deployments-spec-validate", "deployments-spec-diff"}
    for hook in hooks:
        words: list[str] = [*hook["entry"].split(), *hook["args"]]
        assert not hook["pass_filenames"]
        done = run([str(BIN / words[0]), *words[1:]])
        assert done.returncode in (0, 1), done.stderr
        assert "Usage" not in done.stderr
