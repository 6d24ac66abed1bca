"""Random cases by Hypothesis: the same ones for the same seed, failures made smaller in time."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded

from contract_tests.errors import OutOfTime
from contract_tests.findings import Violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from contract_tests.running.session import Session


def explore(
    session: Session,
    name: str,
    strategy: SearchStrategy[Any],
    check: Callable[[Any], None],
    *,
    examples: int,
) -> None:
    """Check many random values; raise the violation of the smallest one that fails.

    A value is sent once: what came of it is remembered, so making a failure smaller costs little,
    and a target that answers differently the second time does not end in an error of the search.
    After the profile's `shrink_seconds`, the smallest failure so far counts.

    Args:
        session: the run.
        name: of the check, for its seed.
        strategy: what to draw from; values need a `repr` that tells them apart.
        check: raises Violation.
        examples: how many values.

    Raises:
        Violation: of the smallest value found that fails.
    """
    known: dict[str, Violation | None] = {}
    deadline = float("inf")

    def once(value: Any) -> None:
        nonlocal deadline
        key = repr(value)
        if key not in known:
            if time.monotonic() > deadline:
                return
            try:
                check(value)
            except Violation as violation:
                known[key] = violation
                deadline = min(deadline, time.monotonic() + session.profile.shrink_seconds)
            else:
                known[key] = None
        found = known[key]
        if found is not None:
            raise found.with_traceback(None)

    quiet = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    # What is cut off by time found nothing until then.
    with suppress(OutOfTime):
        seeded(session.seed_for(name))(quiet(given(strategy)(once)))()
