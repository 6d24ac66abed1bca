"""A real Prefect server as a process of its own: started on a free port, stopped for good."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 180
STOP_SECONDS = 15
# What a client of it waits for an answer: its database waits a minute for a lock, now and then.
PATIENCE = 90

# Nothing may change the data behind a test's back, and nothing may leave the machine.
SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_FOREMAN_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
}


class RealServerMissingError(RuntimeError):
    """The environment of the real server is not there, or the server in it does not start."""


def prefect_python() -> Path:
    """The interpreter that has prefect: $PREFECT_PYTHON, or that of .venv-prefect.

    Raises:
        RealServerMissingError: there is none.
    """
    told = os.environ.get("PREFECT_PYTHON")
    python = Path(told) if told else REPOSITORY / ".venv-prefect" / "bin" / "python"
    if not python.exists():
        raise RealServerMissingError(
            f"There is no Python with prefect at {python}: `make test` makes one "
            "(or `make install-prefect`), or set PREFECT_PYTHON to one."
        )
    return python


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def prefect_server(
    home: Path,
    *,
    planted: bool = False,
    settings: Mapping[str, str] | None = None,
    python: Path | None = None,
) -> Iterator[str]:
    """Run a real server on an empty database under `home`; yields its base URL, ending in /api.

    With `planted`, bugs can be chosen while it runs (see `tests.real_server.planted`). `settings`
    are environment variables of its own, such as another database; `python` is the interpreter of
    another release.

    Raises:
        RealServerMissingError: no environment, or the server ended or stayed silent.
    """
    port = free_port()
    python = python or prefect_python()
    if planted:
        command = [str(python), "-m", "tests.real_server.planted", str(port)]
    else:
        # By its script: older releases cannot be run as a module.
        command = [str(python.parent / "prefect"), "server", "start", "--no-ui"]
        command += ["--host", "127.0.0.1", "--port", str(port)]
    home.mkdir(parents=True, exist_ok=True)
    log = home / "server.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=_environment(home) | dict(settings or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            base_url = f"http://127.0.0.1:{port}/api"
            _wait_until_healthy(base_url, process, log)
            yield base_url
        finally:
            _stop(process)


def _environment(home: Path) -> dict[str, str]:
    """The caller's environment without proxies and without what it says about another prefect."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PREFECT_") and not name.lower().endswith("_proxy")
    }
    return {**kept, **SETTINGS, "PREFECT_HOME": str(home)}


def _wait_until_healthy(base_url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RealServerMissingError(
                    f"The real server ended with status {process.returncode}:\n{_tail(log)}"
                )
            try:
                if client.get(f"{base_url}/health").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
    raise RealServerMissingError(
        f"The real server did not answer within {START_SECONDS} seconds:\n{_tail(log)}"
    )


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole process group: the command starts processes of its own."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            return
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
