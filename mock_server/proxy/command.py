"""`deployments-mock proxy`: a validating proxy in front of a server."""

# ruff: noqa: PLC0415
# What takes long to import is imported when the command runs, for --help need not wait.

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from mock_server.proxy.relay import Counts, Relay, Upstream

__all__ = ["proxy"]

_EXAMPLE = """\b
Example:
  deployments-mock proxy --to http://127.0.0.1:4200/api
  PREFECT_API_URL=http://127.0.0.1:4280/api prefect deployment ls"""


@click.command("proxy", epilog=_EXAMPLE, short_help="Judge what passes between client and server.")
@click.option("--to", "url", required=True, metavar="URL", help="The server's API.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=4280, show_default=True, help="0: any."
)
@click.option("--fail", is_flag=True, help="Hold back what breaks the contract: 400 and 502.")
@click.option("--insecure", is_flag=True, help="Do not check the server's certificate.")
def proxy(url: str, host: str, port: int, *, fail: bool, insecure: bool) -> None:
    """Pass requests to a server and judge them and the answers by the spec.

    Traffic passes as it is. What breaks the contract is told, one line each, with
    a code and the place.

    Exit status: 1 if something broke the contract, 2 if the server was never
    reached, else 0.
    """
    from mock_server.proxy.judge import Judge
    from mock_server.proxy.relay import Relay, Upstream
    from openapi import load

    try:
        upstream = Upstream.of(url, verify=not insecure)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--to") from error
    # A server's API is at /api, unless its URL says where.
    base = urlsplit(url).path.rstrip("/") or "/api"
    relay = Relay(upstream, Judge(load(), base), lambda line: click.echo(line, err=True), fail=fail)
    try:
        _run(_serve(relay, upstream, host, port, base))
    except OSError as error:
        click.echo(f"Error: {host}:{port} cannot be listened on: {error.strerror}.", err=True)
        sys.exit(2)
    click.echo(_summary(relay.counts), err=True)
    sys.exit(_status(relay.counts))


def _summary(counts: Counts) -> str:
    number = counts.exchanges
    exchanges = "1 exchange" if number == 1 else f"{number} exchanges"
    told = [f"{count} {code}" for code, count in sorted(counts.violations.items())]
    if counts.unreachable:
        told.append(f"{counts.unreachable} unreachable")
    return f"{exchanges}: {', '.join(told) or 'nothing wrong'}"


def _status(counts: Counts) -> int:
    if counts.violations:
        return 1
    return 2 if counts.unreachable and not counts.exchanges else 0


def _run(serving: Coroutine[Any, Any, None]) -> None:
    """Run in the faster loop, where there is one."""
    try:
        import uvloop
    except ImportError:  # Windows
        asyncio.run(serving)
    else:
        uvloop.run(serving)


async def _serve(relay: Relay, upstream: Upstream, host: str, port: int, base: str) -> None:
    """Serve until a signal ends it."""
    server = await relay.serve(host, port)
    ended = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises instead
            asyncio.get_running_loop().add_signal_handler(name, ended.set)
    heard = server.sockets[0].getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"http://{shown}:{heard}{base} -> {upstream.authority} (Ctrl-C ends it)")
    await ended.wait()
    server.close()
    await relay.close()
