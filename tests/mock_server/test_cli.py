"""`deployments-mock` as a user meets it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from click.testing import CliRunner

from mock_server.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMAND = [sys.executable, "-m", "mock_server"]


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The command in a process, and the lines that it begins with."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line.rstrip())
            if "stops it" in line:
                break
        yield process, lines
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def address(lines: list[str]) -> str:
    found = re.search(r"export PREFECT_API_URL=(\S+)", "\n".join(lines))
    assert found is not None, lines
    return found[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    with running("--fixtures", "default") as (process, lines):
        url = address(lines)
        assert lines[0].startswith(f"Mock of Prefect's deployment API at {url} (default: ")
        assert httpx.get(f"{url}/health").json() is True
        origin = url.removesuffix("/api")
        assert f"  Docs at {origin}/docs" in lines
        count = httpx.post(f"{url}/deployments/count", json={}).json()
        assert f"(default: {count} deployments)" in lines[0]
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stdout is not None
        assert process.stdout.read() == "Stopped.\n"


def test_it_stops_though_a_client_never_ends_its_request() -> None:
    with running("--fixtures", "empty") as (process, lines):
        host, port = re.findall(r"//(.+):(\d+)/", address(lines))[0]
        with socket.create_connection((host, int(port)), timeout=10) as client:
            client.sendall(b"POST /api/flows/ HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{")
            time.sleep(0.2)
            process.terminate()
            assert client.recv(100).startswith(b"HTTP/1.1 503 ")
        assert process.wait(10) == 0
        assert process.stdout is not None
        assert "Traceback" not in process.stdout.read()


def test_nothing_but_loopback_is_warned_of() -> None:
    with running("--fixtures", "empty", "--host", "0.0.0.0") as (_, lines):
        assert any("Any machine that reaches this one" in line for line in lines)
    with running("--fixtures", "empty") as (_, lines):
        assert not any("Any machine" in line for line in lines)


def test_a_file_of_fixtures_is_served(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("flows:\n  - name: etl\n    deployments:\n      - name: daily\n")
    with running("--fixtures", str(file)) as (_, lines):
        read = httpx.get(f"{address(lines)}/deployments/name/etl/daily")
        assert read.status_code == 200


def test_it_says_which_data_it_has_when_a_state_file_comes_before_fixtures(tmp_path: Path) -> None:
    options = ["--state", str(tmp_path / "state.db")]

    def told(*more: str) -> str:
        with running(*options, *more) as (process, lines):
            process.terminate()
            process.wait(10)
        return "\n".join(lines)

    notice = f"The data is what {options[1]} holds, and not that of --fixtures default."
    assert "The data is what" not in told("--fixtures", "empty")
    assert "The data is what" not in told()
    again = told("--fixtures", "default")
    assert again.count(notice) == 1
    assert f"({options[1]}: 0 deployments)" in again


def test_services_run_when_they_are_asked_for() -> None:
    planned = {"flow_runs": {"tags": {"all_": ["auto-scheduled"]}}}
    told = []
    for options in ([], ["--services"]):
        with running("--fixtures", "default", "--now", "2026-01-01", *options) as (_, lines):
            told.append(httpx.post(f"{address(lines)}/flow_runs/count", json=planned).json())
    assert told[0] < told[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--fixtures", "nope"], "nope"),
        (["--host", "192.0.2.1"], "192.0.2.1 is no address of this machine"),
        (["--host", "host.invalid"], "host.invalid is no address of this machine"),
        (["--host", "a" * 300], "is no name of a host: choose another with --host."),
        (["--state", "x" * 300], "cannot be read: File name too long"),
    ],
)
def test_what_is_wrong_is_one_sentence(options: list[str], words: str) -> None:
    result = CliRunner().invoke(main, ["--port", "0", *options])
    assert result.exit_code == 2
    assert result.output.startswith("Error: ")
    assert words in result.output
    assert result.output.count("\n") == 1


@pytest.mark.parametrize("option", ["--ssl-certfile", "--ssl-keyfile", "--state"])
def test_the_name_of_a_file_is_not_empty(option: str) -> None:
    result = CliRunner().invoke(main, ["--port", "0", option, ""])
    assert result.exit_code == 2
    assert f"'{option}': it names no file." in result.output


def test_a_taken_port_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["--port", str(port)])
    assert result.exit_code == 2
    assert result.output == (
        f"Error: Port {port} at 127.0.0.1 is taken: stop what listens there, or choose another"
        " with --port.\n"
    )


def test_a_broken_file_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("flows: [\n")
    result = CliRunner().invoke(main, ["--port", "0", "--fixtures", str(file)])
    assert result.exit_code == 2
    assert f"{file}:" in result.output


def test_the_help_fits_a_screen_and_shows_an_example() -> None:
    result = CliRunner().invoke(main, ["--help"], terminal_width=80)
    lines = result.output.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert "Example: deployments-mock" in result.output


def test_a_wrong_option_is_told_at_once() -> None:
    begin = time.monotonic()
    result = CliRunner().invoke(main, ["--port", "x"])
    assert result.exit_code == 2
    assert time.monotonic() - begin < 1
