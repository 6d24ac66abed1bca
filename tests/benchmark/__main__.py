"""Measure the mock beside what else answers the same requests: all in one run.

    make bench
    python -m tests.benchmark --only sizes footprint

Prints answers per second, ratios and goals, and writes them to build/benchmark/results.json, with a
plot of cost against size in build/benchmark/sizes.svg. Prism is installed there, too, by npm; wrk,
which makes the load, is Debian's. On a machine that does other things as well, only ratios within
one run mean something.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from tests.benchmark import footprint, sizes, throughput
from tests.benchmark.goals import judged
from tests.benchmark.load import CONNECTIONS, Load
from tests.benchmark.plot import svg
from tests.benchmark.sides import REAL, SIDES, sides
from tests.benchmark.tools import FOLDER, MissingToolError

PARTS = ("throughput", "sizes", "footprint")
HEADINGS = f"{'a second':>12}{'p50 ms':>9}{'p99 ms':>9}{'cpu us':>9}{'mock is':>10}"
SCENARIOS = ("paginate", "read", "create", "mixed")


def main() -> int:
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()}
    }
    if "throughput" in options.only:
        try:
            results |= _throughput(options)
        except MissingToolError as error:
            print(error, file=sys.stderr)
            return 2
    if "sizes" in options.only:
        print("Milliseconds of processor time of an answer, by number of deployments", flush=True)
        results["sizes"] = sizes.measure()
        _print_sizes(results["sizes"])
        (options.out / "sizes.svg").write_text(svg(results["sizes"]), encoding="utf-8")
    if "footprint" in options.only:
        print("Start and memory", flush=True)
        results["footprint"] = footprint.measure(options.rounds)
        for name, figure in results["footprint"].items():
            print(f"  {name.replace('_', ' '):45} {figure:12,.2f}")
    results["goals"] = judged(results)
    _print_goals(results["goals"])
    file = options.out / "results.json"
    file.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"Written to {file}")
    return 0


def _throughput(options: argparse.Namespace) -> dict[str, Any]:
    load = Load()
    names = [*options.sides, *([REAL] if options.real else [])]
    print(f"Answers per second, {CONNECTIONS} connections, load by wrk", flush=True)
    with sides(names, options.out) as started:
        measured = throughput.measure(
            started,
            load,
            names=list(SCENARIOS),
            rounds=options.rounds,
            seconds=options.seconds,
        )
    ratios = throughput.ratios(measured)
    told = {"throughput": measured, "ratios": ratios}
    for scenario, by_side in measured.items():
        print(f"\n  {scenario:28}{HEADINGS}")
        for name, row in by_side.items():
            ratio = ratios[scenario].get(name)
            times = "" if ratio is None else f"{ratio:.2f}x"
            cpu = "" if row["cpu_us"] is None else f"{row['cpu_us']:.0f}"
            figures = f"{row['rps']:12,.0f}{row['p50']:9.2f}{row['p99']:9.2f}"
            print(f"  {name:28}{figures}{cpu:>9}{times:>10}")
    print(flush=True)
    return told


def _print_sizes(curves: dict[str, dict[str, float]]) -> None:
    print(f"  {'':32}" + "".join(f"{int(size):>10,}" for size in next(iter(curves.values()))))
    for name, curve in curves.items():
        print(f"  {name:32}" + "".join(f"{time:10.2f}" for time in curve.values()))


def _print_goals(goals: list[dict[str, Any]]) -> None:
    print("Goals")
    for goal in goals:
        verdict = "met" if goal["met"] else "MISSED"
        bound = f"at {goal['at']} {goal['bound']:g}"
        print(f"  {verdict:7}{goal['goal']:52}{goal['figure']:10.2f}  {bound}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmark", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--only", nargs="+", default=PARTS, choices=PARTS, metavar="PART")
    parser.add_argument("--sides", nargs="+", default=SIDES, choices=SIDES, metavar="SIDE")
    parser.add_argument("--real", action="store_true", help="a real server, too (very slow)")
    parser.add_argument("--rounds", type=int, default=3, help="of each measurement (%(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="a load lasts (%(default)s)")
    parser.add_argument(
        "--out", type=Path, default=FOLDER, metavar="FOLDER", help="(build/benchmark)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
