"""How a fault is written: on the command line, in headers, in JSON. One table, one reader."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DROP: Final = "drop"
DROP_ANSWER: Final = "drop-answer"
TRUNCATE: Final = "truncate"
KINDS: Final[Mapping[str, str]] = {
    DROP: "the connection is closed, nothing is carried out",
    DROP_ANSWER: "the request is carried out, the connection is closed without an answer",
    TRUNCATE: "the answer breaks off in the middle of its body",
}

MOST_SECONDS: Final = 300.0
LENGTH: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s)")
SECONDS: Final = {"ms": 0.001, "s": 1.0}
WHOLE: Final = re.compile(r"[0-9]{1,9}")
RETRIED: Final = frozenset({429, 503})
"""The statuses that Retry-After belongs to."""


class FaultError(ValueError):
    """A fault that nobody can act upon, with a sentence that says what to write."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to go wrong, and when.

    Attributes:
        operation: the operation id; `*` stands for anything.
        status: the status to answer with, in place of carrying the request out.
        delay: seconds to wait first, the least and the most.
        fault: a key of `KINDS`.
        retry_after: seconds, for the header of that name.
        example: which of the spec's examples to answer with.
        rate: how many of the requests it hits, from above 0 to 1.
        times: how many requests it hits at most.
    """

    operation: str = "*"
    status: int | None = None
    delay: tuple[float, float] | None = None
    fault: str | None = None
    retry_after: int | None = None
    example: str | None = None
    rate: float = 1.0
    times: int | None = None

    def __str__(self) -> str:
        told = self.as_json()
        if self.rate >= 1:
            del told["rate"]
        return " ".join(f"{key}={value}" for key, value in told.items() if value is not None)

    def as_json(self) -> dict[str, Any]:
        """The fault as `read_fault` reads it."""
        low, high = self.delay or (0.0, 0.0)
        span = _span(low) if low == high else f"{_span(low)}..{_span(high)}"
        return {
            "operation": self.operation,
            "status": self.status,
            "delay": span if self.delay else None,
            "fault": self.fault,
            "retry_after": self.retry_after,
            "example": self.example,
            "rate": self.rate,
            "times": self.times,
        }


def _span(seconds: float) -> str:
    return f"{seconds:g}s" if seconds >= 1 else f"{seconds * 1000:g}ms"


def parse_fault(text: str) -> Fault:
    """A fault from `key=value` words, such as `operation=read_flow status=503 rate=0.1`.

    Raises:
        FaultError: it is none.
    """
    values: dict[str, str] = {}
    for word in text.split():
        key, equals, value = word.partition("=")
        if not equals:
            raise FaultError(
                f"{word!r} is no key=value; write such as"
                " 'operation=paginate_deployments status=503 rate=0.1'"
            )
        if key in values:
            raise FaultError(f"{key} is said twice")
        values[key] = value
    return read_fault(values)


def read_fault(values: Mapping[str, Any]) -> Fault:
    """A fault from its fields, as text or as JSON has them; a null is as good as nothing.

    Raises:
        FaultError: a key is unknown, a value is none that it can have, or they contradict.
    """
    for key in values:
        if key not in READERS:
            near = get_close_matches(key, READERS, n=1)
            known = f"did you mean {near[0]}?" if near else f"there are {', '.join(READERS)}"
            raise FaultError(f"there is no {key!r} of a fault; {known}")
    read = {key: READERS[key](value) for key, value in values.items() if value is not None}
    fault = Fault(**read)
    _check(fault)
    return fault


def _check(fault: Fault) -> None:
    if fault.status is None and fault.delay is None and fault.fault is None:
        raise FaultError("a fault needs a status, a delay or a fault, such as status=503")
    if fault.status is not None and fault.fault in {DROP, DROP_ANSWER}:
        raise FaultError(f"{fault.fault} sends no answer, so it has no status")
    if fault.retry_after is not None and fault.status not in RETRIED:
        raise FaultError("retry_after goes with status 429 or 503")
    if fault.example is not None and fault.status is None:
        raise FaultError("example goes with a status")


def _operation(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_*]+", value):
        return value
    raise FaultError(f"{value!r} is no operation id; write such as read_flow, read_* or *")


def _status(value: Any) -> int:
    status = _integer(value)
    if status is None or not 200 <= status <= 599:  # noqa: PLR2004 - what HTTP has
        raise FaultError(f"{value!r} is no status; write such as 409")
    return status


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    return int(str(value)) if WHOLE.fullmatch(str(value)) else None


def _delay(value: Any) -> tuple[float, float]:
    low, dots, high = str(value).partition("..")
    shortest = _seconds(low, value)
    longest = _seconds(high, value) if dots else shortest
    if not shortest <= longest <= MOST_SECONDS:
        raise FaultError(
            f"a delay goes from the shorter to the longer, and to {MOST_SECONDS:g}s at most:"
            f" {value!r} does not"
        )
    return shortest, longest


def _seconds(text: str, whole: Any) -> float:
    found = LENGTH.fullmatch(text)
    if found is None:
        raise FaultError(f"{whole!r} is no delay; write such as 250ms, 2s or 100ms..400ms")
    return float(found[1]) * SECONDS[found[2]]


def _kind(value: Any) -> str:
    if isinstance(value, str) and value in KINDS:
        return value
    told = "; ".join(f"{kind}: {meaning}" for kind, meaning in KINDS.items())
    raise FaultError(f"{value!r} is no fault; there are {told}")


def _retry_after(value: Any) -> int:
    seconds = _integer(value)
    if seconds is None:
        raise FaultError(f"{value!r} is no number of seconds for retry_after; write such as 3")
    return seconds


def _example(value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    raise FaultError(f"{value!r} is no name of an example")


def _rate(value: Any) -> float:
    try:
        rate = -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        rate = -1.0
    if not 0 < rate <= 1:
        raise FaultError(f"{value!r} is no rate; write a number above 0, up to 1, such as 0.1")
    return rate


def _times(value: Any) -> int:
    times = _integer(value)
    if not times:
        raise FaultError(f"{value!r} is no number of times; write 1 or more")
    return times


READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "operation": _operation,
    "status": _status,
    "delay": _delay,
    "fault": _kind,
    "retry_after": _retry_after,
    "example": _example,
    "rate": _rate,
    "times": _times,
}
"""Field of a fault -> what reads it."""
