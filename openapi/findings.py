"""What the validator found: where it stands, what is wrong, what to do, and how that is written."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

__all__ = ["Finding", "Rule", "Severity", "counted", "render_json", "render_text"]


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a document must keep to.

    Attributes:
        says: The rule in a sentence.
        remedy: What to do when it is broken, unless the check knows better.
        severity: How bad that is.
    """

    says: str
    remedy: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the document.

    Attributes:
        code: The rule that it breaks, a key of `rules.RULES`.
        severity: How bad that is.
        file: The file that it stands in, as the user would write it.
        line: The line there, counted from 1.
        column: The column there, counted from 1.
        pointer: The JSON pointer of the place in that file, `""` for all of it.
        message: What is wrong, and what to do about it.
        fingerprint: What stays the same while lines move, list items change places, and the
            wording of messages is bettered: sixteen hexadecimal digits, for baselines and SARIF.
    """

    code: str
    severity: Severity
    file: str
    line: int
    column: int
    pointer: str
    message: str
    fingerprint: str = ""

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}:{self.column}: {self.severity} {self.code}: {self.message}"
            + (f"\n    at #{self.pointer}" if self.pointer else "")
        )


def counted(number: int, noun: str) -> str:
    """A number and its noun, in the plural where that is due."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def render_text(findings: Sequence[Finding], subject: str, looked_at: str, remark: str = "") -> str:
    """The findings for people: one after the other, and a summary line.

    Args:
        findings: The findings in reading order.
        subject: What was validated.
        looked_at: How much that was, such as `61 paths`.
        remark: What else there is to say of it, such as what a baseline held back.
    """
    about = f"({looked_at}{'; ' if remark else ''}{remark})"
    if not findings:
        return f"{subject}: {'nothing new' if remark else 'valid'} {about}\n"
    files = len({finding.file for finding in findings})
    lines = [str(finding) for finding in findings]
    total = f"{counted(len(findings), 'finding')} in {counted(files, 'file')}"
    lines.append(f"{subject}: {total} {about}")
    return "\n".join(lines) + "\n"


def render_json(findings: Iterable[Finding], subject: str) -> str:
    """The findings for programs: an object with the subject and a list of findings."""
    content = {"subject": subject, "findings": [asdict(finding) for finding in findings]}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
