from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from contract_tests.findings import Finding, Violation, clip, describe, found_in
from contract_tests.known.known import Known, parse
from contract_tests.reports.collect import collect
from contract_tests.reports.summary import summary
from contract_tests.running.profiles import PROFILES
from contract_tests.running.session import Session
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.target import Target
from tests.contract_tests.test_known import SLASH, finding, sent

if TYPE_CHECKING:
    from collections.abc import Iterator

SCREEN = 50


@pytest.fixture
def session() -> Iterator[Session]:
    with Target("http://127.0.0.1:1/api") as target:
        target.__dict__["version"] = "3.8.8"
        yield Session(
            target=target,
            profile=PROFILES["quick"],
            seed=5,
            known=Known(parse(SLASH, "x"), "3.8.8"),
            repeat="deployments-contract run --seed 5",
        )


def fault(operation: str = "count_deployments", cause: str = "x") -> Finding:
    return Finding(
        "filters.count", operation, f"counts wrong: {cause}", "1", "2", sent(b"{}"), "#/x", cause
    )


def lines(session: Session, reason: str | None = None) -> list[str]:
    return list(summary(collect(session, reason=reason)))


def status(session: Session, reason: str | None = None) -> int:
    return collect(session, reason=reason).status


def test_a_clean_run(session: Session) -> None:
    told = lines(session)
    assert told[0] == "http://127.0.0.1:1/api conforms"
    assert told[-1] == "again: deployments-contract run --seed 5"
    assert len(told) == 3
    assert status(session) == 0


def test_the_same_fault_is_one_line(session: Session) -> None:
    assert session.record(fault())
    for _ in range(1000):
        assert not session.record(fault())
    session.record(fault("read_deployments"))
    told = lines(session)
    assert told[0] == "http://127.0.0.1:1/api VIOLATES the contract: 2 faults"
    assert told[1:3] == [
        "  counts wrong: x [filters.count] (1002x)",
        "    count_deployments, read_deployments",
    ]
    assert status(session) == 1
    assert status(session, "stopped") == 1


def test_many_faults_fit_a_screen(session: Session) -> None:
    for number in range(300):
        session.record(fault(f"operation_{number % 40}", f"cause {number} " + "x" * 200))
        session.cannot_judge(f"reason {number}")
    told = lines(session)
    assert len(told) < SCREEN
    assert max(map(len, told)) <= 110


def asked(path: str, body: bytes = b"", method: str = "POST") -> Exchange:
    return Exchange(method, f"http://127.0.0.1:1/api{path}", {}, body, 200, {}, b"[]")


def found(rule: str, operation: str, exchange: Exchange, *before: Exchange) -> Finding:
    return Finding(rule, operation, f"{rule} is broken", "1", "2", exchange, others=before)


COUNTED = asked("/deployments/count", b'{"flows": {"id": {"any_": ["x"]}}}')


def test_what_may_follow_from_another_fault_is_a_line_below_it(session: Session) -> None:
    of_flows = asked("/deployments/count", b'{"flows": {"id": {"any_": []}}}')
    session.record(found("lifecycle.upsert", "create_deployment", COUNTED, asked("/deployments/")))
    session.record(found("lifecycle.found", "count_deployments", COUNTED))
    session.record(found("filters.count", "count_deployments", of_flows))
    told = lines(session)
    assert told[0].endswith("3 faults")
    assert told[1:4] == [
        "  filters.count is broken [filters.count]",
        "    count_deployments",
        "    ... and 2 more that may follow from it: lifecycle.found, lifecycle.upsert",
    ]
    assert len(collect(session).faults) == 3


@pytest.mark.parametrize(
    ("exchange", "rule"),
    [
        pytest.param(COUNTED, "lifecycle.found", id="another criterion"),
        pytest.param(
            asked("/deployments/filter", b'{"flows": {"name": {"any_": ["x"]}}}'),
            "lifecycle.found",
            id="another search",
        ),
        pytest.param(
            asked("/deployments/count", b'{"flows": {"name": 1}}'),
            "refusal.accepted",
            id="judged by itself",
        ),
    ],
)
def test_what_has_a_cause_of_its_own_is_told_itself(
    session: Session, exchange: Exchange, rule: str
) -> None:
    of_names = asked("/deployments/count", b'{"flows": {"name": {"any_": []}}}')
    session.record(found("filters.count", "count_deployments", of_names))
    session.record(found(rule, "read_deployments", exchange))
    assert any(line.endswith(f"[{rule}]") for line in lines(session))


def test_a_breach_of_a_rule_that_rests_on_a_broken_one_may_follow(session: Session) -> None:
    deletion = asked("/deployments/00000000-0000-4000-8000-00000000dead", method="DELETE")
    session.record(found("lifecycle.delete-runs", "delete_deployment", deletion))
    session.record(found("lifecycle.delete-runs", "bulk_delete_deployments", deletion))
    session.record(found("lifecycle.gone", "delete_deployment", deletion))
    told = lines(session)
    assert told[3].endswith("... and 2 more that may follow from it: lifecycle.delete-runs")
    session.findings.clear()
    session.record(found("lifecycle.gone", "update_deployment", deletion))
    session.record(found("lifecycle.delete-runs", "bulk_delete_deployments", COUNTED))
    assert not any("may follow" in line for line in lines(session))


def test_what_comes_of_a_failing_operation_is_a_line_below_it(session: Session) -> None:
    deletion = asked("/deployments/00000000-0000-4000-8000-00000000dead", method="DELETE")
    failed, reading = replace(deletion, status=500), replace(deletion, method="GET")
    session.record(found("lifecycle.gone", "read_deployment", reading, failed))
    session.record(found("lifecycle.found", "read_deployment", reading, deletion))
    session.record(found("shape.server-error", "delete_deployment", failed))
    told = lines(session)
    assert told[1:4] == [
        "  shape.server-error is broken [shape.server-error]",
        "    delete_deployment",
        "    ... and 1 more that may follow from it: lifecycle.gone",
    ]
    assert any(line.endswith("[lifecycle.found]") for line in told)


def test_answers_of_a_busy_target_are_told(session: Session) -> None:
    session.target.connection.repeated[503] += 16
    assert any(
        "answers of 503: asked again" in line and "(16 cases)" in line for line in lines(session)
    )


def test_of_one_rule_a_few_faults_are_shown(session: Session) -> None:
    for number in range(9):
        session.record(fault(cause=f"cause {number}"))
    assert lines(session)[1:6] == [
        "  counts wrong: cause 0 [filters.count]",
        "    count_deployments",
        "  counts wrong: cause 1 [filters.count]",
        "    count_deployments",
        "    ... and 7 more of filters.count: count_deployments",
    ]


def test_what_is_known_is_told_and_does_not_fail(session: Session) -> None:
    session.judge(finding(sent(b'{"name": "a/b"}')))
    assert "  slash (1x): the name is checked too late" in lines(session)
    assert status(session) == 0


def test_what_is_known_and_did_not_occur_is_told(session: Session) -> None:
    assert session.known is not None
    session.known.observe(sent(b'{"name": "a/b"}', status=422))
    assert "1 known deviation did not show here: slash" in lines(session)


def test_warnings_fail_only_when_asked(session: Session) -> None:
    warning = Finding("filters.letters", "count_deployments", "letters", "1", "2", sent(b"{}"))
    session.judge(warning)
    session.judge(warning)
    assert any("letters [filters.letters] (2x)" in line for line in lines(session))
    assert status(session) == 0
    session.strict = True
    with pytest.raises(Violation):
        session.judge(warning)


def test_a_mistake_of_the_suite_is_no_verdict(session: Session) -> None:
    session.broken["test_x"] = "KeyError: 'id'"
    assert any("test_x: KeyError" in line for line in lines(session))
    assert status(session) == 2


def test_what_is_left_on_the_target_is_told_in_full(session: Session) -> None:
    session.left_over = [f"DELETE http://x/{number}" + "y" * 120 for number in range(40)]
    assert set(lines(session)) >= {f"  {line}" for line in session.left_over}


def test_a_finding_reads_from_what_is_wrong_to_where_it_is_said() -> None:
    earlier = Exchange("DELETE", "http://x/api/1", {}, None, 204, {}, b"")
    told = describe(
        Finding("a.b", "op", "is wrong", "1", "2", sent(b'{"a": 1}'), "#/paths/x", "c", (earlier,))
    ).splitlines()
    assert [line.split()[0] for line in told] == [
        "op:",
        "expected",
        "got",
        "rule",
        "body",
        "repeat",
        "before",
        "spec",
    ]


def test_a_report_tells_a_finding_as_the_run_does(session: Session) -> None:
    earlier = Exchange("DELETE", "http://x/api/1", {}, None, 204, {}, b"")
    told = replace(fault(), others=(earlier,), exchange=sent(b'{"a": "\xff"}'))
    session.record(told)
    (kept,) = collect(session).faults
    assert describe(kept) == describe(told)


def test_clip_keeps_both_ends() -> None:
    assert clip("a\nb", 10) == "a b"
    assert clip("abcdefghij" * 3, 15) == "abcde ... fghij"


def test_findings_are_found_in_groups_of_groups() -> None:
    one, two = Violation(fault(cause="1")), Violation(fault(cause="2"))
    group = ExceptionGroup("a", [one, ExceptionGroup("b", [ValueError(), two])])
    assert found_in(group) == [one.finding, two.finding]
