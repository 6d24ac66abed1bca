"""The two edges of the bundled spec, made once in a process and shared by all that need them."""

from __future__ import annotations

from functools import cache

import openapi
from mock_server.requests import Requests
from mock_server.responses import Responses


@cache
def requests() -> Requests:
    """The readers of the spec's requests."""
    return Requests(openapi.load())


@cache
def responses() -> Responses:
    """The renderers of the spec's answers."""
    return Responses(openapi.load())
