"""Answers per second of every side, in rounds, so that what disturbs one disturbs all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from tests.benchmark.sides import MOCK, REAL, check

if TYPE_CHECKING:
    from tests.benchmark.load import Load, Measured
    from tests.benchmark.sides import Side

WARM_UP: Final = 1.0


def measure(
    sides: list[Side], load: Load, *, names: list[str], rounds: int, seconds: float
) -> dict[str, dict[str, dict[str, Any]]]:
    """Scenario -> side -> its figures, the median of all rounds.

    The figures are those of `Measured`, and `cpu_us`: microseconds of processor time per answer.

    Raises:
        RuntimeError: a side answers wrongly, or not at all.
    """
    for side in sides:
        check(side)
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for scenario in names:
        for side in sides:
            load.run(side.server.base_url, side.scenarios[scenario], WARM_UP)
        for _ in range(rounds):
            for side in sides:
                found[scenario][side.name].append(_one(side, load, scenario, seconds))
        shown = ", ".join(
            f"{name} {median(each['rps'] for each in rows):,.0f}"
            for name, rows in found[scenario].items()
        )
        print(f"  {scenario}: {shown} a second", flush=True)
    return {
        scenario: {name: _median(rows) for name, rows in by_side.items()}
        for scenario, by_side in found.items()
    }


def _one(side: Side, load: Load, scenario: str, seconds: float) -> dict[str, Any]:
    before = side.server.cpu_seconds()
    measured: Measured = load.run(side.server.base_url, side.scenarios[scenario], seconds)
    after = side.server.cpu_seconds()
    # Real servers are locked out of their database now and then, and say so.
    if measured.failed and side.name != REAL:
        raise RuntimeError(f"{side.name}: {measured.failed} requests of {scenario} failed")
    spent = None if before is None or after is None else after - before
    per_answer = None if spent is None else spent / max(measured.requests, 1) * 1e6
    return {**asdict(measured), "cpu_us": per_answer}


def _median(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        key: None if rows[0][key] is None else median(row[key] for row in rows) for key in rows[0]
    }


def ratios(throughput: dict[str, dict[str, dict[str, Any]]]) -> dict[str, dict[str, float]]:
    """Scenario -> side -> how many times its answers per second the mock gives."""
    return {
        scenario: {
            name: by_side[MOCK]["rps"] / figures["rps"]
            for name, figures in by_side.items()
            if name != MOCK and figures["rps"]
        }
        for scenario, by_side in throughput.items()
    }
