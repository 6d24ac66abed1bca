"""How a comparison with a server's document is told."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from openapi.drift import Difference
from openapi.drift_review import Reviewed, Sorted
from openapi.findings import counted

__all__ = ["render_drift"]

_MOST_OPERATIONS = 3


def _line(difference: Difference) -> str:
    named = ", ".join(difference.operations[:_MOST_OPERATIONS])
    more = len(difference.operations) - _MOST_OPERATIONS
    where = f"  [{named}{f' and {more} more' if more > 0 else ''}]" if named else ""
    return f"  {difference.code}  {difference}{where}"


def _section(title: str, found: Sequence[Difference]) -> Iterator[str]:
    if found:
        yield title
        yield from map(_line, found)
        yield ""


def _text(result: Sorted, review: Iterable[Reviewed], name: str, version: str) -> str:
    lines = [
        *_section(
            "Only the server's document says so: is ours behind? Then mend it; if the server's is "
            "wrong, add it to drift.yaml with its reason.",
            result.behind,
        ),
        *_section(
            "Only our document says so: does the server still do it? Ask it; then mend ours, or "
            "add it to drift.yaml with its reason.",
            result.ahead,
        ),
    ]
    if result.idle:
        lines.append("These entries of drift.yaml match nothing any more: remove them.")
        lines += [f"  {entry}: {pattern}" for entry, pattern in result.idle]
        lines.append("")
    if result.later:
        lines.append(f"{counted(len(result.later), 'difference')} of versions after {version}")
    for entry in review:
        found = result.reviewed.get(entry.id, [])
        if found:
            lines.append(f"{len(found):5} {entry.id} ({entry.verdict}): {entry.reason}")
    unexplained = len(result.behind) + len(result.ahead)
    explained = sum(map(len, result.reviewed.values()))
    lines.append(
        f"{name} (server {version or 'of unknown version'}): "
        f"{counted(unexplained, 'difference')} unexplained, {explained} explained, "
        f"{len(result.later)} of later versions, {counted(len(result.idle), 'idle pattern')}"
    )
    return "\n".join(lines) + "\n"


def _told(found: Iterable[Difference]) -> list[dict[str, Any]]:
    return [asdict(difference) for difference in found]


def render_drift(
    result: Sorted, review: Sequence[Reviewed], name: str, version: str, form: str
) -> str:
    """The differences as text or as JSON.

    Args:
        result: The differences, sorted out.
        review: The list that explains.
        name: The server's document, as the user calls it.
        version: The server's version, `""` if it is not known.
        form: `text` or `json`.
    """
    if form != "json":
        return _text(result, review, name, version)
    content = {
        "document": name,
        "version": version,
        "behind": _told(result.behind),
        "ahead": _told(result.ahead),
        "later": _told(result.later),
        "idle": [{"entry": entry, "pattern": str(pattern)} for entry, pattern in result.idle],
        "reviewed": [
            {
                "entry": entry.id,
                "verdict": entry.verdict,
                "reason": entry.reason,
                "differences": _told(result.reviewed[entry.id]),
            }
            for entry in review
            if entry.id in result.reviewed
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
