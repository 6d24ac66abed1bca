"""How far a run has come: by kind of checks, operation and rule, in numbers and as lines."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_BETWEEN_LINES: Final = 5.0  # seconds


@dataclass
class Phase:
    """One kind of checks: how many there are and were done, and the faults that they found."""

    name: str
    total: int = 0
    done: int = 0
    faults: int = 0
    requests: int = 0
    seconds: float = 0.0


class Progress:
    """Counts checks, requests and faults; a fault once, by the check that met it first.

    Args:
        checks: the items' names, in the order in which they will run.
        started: when the run began, by `time.monotonic`.

    Attributes:
        phases: by name, in order.
        current: the check that runs.
    """

    def __init__(self, checks: Iterable[str], started: float) -> None:
        self.phases: dict[str, Phase] = {}
        for check in checks:
            name = module(check)
            self.phases.setdefault(name, Phase(name)).total += 1
        self.current = ""
        self._started = started
        self._told_at = started
        self._began = started

    def begin(self, check: str) -> Phase:
        """A check begins."""
        self.current = check
        return self._phase()

    def request(self) -> None:
        """A request was answered."""
        if self.current:
            self._phase().requests += 1

    def fail(self, check: str, count: int) -> None:
        """A check found something new."""
        self.phases[module(check)].faults += count

    def end(self, check: str, seconds: float) -> Phase:
        """A check has ended."""
        phase = self.phases[module(check)]
        phase.done += 1
        phase.seconds += seconds
        return phase

    def _phase(self) -> Phase:
        return self.phases[module(self.current)]

    def due(self) -> bool:
        """Whether the last line was long enough ago for another one."""
        return time.monotonic() - self._told_at >= _BETWEEN_LINES

    def line(self) -> str:
        """Where the run is, on one line."""
        phase = self._phase()
        every = sum(one.faults for one in self.phases.values())
        others = f" ({every} in all)" if every != phase.faults else ""
        at = "" if phase.done == phase.total else f", at {label(self.current)}"
        return self._stamped(
            f"{phase.name:<12} {phase.done:>3} of {phase.total} checks, "
            f"{phase.requests:,} requests, {told(phase.faults)} so far{others}{at}"
        )

    def finished(self, phase: Phase) -> str:
        """What became of one kind of checks, on one line."""
        return self._stamped(
            f"{phase.name:<12} done: {phase.total} checks, {phase.requests:,} requests, "
            f"{told(phase.faults)}"
        )

    def _stamped(self, text: str) -> str:
        self._told_at = time.monotonic()
        return f"{self._told_at - self._started:6.1f} s  {text}"


def told(faults: int) -> str:
    """The number of faults in words, those of the verdict."""
    return f"{faults or 'no'} {'fault' if faults == 1 else 'faults'}"


def module(check: str) -> str:
    """The kind of checks that an item belongs to, such as `meaning`."""
    name = check.partition("::")[0].rpartition("/")[2]
    return name.removesuffix(".py").removeprefix("test_")


def label(check: str) -> str:
    """An item in words: `test_x.py::test_criterion[a-b]` is `criterion a-b`."""
    name = check.rpartition("::")[2].removeprefix("test_")
    return re.sub(r"\[(.*)\]$", r" \1", name)
