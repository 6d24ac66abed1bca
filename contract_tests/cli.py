"""The command `deployments-contract`."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from contract_tests import commands

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ALWAYS = (
    # Everything but what the suite needs stays out: a user's plugins could reorder or rerun items.
    *("-p", "_hypothesis_pytestplugin"),
    *("-p", "contract_tests.plugin"),
    *("-p", "no:cacheprovider"),
    *("-p", "no:terminalreporter"),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="prefect-deployments-contract")
def main() -> None:
    """Judge servers by the contract of Prefect's deployment REST API."""


main.add_command(commands.rules)
main.add_command(commands.explain)


@main.command(short_help="Judge one server.")
@click.option("--base-url", required=True, metavar="URL", help="The API, its base path included.")
@click.option(
    "--profile",
    type=click.Choice(["quick", "standard", "deep"]),
    default="quick",
    show_default=True,
    help="How much to send.",
)
@click.option("--seed", type=int, metavar="N", help="Send what the run with this seed sent.")
@click.option("--read-only", is_flag=True, help="Send nothing that could change the target.")
@click.option(
    "--known",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Known deviations besides our own (YAML).",
)
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@click.option(
    "--only",
    type=click.Choice(["meaning", "laws", "refusals", "conformance", "lifecycle"]),
    multiple=True,
    help="Only these checks (can be repeated).",
)
@click.option("-x", "--fail-fast", is_flag=True, help="Stop after the first check that fails.")
def run(
    *,
    base_url: str,
    profile: str,
    seed: int | None,
    read_only: bool,
    known: str | None,
    strict: bool,
    only: tuple[str, ...],
    fail_fast: bool,
) -> None:
    """Judge the server at a URL.

    Makes deployments of its own there, under a prefix, and removes them at the end.

    Exit status: 0 it conforms, 1 violations, 2 could not judge.

    \b
    Example:
      deployments-contract run --base-url http://127.0.0.1:4200/api --seed 7
    """  # noqa: D301 - click wants the very character
    arguments = ["--base-url", base_url, "--contract-profile", profile]
    arguments += [] if seed is None else ["--contract-seed", str(seed)]
    arguments += ["--contract-read-only"] * read_only + ["--contract-strict"] * strict
    arguments += ["-x"] * fail_fast
    arguments += [] if known is None else ["--contract-known", str(Path(known).resolve())]
    again = "".join(f" --only {name}" for name in only) + " --fail-fast" * fail_fast
    sys.exit(judge(arguments, [f"contract_tests.test_{name}" for name in only], again))


def judge(arguments: list[str], modules: Sequence[str] = (), again: str = "") -> int:
    """Run the suite's pytest items (of some modules only) in this process; the exit status."""
    import pytest  # noqa: PLC0415 - `--help` needs none of this, and it takes a second

    from contract_tests.console import Face  # noqa: PLC0415

    home = Path(__file__).parent
    face = Face(again)
    with _own_environment():
        pytest.main(
            [
                *_ALWAYS,
                *("-c", str(home / "suite.ini"), "--rootdir", str(home)),
                *arguments,
                *("--pyargs", *(modules or ["contract_tests"])),
            ],
            plugins=[face],
        )
    return face.finish()


@contextmanager
def _own_environment() -> Iterator[None]:
    """Without what the environment tells pytest to do in other projects, nor files left in this."""
    before = dict(os.environ)
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ.pop("PYTEST_PLUGINS", None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        with TemporaryDirectory(prefix="contract-") as cache:
            os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = cache
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)
