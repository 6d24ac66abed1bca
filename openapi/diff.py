"""Compares two versions of a document, and grades what changed by what it does to clients."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from openapi.diff_operations import compare_documents
from openapi.diff_rules import DIFF_RULES
from openapi.findings import Finding, Severity, counted
from openapi.fingerprints import digest
from openapi.forms import as_31
from openapi.positions import Positions
from openapi.subject import Subject, UnreadableError, open_subject

__all__ = ["Comparison", "UnreadableError", "breaks", "diff", "render_changes"]

_ORDER = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of a comparison.

    Attributes:
        old: The version before, as the user calls it.
        new: The version after.
        changes: What differs, the worst first, then in the order of the new document.
    """

    old: str
    new: str
    changes: tuple[Finding, ...]


def _checked(subject: Subject) -> Subject:
    """A document that can be compared.

    Raises:
        UnreadableError: Parts of it cannot be had.
    """
    if subject.problems:
        raise UnreadableError(
            f"{subject.name} is no sound document: {subject.problems[0]} Ask validate for the rest."
        )
    return subject


def _changes(old: Subject, new: Subject) -> Iterable[Finding]:
    positions = Positions()
    seen: dict[str, None] = {}
    for operation, side, fact in compare_documents(as_31(old.document), as_31(new.document)):
        code = f"{side}-{fact.code}" if side else fact.code
        subject = old if fact.old else new
        source = subject.source(fact.place.pointer)
        place = positions.find(source.file, source.pointer)
        rule = DIFF_RULES[code]
        mark = digest(code, operation, fact.place.pointer, fact.detail)
        if mark in seen:
            continue
        seen[mark] = None
        detail = f" ({fact.detail})" if fact.detail else ""
        says = rule.says.removesuffix(".").removesuffix(f". ({side})")
        message = f"{operation}: {says}{detail}. {rule.remedy}"
        file = subject.shown(source.file)
        yield Finding(code, rule.severity, file, *place, source.pointer, message, mark)


def diff(old: str, new: str) -> Comparison:
    """Compare two documents.

    Args:
        old: The version before: a file, a folder with an `openapi.yaml`, a URL, or a git revision
            and a path in it (`main:openapi`).
        new: The version after, likewise.

    Raises:
        UnreadableError: One of them cannot be had, or is no OpenAPI 3.0 or 3.1 document.
    """
    with open_subject(old) as before, open_subject(new) as after:
        found = list(_changes(_checked(before), _checked(after)))
        ordered = sorted(found, key=lambda change: _ORDER.index(change.severity))
        return Comparison(before.name, after.name, tuple(ordered))


def breaks(changes: Sequence[Finding], least: str) -> bool:
    """Whether a change is as bad as that, or worse."""
    limit = _ORDER.index(Severity(least))
    return any(_ORDER.index(change.severity) <= limit for change in changes)


def render_changes(comparison: Comparison, form: str) -> str:
    """The changes as text or as JSON."""
    if form == "json":
        content = {
            "old": comparison.old,
            "new": comparison.new,
            "changes": [asdict(change) for change in comparison.changes],
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    counts = Counter(change.severity for change in comparison.changes)
    told = ", ".join(counted(counts[severity], severity.value) for severity in _ORDER)
    summary = f"{comparison.old} -> {comparison.new}: {told if counts else 'nothing changed'}"
    return "\n".join((*map(str, comparison.changes), summary)) + "\n"
