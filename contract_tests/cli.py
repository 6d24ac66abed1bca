"""The command `deployments-contract`. What a subcommand needs is imported when it runs."""

# ruff: noqa: PLC0415
# pytest and all that the suite needs take a second to import, which --help need not wait for.

from __future__ import annotations

import sys
from typing import Any

import click

from contract_tests.commands import subcommands as commands
from contract_tests.commands.choices import arguments, choosing, known_options, reporting, sending


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="prefect-deployments-contract")
def main() -> None:
    """Judge servers by the contract of Prefect's deployment REST API."""


@main.command(short_help="Judge one server.", context_settings={"max_content_width": 100})
@choosing
@known_options
@click.option("-x", "--fail-fast", is_flag=True, help="Stop after the first check that fails.")
@sending
@reporting
def run(**told: Any) -> None:
    """Judge the server at a URL.

    Makes deployments of its own there, under a prefix, and removes them at the end.
    Exit status: 0 it conforms, 1 violations, 2 could not judge.

    \b
    Example:
      deployments-contract run --base-url http://127.0.0.1:4200/api --report html=report.html
    """  # noqa: D301 - click wants the very character
    words = arguments(told)
    from contract_tests.commands.runner import perform

    sys.exit(perform(words, only=told["only"])[1])


@main.command(short_help="Compare two servers.", context_settings={"max_content_width": 100})
@choosing
@click.option("--reference", required=True, metavar="URL", help="The server to compare with.")
@known_options
@click.option("-x", "--fail-fast", is_flag=True, help="Stop after the first difference.")
@sending
@reporting
def compare(**told: Any) -> None:
    """Send the same requests to two servers and tell where their answers differ.

    Ids and clocks of the two are taken for each other's. --auth and --header go to both.
    Exit status: 0 they answer the same, 1 they differ, 2 could not compare.

    \b
    Example:
      deployments-contract compare --base-url http://new:4200/api --reference http://old:4200/api
    """  # noqa: D301 - click wants the very character
    words = arguments(told)
    from contract_tests.commands.runner import perform

    sys.exit(perform(words, only=told["only"])[1])


for command in (
    commands.replay,
    commands.merge,
    commands.clean,
    commands.rules,
    commands.explain,
):
    main.add_command(command)
