"""The mock behind a port: in this process's main thread, or beside it in one of its own."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from mock_server.access.limits import DEFAULT_LIMITS
from mock_server.app import ANY, BASE_PATH, create_app
from mock_server.journal.journal import KEPT
from mock_server.running import RunningMock
from mock_server.serving.connections import Connection
from mock_server.serving.sockets import advice, is_loopback, listen

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from mock_server.access.limits import Limits
    from mock_server.app import Middleware, MockApp
    from mock_server.call import Call, Reply
    from mock_server.faults.syntax import Fault
    from mock_server.store import Store

    Beside = Callable[[], Coroutine[Any, Any, None]]

LOOPBACK: Final = "127.0.0.1"
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 1


class Server(uvicorn.Server):
    """A server that a signal ends as a matter of course, without ending the process by it.

    Args:
        config: uvicorn's.
        beside: what else runs in its event loop, as long as it serves.

    Attributes:
        loop: its event loop, once it has started.
    """

    loop: asyncio.AbstractEventLoop

    def __init__(self, config: uvicorn.Config, beside: Sequence[Beside] = ()) -> None:
        super().__init__(config)
        self._beside = beside
        self._tasks: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and what is to run beside."""
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._tasks = [asyncio.create_task(run()) for run in self._beside]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what runs beside, and stop serving."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals as requests to stop."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class Tls:
    """What HTTPS needs, as PEM files.

    Attributes:
        certificate: the certificate, and those that vouch for it.
        key: its private key, not encrypted; None if it stands in the same file.
    """

    certificate: str | Path
    key: str | Path | None = None


def url_of(listening: socket.socket, tls: Tls | None = None) -> str:
    """The address of the API behind a socket."""
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'http' if tls is None else 'https'}://{shown}:{port}{BASE_PATH}"


def server(app: MockApp, tls: Tls | None = None, beside: Sequence[Beside] = ()) -> Server:
    """The server of an application, with uvloop where it is installed.

    Args:
        app: the application.
        tls: certificate and key, to speak HTTPS.
        beside: what else is to run in its event loop, as long as it serves.
    """
    services = app.controls.services
    config = uvicorn.Config(
        app,
        http=Connection,
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=STOP_SECONDS,
        ssl_certfile=None if tls is None else tls.certificate,
        ssl_keyfile=None if tls is None else tls.key,
        # Without one, OpenSSL asks at the terminal when the key is encrypted.
        ssl_keyfile_password="none",  # noqa: S106
    )
    return Server(config, beside if services is None else (*beside, services.run))


@contextmanager
def serve(
    *,
    fixtures: str | Path = "default",
    store: Store | None = None,
    host: str = LOOPBACK,
    port: int = 0,
    tls: Tls | None = None,
    state: str | Path | None = None,
    auth: str | None = None,
    csrf: bool = False,
    services: bool = False,
    cors_origins: Sequence[str] = ANY,
    ui: bool | str | Path = False,
    limits: Limits = DEFAULT_LIMITS,
    seed: int | None = None,
    now: str | datetime | None = None,
    clock_runs: bool = False,
    faults: Sequence[str | Fault] = (),
    journal_size: int = KEPT,
    control: bool = True,
    control_token: str | None = None,
    middleware: Sequence[Middleware] = (),
    operations: Mapping[str, Callable[[Call], Reply]] | None = None,
) -> Iterator[RunningMock]:
    """Serve a mock from a thread for as long as the block lasts.

    In asynchronous code it is used the same way: the mock has an event loop of its own.

    Args:
        fixtures: the name of a set of fixture data, or the path of a YAML file of them.
        store: a state to serve as it is, instead of fixtures.
        host: the address to listen at.
        port: the port; 0 for any that is free.
        tls: certificate and key, to speak HTTPS.
        state: the path of a file that keeps the state. If it exists, the mock begins with what is
            in it rather than with fixtures.
        auth: credentials that the API asks for: `basic:USER:PASSWORD` or `bearer:TOKEN`.
        csrf: ask for CSRF tokens.
        services: plan runs by schedules, mark late ones and end pauses, as a server does of its own
            accord.
        cors_origins: the origins whose pages may call the API, `*` for any.
        ui: serve the web UI of an installed prefect too; true, or the interpreter (or the folder
            of the environment) that has it.
        limits: how much of a request is taken.
        seed: fixes the ids and names that are made, and which requests the faults hit.
        now: what time it is in the mock: a datetime, or a text in ISO 8601. There it stands still.
        clock_runs: let the clock run from there.
        faults: what goes wrong on purpose, such as `operation=read_flow status=503 rate=0.1`.
        journal_size: how many requests the journal keeps; 0 for none.
        control: answer below `/_mock`, if the mock listens on loopback or there is a token.
        control_token: what the control API asks for; with it, it answers other machines too.
        middleware: ASGI middleware around the operations, outermost first.
        operations: operation id -> function, for those that should do something else than usual.

    Yields:
        The mock, ready to answer.

    Raises:
        FaultError: there can be no such fault.
        FixtureError: there are no such fixtures, or they are broken.
        StateFileError: the state file cannot be used.
        ValueError: `auth` is no credentials, or `now` is no time.
        WebUiError: there is no web UI to serve.
        OSError: the address is taken (it says which), or certificate and key cannot be used.
        RuntimeError: the server does not start.
    """
    app = create_app(
        fixtures=fixtures,
        store=store,
        middleware=middleware,
        operations=operations,
        cors_origins=cors_origins,
        ui=ui,
        state=state,
        auth=auth,
        csrf=csrf,
        services=services,
        limits=limits,
        seed=seed,
        now=now,
        clock_runs=clock_runs,
        faults=faults,
        journal_size=journal_size,
        control=control and (control_token is not None or is_loopback(host)),
        control_token=control_token,
    )
    with closing(app), _listen(host, port) as listening:
        running = server(app, tls)
        running.config.load()  # a certificate that is none is told here, not in the thread
        thread = threading.Thread(
            target=running.run, kwargs={"sockets": [listening]}, name="mock-server", daemon=True
        )
        thread.start()
        try:
            _await_start(running, thread)
            yield RunningMock(url_of(listening, tls), app.store, app.controls, running.loop)
        finally:
            running.should_exit = True
            thread.join(10 * STOP_SECONDS)


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        told = advice(error, host, port, "port (0 for any that is free)", "host")
        raise OSError(error.errno, told) from error


def _await_start(running: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not running.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("The mock did not start; its log tells why.")
        time.sleep(0.005)
