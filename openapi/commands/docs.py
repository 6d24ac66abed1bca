"""`deployments-spec docs`: the reference documentation as one static page."""

# ruff: noqa: PLC0415
# What takes long to import is imported when the command runs, for --help need not wait.

import sys
from pathlib import Path

import click

__all__ = ["docs"]

_EXAMPLE = """\b
Example:
  deployments-spec docs --out site && open site/index.html"""


@click.command(epilog=_EXAMPLE, short_help="Write the reference documentation, one page.")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where index.html goes; made if it is not there.",
)
def docs(out: Path) -> None:
    """Write one page that needs nothing else: no network, no script.

    Operations, schemas, examples, what filters mean, and known deviations of
    released servers.
    """
    from openapi import load
    from openapi.docs.page import chapters, render_page

    page = render_page(load(), chapters())
    file = out / "index.html"
    try:
        out.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        click.echo(f"Error: {file} cannot be written: {error.strerror}.", err=True)
        sys.exit(2)
    click.echo(f"{file}: {len(page.encode()) // 1024} KB")
