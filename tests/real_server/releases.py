"""Environments of several releases of prefect, made on first use and kept."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from tests.real_server.process import REPOSITORY, RealServerMissingError


@dataclass(frozen=True)
class Release:
    """A release of prefect and what it runs with.

    Attributes:
        version: of prefect.
        as_of: packages that are newer than this day are left out; None: none are.
        also: requirements besides prefect itself.
    """

    version: str
    as_of: date | None = None
    also: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        """Where its environment is."""
        return REPOSITORY / f".venv-prefect-{self.version}"

    def python(self) -> Path:
        """Its interpreter; installed when it is not there yet.

        Raises:
            RealServerMissingError: it cannot be installed.
        """
        stamp = self.home / ".installed"
        python = self.home / "bin" / "python"
        if not stamp.exists():
            limits = [f"--exclude-newer={self.as_of}"] if self.as_of else []
            wanted = [f"prefect=={self.version}", *self.also]
            _uv("venv", "--clear", "--quiet", str(self.home))
            _uv("pip", "install", "--quiet", "--python", str(python), *limits, *wanted)
            stamp.touch()
        return python


def releases() -> list[Release]:
    """All of them, oldest first."""
    text = (Path(__file__).parent / "releases.yaml").read_text(encoding="utf-8")
    return [
        Release(row["version"], row.get("as_of"), tuple(row.get("also", ())))
        for row in yaml.safe_load(text)
    ]


def _uv(*arguments: str) -> None:
    command = [sys.executable, "-m", "uv", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RealServerMissingError(f"uv {' '.join(arguments)} failed:\n{done.stderr}")
