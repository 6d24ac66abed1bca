"""The mock as a process of its own, to be watched from outside and killed."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class MockProcess:
    """A running mock.

    Attributes:
        url: of its API.
        process: the process.
    """

    url: str
    process: subprocess.Popen[str]

    @property
    def memory(self) -> int:
        """The bytes that it holds in memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    @property
    def open_files(self) -> int:
        """How many files and connections it has open."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())

    def kill(self) -> None:
        """End it without a warning."""
        self.process.kill()
        self.process.wait()


@contextmanager
def mock_process(*options: str) -> Iterator[MockProcess]:
    """Run `deployments-mock` with options, on a free port, as long as the block lasts."""
    command = [sys.executable, "-m", "mock_server", "--port", "0", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            told = process.stdout.readline()
            assert " at http" in told, "The mock did not start."
            yield MockProcess(told.partition(" at ")[2].split()[0], process)
        finally:
            process.kill()
