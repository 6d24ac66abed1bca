from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.asking.actor import Actor, steady
from contract_tests.findings import Violation
from contract_tests.lifecycle.machine import RULES, Walker, draw, explore
from contract_tests.lifecycle.model import DEFAULTS, World
from contract_tests.rules.rows import is_equal
from contract_tests.running.profiles import PROFILES
from contract_tests.running.session import Session
from contract_tests.test_lifecycle import WALKS, marks_of
from contract_tests.transport.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract_tests.transport.exchange import Exchange


@pytest.fixture
def session(mock_url: str) -> Iterator[Session]:
    with Target(mock_url) as target:
        # A crowd of three, so that the walk among many is walked, too.
        yield Session(target, replace(PROFILES["quick"], crowd=3), 1, prefix="ct-000001-")


class Recording(Actor):
    """An actor that notes by which rules it is asked to judge."""

    def __init__(self, session: Session, label: str) -> None:
        super().__init__(session, label)
        self.rules: set[str] = set()

    def expect(self, *told: Any, **more: Any) -> bool:
        self.rules.add(more["rule"] if "rule" in more else told[1])
        return super().expect(*told, **more)

    def status(self, exchange: Exchange, *wanted: int, rule: str, when: str) -> bool:
        self.rules.add(rule)
        return super().status(exchange, *wanted, rule=rule, when=when)

    def compare(self, rule: str, *told: Any, **more: Any) -> bool:
        self.rules.add(rule)
        return super().compare(rule, *told, **more)


@pytest.mark.parametrize("walk", WALKS)
def test_walks_are_silent_on_the_mock(session: Session, walk: str) -> None:
    """And judge by the rules that stand at them: each is an item of its own in pytest."""
    with Recording(session, walk) as actor:
        WALKS[walk](actor)
    assert not session.warnings
    assert actor.rules == {rule for mark in marks_of(WALKS[walk]) for rule in mark.args}


class RecordingWalker(Recording, Walker):
    """A walker that notes by which rules it is asked to judge."""

    def __init__(self, session: Session) -> None:
        Walker.__init__(self, session)
        self.rules = set()


@pytest.mark.parametrize("number", range(3))
def test_random_walks_are_silent_on_the_mock(session: Session, number: int) -> None:
    explore(session, number)
    assert not session.warnings


def test_random_walks_judge_by_the_rules_that_stand_at_them(session: Session) -> None:
    walker = RecordingWalker(session)
    assert walker.walk(draw(random.Random(3), 150)) is None
    assert walker.rules == {f"lifecycle.{rule}" for rule in RULES}


def test_a_walk_is_the_same_for_the_same_seed_and_begins_with_something_to_look_at() -> None:
    first, second = (draw(random.Random(5), 10) for _ in range(2))
    assert first == second
    assert [step.kind for step in first[:2]] == ["create", "create"]
    assert first[-1].kind == "look"


def test_a_failing_walk_is_shortened_to_what_it_needs(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgets(self: Walker, step: Any) -> None:
        one = self._subject(step)
        if one is not None:
            self.call("pause_deployment", id=one.id)
            one.fields["paused"] = False  # as if the server had to ignore it
            self._check(one, "lifecycle.pause")

    steps = [*draw(random.Random(1), 8)]
    monkeypatch.setattr(
        "contract_tests.lifecycle.machine._STEPS",
        {kind: forgets if kind == "pause" else getattr(Walker, kind) for kind in _kinds()},
    )
    monkeypatch.setattr(
        "contract_tests.lifecycle.machine.draw",
        lambda *_: [*steps, *(s for s in draw(random.Random(2), 60) if s.kind == "pause")],
    )
    with pytest.raises(Violation) as caught:
        explore(session, 0)
    finding = caught.value.finding
    assert finding.rule == "lifecycle.pause"
    # Two flows and the deployment, at least; of the other steps' requests nothing is left.
    assert len(finding.others) <= 4


def _kinds() -> list[str]:
    from contract_tests.lifecycle.machine import _WEIGHTS  # noqa: PLC0415 - private

    return list(_WEIGHTS)


def test_the_model_keeps_what_an_upsert_does_not_send_and_empties_the_rest() -> None:
    world = World()
    made = {"id": "1", "created": "then", "schedules": [{"id": "s", "slug": None}]}
    sent = {"name": "n", "tags": ["a"], "parameters": {"x": 1}, "schedules": [{"schedule": {}}]}
    one = world.created(made, 0, sent)
    assert one.schedules == {"s": {"schedule": {}}}
    again = world.created({"id": "1", "created": "then"}, 0, {"name": "n", "paused": True})
    assert again is one
    assert one.fields == {**DEFAULTS, "tags": ["a"], "paused": True}
    assert one.schedules == {}


def test_the_model_frees_the_keys_of_what_is_deleted() -> None:
    world = World()
    one = world.created({"id": "1", "created": ""}, 0, {"name": "n"})
    one.runs.add("r")
    world.keys = {(0, "k"): "r", (0, "other"): "q"}
    world.deleted(one)
    assert world.keys == {(0, "other"): "q"}
    assert world.alive() == []
    assert world.gone == ["1"]


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        (1, 1.0, True),
        (True, 1, False),
        ([1, 2], [2, 1], False),
        ([True], [1], False),
        (None, {}, False),
    ],
)
def test_values_are_compared_as_json(left: Any, right: Any, equal: bool) -> None:  # noqa: FBT001
    assert is_equal(left, right) is equal


def test_what_a_server_changes_by_itself_is_left_out() -> None:
    record: dict[str, Any] = {
        "id": "1",
        "status": "READY",
        "last_polled": None,
        "tags": [],
        "updated": "x",
    }
    assert steady(record, "tags") == {"id": "1"}
