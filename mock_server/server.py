"""The mock behind a port: in this process's main thread, or beside it in one of its own."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from mock_server.app import BASE_PATH, create_app
from mock_server.sockets import listen

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from mock_server.app import MockApp
    from mock_server.store import Store

LOOPBACK: Final = "127.0.0.1"
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 1


class _Server(uvicorn.Server):
    """A server that a signal ends as a matter of course, without ending the process by it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
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
class RunningMock:
    """A mock that serves.

    Attributes:
        url: where its API is, as PREFECT_API_URL wants it: `http://127.0.0.1:4200/api`.
        store: its state. Reading it is safe at any time; change it between requests.
    """

    url: str
    store: Store


def url_of(listening: socket.socket) -> str:
    """The address of the API behind a socket."""
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}{BASE_PATH}"


def server(app: MockApp) -> uvicorn.Server:
    """The server of an application, with uvloop and httptools where they are installed."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    return _Server(config)


@contextmanager
def serve(*, host: str = LOOPBACK, port: int = 0, **options: Any) -> Iterator[RunningMock]:
    """Serve a mock from a thread for as long as the block lasts.

    Args:
        host: the address to listen at.
        port: the port; 0 for any that is free.
        options: what `create_app` takes: `fixtures`, `store`, `middleware`, `operations`,
            `cors_origins`, `ui`.

    Yields:
        The mock, ready to answer.

    Raises:
        FixtureError: there are no such fixtures, or they are broken.
        OSError: the address is taken.
        RuntimeError: the server does not start.
    """
    app = create_app(**options)
    with listen(host, port) as listening:
        running = server(app)
        thread = threading.Thread(
            target=running.run, kwargs={"sockets": [listening]}, name="mock-server", daemon=True
        )
        thread.start()
        try:
            _await_start(running, thread)
            yield RunningMock(url_of(listening), app.store)
        finally:
            running.should_exit = True
            thread.join(10 * STOP_SECONDS)


def _await_start(running: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not running.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("The mock did not start; its log tells why.")
        time.sleep(0.005)
