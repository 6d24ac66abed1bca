"""Where the web UI of an installed prefect lies. Its builds are never part of the mock."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Version = Literal["v1", "v2"]

ENVIRONMENT_VARIABLE: Final = "PREFECT_PYTHON"
FOLDERS: Final[tuple[tuple[Version, str, str], ...]] = (("v1", "ui", ""), ("v2", "ui-v2", "/v2"))
"""Version, folder in the package's `server`, path that it is served at: Vue's build and React's."""
ASK: Final = (
    "import importlib.util as u; s = u.find_spec('prefect');"
    " print(s.submodule_search_locations[0] if s and s.submodule_search_locations else '')"
)
SECONDS: Final = 30
WHAT_TO_DO: Final = (
    "Install one into this environment (pip install 'prefect-deployments-contract[ui]'), or name"
    " the Python of an environment that has one: --ui PYTHON, or the environment variable"
    f" {ENVIRONMENT_VARIABLE}."
)


class WebUiError(Exception):
    """There is no web UI to serve. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Build:
    """One build of the web UI.

    Attributes:
        version: `v1` is the one made with Vue, `v2` the one made with React.
        folder: where its files are.
        base: the path that it is served at, without a slash at its end.
    """

    version: Version
    folder: Path
    base: str


def find_builds(python: str | Path | None = None) -> tuple[Build, ...]:
    """The builds of the prefect that is installed.

    Args:
        python: an interpreter, or the folder of an environment; without it the interpreter that
            $PREFECT_PYTHON names, and without that this one.

    Raises:
        WebUiError: there is no such interpreter, or no prefect with a web UI in it.
    """
    named = python or os.environ.get(ENVIRONMENT_VARIABLE)
    package = _package_of(_interpreter(Path(named))) if named else _package()
    where = f"at {named}" if named else "in this environment"
    if package is None:
        raise WebUiError(f"There is no prefect {where}. {WHAT_TO_DO}")
    found = tuple(
        Build(version, package / "server" / name, base)
        for version, name, base in FOLDERS
        if (package / "server" / name / "index.html").is_file()
    )
    if not found:
        raise WebUiError(f"The prefect {where} comes without a web UI. {WHAT_TO_DO}")
    return found


def _package() -> Path | None:
    """The folder of the package in this environment, found without importing it."""
    spec = importlib.util.find_spec("prefect")
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def _interpreter(named: Path) -> Path:
    inside = (named / "bin" / "python", named / "Scripts" / "python.exe")
    found = next((path for path in (named, *inside) if path.is_file()), None)
    if found is None:
        raise WebUiError(f"There is no Python at {named}. {WHAT_TO_DO}")
    return found


def _package_of(python: Path) -> Path | None:
    """The folder of the package in another environment, as its interpreter tells it."""
    try:
        told = subprocess.run(  # noqa: S603 - the user names the interpreter
            [python, "-c", ASK], capture_output=True, text=True, check=True, timeout=SECONDS
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        raise WebUiError(f"{python} is no Python that runs ({error}). {WHAT_TO_DO}") from None
    return Path(told) if told else None
