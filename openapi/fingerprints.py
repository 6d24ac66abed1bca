"""What a finding is known by, from one version of a document to the next."""

import hashlib
from collections import Counter
from typing import Any

from openapi.bundle import Source
from openapi.checks import Fault
from openapi.structure import escape, resolve, tokens
from openapi.subject import Subject

__all__ = ["Fingerprints", "digest"]

_DIGITS = 16
_VERSION = "1"
"""Goes into every fingerprint: another way to make them is another version."""


def _label(item: Any, index: str) -> str:
    """A name for an item of a list that it keeps when others come before it."""
    if isinstance(item, dict):
        for keys in (("in", "name"), ("name",), ("$ref",), ("title",)):
            if all(isinstance(item.get(key), str) for key in keys):
                return "[" + ",".join(item[key] for key in keys) + "]"
    if isinstance(item, str):
        return f"[{item}]"
    return index


def _steady(document: Any, pointer: str) -> str:
    """A pointer in which items of lists go by what they are, not by their places."""
    node: Any = document
    steps: list[str] = []
    for token in tokens(pointer):
        try:
            below = resolve(node, f"/{escape(token)}")
        except (LookupError, TypeError, ValueError):
            below = None
        steps.append(_label(below, token) if isinstance(node, list) else token)
        node = below
    return "/".join(escape(step) for step in steps)


def digest(*parts: str) -> str:
    """A fingerprint of some parts."""
    text = "\0".join((_VERSION, *parts))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


class Fingerprints:
    """Makes the fingerprints of one report.

    They hold the code, the place in the one document (so that split files and their bundle give the
    same) and the key. Lines and the wording of messages do not matter. Of several findings of
    checks that agree in all this each gets its number.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._seen: Counter[tuple[str, ...]] = Counter()

    def of_fault(self, fault: Fault) -> str:
        """The fingerprint of what a check found in the one document."""
        parts = (
            fault.code,
            _steady(self._subject.document, fault.pointer),
            fault.key or "",
        )
        self._seen[parts] += 1
        return digest(*parts, str(self._seen[parts]))

    def of_source(self, code: str, source: Source, key: str = "") -> str:
        """The fingerprint of what is wrong with the files that the document is made of."""
        return digest(code, source.file.name, source.pointer, key)
