"""The command `deployments-spec`. What a subcommand needs is imported when it runs."""

# ruff: noqa: PLC0415
# The validators take a second to import, which --help need not wait for.

import sys

import click

__all__ = ["main"]

_VALIDATE_EXAMPLE = """\b
Examples:
  deployments-spec validate
  deployments-spec validate --format json other/openapi.yaml
  deployments-spec validate https://example.com/openapi.json

\b
Exit codes: 0 valid, 1 findings, 2 not to be read."""

_BUNDLE_EXAMPLE = """\b
Examples:
  deployments-spec bundle > deployments.yaml
  deployments-spec bundle --format json | jq '.paths | keys'"""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="\b\nExample:\n  deployments-spec validate && deployments-spec bundle > spec.yaml",
)
@click.version_option(package_name="prefect-deployments-contract", message="%(version)s")
def main() -> None:
    """Handle the OpenAPI document of Prefect's deployment API."""


@main.command(epilog=_VALIDATE_EXAMPLE)
@click.argument("target", metavar="[FILE|URL]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How findings are written.",
)
def validate(target: str | None, form: str) -> None:
    """Check an OpenAPI 3.0 document, this package's own by default.

    It must be accepted by openapi-spec-validator, prance and openapi-core, its
    references must lead somewhere, and its examples and defaults must be valid by
    their schemas. Each finding tells the file, the line, and what to do.
    """
    from openapi.findings import render_json, render_text
    from openapi.validate import UnreadableError
    from openapi.validate import validate as run

    try:
        report = run(target)
    except UnreadableError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    if form == "json":
        click.echo(render_json(report.findings, report.subject), nl=False)
    else:
        click.echo(render_text(report.findings, report.subject, report.looked_at), nl=False)
    sys.exit(1 if report.findings else 0)


@main.command(epilog=_BUNDLE_EXAMPLE)
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "json"]),
    default="yaml",
    show_default=True,
    help="How the document is written.",
)
def bundle(form: str) -> None:
    """Write the split files as one document to standard output."""
    from openapi.bundle import BundleError
    from openapi.writing import bundled, to_json, to_yaml

    try:
        document = bundled()
    except BundleError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    click.echo(to_json(document) if form == "json" else to_yaml(document), nl=False)
