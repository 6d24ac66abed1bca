"""What the filters mean, as a chapter of the reference documentation: taken from the engine itself.

`deployments-spec docs` finds it by the entry point `deployments_spec.chapters`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mock_server.query.criteria import CRITERIA, Criterion, Ignored, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mock_server.query.operators import Operator

_INTRO = (
    "What each operator of each criterion asks of a record. Criteria are joined by their filter's "
    "`operator`, operators by that of their criterion where it has one. A null is not given."
)


def _meaning(key: str, operator: Operator) -> str:
    """The first paragraph of what makes an operator, as its docstring says it."""
    maker = operator.__qualname__.partition(".")[0]
    # What several share is private, and named for none of them.
    name = key if maker.startswith("_") else maker
    made_by = getattr(sys.modules[operator.__module__], name)
    return " ".join((made_by.__doc__ or "").partition("\n\n")[0].split())


def _parts(criterion: Criterion) -> Iterator[tuple[str, Mapping[str, Operator]]]:
    yield "", criterion.operators
    if isinstance(criterion, State):
        yield from ((f".{name}", operators) for name, operators in criterion.parts.items())


def _rows() -> Iterator[list[str]]:
    for kind, criteria in CRITERIA.items():
        for name, criterion in criteria.items():
            note = ""
            if type(criterion) is not Criterion:
                note = " ".join((type(criterion).__doc__ or "").partition("\n\n")[0].split())
            for part, operators in _parts(criterion):
                for key, operator in operators.items():
                    meaning = "" if isinstance(criterion, Ignored) else _meaning(key, operator)
                    yield [kind, f"{name}{part}.{key}", f"{meaning} {note}".strip()]


def chapter() -> dict[str, Any]:
    """Title, introduction, columns and rows, all texts CommonMark."""
    return {
        "id": "filters",
        "title": "What filters mean",
        "intro": _INTRO,
        "columns": ["Filter", "Criterion", "Meaning"],
        "rows": list(_rows()),
    }
