"""All planted bugs by name."""

from typing import Final

from tests.planted_bugs import (
    details,
    edges,
    filters,
    moments,
    pages,
    rewritten,
    shapes,
    states,
    ways_in,
)
from tests.planted_bugs.plant import Bug

BUGS: Final[list[Bug]] = [
    bug
    for kind in (filters, pages, shapes, states, details, moments, edges, rewritten, ways_in)
    for bug in kind.BUGS
]
CATALOGUE: Final[dict[str, Bug]] = {bug.name: bug for bug in BUGS}
