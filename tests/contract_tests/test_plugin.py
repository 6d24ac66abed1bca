"""The options stay out of the way of other plugins, and of pytest runs that are not ours."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

THEIRS = """
def pytest_addoption(parser):
    parser.addoption("--base-url", metavar="url", default=None, help="theirs")
"""


def run_pytest(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
    )


@pytest.fixture
def base_url_plugin(tmp_path: Path) -> Path:
    """A folder with a plugin that has the name and the option of pytest-base-url."""
    package = tmp_path / "pytest_base_url"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "plugin.py").write_text(THEIRS)
    return tmp_path


def test_another_plugin_may_have_the_option(base_url_plugin: Path) -> None:
    words = ["-p", "pytest_base_url.plugin", "--pyargs", "contract_tests"]
    done = run_pytest(base_url_plugin, *words, "--base-url", "http://127.0.0.1:1/api")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Nothing answers at http://127.0.0.1:1/api" in done.stdout


def test_a_project_may_have_the_option_in_a_run_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(THEIRS)
    (tmp_path / "test_theirs.py").write_text(
        "def test_it(request):\n    assert request.config.getoption('--base-url') == 'x'\n"
    )
    done = run_pytest(tmp_path, "-q", "--base-url", "x")
    assert done.returncode == 0, done.stdout + done.stderr


def test_runs_of_other_projects_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    (tmp_path / "test_theirs.py").write_text("def test_it():\n    pass\n")
    done = run_pytest(tmp_path, "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("1 passed")


def test_our_items_run_beside_others_in_their_own_order(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text("def test_it():\n    pass\n")
    words = ["--collect-only", "-q", "-p", "no:cacheprovider", "--pyargs", "contract_tests"]
    done = run_pytest(tmp_path, *words)
    assert done.returncode == 0, done.stdout
    modules = [line.partition("::")[0].rpartition("/")[2] for line in done.stdout.splitlines()]
    ours = list(dict.fromkeys(name for name in modules if name.startswith("test_")))
    assert ours[0] == "test_meaning.py"
    assert ours[1] == "test_laws.py"
    names = [line.partition("::")[2] for line in done.stdout.splitlines()]
    assert "test_criterion[flow_runs.state.type]" in names
    assert len(set(names)) > 100
