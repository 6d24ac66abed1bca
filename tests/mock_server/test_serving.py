"""Serving with a state file, credentials and HTTPS, from Python and from the command line."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner

from mock_server import Tls, serve
from mock_server.access.limits import DEFAULT_LIMITS
from mock_server.cli import _warning, main
from mock_server.fixtures import FixtureError
from mock_server.persistence.state_file import StateFile, StateFileError

# Made for these tests, for localhost; it vouches for itself.
CERTIFICATE = Path(__file__).with_name("localhost.pem")
SECRET = "hush-hush"


def flows(url: str) -> list[str]:
    found: list[dict[str, Any]] = httpx.post(f"{url}/flows/filter", json={}).json()
    return sorted(row["name"] for row in found)


def test_the_state_is_there_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with serve(fixtures="empty", state=path) as mock:
        made = httpx.post(f"{mock.url}/flows/", json={"name": "kept"}).json()
        shown = httpx.get(f"{mock.url}/flows/{made['id']}").content
    with serve(fixtures="default", state=path) as mock:
        assert flows(mock.url) == ["kept"]
        assert httpx.get(f"{mock.url}/flows/{made['id']}").content == shown


def test_a_new_file_begins_with_fixtures(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with serve(fixtures="default", state=path) as mock:
        begun = flows(mock.url)
    assert begun
    with serve(fixtures="empty", state=path) as mock:
        assert flows(mock.url) == begun


def test_what_is_loaded_and_reset_is_kept_as_well(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with serve(fixtures="default", state=path) as mock:
        begun = flows(mock.url)
        mock.load("empty")
    with serve(state=path) as mock:
        assert flows(mock.url) == []
    (tmp_path / "state.db").unlink()
    with serve(fixtures="default", state=path) as mock:
        httpx.post(f"{mock.url}/flows/", json={"name": "gone"})
        mock.reset()
    with serve(state=path) as mock:
        assert flows(mock.url) == begun


def test_fixtures_that_are_broken_leave_no_file(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with pytest.raises(FixtureError), serve(fixtures="nope", state=path):
        pass
    assert not path.exists()


def test_what_cannot_be_written_is_not_answered_as_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "state.db"

    def full(*_: object) -> None:
        raise StateFileError("state.db: database or disk is full. Make room on the disk.")

    with serve(fixtures="empty", state=path) as mock:
        with monkeypatch.context() as patch:
            patch.setattr(StateFile, "save", full)
            answer = httpx.post(f"{mock.url}/flows/", json={"name": "a"})
            assert answer.status_code == 503
            assert answer.json() == {"exception_message": "Service Unavailable"}
        assert "Make room on the disk" in caplog.text
        assert httpx.post(f"{mock.url}/flows/", json={"name": "a"}).status_code == 200
    with serve(state=path) as mock:
        assert flows(mock.url) == ["a"]


def test_a_file_is_free_again_after_a_start_that_failed(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with serve(fixtures="empty", state=path):
        pass
    with pytest.raises(FileNotFoundError), serve(state=path, tls=Tls(tmp_path / "nope.pem")):
        pass
    with serve(state=path):
        pass


def test_https() -> None:
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    with serve(fixtures="empty", tls=Tls(CERTIFICATE)) as mock:
        assert mock.url.startswith("https://127.0.0.1:")
        assert httpx.get(f"{mock.url}/health", verify=trusting).json() is True
        redirect = httpx.post(f"{mock.url}/deployments", verify=trusting)
        assert redirect.headers["location"] == f"{mock.url}/deployments/"
        plain = mock.url.replace("https", "http")
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{plain}/health")


def refusal(*words: str, **environment: str) -> str:
    """What the command line says to options that cannot be."""
    result = CliRunner().invoke(main, ["--port", "0", *words], env=environment)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert SECRET not in result.output
    return " ".join(result.output.split())


def test_each_option_that_cannot_be_is_told(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("mine")
    key = tmp_path / "key.pem"
    label = "ENCRYPTED PRIVATE KEY"
    key.write_text(f"-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n")
    assert "is no state file of this mock" in refusal("--state", str(note))
    assert note.read_text() == "mine"
    assert "No HTTPS with" in refusal("--ssl-certfile", str(note))
    assert "No such file" in refusal("--ssl-certfile", str(tmp_path / "nope"))
    certified = ("--ssl-certfile", str(CERTIFICATE))
    assert "unencrypted, as PEM" in refusal(*certified, "--ssl-keyfile", str(key))
    assert "goes with --ssl-certfile" in refusal("--ssl-keyfile", str(CERTIFICATE))
    assert "basic:USER:PASSWORD" in refusal("--auth", f"basic:{SECRET}")
    assert "bearer:TOKEN" in refusal(DEPLOYMENTS_MOCK_AUTH=f"token:{SECRET}")
    for size in ("0", "0MB", "10 apples", "-1"):
        assert "is no size: write bytes, or such as 64KB or 10MB" in refusal("--max-body", size)


def test_a_state_file_in_use_is_told(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with serve(fixtures="empty", state=path):
        assert "in use by another mock: stop that one" in refusal("--state", str(path))


@pytest.mark.parametrize(
    ("auth", "tls", "told"),
    [
        (None, None, "asks for no credentials (see --auth)"),
        (None, Tls("c.pem"), "asks for no credentials (see --auth)"),
        ("basic:a:b", None, "can be read on its way (see --ssl-certfile)"),
        ("basic:a:b", Tls("c.pem"), "it asks them for credentials"),
    ],
)
def test_what_it_means_to_let_others_in_is_told(
    auth: str | None, tls: Tls | None, told: str
) -> None:
    assert told in _warning(auth, tls)


@pytest.mark.parametrize(
    ("told", "size"),
    [("1", 1), ("10000000", 10_000_000), ("10MB", 10_000_000), ("64 kb", 64_000), ("1gb", 10**9)],
)
def test_a_size_is_told_in_bytes_or_in_more(told: str, size: int) -> None:
    (option,) = [option for option in main.params if option.name == "max_body"]
    assert option.process_value(click.Context(main), told) == size


def test_a_taken_port_is_told_with_what_to_do() -> None:
    with serve(fixtures="empty") as mock:
        port = httpx.URL(mock.url).port
        assert port is not None
        with (
            pytest.raises(
                OSError, match=rf"Port {port} at 127\.0\.0\.1 is taken: .* with port \(0"
            ),
            serve(fixtures="empty", port=port),
        ):
            pass


def test_limits_of_the_command_line_are_those_of_python() -> None:
    (option,) = [option for option in main.params if option.name == "max_body"]
    assert option.default == DEFAULT_LIMITS.max_body
