"""One run: what it judges, with what, and what it found."""

from __future__ import annotations

import random
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from contract_tests.checks.judge import Judge
from contract_tests.data.dataset import DataSet, prepare
from contract_tests.findings import Finding, Violation
from contract_tests.rules import catalogue
from contract_tests.spec.operations import operations
from contract_tests.transport.availability import Availability

if TYPE_CHECKING:
    from contract_tests.known.known import Entry, Known
    from contract_tests.running.profiles import Profile
    from contract_tests.spec.operations import Operations
    from contract_tests.transport.target import Target


@dataclass
class Session:
    """One run of the suite against one target.

    Every check takes it by the pytest fixture `session`. Send by `target.send`: only then are
    requests counted, what was made is removed, and known deviations are recognised. Nobody changes
    the deployments of `dataset`: the oracle relies on them. A check that must change something
    makes its own, under `prefix`.

    Attributes:
        target: the server.
        profile: how much to send.
        seed: what all randomness comes from.
        strict: warnings fail too.
        prefix: how every name that this run makes begins.
        known: deviations that are known for the target's version; None switches them off.
        findings: what failed, first of its key only, in the order found.
        warnings: findings of severity `warning`, by key; the first of each and how often.
        unjudged: what could not be judged: reason -> how many cases.
        availability: which operations the target was too busy for.
        repeats: how often a finding of a key came again.
        repeat: the command line that runs the same again.
        left_over: what could not be removed from the target.
        found_by: the check that found what has a key.
        shard: `2/5` when this is a part of a run.
        reference: the address of a second server that answers are compared with.
        options: what else decides on the requests, by name.
        differences: between two servers, found by the check that runs.
        asks_for_credentials: whether the target does; None: that was not looked at yet.
        crowded: others of the same run change the target meanwhile; queries are held to our data.
        worker: the name of this process, where several share the run; "" when it is alone.
        broken: checks of the suite that ended by a mistake of their own: name -> what happened.
    """

    target: Target
    profile: Profile
    seed: int
    strict: bool = False
    prefix: str = ""
    known: Known | None = None
    findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    warnings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    unjudged: Counter[str] = field(default_factory=Counter)
    availability: Availability = field(default_factory=Availability)
    repeats: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    repeat: str = ""
    left_over: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    found_by: dict[tuple[str, str, str], str] = field(default_factory=dict)
    shard: str = ""
    reference: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    asks_for_credentials: bool | None = None
    crowded: bool = False
    differences: dict[tuple[str, str, str], Violation] = field(default_factory=dict)
    worker: str = ""
    started: float = field(default_factory=time.monotonic)
    _left_out: str = field(default="", repr=False)
    _before: tuple[int, Counter[str]] = field(default=(0, Counter()), repr=False)

    @property
    def read_only(self) -> bool:
        """Nothing may be sent that could change the target."""
        return self.target.read_only

    @cached_property
    def dataset(self) -> DataSet:
        """The data that the target is judged on: made on first use, or read when read-only."""
        return prepare(self)

    @cached_property
    def judgement(self) -> Judge:
        """The judge of count, filter and paginate, with the faults that it knows already."""
        return Judge(self)

    @property
    def operations(self) -> Operations:
        """The spec's operations: `operations.match(method, path)`, `operations[id].pointer`."""
        return operations()

    def seed_for(self, name: str) -> int:
        """A seed for one check: the same for the same run seed and name, on any machine."""
        return zlib.crc32(f"{self.seed}/{name}".encode())

    def random(self, name: str) -> random.Random:
        """A source of randomness for one check."""
        return random.Random(self.seed_for(name))

    def judge(self, finding: Finding) -> Entry | None:
        """Decide on a breach: known deviations and warnings are noted, the rest fails.

        Returns:
            The entry of a known deviation that covers it, if one does.

        Raises:
            Violation: it fails the run.
        """
        if self.reference is not None and not finding.rule.startswith("compare."):
            return None  # not the contract is asked about, but the other server
        if self.known is not None and (entry := self.known.covers(finding)) is not None:
            return entry
        if catalogue()[finding.rule].severity == "warning" and not self.strict:
            self.repeats[finding.key] += 1
            self.warnings.setdefault(finding.key, finding)
            return None
        raise Violation(finding)

    def differ(self, finding: Finding) -> None:
        """Keep a difference between two servers until the check ends (`raise_differences`)."""
        if finding.key in self.differences or finding.key in self.findings:
            self.repeats[finding.key] += 1
            return
        try:
            self.judge(finding)
        except Violation as violation:
            self.differences[finding.key] = violation

    def raise_differences(self) -> None:
        """Raise what was kept, in a group.

        Raises:
            ExceptionGroup: of violations, when there are any.
        """
        found = list(self.differences.values())
        self.differences.clear()
        if found:
            raise ExceptionGroup(f"{len(found)} differences", found)

    def record(self, finding: Finding, check: str = "") -> bool:
        """Keep a finding that failed a check; whether it is the first of its key."""
        self.repeats[finding.key] += 1
        self.found_by.setdefault(finding.key, check)
        first = finding.key not in self.findings
        self.findings.setdefault(finding.key, finding)
        return first

    def cannot_judge(self, reason: str, cases: int = 1) -> None:
        """Note that some cases could not be judged; the reason is shown in the report."""
        self.unjudged[reason] += cases

    def leave_out(self, reason: str, cases: int = 1) -> None:
        """Note that the check that runs judges nothing; unless it fails, it is skipped.

        Args:
            reason: why; shown in the report.
            cases: how many that are; 0 where the reason is told elsewhere already.
        """
        if cases:
            self.cannot_judge(reason, cases)
        self._left_out = self._left_out or reason

    def begin_check(self) -> None:
        """From here on, what is left out is of another check."""
        self._left_out = ""
        self._before = (self.target.requests, Counter(self.unjudged))

    def why_unjudged(self) -> str:
        """Why the check that runs has judged nothing; "" when it has judged something."""
        requests, unjudged = self._before
        if self._left_out or self.target.requests > requests:
            return self._left_out
        return "; ".join(self.unjudged - unjudged)
