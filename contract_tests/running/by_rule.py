"""One pytest item for each operation and rule that a check judges.

What a check sends is judged by many rules at once, and sending it again for each would only cost
time. So a check runs once, when the first of its items does, and each item fails by what was found
of its own operation and rule. The check's own item, without any, tells the rest.

Which rules a check judges by stands beside it: `@pytest.mark.judges("pages.*", "laws.{law}")`,
where `*` is a wildcard and braces hold a parameter of the item.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import pytest

from contract_tests.findings import Finding, Violation, found_in, raise_all
from contract_tests.rules import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from contract_tests.rules import Rule

MARK: Final = "judges"
"""The marker that names the rules; register it where the options are."""

EVERY: Final = "all"


@dataclass(frozen=True, slots=True)
class Part:
    """What an item tells of its check.

    Attributes:
        operation: an operationId; None: any.
        rule: a code of the catalogue.
    """

    operation: str | None
    rule: str

    def holds(self, finding: Finding) -> bool:
        """Whether the finding is this item's to tell."""
        return finding.rule == self.rule and self.operation in (None, finding.operation)


@dataclass
class Outcome:
    """What became of a check.

    Attributes:
        findings: the violations, to be told by its items.
        told: places in `findings` that an item has told.
        ended: whether it came to its end, or to a violation.
        unjudged: why it judged nothing; "" when it did.
    """

    findings: list[Finding] = field(default_factory=list)
    told: set[int] = field(default_factory=set)
    ended: bool = False
    unjudged: str = ""

    def share(self, part: Part | None, others: Sequence[Part]) -> list[Finding]:
        """The findings that an item tells, each once: those of its part, or of no other item's."""
        found = []
        for place, finding in enumerate(self.findings):
            if part is None:
                mine = not any(other.holds(finding) for other in others)
            else:
                mine = part.holds(finding)
            if mine and place not in self.told:
                self.told.add(place)
                found.append(finding)
        return found


CHECK: Final = pytest.StashKey[str]()
PART: Final = pytest.StashKey[Part]()
_OUTCOMES = pytest.StashKey[dict[str, Outcome]]()
_SIBLINGS = pytest.StashKey[dict[str, list[Part | None]]]()


def split(item: pytest.Function) -> list[pytest.Function]:
    """The item of a check, and one more for each operation and rule that it judges by."""
    item.stash[CHECK] = item.nodeid
    # Of pytest-xdist: what shares a check runs in one worker.
    item.add_marker(pytest.mark.xdist_group(item.name))
    return [item, *(_item(item, part) for part in parts_of(item))]


def parts_of(item: pytest.Function) -> Iterator[Part]:
    """The operations and rules that the item's markers name, in the catalogue's order."""
    parameters: dict[str, Any] = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    words = [word.format(**parameters) for mark in item.iter_markers(MARK) for word in mark.args]
    about = parameters.get("operation")
    for code, rule in catalogue().items():
        if any(fnmatchcase(code, word) for word in words):
            for operation in _operations(rule, about):
                yield Part(operation, code)


def _operations(rule: Rule, about: str | None) -> tuple[str | None, ...]:
    if about is not None:
        return (about,) if rule.operations == (EVERY,) or about in rule.operations else ()
    return (None,) if rule.operations == (EVERY,) else rule.operations


def _item(item: pytest.Function, part: Part) -> pytest.Function:
    known = item.callspec.params.values() if hasattr(item, "callspec") else ()
    operation = None if part.operation in known else part.operation
    name, bracket, rest = item.name.partition("[")
    values = [rest.removesuffix("]")] if bracket else []
    words = "-".join([*values, *([operation] if operation else []), part.rule])
    made: pytest.Function = pytest.Function.from_parent(
        item.parent,
        name=f"{name}[{words}]",
        callspec=getattr(item, "callspec", None),
        callobj=item.obj,
        fixtureinfo=item._fixtureinfo,  # noqa: SLF001 - pytest offers no other way to a twin
        originalname=item.originalname,
    )
    made.stash[CHECK] = item.stash[CHECK]
    made.stash[PART] = part
    made.add_marker(pytest.mark.xdist_group(item.name))
    return made


def has_run(item: pytest.Item) -> bool:
    """Whether the item's check has run: then it only tells what was found."""
    return item.stash.get(CHECK, "") in item.config.stash.get(_OUTCOMES, {})


def run(item: pytest.Function, unjudged: Callable[[], str] = str) -> int:
    """Run the item's check unless it has run, and tell the item's share of what was found.

    Args:
        item: of which pytest runs the test function.
        unjudged: tells of the check that has just run why it judged nothing; "" when it did.

    Returns:
        How many findings none of the items tells that were chosen (`-k`, single ids); 0 but in the
        item that ran the check.

    Raises:
        Violation: one finding.
        ExceptionGroup: several.
        Skipped: nothing could be judged.
        Exception: what else ended the check, in the item that ran it.
    """
    outcomes: dict[str, Outcome] = item.config.stash.setdefault(_OUTCOMES, {})
    check = item.stash[CHECK]
    chosen = _chosen(item.session).get(check, [])
    untold = 0
    if check not in outcomes:
        outcomes[check] = Outcome()
        _run_check(item, outcomes[check], unjudged)
        untold = sum(
            not any(part is None or part.holds(finding) for part in chosen)
            for finding in outcomes[check].findings
        )
    outcome = outcomes[check]
    if not outcome.ended:
        pytest.skip(outcome.unjudged or "its check did not come to an end")
    others = [other for other in chosen if other is not None]
    raise_all([Violation(one) for one in outcome.share(item.stash.get(PART, None), others)])
    if outcome.unjudged:
        pytest.skip(outcome.unjudged)
    return untold


def _run_check(item: pytest.Function, outcome: Outcome, unjudged: Callable[[], str]) -> None:
    names = item._fixtureinfo.argnames  # noqa: SLF001 - as pytest itself calls a test
    try:
        item.obj(**{name: item.funcargs[name] for name in names})
    except (Violation, BaseExceptionGroup) as error:
        outcome.findings = found_in(error)
        if not outcome.findings:
            raise
    except pytest.skip.Exception as skipped:
        outcome.unjudged = str(skipped.msg)
        raise
    else:
        outcome.unjudged = unjudged()
    outcome.ended = True


def _chosen(session: pytest.Session) -> dict[str, list[Part | None]]:
    """Check -> what its items tell that will run; None for its own item."""
    if _SIBLINGS not in session.config.stash:
        found: dict[str, list[Part | None]] = {}
        for item in session.items:
            if CHECK in item.stash:
                found.setdefault(item.stash[CHECK], []).append(item.stash.get(PART, None))
        session.config.stash[_SIBLINGS] = found
    return session.config.stash[_SIBLINGS]
