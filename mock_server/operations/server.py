"""Operations that tell of the server itself."""

from __future__ import annotations

from typing import Final

from mock_server.call import Call, Reply
from mock_server.errors import Unprocessable

PREFECT_VERSION: Final = "3.8.8"
API_VERSION: Final = "0.8.4"
"""The release that the mock stands for, and the version of its API."""


def health_check(_: Call) -> Reply:
    """It is up."""
    return Reply(200, body=True)


def server_version(_: Call) -> Reply:
    """The version of the API."""
    return Reply(200, API_VERSION)


def read_version(_: Call) -> Reply:
    """The release."""
    return Reply(200, PREFECT_VERSION)


def hello(_: Call) -> Reply:
    """A greeting."""
    return Reply(200, "\N{WAVING HAND SIGN}")


def read_settings(_: Call) -> Reply:
    """The settings that tell of the mock; the rest of a real server's have nothing to set here.

    The web UI sends usage data to a third party unless it is told not to.
    """
    return Reply(200, {"server": {"analytics_enabled": False}})


def read_server_default_result_storage(_: Call) -> Reply:
    """Where results go: wherever the client has them go."""
    return Reply(200, {"default_result_storage_block_id": None})


def create_csrf_token(_: Call) -> Reply:
    """No token: the server does not ask for one.

    Raises:
        Unprocessable: always, as clients expect of a server without this protection.
    """
    raise Unprocessable("CSRF protection is disabled.")
