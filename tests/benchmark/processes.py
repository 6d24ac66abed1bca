"""Servers in processes of their own: started on a free port, awaited, watched, ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 10.0
PORT: Final = "@PORT@"
"""Stands for the port in a command."""

_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers.

    Attributes:
        base_url: of its API.
        pid: the leader of its process group.
        seconds: from start to first answer.
    """

    base_url: str
    pid: int
    seconds: float

    def cpu_seconds(self) -> float | None:
        """The processor time that its processes took so far; None where nobody tells."""
        try:
            stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat")]
        except OSError:  # one ended meanwhile
            return self.cpu_seconds()
        fields = [text.rpartition(") ")[2].split() for text in stats]
        own = [entry for entry in fields if int(entry[2]) == self.pid]
        ticks = sum(int(entry[11]) + int(entry[12]) for entry in own)
        return ticks / os.sysconf("SC_CLK_TCK") if own else None

    def milliseconds(self) -> float:
        """Processor time of its leading thread, to the microsecond; the clock where nobody tells.

        On a machine that does other things as well, this is what a request costs.
        """
        try:
            told = Path(f"/proc/{self.pid}/schedstat").read_text().split()[0]
        except OSError:
            return time.perf_counter() * 1000
        return int(told) / 1e6

    def memory(self) -> int | None:
        """The memory of its leading process in bytes; None where nobody tells."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except OSError:
            return None
        return pages * os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], *, base: str, health: str) -> Iterator[Server]:
    """Run a server.

    Args:
        command: starts it; `PORT` in it becomes a free port.
        base: path of its API.
        health: path below that which answers 200 once it serves.

    Raises:
        RuntimeError: it does not start.
    """
    port = free_port()
    base_url = f"http://127.0.0.1:{port}{base}"
    began = time.monotonic()
    process = subprocess.Popen(
        [part.replace(PORT, str(port)) for part in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await_answer(base_url + health, process, command)
        yield Server(base_url, process.pid, time.monotonic() - began)
    finally:
        _stop(process)


def _await_answer(url: str, process: subprocess.Popen[bytes], command: Sequence[str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{' '.join(command)} ended with status {process.returncode}")
        try:
            with _OPENER.open(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    raise RuntimeError(f"{' '.join(command)} does not answer {url}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(STOP_SECONDS)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        else:
            return
