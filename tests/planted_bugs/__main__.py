"""How many of the planted bugs the suite finds, by profile and server.

    python -m tests.planted_bugs [--profile quick] [--server mock] [--seed 1] [--jobs 2]
                                 [--often] [--name WORDS] [--json FILE]

A bug counts as found when a run ends with status 1 and a finding about an operation that the bug
touches. For each bug the checks that it is most likely to fail are asked first, then all: a check
draws from a seed of its own, so what it finds alone it finds among the others.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import httpx

from tests.mock import mock_server
from tests.planted_bugs.catalogue import CATALOGUE
from tests.planted_bugs.judge import judge
from tests.planted_bugs.plant import Planted
from tests.planted_bugs.test_planted_bugs import OFTEN
from tests.real_server.process import prefect_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.planted_bugs.plant import Bug

SERVERS: Final = ("mock", "real")


def is_found(url: str, bug: Bug, profile: str, seed: int) -> bool:
    """Whether a run against a server with the bug in it finds and names it."""
    for only in (bug.checks, None):
        verdict = judge(url, seed=seed, profile=profile, only=only, fail_fast=only is not None)
        named = any(bug.is_named_by(operation) for operation, _, _ in verdict.findings)
        if verdict.status == 1 and named:
            return True
    return False


@contextmanager
def having(name: str, server: str) -> Iterator[str]:
    """A server of its own with the bug in it; yields its base URL."""
    if server == "mock":
        with mock_server(middleware=[partial(Planted, act=CATALOGUE[name].act)]) as url:
            yield url
        return
    with tempfile.TemporaryDirectory() as home, prefect_server(Path(home), planted=True) as url:
        switch = f"{url.removesuffix('/api')}/plant/{quote(name)}"
        httpx.put(switch, trust_env=False).raise_for_status()
        yield url


def _try(name: str, server: str, profile: str, seed: int) -> tuple[str, bool, float]:
    start = time.monotonic()
    with having(name, server) as url:
        found = is_found(url, CATALOGUE[name], profile, seed)
    return name, found, time.monotonic() - start


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.planted_bugs", description=__doc__)
    parser.add_argument("--profile", choices=["quick", "standard", "deep"], default="quick")
    parser.add_argument("--server", choices=SERVERS, default="mock")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="how many bugs at a time")
    parser.add_argument("--often", action="store_true", help="only those that `make test` plants")
    parser.add_argument("--name", default="", help="only bugs with these words in their names")
    parser.add_argument("--json", type=Path, help="write what was found to this file, too")
    asked = parser.parse_args()
    names = [
        name for name in CATALOGUE if asked.name in name and (name in OFTEN or not asked.often)
    ]
    if not names:
        parser.error(f"no planted bug has {asked.name!r} in its name")
    work = partial(_try, server=asked.server, profile=asked.profile, seed=asked.seed)
    results = {}
    with ProcessPoolExecutor(asked.jobs) as pool:
        for name, found, seconds in pool.map(work, names):
            results[name] = found
            print(f"{'found ' if found else 'MISSED'} {seconds:6.1f} s  {name}", flush=True)
    number = sum(results.values())
    what = f"{asked.profile} profile, {asked.server} server, seed {asked.seed}"
    print(f"{number} of {len(names)} found ({number / len(names):.1%}): {what}")
    if asked.json:
        asked.json.write_text(json.dumps({"what": what, "found": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
