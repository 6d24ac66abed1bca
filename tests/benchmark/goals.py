"""The goals, as data: what is measured against what, and which figure is good enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.benchmark.sides import BARE, CONNEXION, MOCK, PRISM

if TYPE_CHECKING:
    from collections.abc import Callable

    Results = dict[str, Any]

FOR_100_TO_BE_ONE: Final = 50
"""100,000 may take 50 ms on a machine where 100 take 1 ms."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal.

    Attributes:
        statement: what is to hold.
        bound: the figure that is good enough.
        figure: takes it from the results; fails with a KeyError where they do not have it.
        least: whether the bound is the least that it may be, or else the most.
        unit: of the figure.
    """

    statement: str
    bound: float
    figure: Callable[[Results], float]
    least: bool = False
    unit: str = ""

    def met(self, figure: float) -> bool:
        """Whether a figure is good enough."""
        return figure >= self.bound if self.least else figure <= self.bound


def _times(side: str) -> Callable[[Results], float]:
    def figure(results: Results) -> float:
        return float(results["ratios"]["paginate"][side])

    return figure


def _tail(results: Results) -> float:
    figures = results["throughput"]["paginate"][MOCK]
    return float(figures["p99"] / figures["p50"])


def _growth(size: int) -> Callable[[Results], float]:
    """How many times the time at 100 the slowest kind of request takes."""

    def figure(results: Results) -> float:
        return float(max(times[str(size)] / times["100"] for times in results["sizes"].values()))

    return figure


def _footprint(name: str) -> Callable[[Results], float]:
    return lambda results: float(results["footprint"][name])


GOALS: Final = (
    Goal("paginate: answers per second, times Prism's", 5, _times(PRISM), least=True),
    Goal("paginate: answers per second, times Connexion's", 2, _times(CONNEXION), least=True),
    Goal("paginate: answers per second, times bare ASGI's", 0.15, _times(BARE), least=True),
    Goal("paginate: p99, times p50", 4, _tail),
    Goal("a page of 10,000, times one of 100, slowest kind", 3, _growth(10_000)),
    Goal("a page of 100,000, times one of 100, slowest kind", FOR_100_TO_BE_ONE, _growth(100_000)),
    Goal("memory above data, bytes a deployment", 4096, _footprint("bytes_above_data")),
    Goal(
        "the same when all were listed",
        4096,
        _footprint("bytes_above_data_when_all_were_listed"),
    ),
    Goal("start to first answer, seconds", 1.5, _footprint("seconds_to_first_answer")),
    Goal("create_app, seconds", 0.5, _footprint("seconds_of_create_app")),
)


def judged(results: Results) -> list[dict[str, Any]]:
    """Each goal that was measured, with its figure and whether it is met."""
    found = []
    for goal in GOALS:
        try:
            figure = goal.figure(results)
        except KeyError:
            continue
        found.append(
            {
                "goal": goal.statement,
                "bound": goal.bound,
                "at": "least" if goal.least else "most",
                "figure": figure,
                "met": goal.met(figure),
            }
        )
    return found
