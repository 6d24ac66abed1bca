"""The commands of `deployments-contract` besides `run`."""

# ruff: noqa: PLC0415
# What a command needs is imported when it runs: `--help` need not wait for it.

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from contract_tests.commands.choices import arguments, reporting, sending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from contract_tests.reports.model import Report


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

    from contract_tests.commands.catalogue import FORMATS
    from contract_tests.rules import catalogue

    found = [rule for code, rule in catalogue().items() if fnmatchcase(code, pattern)]
    if not found:
        raise click.UsageError(f"No rule's code is like {pattern!r}; try 'pages.*'.")
    click.echo(FORMATS[form](found), nl=False)


@click.command(short_help="Explain a rule, or a known deviation.")
@click.argument("code")
@click.option("--known", type=click.Path(dir_okay=False), metavar="FILE", help="Of it, too.")
def explain(*, code: str, known: str | None) -> None:
    """Say what a rule demands, where that comes from, and how a breach looks.

    CODE is that of a rule or the id of a known deviation, with * as a wildcard.

    \b
    Examples:
      deployments-contract explain pages.pages
      deployments-contract explain 'refusal.*'
    """  # noqa: D301 - click wants the very character
    from pathlib import Path

    from contract_tests.commands.catalogue import explain as explained
    from contract_tests.known.known import ours, read

    with told_in_a_sentence():
        entries = ours() + ([] if known is None else read(Path(known)))
    try:
        click.echo(explained(code, entries), nl=False)
    except KeyError as error:
        click.echo(error.args[0], err=True)
        sys.exit(2)


@click.command(short_help="Run failed cases again.")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--case", "cases", multiple=True, metavar="ID", help="Only this one (repeatable).")
@click.option("--base-url", metavar="URL", help="Another server than the one of the report.")
@click.option(
    "--times",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Fixed is what is right so often.",
)
@sending
def replay(
    *, file: str, cases: tuple[str, ...], base_url: str | None, times: int, **told: Any
) -> None:
    """Run what failed again: the same requests, on the same data made anew.

    What does not show again at once is asked several times, as it may come only now and then.
    FILE is a JSON report of `run` (--report json=FILE), or a part of one with a single fault.
    Exit status: 0 all fixed, 1 something still broken, 2 could not judge.

    \b
    Example:
      deployments-contract replay report.json --case 3f2a91c0
    """  # noqa: D301 - click wants the very character
    from contract_tests.commands import replay as again
    from contract_tests.commands.runner import perform

    with told_in_a_sentence():
        report = again.read(file)
        faults = again.chosen(report, cases)
    words = again.words(report, base_url, arguments({**told, "base_url": None}))
    status = 2

    def run(items: Sequence[str]) -> Report | None:
        nonlocal status
        now, status = perform(words, items=items, quiet=True)
        return None if now is None or now.reason is not None or now.broken else now

    found = again.ask(faults, run, times)
    if found is None:
        sys.exit(status or 2)
    for line in again.lines(found, file):
        click.echo(line)
    sys.exit(again.status(found))


@click.command(short_help="Put reports of several parts together.")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False))
@reporting
def merge(*, files: tuple[str, ...], report: tuple[str, ...]) -> None:
    """Put the JSON reports of the parts of one run (--shard) together.

    Prints the summary of the whole, with its exit status; 2 when a part is missing.

    \b
    Example:
      deployments-contract merge part-*.json --report html=report.html
    """  # noqa: D301 - click wants the very character
    from contract_tests.commands.replay import read
    from contract_tests.errors import CannotJudge
    from contract_tests.reports import merging
    from contract_tests.reports.summary import summary
    from contract_tests.reports.writing import HAR, wanted, write

    with told_in_a_sentence():
        reports = wanted(report)
        if any(one.kind == HAR for one in reports):
            raise CannotJudge("--report har: JSON reports hold no traffic; ask for it by run.")
        parts = [read(file) for file in files]
        if wrong := merging.mismatch(parts):
            raise CannotJudge(wrong)
    whole = merging.merge(parts)
    click.echo(write(whole, reports), nl=False)
    for line in summary(whole):
        click.echo(line)
    sys.exit(whole.status)


@click.command(short_help="Remove what a run left behind.")
@click.option("--base-url", required=True, metavar="URL", help="The API, its base path included.")
@click.option("--prefix", required=True, help="How the names begin, as the run told.")
@click.option("--dry-run", is_flag=True, help="Only list it.")
@sending
def clean(*, base_url: str, prefix: str, dry_run: bool, **told: Any) -> None:
    """Remove everything whose name begins with the prefix of a run.

    Exit status: 0 nothing is left, 1 something is, 2 the server does not answer.

    \b
    Example:
      deployments-contract clean --base-url http://127.0.0.1:4200/api --prefix ct-000042-
    """  # noqa: D301 - click wants the very character
    from contract_tests.commands.cleaning import remains, remove
    from contract_tests.running.parts import seconds
    from contract_tests.transport.target import Target

    limit = told["timeout"]
    with (
        told_in_a_sentence(),
        Target(
            base_url,
            read_only=dry_run,
            auth=told["auth"],
            headers=told["header"],
            timeout=30.0 if limit is None else seconds(limit, "--timeout"),
        ) as target,
    ):
        target.probe()
        found = remains(target, prefix)
        for one in found:
            click.echo(f"{'would remove' if dry_run else 'removing'} {one.path} ({one.name})")
        left = [] if dry_run else remove(target, prefix, found)
    for line in left:
        click.echo(f"still there: {line}", err=True)
    if not found:
        click.echo(f"Nothing at {base_url.rpartition('@')[2]} begins with {prefix}.")
    sys.exit(int(bool(left)))


@contextmanager
def told_in_a_sentence() -> Iterator[None]:
    """End with status 2 and the reason, where something cannot be judged."""
    from contract_tests.errors import CannotJudge

    try:
        yield
    except CannotJudge as error:
        click.echo(str(error), err=True)
        sys.exit(2)
