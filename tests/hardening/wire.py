"""Raw bytes over a socket, for what no HTTP client would send."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT = 20.0


@dataclass(frozen=True)
class Heard:
    """What came back.

    Attributes:
        content: all bytes.
        closed: whether the server closed the connection; otherwise it said no more in time.
    """

    content: bytes
    closed: bool

    @property
    def statuses(self) -> list[int]:
        """The status of each answer in the bytes."""
        lines = [line for line in self.content.split(b"\r\n") if b"HTTP/1.1 " in line]
        return [int(line.rpartition(b"HTTP/1.1 ")[2][:3]) for line in lines]


def connect(url: str, timeout: float = TIMEOUT) -> socket.socket:
    """A connection to the server of an API."""
    address = urlsplit(url)
    assert address.hostname is not None
    return socket.create_connection((address.hostname, address.port or 80), timeout)


def say(url: str, content: bytes, *, half_close: bool = False, timeout: float = TIMEOUT) -> Heard:
    """Send bytes, and hear what is said until the server closes the connection, or time is up."""
    with connect(url, timeout) as connection:
        try:
            connection.sendall(content)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has heard enough
        return hear(connection)


def hear(connection: socket.socket) -> Heard:
    """What is said until the server closes the connection, or time is up."""
    content = b""
    try:
        while part := connection.recv(65_536):
            content += part
    except TimeoutError:
        return Heard(content, closed=False)
    except OSError:
        pass
    return Heard(content, closed=True)


def request(
    method: str,
    path: str | bytes,
    body: bytes = b"",
    headers: bytes = b"content-type: application/json\r\n",
    *,
    length: bool = True,
) -> bytes:
    """A request after which the connection is to be closed."""
    target = path if isinstance(path, bytes) else path.encode()
    told = b"content-length: %d\r\n" % len(body) if length else b""
    head = b"%b %b HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n" % (method.encode(), target)
    return head + headers + told + b"\r\n" + body
