"""The options that several commands share, and what pytest is told by them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from contract_tests.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Command = TypeVar("Command", bound=Callable[..., Any])

_AUTH_VARIABLE: Final = "DEPLOYMENTS_CONTRACT_AUTH"


def _apply(command: Command, *options: Callable[[Any], Any]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def choosing(command: Command) -> Command:
    """What to judge, by how much."""
    return _apply(
        command,
        click.option(
            "--base-url", required=True, metavar="URL", help="The API, its base path included."
        ),
        click.option(
            "--profile",
            type=click.Choice(["quick", "standard", "deep"]),
            default="quick",
            show_default=True,
            help="How much to send.",
        ),
        click.option("--seed", type=int, metavar="N", help="Send what the run with it sent."),
        click.option("--read-only", is_flag=True, help="Send nothing that could change a target."),
        click.option(
            "--only",
            type=click.Choice(KINDS),
            multiple=True,
            metavar="CHECKS",
            help=f"Only these (repeatable): {', '.join(KINDS)}.",
        ),
        click.option(
            "--max-time", metavar="TIME", help="Send nothing more after it: 90s, 20m, 2h."
        ),
        click.option("--shard", metavar="I/N", help="Only the I-th of N parts; see merge."),
    )


def sending(command: Command) -> Command:
    """What goes along with every request."""
    return _apply(
        command,
        click.option(
            "--auth",
            envvar=_AUTH_VARIABLE,
            metavar="CREDENTIALS",
            help=f"basic:USER:PASS or bearer:TOKEN; or ${_AUTH_VARIABLE}.",
        ),
        click.option(
            "--header", multiple=True, metavar="NAME:VALUE", help="Send it along (repeatable)."
        ),
        click.option("--timeout", metavar="TIME", help="Wait for an answer so long.  [30s]"),
    )


def known_options(command: Command) -> Command:
    """What is no fault, and what is."""
    return _apply(
        command,
        click.option(
            "--known",
            type=click.Path(dir_okay=False),
            metavar="FILE",
            help="Known deviations besides our own (YAML).",
        ),
        click.option(
            "--known-update", is_flag=True, help="Accept what is found: add it to that file."
        ),
        click.option("--strict", is_flag=True, help="Warnings fail, too."),
    )


def reporting(command: Command) -> Command:
    """What to leave behind."""
    return _apply(
        command,
        click.option(
            "--report",
            multiple=True,
            metavar="KIND=FILE",
            help="json=, junit=, html= or har=FILE, or github (repeatable).",
        ),
    )


def arguments(told: Mapping[str, Any]) -> list[str]:
    """The options as pytest takes them."""
    if told.get("known_update") and not told.get("known"):
        raise click.UsageError("--known-update needs --known FILE.")
    words = [f"--base-url={told['base_url']}"] if told.get("base_url") else []
    words += [
        f"--contract-{name.replace('_', '-')}={told[name]}"
        for name in ("profile", "seed", "max_time", "shard", "auth", "timeout", "reference")
        if told.get(name) is not None
    ]
    if told.get("known"):
        words.append(f"--contract-known={Path(told['known']).resolve()}")
    for name in ("read_only", "strict", "known_update"):
        words += [f"--contract-{name.replace('_', '-')}"] * bool(told.get(name))
    for name in ("header", "report", "only"):
        words += [f"--contract-{name}={value}" for value in told.get(name, ())]
    return words + ["-x"] * bool(told.get("fail_fast"))
