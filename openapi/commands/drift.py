"""`deployments-spec drift`: our document against what a server publishes."""

# ruff: noqa: PLC0415
# What takes long to import is imported when the command runs, for --help need not wait.

import sys

import click

__all__ = ["drift"]

_EXAMPLE = """\b
Examples:
  deployments-spec drift http://127.0.0.1:4200/api
  deployments-spec drift saved/openapi.json --format json

\b
Exit codes: 0 all explained, 1 something to read, 2 not to be read."""


@click.command(epilog=_EXAMPLE, short_help="Compare ours with what a server publishes.")
@click.argument("target", metavar="URL|FILE")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How differences are written.",
)
@click.option("--server-version", metavar="X.Y.Z", help="The server's, if it does not say.")
def drift(target: str, form: str, server_version: str | None) -> None:
    """Compare this package's document with what a server publishes.

    What differs is explained by the reviewed list, is of a later version, or is
    told: our document may be behind.
    """
    from openapi import load
    from openapi.drift import differences, without_base_path
    from openapi.drift_report import render_drift
    from openapi.drift_review import load_review, sort_out
    from openapi.errors import UnreadableError
    from openapi.published import read_published

    try:
        published = read_published(target)
    except UnreadableError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    version = server_version or published.version
    review = load_review()
    found = differences(load(), without_base_path(published.document, load()))
    result = sort_out(found, review, version)
    click.echo(render_drift(result, review, published.name, version, form), nl=False)
    sys.exit(0 if result.is_clean else 1)
