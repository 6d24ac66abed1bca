"""What becomes of a deployment over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contract_tests.asking.actor import Actor
from contract_tests.lifecycle import (
    judges,
    walks_bulk,
    walks_crowd,
    walks_deletion,
    walks_deployments,
    walks_effects,
    walks_fresh,
    walks_meanwhile,
    walks_planning,
    walks_refused,
    walks_runs,
    walks_schedules,
    walks_values,
)
from contract_tests.lifecycle.machine import RULES, explore

if TYPE_CHECKING:
    from collections.abc import Callable

    from contract_tests.running.session import Session

_READ_ONLY = "lifecycle: a read-only run changes nothing"
MODULES = (
    walks_deployments,
    walks_deletion,
    walks_schedules,
    walks_values,
    walks_planning,
    walks_refused,
    walks_runs,
    walks_bulk,
    walks_effects,
    walks_fresh,
    walks_crowd,
    walks_meanwhile,
)
WALKS: dict[str, Callable[[Actor], None]] = {
    name.removeprefix("walk_"): walk
    for module in MODULES
    for name, walk in vars(module).items()
    if name.startswith("walk_")
}


def marks_of(walk: Callable[[Actor], None]) -> list[pytest.Mark]:
    """The markers that stand at a walk: which rules it judges by."""
    return list(getattr(walk, "pytestmark", ()))


@pytest.mark.parametrize(
    "walk", [pytest.param(name, marks=marks_of(walk)) for name, walk in WALKS.items()]
)
def test_walk(session: Session, walk: str) -> None:
    """A fixed walk; each answer is as the deployment's history demands."""
    if session.read_only:
        session.leave_out(_READ_ONLY)
        return
    with Actor(session, walk.replace("_", "-")) as actor:
        WALKS[walk](actor)


@judges(*RULES)
def test_machine(session: Session, number: int) -> None:
    """A random walk over several deployments; the profile says how many and how long."""
    if session.read_only:
        session.leave_out(_READ_ONLY)
        return
    explore(session, number)
