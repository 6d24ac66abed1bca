"""A field that an answer does not have is told as missing, once, and not as another value."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.asking.actor import Actor
from contract_tests.findings import MISSING, Finding, found_in
from contract_tests.rules import rows
from contract_tests.running.run import Options, run
from contract_tests.test_lifecycle import WALKS
from tests.mock import mock_server
from tests.planted_bugs.kinds import ONE, bodies
from tests.planted_bugs.kinds import rows as in_rows
from tests.planted_bugs.plant import Planted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract_tests.running.session import Session
    from tests.planted_bugs.plant import Act


def dropped(record: Any) -> Any:
    return {key: value for key, value in record.items() if key != "paused"}


BY_ID = bodies(ONE, dropped, "GET")


@pytest.fixture
def session(act: Act) -> Iterator[Session]:
    with (
        mock_server(middleware=[partial(Planted, act=act)]) as url,
        run(Options(url, seed=1)) as session,
    ):
        yield session


def found_by_rows(session: Session) -> list[Finding]:
    with pytest.raises(ExceptionGroup) as caught:
        rows.check(session, session.dataset.deployments)
    return found_in(caught.value)


@pytest.mark.parametrize(
    ("act", "lacks", "has"),
    [
        pytest.param(BY_ID, "read_deployment", "read_deployments", id="by id"),
        pytest.param(in_rows(dropped), "read_deployments", "read_deployment", id="in lists"),
    ],
)
def test_the_operation_that_lacks_a_field_is_named(session: Session, lacks: str, has: str) -> None:
    found = found_by_rows(session)
    assert {one.operation for one in found} == {lacks}
    assert {one.message for one in found} == {f"`paused` is missing, which {has} tells"}
    assert {one.got for one in found} == {MISSING}


@pytest.mark.parametrize("act", [BY_ID])
@pytest.mark.parametrize("walk", ["pause", "update", "upsert", "updated"])
def test_a_walk_tells_the_shape_of_the_answer_and_no_change_of_the_field(
    session: Session, walk: str
) -> None:
    with pytest.raises((AssertionError, ExceptionGroup)) as caught, Actor(session, walk) as actor:
        WALKS[walk](actor)
    (finding,) = found_in(caught.value)
    assert (finding.rule, finding.operation) == ("shape.body", "read_deployment")
    assert finding.expected == "`paused`"
    assert finding.got.startswith(f"{MISSING} in {{")
