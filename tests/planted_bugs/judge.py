"""The suite's verdict about a server, as its users get it: exit status and findings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

RUN_SECONDS: Final = 1800
_FINDING: Final = re.compile(
    r"^(?P<operation>[^\s:]+): (?P<message>.*)\n"
    r"(?:  .*\n)*?"
    r"  rule      (?P<rule>\S+)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run of the suite said.

    Attributes:
        status: the exit status: 0 conforms, 1 violations, 2 could not judge.
        findings: operation, rule and message of each finding, in the order found.
        output: all that was printed.
    """

    status: int
    findings: tuple[tuple[str, str, str], ...]
    output: str


def judge(
    base_url: str,
    *,
    seed: int,
    profile: str = "quick",
    only: str | None = None,
    fail_fast: bool = False,
) -> Verdict:
    """Run the contract suite against a server, in a process of its own.

    Args:
        base_url: the server's address, base path included.
        seed: the run's seed.
        profile: how much to send.
        only: a kind of checks instead of all.
        fail_fast: stop at the first check that finds something.
    """
    command = [sys.executable, "-m", "contract_tests", "run", "--base-url", base_url]
    command += ["--profile", profile, "--seed", str(seed)]
    command += ["--only", only] if only else []
    command += ["--fail-fast"] if fail_fast else []
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        command,
        env={**kept, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    output = done.stdout + done.stderr
    found = tuple(
        (match["operation"], match["rule"], match["message"]) for match in _FINDING.finditer(output)
    )
    return Verdict(done.returncode, found, output)
