"""`deployments-mock`: the mock from a command line."""

from __future__ import annotations

import ipaddress
import re
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from mock_server.access.limits import DEFAULT_LIMITS, Limits
from mock_server.proxy.command import proxy
from mock_server.recording.command import record

if TYPE_CHECKING:
    import socket

    import uvicorn

    from mock_server.server import Beside, Tls

DEFAULT_PORT: Final = 4200
DEFAULT_HOST: Final = "127.0.0.1"
WIDTH: Final = 78
ANY_ORIGIN: Final = ("*",)
TOKEN: Final = re.compile(r"[\x21-\x7e]{8,}")
ORIGIN: Final = re.compile(r"https?://[^/?#@\s]+", re.IGNORECASE)
SIZE: Final = re.compile(r"([0-9]{1,15}) ?(|B|KB|MB|GB)", re.IGNORECASE)
BYTES: Final = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


def _size(_context: click.Context, _option: click.Parameter, value: str) -> int:
    found = SIZE.fullmatch(value.strip())
    size = 0 if found is None else int(found[1]) * BYTES[found[2].upper()]
    if not size:
        raise click.BadParameter(f"{value!r} is no size: write bytes, or such as 64KB or 10MB.")
    return size


def _origins(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Origins as browsers tell them: in lower case, without a slash at their end."""
    told = tuple(value.lower().removesuffix("/") for value in values)
    for value, origin in zip(values, told, strict=True):
        if origin != "*" and not ORIGIN.fullmatch(origin):
            raise click.BadParameter(
                f"{value!r} is no origin: it has a scheme, a host and a port if that is not the"
                " usual one, as http://localhost:5173 has."
            )
    return told


def _credentials(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> str | None:
    if value is not None:
        from mock_server.access.auth import Credentials  # noqa: PLC0415 - only who wants it pays

        try:
            Credentials.parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return value


def _time(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        from mock_server.clock import parse_time  # noqa: PLC0415 - only who wants it pays

        try:
            parse_time(value)
        except ValueError as error:
            raise click.BadParameter(f"{error}.") from None
    return value


def _faults(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    if values:
        from mock_server.faults.rules import check_declared  # noqa: PLC0415 - the same
        from mock_server.faults.syntax import FaultError, parse_fault  # noqa: PLC0415 - the same

        for value in values:
            try:
                check_declared(parse_fault(value))
            except FaultError as error:
                text = str(error)
                raise click.BadParameter(text if text.endswith("?") else f"{text}.") from None
    return values


def _file(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value == "":
        raise click.BadParameter("it names no file.")
    return value


def _token(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not TOKEN.fullmatch(value):
        raise click.BadParameter("a token has 8 or more visible ASCII characters.")
    return value


@click.group(
    invoke_without_command=True,
    subcommand_metavar="[COMMAND ...]",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
    epilog="Example: deployments-mock --port 4300 --fixtures empty",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    default=DEFAULT_PORT,
    help=f"Port [{DEFAULT_PORT}]; 0 for a free one.",
)
@click.option(
    "--host",
    default=DEFAULT_HOST,
    metavar="ADDR",
    help=f"Address [{DEFAULT_HOST}]; off loopback others come in.",
)
@click.option(
    "--fixtures",
    default="default",
    metavar="NAME|FILE",
    help="[default], edge, empty, large:N, or a YAML file.",
)
@click.option(
    "--ui",
    is_flag=False,
    flag_value="",
    metavar="[PYTHON]",
    help="Serve the web UI of an installed prefect, too.",
)
@click.option(
    "--cors-origin",
    "cors_origins",
    multiple=True,
    callback=_origins,
    metavar="URL",
    help="Only its pages may call the API (repeatable).",
)
@click.option(
    "--state",
    callback=_file,
    metavar="FILE",
    help="Keep the state there instead of in memory.",
)
@click.option(
    "--auth",
    callback=_credentials,
    envvar="DEPLOYMENTS_MOCK_AUTH",
    metavar="WHICH",
    help="Ask for basic:USER:PASSWORD or bearer:TOKEN.",
)
@click.option("--csrf", is_flag=True, help="Ask for CSRF tokens.")
@click.option("--services", is_flag=True, help="Plan runs by schedules, mark late ones.")
@click.option(
    "--ssl-certfile", callback=_file, metavar="FILE", help="Speak HTTPS; a certificate (PEM)."
)
@click.option(
    "--ssl-keyfile", callback=_file, metavar="FILE", help="Its key, if not in the same file."
)
@click.option(
    "--max-body",
    type=str,
    callback=_size,
    metavar="SIZE",
    default=DEFAULT_LIMITS.max_body,
    help=f"Largest request body [{DEFAULT_LIMITS.max_body}], such as 64MB.",
)
@click.option("--seed", type=int, metavar="N", help="Fix the ids and names made, and the faults.")
@click.option(
    "--now",
    callback=_time,
    metavar="TIME",
    help="The mock's time; its clock stands still there.",
)
@click.option("--clock-runs", is_flag=True, help="Let the clock run from --now.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    callback=_faults,
    metavar="WHAT",
    help="Let requests go wrong: 'status=503 rate=0.1' (repeatable).",
)
@click.option(
    "--control-token",
    envvar="DEPLOYMENTS_MOCK_CONTROL_TOKEN",
    callback=_token,
    metavar="TOKEN",
    help="Ask for it at /_mock/, of other machines, too.",
)
@click.option("--no-control", is_flag=True, help="Answer nothing at /_mock/.")
@click.option("--watch", is_flag=True, help="Reload the fixture file when it changes.")
@click.version_option(package_name="prefect-deployments-contract")
@click.pass_context
def main(
    context: click.Context,
    *,
    port: int,
    host: str,
    fixtures: str,
    ui: str | None,
    cors_origins: tuple[str, ...],
    state: str | None,
    auth: str | None,
    csrf: bool,
    services: bool,
    ssl_certfile: str | None,
    ssl_keyfile: str | None,
    max_body: int,
    seed: int | None,
    now: str | None,
    clock_runs: bool,
    faults: tuple[str, ...],
    control_token: str | None,
    no_control: bool,
    watch: bool,
) -> None:
    """Serve a mock of Prefect's deployment API, under /api as Prefect does.

    It keeps what it is sent, in memory unless told otherwise, until it is stopped. It asks for no
    credentials unless told to.
    """
    if context.invoked_subcommand is not None:
        _refuse_options(context)
        return
    watched = _watched(fixtures, state) if watch else None
    if ssl_keyfile is not None and ssl_certfile is None:
        raise click.UsageError("--ssl-keyfile goes with --ssl-certfile.")
    if clock_runs and now is None:
        raise click.UsageError("--clock-runs goes with --now.")
    if no_control and control_token is not None:
        raise click.UsageError("--control-token and --no-control: choose one of them.")
    listening = _listen(host, port)
    with listening:
        # Imported only now: a wrong option or a busy port should not take a second to tell.
        from mock_server.app import BASE_PATH, CONTROL_PATH, create_app  # noqa: PLC0415
        from mock_server.fixtures import FixtureError, watching  # noqa: PLC0415
        from mock_server.persistence.state_file import StateFileError  # noqa: PLC0415
        from mock_server.server import Tls, server, url_of  # noqa: PLC0415
        from mock_server.serving import garbage  # noqa: PLC0415
        from mock_server.web import docs_page  # noqa: PLC0415
        from mock_server.web.ui_builds import WebUiError  # noqa: PLC0415

        control = not no_control and (control_token is not None or _is_loopback(listening))
        tls = None if ssl_certfile is None else Tls(ssl_certfile, ssl_keyfile)
        try:
            app = create_app(
                fixtures=fixtures,
                cors_origins=cors_origins or ANY_ORIGIN,
                ui=ui is not None and (ui or True),
                state=state,
                auth=auth,
                csrf=csrf,
                services=services,
                limits=Limits(max_body=max_body),
                seed=seed,
                now=now,
                clock_runs=clock_runs,
                faults=faults,
                control=control,
                control_token=control_token,
            )
        except (FixtureError, StateFileError, WebUiError) as error:
            raise _Refusal(str(error)) from None
        with closing(app):
            beside: list[Beside] = [garbage.collect]
            if watched is not None:
                beside.append(partial(watching.watch, app.store, watched, _tell))
            running = server(app, tls, beside)
            _check_tls(running, tls)
            url = url_of(listening, tls)
            origin = url.removesuffix(BASE_PATH)
            count = watching.deployments(app.store)
            click.echo(f"Mock of Prefect's deployment API at {url} ({state or fixtures}: {count})")
            _say(
                f"  export PREFECT_API_URL={url}",
                f"  Web UI at {origin}" if ui is not None else None,
                f"  Docs at {origin}{docs_page.PATH}",
                f"  Control at {origin}{CONTROL_PATH}/" if control else None,
            )
            if not _is_loopback(listening):
                _tell(f"  {_warning(auth, tls)}")
            if app.resumed and _is_told(context, "fixtures"):
                _tell(f"  The data is what {state} holds, and not that of --fixtures {fixtures}.")
            _say(f"Watching {watched}." if watched else None, "Ctrl-C stops it.")
            with garbage.collected_by_the_clock():
                running.run(sockets=[listening])
            click.echo("Stopped.")


main.add_command(record)
main.add_command(proxy)


class _Refusal(click.ClickException):
    """One sentence that says what is wrong and what to do; exit code 2."""

    exit_code = 2


def _refuse_options(context: click.Context) -> None:
    """Options of the mock do nothing before a command; better to say so."""
    for parameter in context.command.params:
        if parameter.name is not None and _is_told(context, parameter.name):
            raise click.UsageError(
                f"{parameter.opts[0]} is an option of the mock, not of"
                f" `{context.invoked_subcommand}`: options of a command stand behind it."
            )


def _is_told(context: click.Context, option: str) -> bool:
    """Whether an option stands on the command line."""
    return context.get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE


def _watched(fixtures: str, state: str | None) -> Path:
    """The file that is to be watched."""
    from mock_server.fixtures.loader import is_file  # noqa: PLC0415

    if not is_file(fixtures):
        raise click.UsageError("--watch goes with a file: --fixtures FILE.")
    if state is not None:
        raise click.UsageError("--watch replaces the state, --state keeps it: choose one of them.")
    return Path(fixtures)


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _say(*lines: str | None) -> None:
    for line in lines:
        if line is not None:
            click.echo(line)


def _listen(host: str, port: int) -> socket.socket:
    from mock_server.serving.sockets import advice, listen  # noqa: PLC0415

    try:
        return listen(host, port)
    except UnicodeError:
        raise _Refusal(f"{host[:60]!r} is no name of a host: choose another with --host.") from None
    except OSError as error:
        raise _Refusal(advice(error, host, port, "--port", "--host")) from None


def _check_tls(running: uvicorn.Server, tls: Tls | None) -> None:
    """Read certificate and key before anything is said to be served."""
    try:
        running.config.load()
    except (OSError, ValueError) as error:
        if tls is None:
            raise
        files = tls.certificate if tls.key is None else f"{tls.certificate} and {tls.key}"
        raise _Refusal(
            f"No HTTPS with {files}: {getattr(error, 'strerror', None) or error}. Give a"
            " certificate and its private key, unencrypted, as PEM."
        ) from None


def _warning(auth: str | None, tls: Tls | None) -> str:
    """What it means to listen elsewhere than on loopback."""
    if auth is None:
        return (
            "Any machine that reaches this one can read and change its data: it asks for no"
            " credentials (see --auth)."
        )
    if tls is None:
        return (
            "Other machines can reach this one, and what they send, credentials included, can be"
            " read on its way (see --ssl-certfile)."
        )
    return "Other machines can reach this one; it asks them for credentials."


def _is_loopback(listening: socket.socket) -> bool:
    return ipaddress.ip_address(listening.getsockname()[0]).is_loopback
