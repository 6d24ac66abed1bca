"""A run's outcome as plain data: what every form of report is made of, and what JSON holds."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from contract_tests.findings import Sent
from contract_tests.kinds import KINDS
from contract_tests.spec.version import taken_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FORMAT: Final = 1
"""The version of the JSON form; a reader refuses others."""

NO_TIME: Final = "no time left"
"""Why a check was left out that the time was too short for."""

HIDDEN: Final = "a known deviation hides what else is wrong there"
"""Why a case could not be judged that holds what a team has accepted as wrong."""

Outcome = Literal["passed", "failed", "broken", "left out"]
Level = Literal["error", "warning"]


class UnreadableReport(ValueError):  # noqa: N818 - it names what the file is
    """A file that is no report of ours; the message says why."""


@dataclass(frozen=True)
class Step:
    """One request and its answer, as text; secrets are masked."""

    method: str
    url: str
    request_headers: dict[str, str]
    request_body: str | None
    status: int
    headers: dict[str, str]
    body: str
    seconds: float
    curl: str


@dataclass(frozen=True)
class Fault:
    """A finding, with all that is needed to see it again.

    Attributes:
        id: short, the same in every run that finds the same.
        check: the test item that found it, such as `test_meaning.py::test_criterion[...]`.
        times: how often it was met.
        due: rows that the oracle expects; None where it is not about rows.
        came: rows that came; None where that is not known.
        steps: the requests that show it, in the order sent.
    """

    id: str
    rule: str
    level: Level
    operation: str
    message: str
    expected: str
    got: str
    cause: str
    check: str
    times: int
    spec_pointer: str | None
    due: list[str] | None
    came: list[str] | None
    steps: list[Step]

    @property
    def key(self) -> tuple[str, str, str]:
        """Equal for what is the same fault."""
        return (self.operation, self.rule, self.cause)

    @property
    def sent(self) -> list[Sent]:
        """The requests that show it, in the order sent."""
        return [Sent(step.request_body, step.curl) for step in self.steps]


@dataclass(frozen=True)
class Check:
    """One test item: what it is about and how it ended."""

    id: str
    outcome: Outcome
    seconds: float
    faults: list[str] = field(default_factory=list)
    told: str = ""

    @property
    def module(self) -> str:
        """The kind of checks that it belongs to, such as `meaning`."""
        name = self.id.partition("::")[0].rpartition("/")[2]
        return name.removesuffix(".py").removeprefix("test_")

    @property
    def judged(self) -> bool:
        """Whether it came to a verdict, or failed to by a mistake of the suite."""
        return self.outcome != "left out"

    @property
    def chosen(self) -> bool:
        """Whether it was to run: what was not has no reason why it was left out."""
        return self.judged or bool(self.told)

    @property
    def name(self) -> str:
        """What comes after the module."""
        return self.id.partition("::")[2]


def nothing_judged(checks: Iterable[Check], *, part: bool = False) -> str | None:
    """Why there is no verdict: of the checks, or of those of a kind, none was judged.

    Args:
        checks: of the run.
        part: they are a part of those of a run, which may happen to be one that judges nothing.
    """
    chosen = [check for check in checks if check.chosen]
    why: dict[str, set[str]] = {}
    for check in chosen:
        why.setdefault(check.module, set()).add("" if check.judged else check.told)
    late = [kind for kind, told in why.items() if told == {NO_TIME}]
    if late:
        return f"the time (--max-time) was too short for any check of {', '.join(late)}"
    if part or not chosen or any(check.judged for check in chosen):
        return None
    return f"nothing was judged: {', '.join(sorted(set().union(*why.values())))}"


@dataclass(frozen=True)
class Accepted:
    """A known deviation that was met; `expires` is a date as text."""

    id: str
    times: int
    reason: str
    issue: str | None = None
    expires: str | None = None


@dataclass(frozen=True)
class Run:
    """What was asked for, and of whom.

    Attributes:
        shard: `2/5`, or "" for the whole.
        prefix: how the names of what the run made begin.
        again: the command line that repeats it.
        options: what else decides on the requests: name of the option -> value.
    """

    base_url: str
    version: str | None
    profile: str
    seed: int
    read_only: bool
    strict: bool
    shard: str
    prefix: str
    started: str
    again: str
    reference: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def server(self) -> str:
        """The server's version in words, and what was assumed where it did not tell one."""
        return self.version or f"of unknown version, taken for {taken_for(None)}"


@dataclass
class Report:
    """The outcome of a run.

    Attributes:
        reason: why it is not the whole; None when it is.
        faults: what fails the run.
        warnings: what does not.
        accepted: what became a known deviation by `--known-update`, in words; "" for nothing.
        gone: known deviations whose request was sent and that did not show.
        expired: known deviations whose time is over: they fail again.
        unjudged: reason -> cases that could not be judged.
        broken: checks that ended by a mistake of the suite -> what happened.
        left_over: commands that remove what could not be removed.
        seconds: from beginning to end; `waited` of them for answers.
    """

    run: Run
    reason: str | None = None
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    known: list[Accepted] = field(default_factory=list)
    accepted: str = ""
    gone: list[str] = field(default_factory=list)
    expired: list[Accepted] = field(default_factory=list)
    unjudged: dict[str, int] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    left_over: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    requests: int = 0
    seconds: float = 0.0
    waited: float = 0.0

    @property
    def status(self) -> int:
        """The exit status: 0 conforms, 1 violations, 2 could not judge."""
        if self.faults:
            return 1
        return 2 if self.reason is not None or self.broken else 0

    @property
    def verdict(self) -> str:
        """One line: does the target conform?"""
        url, count = self.run.base_url, len(self.faults)
        things = "fault" if count == 1 else "faults"
        if self.run.reference is not None:
            return self._compared(count)
        if count:
            return f"{url} VIOLATES the contract: {count} {things}"
        if self.reason is not None:
            return f"{url} could NOT be judged"
        if self.broken:
            return f"{url} could NOT be judged completely: the suite itself failed"
        return f"{url} conforms{self._but()}"

    def _but(self) -> str:
        """What a reader of "conforms" must know."""
        told = [f"but for {self.accepted}"] if self.accepted else []
        told += [f"part {self.run.shard} alone"] if self.run.shard else self._partly()
        cut = sum(check.outcome == "left out" and check.told == NO_TIME for check in self.checks)
        if cut:
            told.append(
                f"as far as the time went: {len(self.checks) - cut} of {len(self.checks)} checks"
            )
        if self.unjudged.get(HIDDEN):
            told.append("but for known deviations that hide what else is wrong there")
        return f" ({'; '.join(told)})" if told else ""

    def _partly(self) -> list[str]:
        """What was judged, where only a part was asked for."""
        judged = sum(check.judged for check in self.checks)
        if not all(check.chosen for check in self.checks):
            return [f"only {judged:,} of {len(self.checks):,} checks were judged"]
        kinds = {check.module for check in self.checks}
        if kinds and not kinds.issuperset(KINDS):
            names = sorted(kinds, key=[*KINDS, *kinds].index)
            what = "check" if judged == 1 else "checks"
            return [f"only {' and '.join(names)}: {judged:,} {what}"]
        return []

    def _compared(self, count: int) -> str:
        pair = f"{self.run.base_url} and {self.run.reference}"
        if count:
            return f"{pair} DIFFER: {count} {'difference' if count == 1 else 'differences'}"
        if self.reason is not None or self.broken:
            return f"{pair} could NOT be compared"
        return f"{pair} answer the same{self._but()}"

    def to_json(self) -> str:
        """The whole as a JSON document."""
        head = {"format": FORMAT, "status": self.status, "verdict": self.verdict}
        return json.dumps(head | asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            UnreadableReport: it is something else.
        """
        try:
            raw = json.loads(text)
        except ValueError as error:
            raise UnreadableReport(f"{source} is no JSON: {error}") from error
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            raise UnreadableReport(
                f"{source} is no report of this version: write one with --report json=FILE."
            )
        try:
            return cls(**_known_fields(cls, raw) | _parts(raw))
        except (TypeError, KeyError, AttributeError) as error:
            raise UnreadableReport(f"{source} is no whole report: {error}") from error


def _parts(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "run": Run(**_known_fields(Run, raw["run"])),
        "faults": [_fault(one) for one in raw["faults"]],
        "warnings": [_fault(one) for one in raw.get("warnings", ())],
        "known": [Accepted(**one) for one in raw.get("known", ())],
        "expired": [Accepted(**one) for one in raw.get("expired", ())],
        "checks": [Check(**one) for one in raw.get("checks", ())],
    }


def _fault(raw: Mapping[str, Any]) -> Fault:
    return Fault(**{**raw, "steps": [Step(**step) for step in raw["steps"]]})


def _known_fields(cls: type, raw: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name for one in fields(cls)}
    return {key: value for key, value in raw.items() if key in names}
