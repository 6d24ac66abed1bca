"""All planted bugs by name."""

from typing import Final

from tests.planted_bugs import filters, pages, shapes, states
from tests.planted_bugs.plant import Bug

BUGS: Final[list[Bug]] = [*filters.BUGS, *pages.BUGS, *shapes.BUGS, *states.BUGS]
CATALOGUE: Final[dict[str, Bug]] = {bug.name: bug for bug in BUGS}
