"""What a rule says when a target breaks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contract_tests.transport.exchange import Exchange

Severity = Literal["error", "warning"]

MISSING: Final = "the field is missing"
"""What stands for the value of a field that an answer does not have."""


class Sent(NamedTuple):
    """A request as it is told: its body as text, and the command that repeats it."""

    body: str | None
    curl: str


class Told(Protocol):
    """What `describe` tells: a finding, or what a report keeps of one."""

    @property
    def operation(self) -> str: ...  # noqa: D102 - as of a finding

    @property
    def rule(self) -> str: ...  # noqa: D102 - as of a finding

    @property
    def message(self) -> str: ...  # noqa: D102 - as of a finding

    @property
    def expected(self) -> str: ...  # noqa: D102 - as of a finding

    @property
    def got(self) -> str: ...  # noqa: D102 - as of a finding

    @property
    def spec_pointer(self) -> str | None: ...  # noqa: D102 - as of a finding

    @property
    def sent(self) -> Sequence[Sent]:
        """The requests that show it, in the order sent."""


@dataclass(frozen=True)
class Finding:
    """One breach of one rule, shown by one request.

    Attributes:
        rule: the rule's code in the catalogue, such as `filters.criterion`.
        operation: the operationId; for a method and path that the spec does not name, both.
        message: one line that says what is wrong.
        expected: what the contract asks for, in a few words or as a short JSON value.
        got: what came instead.
        exchange: the request and its answer; None when nothing was received.
        spec_pointer: where the spec says so, as a JSON pointer into the bundle (`#/paths/...`).
        cause: findings of one operation, rule and cause are one line in the report. It must not
            hold anything that differs from case to case (ids, values, numbers).
        others: exchanges besides, in the order sent, that the breach needs to be seen.
        due: the rows that the oracle expects, as text, in order; None where it is not about rows.
        came: the rows that came; None where it is not known which.
    """

    rule: str
    operation: str
    message: str
    expected: str
    got: str
    exchange: Exchange | None = None
    spec_pointer: str | None = None
    cause: str = ""
    others: tuple[Exchange, ...] = field(default=(), repr=False)
    due: tuple[str, ...] | None = field(default=None, repr=False)
    came: tuple[str, ...] | None = field(default=None, repr=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """Findings with the same key are the same fault."""
        return (self.operation, self.rule, self.cause)

    @property
    def exchanges(self) -> list[Exchange]:
        """What it takes to see it, in the order sent."""
        return [*self.others, *([self.exchange] if self.exchange else [])]

    @property
    def sent(self) -> list[Sent]:
        """The requests that show it, in the order sent."""
        return [Sent(as_text(one.request_body), one.curl()) for one in self.exchanges]


class Violation(AssertionError):  # noqa: N818 - the word of the report
    """Raised by `Session.judge`; carries the finding to the report.

    Its text is the whole story, so that a plain pytest run shows it too.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(describe(finding))
        self.finding = finding


def raise_all(violations: Sequence[Violation]) -> None:
    """Raise violations, if there are any.

    Raises:
        Violation: the only one.
        ExceptionGroup: several.
    """
    if len(violations) == 1:
        raise violations[0]
    if violations:
        raise ExceptionGroup(f"{len(violations)} rules are broken", violations)


def found_in(error: BaseException) -> list[Finding]:
    """The findings that an exception carries, those of a group included."""
    if isinstance(error, Violation):
        return [error.finding]
    if isinstance(error, BaseExceptionGroup):
        return [finding for part in error.exceptions for finding in found_in(part)]
    return []


def describe(told: Told, *, width: int = 600) -> str:
    """A few lines of text: what is wrong, expected, got, code, body, curl, place."""
    lines = [
        f"{told.operation}: {told.message}",
        f"  expected  {clip(told.expected, width)}",
        f"  got       {clip(told.got, width)}",
        f"  rule      {told.rule}",
    ]
    sent = list(told.sent)
    for last in sent[-1:]:
        lines += [] if last.body is None else [f"  body      {clip(last.body, width)}"]
        lines.append(f"  repeat    {clip(last.curl, 4 * width)}")
    earlier = "reference" if told.rule.startswith("compare.") else "before"
    lines += [f"  {earlier:<9} {clip(one.curl, 4 * width)}" for one in sent[:-1]]
    if told.spec_pointer:
        lines.append(f"  spec      {told.spec_pointer}")
    return "\n".join(lines)


def clip(text: Any, width: int) -> str:
    """The text on one line, its middle left out when it is longer than `width` characters."""
    line = " ".join(str(text).split("\n"))
    if len(line) <= width:
        return line
    half = (width - 5) // 2
    return f"{line[:half]} ... {line[-half:]}"


def as_text(body: bytes | None) -> str | None:
    """What was sent as text; bytes that are none are escaped."""
    return None if body is None else body.decode("utf-8", "backslashreplace")
