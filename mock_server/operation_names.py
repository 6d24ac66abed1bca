"""Operation ids as people write them: one, or a pattern of them, or one that is misspelt."""

from __future__ import annotations

import re
from difflib import get_close_matches

from mock_server.faults.declared_answers import declared_answers


class UnknownOperationError(ValueError):
    """The spec has no such operation; with the one that may be meant."""


def named(pattern: str) -> list[str]:
    """The operations that a name fits.

    Args:
        pattern: an operation id, in which `*` stands for anything.

    Raises:
        UnknownOperationError: it fits none.
    """
    known = declared_answers()
    fits = re.compile(".*".join(map(re.escape, pattern.split("*")))).fullmatch
    found = [name for name in known if fits(name)]
    if not found:
        near = get_close_matches(pattern, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ", nor one that this pattern fits"
        raise UnknownOperationError(f"there is no operation {pattern}{hint}")
    return found
