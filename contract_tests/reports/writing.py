"""`--report KIND=FILE`: reading the option, and writing what it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from contract_tests.errors import CannotJudge
from contract_tests.reports import github, har, junit, page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from contract_tests.reports.model import Report

GITHUB: Final = "github"
HAR: Final = "har"
_RENDER: Final[Mapping[str, Callable[[Report], str]]] = {
    "json": lambda report: report.to_json(),
    "junit": junit.render,
    "html": page.render,
}
KINDS: Final = (*_RENDER, HAR, GITHUB)


@dataclass(frozen=True)
class Wanted:
    """One report that is asked for; `file` is None for GitHub's."""

    kind: str
    file: Path | None


def wanted(values: Iterable[str]) -> list[Wanted]:
    """Read the values of `--report`, and see now whether the files can be written.

    Raises:
        CannotJudge: a value is not of the form, or its file cannot be written.
    """
    return [_read(value) for value in values]


def _read(value: str) -> Wanted:
    kind, equals, name = value.partition("=")
    if kind not in KINDS:
        known = Path(value).suffix.removeprefix(".")
        like = f"{known if known in KINDS else 'html'}={value if not equals else name}"
        raise CannotJudge(
            f"--report {value}: write KIND=FILE, such as {like}; kinds are {', '.join(KINDS)}."
        )
    if kind == GITHUB:
        return Wanted(kind, None)
    if not equals or not name:
        raise CannotJudge(f"--report {value}: write it as {kind}=FILE.")
    file = Path(name).absolute()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise CannotJudge(f"--report {value}: {error.strerror or error}.") from error
    return Wanted(kind, file)


def write(report: Report, reports: Iterable[Wanted]) -> str:
    """Write all that is asked for; what is to be printed, such as annotations.

    Raises:
        OSError: a file cannot be written.
    """
    printed = ""
    for one in reports:
        if one.kind == GITHUB:
            printed += github.workflow_commands(report)
            github.write_job_summary(report)
        elif one.file is not None and one.kind == HAR:
            har.join(one.file)
        elif one.file is not None:
            text = _RENDER[one.kind](report)
            one.file.write_text(text, encoding="utf-8", errors="backslashreplace")
    return printed
