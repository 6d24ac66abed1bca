"""Sockets to listen at, opened before anything slow is imported."""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import Final

BACKLOG: Final = 2048


def is_loopback(host: str) -> bool:
    """Whether what listens at an address, or under a name, can be reached from this machine only.

    Raises:
        OSError: it is none.
    """
    *_, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback


def advice(error: OSError, host: str, port: int, port_option: str, host_option: str) -> str:
    """Why it cannot be listened there, and what to do.

    Args:
        error: what `listen` raised.
        host: where it was to listen.
        port: the port there.
        port_option: how another port is asked for.
        host_option: how another address is asked for.
    """
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} at {host} is taken: stop what listens there, or choose another with"
            f" {port_option}."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is not for ordinary users: choose one above 1023 with {port_option}."
    return (
        f"{host} is no address of this machine ({error.strerror}): choose another with"
        f" {host_option}."
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 is any free one.

    Raises:
        OSError: the address is taken, forbidden, or none of this machine's.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made
