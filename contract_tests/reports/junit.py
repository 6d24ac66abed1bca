"""The report as JUnit XML: one suite for each kind of checks, one case for each check."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Final

from contract_tests.findings import describe

if TYPE_CHECKING:
    from contract_tests.reports.model import Check, Fault, Report

# What XML 1.0 cannot hold, not even escaped.
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """The XML document."""
    faults = {fault.id: fault for fault in report.faults}
    root = ET.Element("testsuites", name=_clean(report.verdict), time=f"{report.seconds:.3f}")
    modules: dict[str, list[Check]] = {}
    for check in report.checks:
        modules.setdefault(check.module, []).append(check)
    for module, checks in modules.items():
        suite = ET.SubElement(root, "testsuite", name=module, timestamp=report.run.started)
        for check in checks:
            _case(suite, check, faults)
        _sum(suite)
    if report.reason is not None:
        suite = ET.SubElement(root, "testsuite", name="run", timestamp=report.run.started)
        case = ET.SubElement(suite, "testcase", classname="contract.run", name="the whole run")
        ET.SubElement(case, "error", message=_clean(report.reason)).text = _clean(report.verdict)
        _sum(suite)
    _sum(root)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _case(suite: ET.Element, check: Check, faults: dict[str, Fault]) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=f"contract.{check.module}",
        name=_clean(check.name),
        time=f"{check.seconds:.3f}",
    )
    found = [faults[one] for one in check.faults if one in faults]
    if found:
        titles = "; ".join(f"{fault.operation}: {fault.message}" for fault in found)
        rules = ", ".join(dict.fromkeys(fault.rule for fault in found))
        failure = ET.SubElement(case, "failure", type=rules, message=_clean(titles))
        failure.text = _clean("\n\n".join(map(describe, found)))
    elif check.outcome == "failed":
        told = check.told or "what was found is reported by another check"
        ET.SubElement(case, "failure", type="contract", message=_clean(told))
    elif check.outcome == "broken":
        ET.SubElement(case, "error", message=_clean(check.told or "the suite itself failed"))
    elif check.outcome == "left out":
        ET.SubElement(case, "skipped", message=_clean(check.told or "not run"))


def _sum(element: ET.Element) -> None:
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for plural, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(plural, str(sum(case.find(tag) is not None for case in cases)))


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
