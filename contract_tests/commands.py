"""The commands of `deployments-contract` besides `run`."""

# ruff: noqa: PLC0415
# What a command needs is imported when it runs: `--help` need not wait for it.

from __future__ import annotations

import sys

import click


@click.command(short_help="List the rules.")
@click.argument("pattern", default="*")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to write them.",
)
def rules(*, pattern: str, form: str) -> None:
    """List the rules: code, severity, source, what holds, operations.

    PATTERN chooses by code, with * as a wildcard.

    \b
    Example:
      deployments-contract rules 'pages.*' --format markdown
    """  # noqa: D301 - click wants the very character
    from fnmatch import fnmatchcase

    from contract_tests.catalogue import FORMATS
    from contract_tests.rules import catalogue

    found = [rule for code, rule in catalogue().items() if fnmatchcase(code, pattern)]
    if not found:
        raise click.UsageError(f"No rule's code is like {pattern!r}; try 'pages.*'.")
    click.echo(FORMATS[form](found), nl=False)


@click.command(short_help="Explain one rule.")
@click.argument("code")
def explain(*, code: str) -> None:
    """Say what one rule demands, where that comes from, and how a breach looks.

    \b
    Example:
      deployments-contract explain pages.pages
    """  # noqa: D301 - click wants the very character
    from contract_tests.catalogue import explain as explained

    try:
        click.echo(explained(code), nl=False)
    except KeyError as error:
        click.echo(error.args[0], err=True)
        sys.exit(2)
