r"""SQL's LIKE as SQLite does it, in pieces that take linear time.

`%` stands for any run of characters, `_` for any single one, and nothing escapes them: a backslash
is a backslash. Letters match whatever their case, but only those of ASCII. A NUL ends the pattern,
and the text as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Test = Callable[[str], bool]

_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def fold(text: str) -> str:
    """The text up to its first NUL, its ASCII letters in lower case."""
    folded = text.lower() if text.isascii() else text.translate(_LOWER)
    return folded.partition("\0")[0] if "\0" in folded else folded


def like(pattern: str) -> Test:
    """A test for texts that match a pattern as a whole."""
    head, *rest = fold(pattern).split("%")
    if not rest:
        return _exactly(head)
    *middle, tail = rest
    pieces = [piece for piece in middle if piece]
    if not head and not tail and len(pieces) <= 1:
        return _contains(pieces[0] if pieces else "")
    return _in_turn(head, pieces, tail)


def contains(part: str) -> Test:
    """A test for texts that have a part somewhere: the `like_` of filters."""
    return like(f"%{part}%")


def starts_with(part: str) -> Test:
    """A test for texts that begin with a part: the `startswith_` of filters."""
    return like(f"{part}%")


def _piece(piece: str) -> re.Pattern[str]:
    """A part of a pattern between two `%`; it has no repetition, so it never backtracks."""
    return re.compile(re.escape(piece).replace("_", "."), re.DOTALL)


def _exactly(piece: str) -> Test:
    found = _piece(piece).fullmatch
    return lambda text: found(fold(text)) is not None


def _contains(piece: str) -> Test:
    if "_" in piece:
        found = _piece(piece).search
        return lambda text: found(fold(text)) is not None
    return lambda text: piece in fold(text)


def _in_turn(head: str, pieces: list[str], tail: str) -> Test:
    """The head at the start, the tail at the end, and the pieces between them one after another.

    Each piece is taken where it first occurs: that leaves the most room for those that follow.
    """
    begins, ends = _piece(head).match, _piece(tail).match
    searches = [_piece(piece).search for piece in pieces]
    shortest = len(head) + len(tail)

    def test(text: str) -> bool:
        text = fold(text)
        last = len(text) - len(tail)
        if len(text) < shortest or not begins(text) or not ends(text[last:]):
            return False
        text, position = text[:last], len(head)
        for search in searches:
            match = search(text, position)
            if match is None:
                return False
            position = match.end()
        return True

    return test
