"""The reviewed list of differences: which there may be, and why. It stands in `drift.yaml`."""

import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from openapi.drift import Difference, is_later
from openapi.yaml_loader import load_yaml

__all__ = ["REVIEW_FILE", "Pattern", "Reviewed", "Sorted", "load_review", "sort_out"]

REVIEW_FILE = Path(__file__).with_name("drift.yaml")
"""The list about released servers."""

_ALTERNATIVES = re.compile(r"\{([\w.|\[\]]+(?:, *[\w.|\[\]]+)+)\}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One difference, or a family of them.

    Attributes:
        code: That of the difference.
        text: Its place, or `place: detail`; `*` stands for any text.
    """

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    def matches(self, difference: Difference) -> bool:
        """Whether a difference is the one that is meant."""
        return self.code == difference.code and bool(_regex(self.text).fullmatch(str(difference)))


@functools.cache
def _regex(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """An entry of the list.

    Attributes:
        id: What it is called.
        verdict: `document` when the server's document is wrong or silent about the server, `equal`
            when both say the same in other words, `scope` when ours leaves it out on purpose.
        reason: Why it may be.
        patterns: The differences.
        versions: The servers that it is about.
        proof: Requests that show it, and what a server answers; see the head of `drift.yaml`.
        unproven: Why no request can show it, where there is none.
    """

    id: str
    verdict: str
    reason: str
    patterns: tuple[Pattern, ...]
    versions: SpecifierSet = field(default_factory=SpecifierSet)
    proof: tuple[Mapping[str, Any], ...] = ()
    unproven: str = ""

    def is_about(self, version: str) -> bool:
        """Whether a server of that version is meant; one of no known version is."""
        try:
            return not version or self.versions.contains(Version(version), prereleases=True)
        except InvalidVersion:
            return True


def _expanded(text: str) -> Iterator[str]:
    """The texts that `a.{b,c}` stands for: `a.b` and `a.c`."""
    found = _ALTERNATIVES.search(text)
    if found is None:
        yield text
        return
    for choice in found[1].split(","):
        yield from _expanded(text[: found.start()] + choice.strip() + text[found.end() :])


def _patterns(content: Mapping[str, Sequence[str]]) -> Iterator[Pattern]:
    for code, texts in content.items():
        for text in itertools.chain.from_iterable(map(_expanded, texts)):
            yield Pattern(code, text)


def load_review(file: Path = REVIEW_FILE) -> tuple[Reviewed, ...]:
    """Read a list.

    Args:
        file: YAML, a list of entries as the head of `drift.yaml` tells them.
    """
    return tuple(
        Reviewed(
            id=entry["id"],
            verdict=entry["verdict"],
            reason=" ".join(entry["reason"].split()),
            patterns=tuple(_patterns(entry["differences"])),
            versions=SpecifierSet(entry.get("versions", "")),
            proof=tuple(entry.get("proof", ())),
            unproven=entry.get("unproven", ""),
        )
        for entry in load_yaml(file)
    )


@dataclass(slots=True)
class Sorted:
    """Differences, sorted out.

    Attributes:
        behind: Not explained, and the server's document says what ours does not.
        ahead: Not explained, and ours says what the server's document does not.
        later: Of a later version than the server's, as our document says.
        reviewed: Explained, by the entry that does.
        idle: Patterns that match nothing, with the id of their entry.
    """

    behind: list[Difference] = field(default_factory=list)
    ahead: list[Difference] = field(default_factory=list)
    later: list[Difference] = field(default_factory=list)
    reviewed: dict[str, list[Difference]] = field(default_factory=dict)
    idle: list[tuple[str, Pattern]] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left to look at."""
        return not (self.behind or self.ahead or self.idle)


def sort_out(found: Iterable[Difference], review: Iterable[Reviewed], version: str = "") -> Sorted:
    """Sort differences by who is right.

    Args:
        found: The differences.
        review: The reviewed list.
        version: That of the server, `""` if it is not known.
    """
    entries = [entry for entry in review if entry.is_about(version)]
    by_code: dict[str, list[tuple[Reviewed, Pattern]]] = {}
    for entry in entries:
        for pattern in entry.patterns:
            by_code.setdefault(pattern.code, []).append((entry, pattern))
    result = Sorted()
    used: set[tuple[str, Pattern]] = set()
    for difference in found:
        matching = [
            (entry, pattern)
            for entry, pattern in by_code.get(difference.code, ())
            if pattern.matches(difference)
        ]
        used.update((entry.id, pattern) for entry, pattern in matching)
        if is_later(difference.since, version):
            result.later.append(difference)
        elif matching:
            result.reviewed.setdefault(matching[0][0].id, []).append(difference)
        elif difference.is_behind:
            result.behind.append(difference)
        else:
            result.ahead.append(difference)
    result.idle = [
        (entry.id, pattern)
        for entry in entries
        for pattern in entry.patterns
        if (entry.id, pattern) not in used
    ]
    return result
