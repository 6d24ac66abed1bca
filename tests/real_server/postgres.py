"""A PostgreSQL of a test's own, in a temporary folder and on a free port, thrown away at the end.

It never runs as root: there it is a process of the user whom Debian's package `postgresql` makes.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.real_server.process import RealServerMissingError, free_port

USER = "postgres"
DEBIAN = Path("/usr/lib/postgresql")
ENGLISH = ("-E", "UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
START_SECONDS = 60


@contextmanager
def postgres() -> Iterator[str]:
    """Run an empty PostgreSQL; yields its address as prefect wants it.

    Its names sort by ICU's rules for English, as those of a real database do and SQLite's do not.

    Raises:
        RealServerMissingError: PostgreSQL is not installed, or does not start.
    """
    programs = _programs()
    home = Path(mkdtemp(prefix="contract-postgres-"))
    data = home / "data"
    rights: dict[str, Any] = {"user": USER, "group": USER} if os.geteuid() == 0 else {}
    if rights:
        shutil.chown(home, USER, USER)
    try:
        _run(
            [programs / "initdb", "-D", data, "-U", "prefect", "--auth=trust", *ENGLISH],
            rights,
        )
        port = free_port()
        options = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        with (
            (home / "log").open("wb") as log,
            subprocess.Popen(
                [programs / "postgres", "-D", data, "-p", str(port), *options, "-c", "fsync=off"],
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=home,
                **rights,
            ) as server,
        ):
            try:
                _wait(programs, port, server, home / "log")
                yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/postgres"
            finally:
                server.terminate()
                server.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path:
    versions = sorted(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name))
    if versions:
        return versions[-1]
    found = shutil.which("pg_isready")
    if found:
        return Path(found).resolve().parent
    raise RealServerMissingError(
        "There is no PostgreSQL here: install it (Debian: `apt-get install postgresql`)."
    )


def _run(command: list[Any], rights: dict[str, Any]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **rights)
    if done.returncode:
        raise RealServerMissingError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _wait(programs: Path, port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    ready: list[str | Path] = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(ready, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RealServerMissingError(f"PostgreSQL does not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.1)
