"""What GitHub's workflows show: annotations in the log, and a job summary in Markdown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from contract_tests.findings import clip, describe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract_tests.reports.model import Fault, Report

_MOST: Final = 50  # GitHub shows ten annotations of a kind for a step, and keeps fifty
_LONGEST: Final = 3000


def workflow_commands(report: Report) -> str:
    """Workflow commands, one line each: faults, warnings, and why there is no verdict."""
    lines = [_annotation("error", fault) for fault in report.faults[:_MOST]]
    lines += [_annotation("warning", fault) for fault in report.warnings[:_MOST]]
    if report.reason is not None:
        lines.append(f"::error title={_property(report.verdict)}::{_data(report.reason)}")
    return "".join(f"{line}\n" for line in lines)


def write_job_summary(report: Report) -> None:
    """Add the summary to the file that the workflow names, if it names one.

    Raises:
        OSError: it cannot be written.
    """
    file = os.environ.get("GITHUB_STEP_SUMMARY")
    if file:
        with Path(file).open("a", encoding="utf-8") as stream:
            stream.write("\n".join(markdown(report)) + "\n")


def markdown(report: Report) -> Iterator[str]:
    """The job summary's lines."""
    mark = {0: "✅", 1: "❌"}.get(report.status, "⚠️")
    yield f"## {mark} {_cell(report.verdict)}"
    yield ""
    if report.reason is not None:
        yield f"> {_cell(report.reason)}"
        yield ""
    for title, faults in (("Faults", report.faults), ("Warnings", report.warnings)):
        if faults:
            yield from _table(title, faults)
    for title, entries in (("Expired: failing again", report.expired), ("Known", report.known)):
        if entries:
            yield f"**{title}:**"
            yield from (f"- `{one.id}` ({one.times}x) {_cell(one.reason)}" for one in entries)
            yield ""
    if report.unjudged:
        yield "**Left unjudged:**"
        yield from (f"- {_cell(why)} ({cases})" for why, cases in report.unjudged.items())
        yield ""
    run = report.run
    yield (
        f"{report.requests} requests in {report.seconds:.0f} s, server "
        f"{run.server}, profile {run.profile}, seed {run.seed}. "
        f"Again: `{run.again}`"
    )


def _table(title: str, faults: list[Fault]) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    yield "| operation | what is wrong | expected | got | rule |"
    yield "|---|---|---|---|---|"
    for fault in faults[:_MOST]:
        cells = (fault.operation, fault.message, fault.expected, fault.got, fault.rule)
        yield "| " + " | ".join(_cell(clip(cell, 160)) for cell in cells) + " |"
    if len(faults) > _MOST:
        yield f"| | ... and {len(faults) - _MOST} more | | | |"
    yield ""
    for fault in faults[:3]:
        title = _cell(f"{fault.operation}: {fault.message}")
        yield f"<details><summary>{title}</summary>\n\n```text"
        yield clip_lines(describe(fault)).replace("```", "'''")
        yield "```\n\n</details>\n"


def clip_lines(text: str) -> str:
    """The text, cut off where it becomes too long for an annotation."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " ..."


def _annotation(level: str, fault: Fault) -> str:
    title = _property(f"{fault.rule}: {fault.operation}")
    return f"::{level} title={title}::{_data(clip_lines(describe(fault)))}"


def _cell(text: str) -> str:
    for char, escaped in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("\n", " ")):
        text = text.replace(char, escaped)
    return text


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
