"""A fixture file that changes while the mock serves it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from click.testing import CliRunner

from mock_server.cli import main
from mock_server.fixtures import load_fixtures
from mock_server.fixtures.watching import reload
from mock_server.store import Store

if TYPE_CHECKING:
    from pathlib import Path

ONE = "flows:\n  - name: etl\n    deployments:\n      - name: daily\n"


def test_a_change_is_loaded_and_told(tmp_path: Path) -> None:
    file = tmp_path / "data.yaml"
    file.write_text(ONE, encoding="utf-8")
    store = Store()
    assert reload(store, file) == f"Reloaded {file}: 1 deployment"
    file.write_text(f"{ONE}      - name: weekly\n", encoding="utf-8")
    assert reload(store, file) == f"Reloaded {file}: 2 deployments"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flows: [", "mind indentation"),
        ("flows:\n  - nme: etl\n", ":2: flows[0].nme: unknown key"),
        ("", "there is nothing in it"),
        (None, "cannot be read"),
    ],
)
def test_a_broken_edit_leaves_the_state_as_it_was(
    tmp_path: Path, text: str | None, expected: str
) -> None:
    file = tmp_path / "data.yaml"
    file.write_text(ONE, encoding="utf-8")
    store = Store()
    load_fixtures(store, file)
    before = store.snapshot()
    if text is None:
        file.unlink()
    else:
        file.write_text(text, encoding="utf-8")
    told = reload(store, file)
    assert expected in told
    assert told.endswith("Not reloaded: the mock goes on with what it had.")
    assert store.snapshot() == before


def test_the_command_reloads_survives_and_stops(tmp_path: Path) -> None:
    file = tmp_path / "data.yaml"
    file.write_text(ONE, encoding="utf-8")
    command = [sys.executable, "-m", "mock_server", "--port", "0", "--watch"]
    with subprocess.Popen(
        [*command, "--fixtures", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            lines = iter(process.stdout.readline, "")
            told = "".join(iter(lines.__next__, "Ctrl-C stops it.\n"))
            assert f"Watching {file}." in told
            url = told.partition("PREFECT_API_URL=")[2].split()[0]
            with httpx.Client(base_url=url, trust_env=False) as client:
                assert client.get("/health").json() is True
                other = tmp_path / "other"
                other.write_text(f"{ONE}      - name: weekly\n", encoding="utf-8")
                other.replace(file)
                assert "Reloaded" in next(lines)
                assert client.post("/deployments/count", json={}).json() == 2
                file.write_text("flows: [", encoding="utf-8")
                assert "indentation" in next(lines)
                assert "Not reloaded" in next(lines)
                assert client.post("/deployments/count", json={}).json() == 2
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--watch"], "--watch goes with a file"),
        (["--watch", "--fixtures", "large:5"], "--watch goes with a file"),
        (["--watch", "--fixtures", "./a.yaml", "--state", "s"], "choose one of them"),
    ],
)
def test_what_cannot_be_watched_is_told(options: list[str], expected: str) -> None:
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 2
    assert expected in result.output
