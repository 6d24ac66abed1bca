"""Validates an OpenAPI document: read it, check it, tell the findings in reading order."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from openapi.bundle import BundleError, Source
from openapi.checks import CHECKS, LIBRARIES, LINT, Check, Fault
from openapi.findings import Finding, Severity, counted
from openapi.fingerprints import Fingerprints
from openapi.positions import Position, Positions
from openapi.rules import RULES
from openapi.structure import METHODS
from openapi.subject import Subject, UnreadableError, open_subject
from openapi.yaml_loader import YamlError

__all__ = ["Report", "UnreadableError", "validate"]


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a validation.

    Attributes:
        subject: What was validated, as the user calls it.
        looked_at: How much that was, in words.
        findings: What is wrong, each once, in reading order: the root file first, then the others
            in the order in which they are referenced, each from top to bottom.
    """

    subject: str
    looked_at: str
    findings: tuple[Finding, ...]


class _Reader:
    """Turns what checks say into findings at lines of files."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.positions = Positions()
        self.fingerprints = Fingerprints(subject)

    def finding(
        self, code: str, source: Source, place: Position, message: str, fingerprint: str = ""
    ) -> Finding:
        rule = RULES[code]
        file = self.subject.shown(source.file)
        mark = fingerprint or self.fingerprints.of_source(code, source)
        return Finding(code, rule.severity, file, *place, source.pointer, message, mark)

    def of_problem(self, problem: BundleError) -> Iterator[Finding]:
        """What the bundler could not do."""
        source, cause = problem.source, problem.__cause__
        code = problem.code
        if code == "yaml-syntax" and isinstance(cause, YamlError):
            duplicates = list(self.positions.duplicate_keys(source.file))
            for place, key in duplicates:
                message = f"The key {key!r} stands twice. {RULES['yaml-duplicate-key'].remedy}"
                mark = self.fingerprints.of_source("yaml-duplicate-key", source, key)
                yield self.finding("yaml-duplicate-key", source, place, message, mark)
            if not duplicates:
                place = Position(cause.line or 1, cause.column or 1)
                message = f"{_sentence(cause.problem)} {problem.remedy}"
                yield self.finding(code, source, place, message)
            return
        place = self.positions.find_key(source.file, source.pointer, "$ref")
        message = f"{_sentence(self._shortened(problem.problem))} {problem.remedy}"
        yield self.finding(code, source, place, message)

    def of_unused(self, source: Source) -> Finding:
        """A part of a file that nothing references."""
        name = source.pointer.rpartition("/")[2]
        place = self.positions.find(source.file, source.pointer)
        message = f"Nothing references {name}. {RULES['unused'].remedy}"
        return self.finding("unused", source, place, message)

    def of_fault(self, fault: Fault) -> Finding:
        """What a check found in the one document."""
        source = self.subject.source(fault.pointer)
        if fault.key is None:
            place = self.positions.find(source.file, source.pointer)
        else:
            place = self.positions.find_key(source.file, source.pointer, fault.key)
        message = f"{fault.problem} {fault.remedy or RULES[fault.code].remedy}"
        mark = self.fingerprints.of_fault(fault)
        return self.finding(fault.code, source, place, message, mark)

    def _shortened(self, text: str) -> str:
        """A message without the path of the folder that the user knows."""
        return text.replace(f"{self.subject.root.parent}/", "")


def _sentence(text: str) -> str:
    """Text that begins with a capital, unless with a path or a URL, and ends with a full stop."""
    text = text.strip().rstrip(".")
    first = text.partition(" ")[0]
    is_word = not first.startswith("$") and "/" not in first
    return f"{text[:1].upper()}{text[1:]}." if is_word else f"{text}."


_STUMBLES = (AttributeError, LookupError, TypeError, ValueError, RecursionError)


def _run(
    checks: Iterable[Check], subject: Subject, stumbles: tuple[type[Exception], ...] = ()
) -> Iterator[Fault]:
    for check in checks:
        with contextlib.suppress(*stumbles):
            yield from check(subject)


def _in_reading_order(findings: Iterable[Finding], subject: Subject) -> tuple[Finding, ...]:
    """Each finding once, by file, line and column."""
    files = [subject.root, *(source.file for source in subject.sources.values())]
    rank: dict[str, int] = {}
    for file in files:
        rank.setdefault(subject.shown(file), len(rank))
    unique = dict.fromkeys(findings)
    return tuple(
        sorted(unique, key=lambda f: (rank.get(f.file, len(rank)), f.file, f.line, f.column))
    )


def _looked_at(subject: Subject) -> str:
    """How much a document holds."""
    paths = subject.document.get("paths")
    items = list(paths.values()) if isinstance(paths, dict) else []
    operations = sum(
        method in item for item in items if isinstance(item, dict) for method in METHODS
    )
    files = {subject.root, *(source.file for source in subject.sources.values())}
    counts = (
        counted(operations, "operation"),
        counted(len(items), "path"),
        counted(len(files), "file"),
    )
    return "{} on {} in {}".format(*counts)


def validate(target: str | None = None) -> Report:
    """Validate a document.

    openapi-spec-validator, prance and openapi-core must accept it, examples and defaults must be
    valid by their schemas, and it must keep to the lint rules.

    Args:
        target: A path or a URL; None for the split files of this package.

    Returns:
        All findings of one run.

    Raises:
        UnreadableError: There is no such thing, or it is no OpenAPI 3.0 or 3.1 document.
    """
    with open_subject(target) as subject:
        reader = _Reader(subject)
        findings = [found for problem in subject.problems for found in reader.of_problem(problem)]
        findings += [reader.of_unused(source) for source in subject.unused]
        faults = list(dict.fromkeys(_run(CHECKS, subject)))
        # Where objects are not what they should be, lint tells what it gets to see; of stand-ins
        # for what could not be read it would tell nonsense.
        if all(RULES[problem.code].severity is not Severity.ERROR for problem in subject.problems):
            broken = any(fault.code == "structure" for fault in faults)
            faults += dict.fromkeys(_run(LINT, subject, _STUMBLES if broken else ()))
        findings += [reader.of_fault(fault) for fault in faults]
        if not any(finding.severity is Severity.ERROR for finding in findings):
            findings += [reader.of_fault(fault) for fault in _run(LIBRARIES, subject)]
        ordered = _in_reading_order(findings, subject)
        looked_at = _looked_at(subject)
        return Report(subject.name, looked_at, ordered)
