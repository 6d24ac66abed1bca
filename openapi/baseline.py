"""A baseline: findings that are known and accepted, so that only new ones fail."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from openapi.findings import Finding, counted

__all__ = ["Baseline", "BaselineError", "Sifted", "read_baseline", "sift", "write_baseline"]

_VERSION = 1


class BaselineError(ValueError):
    """A file that is no baseline. The message is a sentence for the user."""


Baseline = frozenset[str]
"""The fingerprints of what is accepted."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """The findings of a run by a baseline.

    Attributes:
        new: Those that it does not know, in their order.
        known: How many it knows.
        gone: How many of its entries nothing was found of.
    """

    new: tuple[Finding, ...]
    known: int
    gone: int

    @property
    def remark(self) -> str:
        """The figures in words."""
        text = f"{self.known} known by the baseline"
        if self.gone:
            entries = counted(self.gone, "entry").replace("entrys", "entries")
            text += f", {entries} of it no longer found: --baseline-update drops them"
        return text


def read_baseline(file: Path) -> Baseline:
    """Read what `write_baseline` wrote. People may add keys, such as a reason.

    Raises:
        BaselineError: The file cannot be read, or is something else.
    """
    try:
        content = json.loads(file.read_bytes())
    except OSError as error:
        raise BaselineError(
            f"The baseline {file} cannot be read: {error.strerror}. --baseline-update makes it."
        ) from error
    except ValueError as error:
        raise BaselineError(f"The baseline {file} is no JSON: {error}.") from error
    try:
        if content["version"] != _VERSION:
            raise BaselineError(f"The baseline {file} is of version {content['version']}, not 1.")
        return frozenset(str(entry["fingerprint"]) for entry in content["findings"])
    except (KeyError, TypeError) as error:
        raise BaselineError(
            f"{file} is no baseline: it lacks version, findings or a fingerprint."
        ) from error


def write_baseline(file: Path, findings: Sequence[Finding]) -> None:
    """Write a baseline that accepts these findings. What an entry had besides is kept."""
    kept: dict[str, dict[str, object]] = {}
    if file.is_file():
        read_baseline(file)  # nothing else is overwritten
        entries = json.loads(file.read_bytes())["findings"]
        kept = {str(entry["fingerprint"]): entry for entry in entries}
    entries = [
        kept.get(finding.fingerprint, {})
        | {
            "fingerprint": finding.fingerprint,
            "code": finding.code,
            "file": finding.file,
            "pointer": finding.pointer,
            "message": finding.message,
        }
        for finding in findings
    ]
    text = json.dumps({"version": _VERSION, "findings": entries}, indent=2, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


def sift(findings: Sequence[Finding], baseline: Baseline) -> Sifted:
    """Tell new findings from accepted ones."""
    new = tuple(finding for finding in findings if finding.fingerprint not in baseline)
    found = {finding.fingerprint for finding in findings}
    return Sifted(new, len(findings) - len(new), len(baseline - found))
