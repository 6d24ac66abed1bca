"""The command `deployments-spec`. What a subcommand needs is imported when it runs."""

# ruff: noqa: PLC0415
# The validators take a second to import, which --help need not wait for.

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from openapi.commands.check_traffic import check_traffic
from openapi.commands.docs import docs
from openapi.commands.drift import drift

if TYPE_CHECKING:
    from openapi.findings import Finding

__all__ = ["main"]

_VALIDATE_EXAMPLE = """\b
Examples:
  deployments-spec validate
  deployments-spec validate --baseline known.json other/openapi.yaml
  deployments-spec validate https://example.com/openapi.json

\b
Exit codes: 0 valid, 1 findings (warnings, too), 2 not to be read."""

_BUNDLE_EXAMPLE = """\b
Examples:
  deployments-spec bundle > deployments.yaml
  deployments-spec bundle --openapi 3.1 --tag core > core.yaml
  deployments-spec bundle --format json | jq '.paths | keys'"""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="\b\nExample:\n  deployments-spec validate && deployments-spec bundle > spec.yaml",
)
@click.version_option(package_name="prefect-deployments-contract")
def main() -> None:
    """Handle the OpenAPI document of Prefect's deployment API."""


def _sifted(
    findings: Sequence["Finding"], file: Path | None, *, update: bool
) -> tuple[Sequence["Finding"], str]:
    """The findings that a baseline does not accept, and a remark on the others."""
    from openapi.baseline import BaselineError, read_baseline, sift, write_baseline

    if file is None:
        if update:
            raise click.UsageError("--baseline-update needs --baseline FILE.")
        return findings, ""
    try:
        if update:
            write_baseline(file, findings)
        sifted = sift(findings, read_baseline(file))
    except BaselineError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"Error: {file} cannot be written: {error.strerror}.", err=True)
        sys.exit(2)
    return sifted.new, sifted.remark


def _written(
    form: str, findings: Sequence["Finding"], subject: str, looked_at: str, remark: str
) -> str:
    """The findings in the form that was asked for."""
    from openapi.annotations import render_github, render_sarif
    from openapi.findings import render_json, render_text
    from openapi.rules import RULES

    if form == "json":
        return render_json(findings, subject)
    if form == "sarif":
        return render_sarif(findings, RULES)
    if form == "github":
        return render_github(findings)
    return render_text(findings, subject, looked_at, remark)


@main.command(epilog=_VALIDATE_EXAMPLE, short_help="Check an OpenAPI 3.0 or 3.1 document.")
@click.argument("target", metavar="[FILE|URL]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="How findings are written.",
)
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Findings that are accepted.",
)
@click.option("--baseline-update", is_flag=True, help="Accept what is found: write FILE.")
def validate(
    target: str | None, form: str, baseline: Path | None, *, baseline_update: bool
) -> None:
    """Check an OpenAPI 3.0 or 3.1 document, this package's own by default.

    openapi-spec-validator, prance and openapi-core must accept it, examples and
    defaults must be valid by their schemas, and lint must have nothing to say.
    """
    from openapi.validate import UnreadableError
    from openapi.validate import validate as run

    try:
        report = run(target)
    except UnreadableError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    findings, remark = _sifted(report.findings, baseline, update=baseline_update)
    click.echo(_written(form, findings, report.subject, report.looked_at, remark), nl=False)
    sys.exit(1 if findings else 0)


@main.command(epilog=_BUNDLE_EXAMPLE, short_help="Write the split files as one document.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "json"]),
    default="yaml",
    show_default=True,
    help="How the document is written.",
)
@click.option(
    "--openapi",
    "version",
    type=click.Choice(["3.0", "3.1"]),
    default="3.0",
    show_default=True,
    help="The version of OpenAPI.",
)
@click.option("--inline", is_flag=True, help="Replace references by what they lead to.")
@click.option("--tag", metavar="NAME", help="Only its operations; core: Deployments.")
def bundle(form: str, version: str, tag: str | None, *, inline: bool) -> None:
    """Write the split files as one document to standard output."""
    from openapi.bundle import BundleError
    from openapi.forms import UnknownTagError, as_31, inlined, of_tag
    from openapi.writing import bundled, to_json, to_yaml

    try:
        document = bundled()
    except BundleError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    try:
        document = document if tag is None else of_tag(document, tag)
    except UnknownTagError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    document = inlined(document) if inline else document
    document = as_31(document) if version == "3.1" else document
    click.echo(to_json(document) if form == "json" else to_yaml(document), nl=False)


_DIFF_EXAMPLE = """\b
Examples:
  deployments-spec diff main:openapi openapi
  deployments-spec diff old.json https://example.com/openapi.json
  deployments-spec diff v1:openapi/openapi.yaml openapi --fail-on warning

\b
Exit codes: 0 nothing that bad, 1 something is, 2 not to be read."""


@main.command(epilog=_DIFF_EXAMPLE, short_help="Tell what changed, graded by whom it breaks.")
@click.argument("old")
@click.argument("new")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="How changes are written.",
)
@click.option(
    "--fail-on",
    "least",
    type=click.Choice(["error", "warning", "info"]),
    default="error",
    show_default=True,
    help="The least bad that fails.",
)
def diff(old: str, new: str, form: str, least: str) -> None:
    """Tell what changed from OLD to NEW, graded by what it does to clients.

    Either is a file, a folder, a URL, or a git revision with a path in it.
    """
    from openapi.annotations import render_github, render_sarif
    from openapi.diff import UnreadableError, breaks, render_changes
    from openapi.diff import diff as run
    from openapi.diff_rules import DIFF_RULES

    try:
        comparison = run(old, new)
    except UnreadableError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    if form == "sarif":
        text = render_sarif(comparison.changes, DIFF_RULES)
    elif form == "github":
        text = render_github(comparison.changes)
    else:
        text = render_changes(comparison, form)
    click.echo(text, nl=False)
    sys.exit(1 if breaks(comparison.changes, least) else 0)


for _command in (drift, check_traffic, docs):
    main.add_command(_command)
