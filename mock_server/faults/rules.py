"""What goes wrong on purpose: the faults of this mock, and which of them hits a request."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from mock_server.faults.declared_answers import declared_answers
from mock_server.faults.syntax import Fault, FaultError, read_fault
from mock_server.operation_names import UnknownOperationError, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HEADER: Final = "x-mock-"
FIELDS: Final[Mapping[str, str]] = {
    "x-mock-delay": "delay",
    "x-mock-status": "status",
    "x-mock-fault": "fault",
    "x-mock-retry-after": "retry_after",
    "x-mock-example": "example",
}
"""Header of a request -> field of the fault that it asks for."""

NO_FAULT: Final = frozenset({"x-mock-token"})
"""Headers of that prefix that ask for no fault."""

MOST: Final = 100
"""Faults that a mock has at a time."""

RETRY_AFTER: Final = 1
TOO_MANY: Final = 429


def check_declared(fault: Fault) -> Fault:
    """See that the spec knows the operation, and declares the status for it.

    Returns:
        The fault itself.

    Raises:
        FaultError: it does not; with what it does declare.
    """
    answers = declared_answers()
    try:
        names = named(fault.operation)
    except UnknownOperationError as error:
        raise FaultError(str(error)) from None
    if fault.status is None:
        return fault
    declaring = [name for name in names if fault.status in answers[name]]
    if not declaring:
        known = sorted({status for name in names for status in answers[name]})
        raise FaultError(
            f"the spec declares no status {fault.status} for {fault.operation}; it has"
            f" {', '.join(map(str, known))}"
        )
    _check_example(fault, declaring)
    return fault


def _check_example(fault: Fault, declaring: list[str]) -> None:
    if fault.example is None or fault.status is None:
        return
    answers = declared_answers()
    known = {name for operation in declaring for name in answers[operation][fault.status].bodies}
    if fault.example not in known:
        named = sorted(name for name in known if name)
        there = f"there are {', '.join(named)}" if named else "there is one, without a name"
        raise FaultError(
            f"the spec has no example {fault.example!r} of status {fault.status} for"
            f" {fault.operation}; {there}"
        )


@dataclass(slots=True)
class Rule:
    """A fault of the mock as it stands.

    Attributes:
        number: names it, from 1.
        fault: the fault.
        hits: how many requests it has hit.
    """

    number: int
    fault: Fault
    rng: random.Random
    hits: int = 0

    def strikes(self, operation: str) -> bool:
        """Whether it hits this request; drawn anew for each that it fits."""
        fault = self.fault
        if not fnmatchcase(operation, fault.operation):
            return False
        if fault.times is not None and self.hits >= fault.times:
            return False
        if fault.status is not None and fault.status not in declared_answers()[operation]:
            return False
        return fault.rate >= 1 or self.rng.random() < fault.rate

    def as_json(self) -> dict[str, Any]:
        """The rule as the control API tells it."""
        return {"id": self.number, **self.fault.as_json(), "hits": self.hits, "text": str(self)}

    def __str__(self) -> str:
        return str(self.fault)


@dataclass(frozen=True, slots=True)
class Strike:
    """What happens to one request.

    Attributes:
        fault: what, with the operation that it happens to.
        delay: seconds to wait first.
    """

    fault: Fault
    delay: float


class Faults:
    """The faults of a mock; safe to change while it serves.

    Args:
        faults: those to begin with.
        seed: the same seed gives the same faults to the same requests; None for any.

    Attributes:
        rng: for what requests leave open that ask for faults themselves.

    Raises:
        FaultError: the spec does not know an operation, or not this status of it.
    """

    def __init__(self, faults: Iterable[Fault] = (), *, seed: int | None = None) -> None:
        self._first = [check_declared(fault) for fault in faults]
        self._seed = seed
        self._lock = threading.Lock()
        self._rules: tuple[Rule, ...] = ()
        self._last = 0
        self.rng = random.Random()
        self.reset()

    def __bool__(self) -> bool:
        return bool(self._rules)

    def __iter__(self) -> Any:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def add(self, fault: Fault) -> Rule:
        """Let it go wrong from now on.

        Raises:
            FaultError: the spec does not know the operation, or not this status of it, or there
                are too many faults.
        """
        check_declared(fault)
        with self._lock:
            if len(self._rules) >= MOST:
                raise FaultError(f"there are {MOST} faults already, and no more may be")
            return self._added(fault)

    def _added(self, fault: Fault) -> Rule:
        self._last += 1
        rule = Rule(self._last, fault, self._generator())
        self._rules = (*self._rules, rule)
        return rule

    def _generator(self) -> random.Random:
        """One for the newest rule, so that none draws what another would have drawn."""
        return random.Random(None if self._seed is None else f"fault {self._seed} {self._last}")

    def remove(self, number: int) -> bool:
        """Let it go wrong no more; whether there was such a fault."""
        with self._lock:
            left = tuple(rule for rule in self._rules if rule.number != number)
            removed = len(left) < len(self._rules)
            self._rules = left
        return removed

    def clear(self) -> None:
        """Let nothing go wrong."""
        with self._lock:
            self._rules = ()

    def reset(self) -> None:
        """Back to those of the beginning, as if none had been drawn."""
        with self._lock:
            self._rules, self._last = (), 0
            self.rng = self._generator()
            for fault in self._first:
                self._added(fault)

    def strike(self, operation: str) -> Strike | None:
        """What happens to a request; None for nothing.

        The delays of all faults that hit it add up; of what becomes of it the first one decides.
        """
        delay, outcome = 0.0, None
        for rule in self._rules:
            fault = rule.fault
            decides = fault.status is not None or fault.fault is not None
            if (decides and outcome is not None) or not rule.strikes(operation):
                continue
            rule.hits += 1
            if fault.delay is not None:
                delay += rule.rng.uniform(*fault.delay)
            if decides:
                outcome = fault
        if outcome is None and not delay:
            return None
        return Strike(replace(outcome or Fault(), operation=operation, delay=None), delay)


def asked_for(
    headers: Iterable[tuple[bytes, bytes]], operation: str | None, rng: random.Random
) -> Strike | None:
    """The fault that a request asks for by its headers; None for none.

    Args:
        headers: the request's, names in lower case.
        operation: what it names.
        rng: draws the delay, if the request leaves that open.

    Raises:
        FaultError: there is no such header, or no such fault.
    """
    values = {}
    for name, value in headers:
        if name.startswith(b"x-mock-"):
            text = name.decode("latin-1")
            if text not in NO_FAULT:
                values[_field(text)] = value.decode("latin-1").strip()
    if not values:
        return None
    fault = read_fault(values)
    if operation is not None:
        fault = check_declared(replace(fault, operation=operation))
    elif fault.status is not None:
        raise FaultError("a status can be asked for of the operations that the spec has")
    low, high = fault.delay or (0.0, 0.0)
    return Strike(fault, rng.uniform(low, high) if low < high else low)


def _field(header: str) -> str:
    field = FIELDS.get(header)
    if field is None:
        raise FaultError(f"there is no header {header}; there are {', '.join(FIELDS)}")
    return field
