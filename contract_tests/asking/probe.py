"""What a check sends by: operations by id, each answer's shape judged, breaches collected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from contract_tests.errors import OutOfTime
from contract_tests.findings import Finding, Violation, raise_all
from contract_tests.rules.shape import Shapes, finding, shapes_for, summary
from contract_tests.spec.version import spec_for
from contract_tests.transport.target import UNSET

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from contract_tests.running.session import Session
    from contract_tests.spec.version import Spec
    from contract_tests.transport.exchange import Exchange


_FEW: Final = 3


class Stop(Exception):  # noqa: N818 - it is no error: what follows could not be judged
    """A step failed on which all later ones rest; its finding is noted already."""


class Probe:
    """One check's way to the target.

    A breach does not end the check at once: the other ones that it can find are wanted as well. As
    a context manager it raises all violations at its end.

    Args:
        session: the run.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.violations: dict[tuple[str, str, str], Violation] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if error is None or isinstance(error, (Stop, OutOfTime)):
            self.finish()
            return True
        return False

    @property
    def spec(self) -> Spec:
        """The contract as it stands for the target's version."""
        return spec_for(self.session.target.version)

    @property
    def shapes(self) -> Shapes:
        """The judge of its answers' shape."""
        return shapes_for(self.session.target.version)

    def has(self, operation_id: str) -> bool:
        """Whether a server of the target's version has the operation."""
        return operation_id in self.spec.contracts

    def call(
        self,
        operation_id: str,
        *,
        json: Any = UNSET,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        at: Mapping[str, str] | None = None,
        query: str = "",
        **path: str,
    ) -> Exchange:
        """Send one request to an operation and judge the shape of its answer.

        Path parameters are given by name, or all together as `at`.
        """
        contract = self.spec.contracts[operation_id]
        exchange = self.session.target.send(
            contract.operation.method,
            contract.path(**{**(at or {}), **path}) + (f"?{query}" if query else ""),
            json=json,
            content=content,
            headers=headers,
        )
        for breach in self.shapes.check(contract, exchange):
            self.judge(breach)
        return exchange

    def judge(self, breach: Finding) -> None:
        """Decide on a breach; a violation is kept for the end of the check."""
        try:
            self.session.judge(breach)
        except Violation as violation:
            if breach.key in self.violations:
                self.session.repeats[breach.key] += 1
            else:
                self.violations[breach.key] = violation

    def expect(
        self,
        holds: bool,  # noqa: FBT001 - reads as a sentence
        rule: str,
        exchange: Exchange,
        message: str,
        *,
        expected: Any,
        got: Any,
        cause: str | None = None,
        after: Exchange | None = None,
        history: tuple[Exchange, ...] = (),
    ) -> bool:
        """Judge a finding unless something holds; whether it does.

        Args:
            holds: what must be true.
            rule: the code of the rule that says so.
            exchange: the request and answer that show it.
            message: what is wrong, in a line.
            expected: what should have come.
            got: what came.
            cause: groups findings; the message when not given.
            after: the request before it that is at fault, when this one only shows it.
            history: requests before it that are not at fault, and that it takes to repeat it.
        """
        if not holds:
            guilty = after or exchange
            owner = self.session.operations.match(guilty.method, guilty.path)
            assert owner is not None, f"{guilty.method} {guilty.path} is no operation"
            self.judge(
                finding(
                    rule,
                    owner,
                    exchange,
                    message,
                    expected=str(expected),
                    got=str(got),
                    cause=message if cause is None else cause,
                    others=history if after is None else (*history, after),
                )
            )
        return holds

    def status(self, exchange: Exchange, *wanted: int, rule: str, when: str) -> bool:
        """Expect one of some statuses; whether it came.

        An answer that the shape rules have told already (a server error, an undeclared status) is
        not told again.

        Args:
            exchange: the request and answer.
            wanted: the statuses that are right.
            rule: the code of the rule.
            when: the circumstance, as in "deleting it a second time".
        """
        if exchange.status in wanted:
            return True
        if not self.is_whole(exchange):
            return False
        text = " or ".join(str(status) for status in wanted)
        return self.expect(
            False,  # noqa: FBT003 - it did not come
            rule,
            exchange,
            f"{when} answers {exchange.status}",
            expected=text,
            got=summary(exchange),
            cause=f"{when} {exchange.status}",
        )

    def is_whole(self, exchange: Exchange) -> bool:
        """Whether the answer is of the shape that its operation declares."""
        operation = self.session.operations.match(exchange.method, exchange.path)
        contract = self.spec.contracts.get(operation.id) if operation else None
        return contract is None or not any(True for _ in self.shapes.check(contract, exchange))

    def _few_of_a_kind(self) -> list[Violation]:
        """The violations, of each rule and operation a few: one fault may have many causes."""
        kinds: dict[tuple[str, str], list[Violation]] = {}
        for violation in self.violations.values():
            finding_ = violation.finding
            kinds.setdefault((finding_.operation, finding_.rule), []).append(violation)
        for kind in kinds.values():
            if len(kind) > _FEW + 1:
                self.session.repeats[kind[0].finding.key] += len(kind) - _FEW
                del kind[_FEW:]
        return [violation for kind in kinds.values() for violation in kind]

    def finish(self) -> None:
        """Raise what was found.

        Raises:
            Violation: the target broke a rule.
            ExceptionGroup: it broke several; a violation each.
        """
        raise_all(self._few_of_a_kind())
