"""`deployments-spec check-traffic`: recorded traffic against a document."""

# ruff: noqa: PLC0415
# What takes long to import is imported when the command runs, for --help need not wait.

import sys
from pathlib import Path

import click

__all__ = ["check_traffic"]

_EXAMPLE = """\b
Examples:
  deployments-spec check-traffic browser.har
  deployments-spec check-traffic proxy.har --base-path /prefect/api

\b
Exit codes: 0 nothing wrong, 1 something is, 2 not to be judged."""


@click.command(
    "check-traffic", epilog=_EXAMPLE, short_help="Check recorded traffic (HAR) by openapi-core."
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--spec", metavar="FILE|URL", help="The document; ours by default.")
@click.option("--base-path", metavar="PATH", help="In front of all paths; /api by default.")
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="Whose exchanges; repeatable.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How findings are written.",
)
@click.option("--answers-only", is_flag=True, help="Leave requests unjudged.")
@click.option("--strict", is_flag=True, help="Fail on refused requests, too.")
def check_traffic(
    file: Path,
    spec: str | None,
    base_path: str | None,
    hosts: tuple[str, ...],
    form: str,
    *,
    answers_only: bool,
    strict: bool,
) -> None:
    """Check recorded requests and answers, without a server.

    What breaks the contract is an error, but for a request that was refused: that
    is a warning. Of a contract run, which sends bad requests on purpose, answers
    alone are judged.
    """
    from openapi import load
    from openapi.errors import UnreadableError
    from openapi.findings import Severity
    from openapi.formats import CHECKS
    from openapi.har import read_har
    from openapi.published import read_published
    from openapi.traffic import TrafficJudge
    from openapi.traffic_report import check_traffic as run
    from openapi.traffic_report import render_traffic

    try:
        archive = read_har(file)
        document = load() if spec is None else read_published(spec).document
    except UnreadableError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    judge = TrafficJudge(document, base_path, CHECKS)
    report = run(archive, judge, str(file), hosts, requests=not answers_only)
    if not report.judged:
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(report.ignored.items()))
        click.echo(
            f"Error: {file} has no exchange below {judge.base_path or '/'} "
            f"({told or 'it is empty'}). Is --base-path right?",
            err=True,
        )
        sys.exit(2)
    click.echo(render_traffic(report, form), nl=False)
    fatal = [g for g in report.faults if strict or g.breach.severity is Severity.ERROR]
    sys.exit(1 if fatal else 0)
