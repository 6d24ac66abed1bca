"""Names for runs that came without one: an adjective and an animal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

UNFIT: Final = frozenset(
    {"booby", "chubby", "curvy", "demonic", "fat", "flat", "gay", "heretic", "kickass", "nippy"}
    | {"sexy", "sloppy", "thick"}
)
"""Words of the lists that the released server does not put into a name."""


def run_name(rng: random.Random) -> str:
    """A name such as `brave-otter`; the same state of the generator gives the same name."""
    import coolname  # noqa: PLC0415 - its word lists are slow to load

    coolname.replace_random(rng)
    try:
        words = coolname.generate(2)
        while not UNFIT.isdisjoint(words):
            words = coolname.generate(2)
    finally:
        coolname.replace_random(None)
    return "-".join(words)
