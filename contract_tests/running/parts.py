"""Splitting a run: by shards over machines, and by the clock."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from contract_tests.errors import CannotJudge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")

SHARES: Final[Mapping[str, float]] = {
    "meaning": 0.35,
    "laws": 0.1,
    "refusals": 0.15,
    "conformance": 0.2,
    "lifecycle": 0.2,
}
"""Of the time that a run may take, what each kind of checks gets; what one leaves, the next has."""

_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def shard(text: str) -> tuple[int, int]:
    """Read `2/5` as the second of five parts.

    Raises:
        CannotJudge: it is not of that form.
    """
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise CannotJudge(f"--shard {text}: write it as I/N, the I-th of N parts, such as 2/5.")
    return int(match[1]), int(match[2])


def part(items: Sequence[T], text: str) -> list[T]:
    """The items of one shard: each n-th, so that long kinds of checks are spread evenly.

    Raises:
        CannotJudge: `text` names no shard.
    """
    number, count = shard(text)
    return list(items[number - 1 :: count])


def seconds(text: str, option: str = "--max-time") -> float:
    """Read `90`, `90s`, `20m` or `2h`, or several of them (`1h30m`).

    Raises:
        CannotJudge: it is not of that form.
    """
    pieces = re.findall(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not pieces or "".join(number + unit for number, unit in pieces) != text:
        raise CannotJudge(f"{option} {text}: write it as 90s, 20m, 2h or 1h30m.")
    told = sum(float(number) * _UNITS[unit] for number, unit in pieces)
    if not told:
        raise CannotJudge(f"{option} {text}: no time at all; write it as 90s, 20m, 2h or 1h30m.")
    return told


def deadline(module: str, started: float, limit: float) -> float:
    """The moment until which checks of a kind may send, by the clock of `started`.

    Args:
        module: a key of `SHARES`; others have the whole time.
        started: when the run began.
        limit: how many seconds it may take.
    """
    names = list(SHARES)
    until = names.index(module) + 1 if module in SHARES else len(names)
    return started + limit * sum(SHARES[name] for name in names[:until])
