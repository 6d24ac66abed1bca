"""Known deviations of released servers, as a chapter of the reference documentation.

`deployments-spec docs` finds it by the entry point `deployments_spec.chapters`.
"""

from __future__ import annotations

from typing import Any

from contract_tests.known.known import ours

_INTRO = (
    "Where released servers do otherwise than this contract says. A contract run reports them as "
    "known and does not fail on them."
)


def chapter() -> dict[str, Any]:
    """Title, introduction, columns and rows, all texts CommonMark."""
    return {
        "id": "deviations",
        "title": "Known deviations of released servers",
        "intro": _INTRO,
        "columns": ["Deviation", "Versions", "Status", "Operations", "Reason"],
        "rows": [
            [
                f"`{entry.id}`",
                str(entry.versions or "any"),
                str(entry.status or ""),
                ", ".join(f"`{name}`" for name in sorted(entry.operations)),
                entry.reason,
            ]
            for entry in ours()
        ],
    }
