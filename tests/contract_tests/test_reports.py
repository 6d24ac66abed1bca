"""What a run leaves behind: every form holds the findings, and none a secret."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from contract_tests.commands.replay import chosen
from contract_tests.errors import CannotJudge
from contract_tests.findings import Finding
from contract_tests.kinds import KINDS
from contract_tests.known.accepting import accept
from contract_tests.known.known import Known, parse
from contract_tests.reports import har
from contract_tests.reports.collect import collect
from contract_tests.reports.merging import merge, mismatch
from contract_tests.reports.model import HIDDEN, NO_TIME, Check, Report, UnreadableReport
from contract_tests.reports.writing import wanted, write
from contract_tests.running.profiles import PROFILES
from contract_tests.running.session import Session
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.target import Target

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hush-hush"
NASTY = "</script><b>&\x00\ud800"


def finding(cause: str = "deployments.name.any_ one") -> Finding:
    exchange = Exchange(
        "POST",
        "http://x/api/deployments/filter",
        {"content-type": "application/json", "authorization": f"Bearer {SECRET}"},
        b'{"limit": 1}',
        200,
        {"set-cookie": f"s={SECRET}"},
        f'["{SECRET}"]'.encode(),
        base_url="http://x/api",
    )
    return Finding(
        "filters.members",
        "read_deployments",
        f"answers another {NASTY}",
        expected='["a", "b"]',
        got=f'["b", "{SECRET}"]',
        exchange=exchange,
        spec_pointer="#/x",
        cause=cause,
        due=("a (1)", "b (2)"),
        came=("b (2)", "c (3)"),
    )


def report(*causes: str, shard: str = "", seed: int = 5) -> Report:
    with Target("http://127.0.0.1:1/api", auth=f"bearer:{SECRET}") as target:
        target.__dict__["version"] = "3.8.8"
        session = Session(target, PROFILES["quick"], seed, known=Known([], "3.8.8"), shard=shard)
        session.repeat = f"deployments-contract run --shard {shard}" if shard else "again"
        session.cannot_judge("others' data", 3)
        for cause in causes:
            session.record(finding(cause), "test_meaning.py::test_x[a]")
        session.left_over.append(f"curl -X DELETE http://x/{SECRET}")
        checks = [
            Check("test_meaning.py::test_x[a]", "failed" if causes else "passed", 0.5),
            Check(f"test_laws.py::test_of_{shard}", "passed", 0.25),
            Check("test_lifecycle.py::test_y", "passed", 0.25),
            Check("test_lifecycle.py::test_z", "left out", 0.0, [], "no time left"),
        ]
        told = collect(session, checks)
    faults = [fault.id for fault in told.faults]
    told.checks[0] = replace(told.checks[0], faults=faults)
    return told


def written(told: Report, kind: str, folder: Path) -> str:
    file = folder / "deep" / f"report.{kind}"
    write(told, wanted([f"{kind}={file}"]))
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["json", "junit", "html", "github"])
def test_no_form_holds_a_secret(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    if kind == "github":
        text = write(report("x"), wanted([kind])) + (tmp_path / "summary.md").read_text("utf-8")
    else:
        text = written(report("x"), kind, tmp_path)
    assert "answers another" in text
    assert "***" in text
    assert SECRET not in text


def test_junit_has_a_case_for_each_check(tmp_path: Path) -> None:
    root = ET.fromstring(written(report("x", "y"), "junit", tmp_path))
    assert [suite.get("name") for suite in root] == ["meaning", "laws", "lifecycle"]
    counts = {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "1", "errors": "0", "skipped": "1"}
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("type") == "filters.members"
    assert (failure.text or "").count("rule      filters.members") == 2


def verdict_of(*checks: Check, unjudged: dict[str, int] | None = None) -> tuple[str, int]:
    with Target("http://127.0.0.1:1/api") as target:
        target.__dict__["version"] = "3.8.8"
        session = Session(target, PROFILES["quick"], 1, known=Known([], "3.8.8"))
        session.unjudged.update(unjudged or {})
        told = collect(session, checks)
    return f"{told.verdict} {told.reason or ''}".partition("/api ")[2].strip(), told.status


def test_a_verdict_says_what_it_does_not_rest_on() -> None:
    done = [Check(f"test_{kind}.py::test_a", "passed", 0.1) for kind in KINDS]
    late = Check("test_laws.py::test_b", "left out", 0.0, [], NO_TIME)
    assert verdict_of(*done) == ("conforms", 0)
    assert verdict_of(*done, late) == ("conforms (as far as the time went: 6 of 7 checks)", 0)
    hidden = verdict_of(*done, unjudged={HIDDEN: 7})
    assert hidden == ("conforms (but for known deviations that hide what else is wrong there)", 0)
    unchosen = Check("test_laws.py::test_b", "left out", 0.0)
    assert verdict_of(*done, unchosen) == ("conforms (only 6 of 7 checks were judged)", 0)
    assert verdict_of(*done[:2]) == ("conforms (only meaning and laws: 2 checks)", 0)


def test_there_is_no_verdict_where_a_kind_of_checks_had_no_time() -> None:
    done = Check("test_laws.py::test_a", "passed", 0.1)
    late = Check("test_refusals.py::test_b", "left out", 0.0, [], NO_TIME)
    told, status = verdict_of(done, late)
    assert status == 2
    assert told.endswith("the time (--max-time) was too short for any check of refusals")


def test_there_is_no_verdict_where_nothing_was_judged() -> None:
    told, status = verdict_of(
        Check("test_auth.py::test_a", "left out", 0.0, [], "no credentials were given")
    )
    assert status == 2
    assert told.endswith("nothing was judged: no credentials were given")


def test_a_run_without_verdict_is_an_error_in_junit(tmp_path: Path) -> None:
    told = replace(report(), reason="nothing answers")
    root = ET.fromstring(written(told, "junit", tmp_path))
    error = root.find("testsuite[@name='run']/testcase/error")
    assert error is not None
    assert error.get("message") == "nothing answers"


def test_html_is_one_safe_file_with_the_difference(tmp_path: Path) -> None:
    text = written(report("x"), "html", tmp_path)
    assert text.count("</script>") == 1
    assert "src=" not in text
    assert "http-equiv" not in text
    for mark, row in (("missing", "a (1)"), ("both", "b (2)"), ("surplus", "c (3)")):
        assert f'<li class="{mark}">{row}</li>' in text
    assert "No fault was found." in written(report(), "html", tmp_path)


def test_json_reads_back_what_was_written(tmp_path: Path) -> None:
    told = report("x", "y")
    text = told.to_json()
    assert Report.from_json(text, "x").to_json() == text
    assert json.loads(written(told, "json", tmp_path))["status"] == 1
    for wrong in ("", "[]", "{}", '{"format": 99}', '{"format": 1, "run": {}}'):
        with pytest.raises(UnreadableReport, match="x is no"):
            Report.from_json(wrong, "x")


def test_github_is_told_in_single_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    printed = write(report("x", "y"), wanted(["github"]))
    assert len(printed.splitlines()) == 2
    assert all(
        line.startswith("::error title=filters.members%3A read") for line in printed.splitlines()
    )
    assert summary.read_text("utf-8").startswith("before\n## ❌ http://127.0.0.1:1/api VIOLATES")
    assert "| read_deployments | answers another &lt;/script>" in summary.read_text("utf-8")


@pytest.mark.parametrize(("number", "shown", "more"), [(11, 11, ""), (25, 10, " and 15 more")])
def test_an_unknown_case_is_told_with_those_there_are(number: int, shown: int, more: str) -> None:
    told = report(*(f"cause {one}" for one in range(number)))
    with pytest.raises(CannotJudge) as caught:
        chosen(told, ["zzz"])
    ids = ", ".join(fault.id for fault in told.faults[:shown])
    assert str(caught.value) == f"The report has no case zzz; there are {ids}{more}."


def test_har_is_an_archive_of_all_parts(tmp_path: Path) -> None:
    file = tmp_path / "run.har"
    with Target("http://127.0.0.1:1/api", auth=f"bearer:{SECRET}") as target:
        exchange = finding().exchange
        assert exchange is not None
        for part in ("gw0", "gw1"):
            recorder = har.HarRecorder(file, part, target.mask)
            recorder.observe(exchange)
            recorder.observe(replace(exchange, request_body=b"\xff", status=0, silent="closed"))
            recorder.close()
    har.join(file)
    entries = json.loads(file.read_text("utf-8"))["log"]["entries"]
    assert [entry["response"]["status"] for entry in entries] == [200, 0, 200, 0]
    assert SECRET not in file.read_text("utf-8")
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("value", ["pdf=x", "json", "json=", "html", "json=/dev/null/x/y"])
def test_a_report_that_cannot_be_written_is_told_before_the_run(value: str) -> None:
    with pytest.raises(CannotJudge, match="--report"):
        wanted([value])


def test_merging_adds_the_parts_up() -> None:
    parts = [report("x", "y", shard="1/2"), report("y", shard="2/2")]
    assert mismatch(parts) == ""
    whole = merge(parts)
    assert (len(whole.faults), sum(fault.times for fault in whole.faults)) == (2, 3)
    assert whole.unjudged == {"others' data": 6}
    assert {check.id for check in whole.checks} >= {
        "test_laws.py::test_of_1/2",
        "test_laws.py::test_of_2/2",
    }
    assert whole.reason is None
    assert (whole.run.shard, "--shard" in whole.run.again) == ("", False)


def test_of_several_workers_one_need_not_judge_anything() -> None:
    """What one left out with a reason another one was not to run at all."""
    why, told = "operations of another seed", "test_laws.py::test_a"
    checks = [
        (Check(told, "left out", 0.0, [], why), Check("test_laws.py::test_b", "left out", 0.0)),
        (Check(told, "left out", 0.0), Check("test_laws.py::test_b", "passed", 0.1)),
    ]
    parts = [replace(report(), reason=None, faults=[], checks=list(each)) for each in checks]
    whole = merge(parts)
    assert {check.id: check.told for check in whole.checks} == {told: why, checks[0][1].id: ""}
    assert whole.reason is None
    alone = merge([replace(parts[0], checks=[checks[0][0]])])
    assert alone.reason == f"nothing was judged: {why}"


def test_a_part_that_is_missing_or_of_another_run_is_told() -> None:
    assert merge([report(shard="1/3")]).reason == "the part 2/3, 3/3 is missing"
    assert merge([report(shard="1/3")]).status == 2
    one = report(shard="1/2")
    assert "more than once" in mismatch([one, one])
    assert "differ in seed (5 and 6)" in mismatch([one, report(shard="2/2", seed=6)])
    assert "split into 2 and 3" in mismatch([one, report(shard="2/3")])


def test_what_is_accepted_is_known_from_then_on(tmp_path: Path) -> None:
    """Added to what the file says already, for the same cause whatever its values."""
    file = tmp_path / "known.yaml"
    file.write_text("# ours\n")
    day = date(2026, 5, 1)
    after = accept(report("deployments.name.any_ one", "order by name"), file, today=day)
    assert (after.status, len(after.known)) == (0, 2)
    # What shows without a filter shows with any: another part of the run meets it elsewhere.
    unfiltered = tmp_path / "unfiltered.yaml"
    accept(report(""), unfiltered, today=day)
    everything = Known(parse(unfiltered.read_text("utf-8"), ""), "3.8.9", today=day)
    assert everything.covers(finding(""))
    assert everything.covers(finding("flows empty"))
    text = file.read_text("utf-8")
    assert text.startswith("# ours\n")
    entries = parse(text, "")
    assert [entry.expires for entry in entries] == [date(2026, 7, 30)] * 2
    known = Known(entries, "3.8.9", today=day)
    assert known.covers(finding("deployments.name.any_ several"))
    assert known.covers(finding("order by name"))
    assert not known.covers(finding("deployments.tags.any_ one"))
    assert not Known(entries, "3.9.0", today=day).covers(finding("order by name"))
    assert not Known(entries, "3.8.9", today=date(2026, 7, 31)).covers(finding("order by name"))
