"""The comparison notices what it should, and forgives only what servers leave open."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.comparing.mirror import Mirror
from contract_tests.comparing.sameness import Answer, Mismatch, Sameness
from contract_tests.transport.target import Target
from tests.contract_tests.stub import Answer as Stub
from tests.contract_tests.stub import serve

if TYPE_CHECKING:
    from contract_tests.findings import Finding

LEFT = "aaaaaaaa-1111-4111-8111-111111111111"
RIGHT = "bbbbbbbb-2222-4222-8222-222222222222"
OTHER = "cccccccc-3333-4333-8333-333333333333"


def answer(value: Any) -> Answer:
    return Answer(200, {}, json.dumps(value).encode())


def differences(left: Any, right: Any, *, unordered: bool = False) -> list[Mismatch]:
    return Sameness().differences(answer(left), answer(right), unordered=unordered)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"id": LEFT, "again": LEFT}, {"id": RIGHT, "again": RIGHT}),
        ({"name": f"deployment:{LEFT}"}, {"name": f"deployment:{RIGHT}"}),
        ({"id": LEFT.upper()}, {"id": RIGHT.upper()}),
        ({"created": "2026-01-01T10:00:00.123456Z"}, {"created": "2026-01-01T10:00:01.654321Z"}),
        ({"updated": "2026-01-01T10:00:00.123000Z"}, {"updated": "2026-01-01T10:00:00Z"}),
        (
            {"auto_scheduled": True, "name": "red-fox", "tags": ["a", "b"]},
            {"auto_scheduled": True, "name": "blue-owl", "tags": ["b", "a"]},
        ),
        ({"estimated_run_time": 0.5}, {"estimated_run_time": 0.7}),
    ],
)
def test_forgives(left: Any, right: Any) -> None:
    assert differences(left, right) == []


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"id": LEFT, "again": LEFT}, {"id": RIGHT, "again": OTHER}),
        ({"id": LEFT, "again": OTHER}, {"id": RIGHT, "again": RIGHT}),
        ({"id": LEFT}, {"id": RIGHT.upper()}),
        ({"id": LEFT}, {"id": RIGHT.replace("-", "")}),
        ({"id": LEFT}, {"id": None}),
        ({"created": "2026-01-01T10:00:00.123456Z"}, {"created": "2026-01-01T10:05:00.123456Z"}),
        ({"created": "2026-01-01T10:00:00.123456Z"}, {"created": "2026-01-01T10:00:00Z"}),
        ({"at": "2026-01-01T10:00:00Z"}, {"at": "2026-01-01T12:00:00+02:00"}),
        ({"name": "red-fox"}, {"name": "blue-owl"}),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}),
        ({"limit": 1}, {"limit": 1.0}),
        ({"paused": True}, {"paused": 1}),
        ({"a": None}, {}),
        ([1, 2], [1, 2, 3]),
        (None, False),
    ],
)
def test_notices(left: Any, right: Any) -> None:
    assert differences(left, right) != []


def test_status_headers_and_absent_bodies_differ() -> None:
    answers = [
        Answer(200, {"content-type": "application/json"}, b"null"),
        Answer(201, {"content-type": "application/json"}, b"null"),
        Answer(200, {"content-type": "text/plain"}, b"null"),
        Answer(200, {"content-type": "application/json"}, b""),
    ]
    assert Sameness().differences(answers[0], answers[0]) == []
    found = [Sameness().differences(answers[0], other) for other in answers[1:]]
    assert [[one.part for one in told] for told in found] == [["status"], ["header"], ["body"]]
    assert str(found[1][0]) == "header content-type: 'application/json' != 'text/plain'"


@pytest.mark.parametrize(
    ("other", "rule"),
    [
        (Stub(404, b'{"status: ": 1}'), "compare.status"),
        (Stub(200, b'{"status: ": 2}'), "compare.body"),
        (Stub(200, b'{"status: ": 2}', {"content-type": "text/plain"}), "compare.body"),
        (Stub(200, b'{"status: ": 1}', {"content-type": "text/plain"}), "compare.headers"),
    ],
)
def test_a_difference_is_told_by_the_part_that_differs_most(other: Stub, rule: str) -> None:
    found: list[Finding] = []
    with (
        serve(lambda *_: Stub(200, b'{"status: ": 1}')) as here,
        serve(lambda *_: other) as there,
        Target(there) as reference,
        Mirror(here, reference) as mirror,
        mirror.mirroring(),
    ):
        mirror.report = found.append
        mirror.get("/hello")
    assert [one.rule for one in found] == [rule]


def test_ids_stay_what_they_were() -> None:
    sameness = Sameness()
    sameness.link(LEFT, RIGHT)
    assert sameness.differences(answer(LEFT), answer(RIGHT)) == []
    assert sameness.differences(answer(LEFT), answer(OTHER)) != []


def test_an_answer_that_differs_teaches_nothing() -> None:
    sameness = Sameness()
    assert sameness.differences(answer([LEFT, 1]), answer([OTHER, 2])) != []
    assert sameness.differences(answer([LEFT, 1]), answer([RIGHT, 1])) == []


def test_open_orders_are_sets() -> None:
    left = [{"id": LEFT, "n": 1}, {"id": OTHER, "n": 2}]
    right = [{"id": OTHER, "n": 2}, {"id": RIGHT, "n": 1}]
    assert differences(left, right, unordered=True) == []
    assert differences(left, right) != []
    right[0]["n"] = 3
    assert differences(left, right, unordered=True) != []
