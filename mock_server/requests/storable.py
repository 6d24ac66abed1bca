"""JSON that parses and that no server can keep or send back: refused where it stands.

The released server answers 500 to most of it. The contract says 422.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from mock_server.errors import RequestInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    Loc = tuple[str | int, ...]

MAX_DEPTH: Final = 250
"""Levels of nesting that the released server can still send back."""

TOO_DEEP: Final = ("recursion_loop", f"Input should be nested at most {MAX_DEPTH} levels deep")

# What the bytes of such a body must have in them: not-a-number and infinity by name or by size,
# half of a surrogate pair as an escape or in UTF-8, another encoding than UTF-8.
SUSPECT: Final = re.compile(
    rb"NaN|Infinity|\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]|[eE]\+?0*[0-9]{3}|[0-9]{300}|\x00"
)


def needs_check(content: bytes) -> bool:
    """Whether a body could hold what cannot be kept. Cheap, and never wrongly false."""
    return (
        SUSPECT.search(content) is not None or content.count(b"[") + content.count(b"{") > MAX_DEPTH
    )


def unstorable(value: Any, raw: Any) -> RequestInvalid | None:
    """The refusal of numbers that are none, text that is none and nesting that is too deep.

    Args:
        value: the part of the body that would be kept.
        raw: the parsed body, for the error to show.

    Returns:
        The refusal, with one error per place; None if all can be kept.
    """
    errors = [
        _error(kind, ("body", *loc), message) for kind, loc, message in _unstorable(value, ())
    ]
    return RequestInvalid(errors, presentable(raw)) if errors else None


def too_deep(loc: Loc) -> dict[str, Any]:
    """The error of what is nested too deeply."""
    return _error(TOO_DEEP[0], loc, TOO_DEEP[1])


def _error(kind: str, loc: Loc, message: str) -> dict[str, Any]:
    return {"type": kind, "loc": loc, "msg": message, "input": None}


def _unstorable(value: Any, loc: Loc) -> Iterator[tuple[str, Loc, str]]:
    if len(loc) > MAX_DEPTH:
        yield TOO_DEEP[0], loc[:1], TOO_DEEP[1]
    elif isinstance(value, str):
        if not is_text(value):
            yield (
                "string_unicode",
                loc,
                "Input should be a valid string, unable to parse raw data as a unicode string",
            )
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield "finite_number", loc, "Input should be a finite number"
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _unstorable(key, (*loc, presentable(key)))
            yield from _unstorable(item, (*loc, presentable(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unstorable(item, (*loc, index))


def is_text(value: str) -> bool:
    """Whether a string can be written as UTF-8: it has no half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def presentable(value: Any, depth: int = 0) -> Any:
    """JSON that an answer may carry: what cannot be sent is replaced by what can."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, str):
        return value if is_text(value) else value.encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {presentable(key): presentable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [presentable(item, depth + 1) for item in value]
    return value
