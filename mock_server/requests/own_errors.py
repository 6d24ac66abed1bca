"""Errors of our own: of what the released server takes, and fails on where it keeps it.

It fails on numbers of more than 64 bits or not finite and on keys of inputs where it writes them,
and on names of deployments and their queues with certain characters where it reads them back. What
else is wrong it finds before, and so it is told before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

INT64: Final = (1 << 63) - 1
NAME_IN_PATHS: Final = "^[^/%&<>]*$"
"""What the contract says of names that the released server takes and then cannot answer."""
KEY_OF_INPUTS: Final = "^[-a-z0-9]*$"
"""What it says of the keys of a run's inputs, which that server looks at when it keeps them."""

OWN_BOUNDS: Final[Mapping[str, frozenset[Any]]] = {
    "maximum": frozenset({INT64}),
    "pattern": frozenset({NAME_IN_PATHS, KEY_OF_INPUTS}),
}
"""Keyword of a schema -> its values that are bounds of our own."""


def reported(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The errors that an answer lists: those of our own only when there are no others."""
    return [error for error in errors if not is_own(error)] or errors


def is_own(error: Mapping[str, Any]) -> bool:
    """Whether the released server has no such error, and fails in its stead, later."""
    context = error.get("ctx")
    return error["type"] == "finite_number" or context in (
        {"le": INT64},
        *({"pattern": pattern} for pattern in OWN_BOUNDS["pattern"]),
    )
