"""`deployments-mock record`: a fixture file from a real server."""

from __future__ import annotations

import base64
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mock_server.recording.source import Source


class _Refusal(click.ClickException):
    """Why nothing could be recorded; exit code 2."""

    exit_code = 2


@click.command("record", epilog="Example: deployments-mock record --out shop.yaml")
@click.option(
    "--from",
    "url",
    envvar="PREFECT_API_URL",
    show_envvar=True,
    required=True,
    metavar="URL",
    help="The server's API, such as http://127.0.0.1:4200/api.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="Where to write; what is there is replaced.",
)
@click.option("--auth", metavar="WHICH", help="Credentials: basic:USER:PASSWORD or bearer:TOKEN.")
@click.option(
    "--header", "headers", multiple=True, metavar="NAME:VALUE", help="Sent along; can be repeated."
)
@click.option(
    "--runs",
    type=click.IntRange(0),
    metavar="N",
    help="Take the newest N flow runs only.  [default: all]",
)
@click.option(
    "--no-mask", is_flag=True, help="Keep secrets and the text of parameters and variables."
)
@click.option(
    "--relative", is_flag=True, help="Write times relative to now, so that they move along."
)
def record(
    *,
    url: str,
    out: Path,
    auth: str | None,
    headers: tuple[str, ...],
    runs: int | None,
    no_mask: bool,
    relative: bool,
) -> None:
    """Write a fixture file from a real server, for `--fixtures FILE`.

    It reads flows, deployments with their schedules, runs, pools, queues, workers, variables and
    limits, and changes nothing. Secrets and free text in parameters and variables are masked.
    """
    from mock_server.recording.source import CannotRecord, Source  # noqa: PLC0415 - slow to load

    if not out.parent.is_dir():
        raise click.BadParameter(f"there is no folder {out.parent}.", param_hint="--out")
    try:
        source = Source(url, _headers(auth, headers))
        try:
            text = _recorded(source, runs=runs, mask=not no_mask, relative=relative)
        finally:
            source.close()
        _write(out, text)
    except (CannotRecord, OSError) as error:
        raise _Refusal(str(error)) from None
    click.echo(f"Written to {out}. Serve it: deployments-mock --fixtures {_as_path(out)}")


def _recorded(source: Source, *, runs: int | None, mask: bool, relative: bool) -> str:
    from mock_server.clock import system_clock  # noqa: PLC0415
    from mock_server.fixtures.writer import write_fixture  # noqa: PLC0415
    from mock_server.recording.masking import masked  # noqa: PLC0415
    from mock_server.recording.records import to_records  # noqa: PLC0415
    from mock_server.recording.source import read_all  # noqa: PLC0415

    version = source.version()
    now = system_clock()

    def tell(kind: str, count: int) -> None:
        click.echo(f"  {count:7,} {kind.replace('_', ' ')}", err=True)

    click.echo(f"Recording {source.url} (Prefect {version})", err=True)
    records = to_records(read_all(source, runs=runs, tell=tell))
    about = (
        f"Recorded from {source.url} (Prefect {version}) at {now:%Y-%m-%d %H:%M} UTC,"
        f" {'secrets and free text masked' if mask else 'as it was, nothing masked'}."
    )
    return write_fixture(
        masked(records) if mask else records, about=about, relative_to=now if relative else None
    )


def _headers(auth: str | None, given: tuple[str, ...]) -> dict[str, str]:
    headers = {}
    for entry in given:
        name, colon, value = entry.partition(":")
        if not colon or not name.strip() or not (name + value).isascii():
            raise click.UsageError("A --header is not of the form NAME:VALUE.")
        headers[name.strip()] = value.strip()
    if auth is not None:
        from mock_server.access.auth import Credentials  # noqa: PLC0415

        try:
            credentials = Credentials.parse(auth)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--auth") from None
        basic = credentials.scheme == "Basic"
        sent = base64.b64encode(credentials.secret) if basic else credentials.secret
        headers["Authorization"] = f"{credentials.scheme} {sent.decode()}"
    return headers


def _write(out: Path, text: str) -> None:
    """Replace a file as a whole, or leave it as it is; for the eyes of its owner only."""
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _as_path(out: Path) -> str:
    """The file as `--fixtures` takes it for one, and not for the name of a set."""
    text = str(out)
    named = out.suffix in {".yaml", ".yml"} or out.name != text
    return text if named else f"./{text}"
