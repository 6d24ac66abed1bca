"""The tools that a benchmark needs and Python packages do not bring: Prism and a load generator."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "build" / "benchmark"
PACKAGES: Final = {"@stoplight/prism-cli": "5.14.2"}
"""npm package -> version."""


class MissingToolError(Exception):
    """A tool is not there and cannot be installed; the message says what to do."""


def npm_tool(package: str, command: str) -> Path:
    """The command of an npm package, installed into the cache folder when it is not there.

    Raises:
        MissingToolError: npm is missing or fails.
    """
    version = PACKAGES[package]
    home = FOLDER / "tools" / package.rpartition("/")[2]
    installed = home / "node_modules" / package / "package.json"
    if not installed.is_file() or json.loads(installed.read_text())["version"] != version:
        _npm_install(home, f"{package}@{version}")
    return home / "node_modules" / ".bin" / command


def _npm_install(home: Path, package: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise MissingToolError(f"{package} needs Node.js with npm: install them, or leave it out")
    print(f"Installing {package} into {home.relative_to(ROOT)}", flush=True)
    home.mkdir(parents=True, exist_ok=True)
    flags = ["--no-fund", "--no-audit", "--loglevel=error", "--prefix", str(home)]
    done = subprocess.run(
        [npm, "install", *flags, package], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MissingToolError(f"npm cannot install {package}: {done.stderr.strip()[-400:]}")


def wrk() -> str:
    """The command of wrk.

    Raises:
        MissingToolError: it is not installed.
    """
    found = shutil.which("wrk")
    if found is None:
        raise MissingToolError(
            "Answers per second are measured by wrk, which is not there: install it (`make bench`"
            " does, on Debian; elsewhere: apt, dnf or brew install wrk), or do without them:"
            " python -m tests.benchmark --only sizes footprint"
        )
    return found
