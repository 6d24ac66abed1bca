"""Our suite beside plain Schemathesis on the server's own document, about the same bugs.

    python -m tests.side_by_side [--server mock|real] [--bugs 12] [--document FILE]

Both judge an unplanted server first: what they report there are false alarms (Schemathesis': mostly
the document's faults), and no report of one of these kinds counts as a bug found later. Then the
bugs are planted one after the other, spread over the catalogue. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import httpx

from tests.mock import mock_server
from tests.planted_bugs.catalogue import BUGS
from tests.planted_bugs.judge import judge
from tests.planted_bugs.plant import Bug, Planted
from tests.real_server.process import prefect_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    Serve = Callable[[Bug | None], AbstractContextManager[str]]

EXAMPLES: Final = "10"
SEED: Final = 1
RUN_SECONDS: Final = 3600
_SENT: Final = re.compile(r"^([\d,]+) requests in", re.MULTILINE)


@dataclass
class Side:
    """One suite and what came of it."""

    name: str
    alarms: frozenset[tuple[str, str]] = frozenset()
    found: list[str] = field(default_factory=list)
    requests: int = 0
    seconds: float = 0.0
    runs: int = 0


def ours(url: str, _: str) -> tuple[frozenset[tuple[str, str]], int]:
    """Rules and operations of the findings, and requests sent, of a quick run."""
    verdict = judge(url, seed=SEED)
    sent = _SENT.search(verdict.output)
    found = frozenset((rule, operation) for operation, rule, _ in verdict.findings)
    return found, int(sent[1].replace(",", "")) if sent else 0


def plain(url: str, document: str) -> tuple[frozenset[tuple[str, str]], int]:
    """Codes and operations of the failures, and cases sent, of Schemathesis with all its phases."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [str(Path(sys.executable).parent / "schemathesis"), "run", document, "--url", url]
        command += ["--include-path-regex", "^(/api)?/deployments", "--continue-on-failure"]
        command += ["-n", EXAMPLES, "--seed", str(SEED), "--no-shrink", "--request-timeout", "10"]
        command += ["--report", "json", "--report-json-path", str(report)]
        subprocess.run(command, cwd=folder, capture_output=True, timeout=RUN_SECONDS, check=False)
        told = json.loads(report.read_text())
    found = {(kind["code"], name) for kind in told["failures"] for name in kind["operations"]}
    return frozenset(found), told["test_cases"]["generated"]


@contextmanager
def mocks(bug: Bug | None) -> Iterator[str]:
    """A mock with a bug, or none."""
    with mock_server(middleware=[lambda app: Planted(app, bug.act)] if bug else []) as url:
        yield url


@contextmanager
def real(home: Path) -> Iterator[Serve]:
    """One real server, in which bugs are planted in turn."""
    with prefect_server(home, planted=True) as url, httpx.Client(trust_env=False) as client:
        switch = f"{url.removesuffix('/api')}/plant"

        @contextmanager
        def serve(bug: Bug | None) -> Iterator[str]:
            if bug:
                client.put(f"{switch}/{quote(bug.name)}").raise_for_status()
            yield url
            client.delete(switch).raise_for_status()

        yield serve


def compare(serve: Serve, bugs: list[Bug], document: str | None) -> list[Side]:
    """Run both sides on a server without bugs, then on each bug."""
    sides = [(Side("this suite, quick profile"), ours), (Side("plain Schemathesis"), plain)]
    for number, bug in enumerate((None, *bugs)):
        for side, run in sides:
            with serve(bug) as url:
                started = time.monotonic()
                found, requests = run(url, document or f"{url}/openapi.json")
                side.seconds += time.monotonic() - started
            side.requests += requests
            side.runs += 1
            if bug is None:
                side.alarms = found
            elif found - side.alarms:
                side.found.append(bug.name)
            print(f"{side.name}: {bug.name if bug else 'no bug'}: {len(found)}", file=sys.stderr)
        # So far: it takes long, and may be stopped.
        print(table([side for side, _ in sides], number), file=sys.stderr, flush=True)
    return [side for side, _ in sides]


def table(sides: list[Side], bugs: int) -> str:
    """The figures in Markdown."""
    lines = [
        "| | bugs found | false alarms | requests a run | seconds a run |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {side.name} | {len(side.found)} of {bugs} | {len(side.alarms)} "
        f"| {side.requests // side.runs:,} | {side.seconds / side.runs:.0f} |"
        for side in sides
    ]
    return "\n".join(lines)


def main() -> None:
    """Parse the command line, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--server", choices=["mock", "real"], default="mock")
    parser.add_argument("--bugs", type=int, default=12, help="how many, spread over the catalogue")
    parser.add_argument("--document", help="for Schemathesis; the server's own unless given")
    options = parser.parse_args()
    bugs = BUGS[:: max(1, len(BUGS) // options.bugs)][: options.bugs]
    if options.server == "mock":
        sides = compare(mocks, bugs, options.document)
    else:
        with tempfile.TemporaryDirectory() as home, real(Path(home)) as serve:
            sides = compare(serve, bugs, options.document)
    print(table(sides, len(bugs)))


if __name__ == "__main__":
    main()
