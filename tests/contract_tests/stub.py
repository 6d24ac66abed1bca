"""A server of a few lines, for answers that no deployment API gives."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


@dataclass
class Sent:
    """A request; the names of headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@contextmanager
def serve(answer: Callable[[str, str, bytes], Answer | None]) -> Iterator[str]:
    """Serve a function of method, path and body; None closes the connection. Yields the URL."""
    with serve_requests(lambda sent: answer(sent.method, sent.path, sent.body)) as url:
        yield url


@contextmanager
def serve_requests(answer: Callable[[Sent], Answer | None]) -> Iterator[str]:
    """As `serve`, for a function of the whole request."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told = answer(Sent(self.command, self.path, headers, body))
            if told is None:
                self.close_connection = True
                return
            self.send_response(told.status)
            for name, value in {**told.headers, "content-length": str(len(told.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 - the names are given

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
